--- What can be changed about a user: for each kind of change what it is on the wire, which state it leads to, what
-- limits count, who gets an e-mail, and whether and how it can be taken back. Plans, lists, the gateway and the
-- unified directory go by this one table; methods of a user call their commands themselves, which is quicker to
-- load and to read, and the spec of this table compares the two.
-- @module lastpass.directory.changes
local core = require "lastpass.core"
local rest_changes = require "lastpass.directory.rest_changes"

local M = {}

---@class lastpass.directory.Change
---@field name string
---@field command? string    its command (enterprise-api §4); nil for what the REST API alone does
---@field rest? string       how the REST API does it (business §2), where nothing else does
---@field takes? table[]     of those without a command: what a row has, as `core.commands` describes it
---@field deleteaction? integer of `deluser` (enterprise-api §4.4)
---@field address? string    the field of the row that names the user; default "username"
---@field fields? table  what it sets; as keys with the field of the row that says so, where its name is another
---@field needs? table<string, string>  what a step has to say in any case, with its type
---@field private? string[]  what is sent and written down nowhere
---@field method? string     function of the client that takes a list of rows
---@field phase integer      steps of a phase may be under way at once, phases come one after another
---@field sign "+"|"~"|"-" what it does to access
---@field verb string        for people
---@field status? string     the state that it leads to; who is removed is "absent"
---@field reversal "reversible"|"hard"|"final" whether it comes back whole, with losses, or never
---@field undone_by? string[] kinds of change that take it back
---@field lost? string       why nothing takes it back, said of the user
---@field limits table[]     {name, default, what it counts}, see `lastpass.plan.limits`
---@field removes? boolean   it takes access from somebody
---@field weakens? boolean   it makes an account easier to take over, or locks its owner out for a while
---@field mails? integer     e-mails that one such change sends
---@field traceless? boolean the directory does not show whether it was done
---@field scim table|string what of it SCIM carries beside the user: a list of its fields, and `by` what; or why it
-- carries nothing (scim §1.6)

local NO_SCIM = "the Enterprise API does it by %s; SCIM has no such operation"

--- In the order in which plans make changes: what gives access comes before what takes it, and what cannot
-- come back is last.
---@type lastpass.directory.Change[]
M.list = {
  {
    name = "create",
    command = "batchadd",
    scim = { "fullname", "groups", by = "POST /Users, then PATCH of the groups" },
    fields = {
      "fullname",
      "groups",
      "duousername",
      "securidusername",
      "password",
      "password_reset_required",
      "attribs",
    },
    needs = { groups = "table" },
    private = { "password", "attribs" },
    method = "add_users",
    phase = 1,
    verb = "create and invite",
    status = "invited",
    reversal = "hard", -- the invitation has been read by then
    undone_by = { "uninvite", "remove" },
    limits = { { "create", "25%", "people created", least = 25 } },
    mails = 1,
  },
  rest_changes.stage,
  {
    name = "enable",
    command = "enableuser",
    scim = { by = "PATCH of active" },
    method = "enable_users",
    phase = 1,
    verb = "let log in again",
    status = "active",
    reversal = "reversible",
    undone_by = { "disable" },
    limits = { { "enable", "2%", "people let in again", least = 3 } },
  },
  {
    name = "name",
    command = "updateuser",
    scim = { "fullname", by = "PATCH of the name" },
    fields = { "fullname", "duousername", "securidusername" },
    method = "update_users",
    phase = 2,
    verb = "change the name",
    reversal = "reversible",
    undone_by = { "name" },
    limits = { { "name", "25%", "names changed", least = 25 } },
  },
  {
    name = "groups",
    command = "batchchangegrp",
    scim = { "join", "leave", by = "PATCH of the groups' members" },
    fields = { join = "add", leave = "del" },
    needs = { join = "table", leave = "table" },
    method = "change_groups",
    phase = 3,
    verb = "change the groups",
    reversal = "reversible",
    undone_by = { "groups" },
    limits = {
      { "join", "10%", "memberships given to people in the directory", least = 10 },
      { "leave", "10%", "memberships taken away", least = 10, of = "memberships" },
    },
  },
  {
    name = "rename",
    command = "updateemail",
    scim = NO_SCIM:format "updateemail",
    address = "oldemail",
    fields = { email = "newemail" },
    needs = { email = "string" },
    phase = 4,
    verb = "change the address",
    reversal = "hard", -- ended by the user, who logs in with the old address (enterprise-api §4.3)
    lost = "was asked to change to %s, which ends with their next log-in",
    limits = { { "rename", "5%", "addresses changed" } },
    weakens = true,
    mails = 1,
    traceless = true,
  },
  {
    name = "reinvite",
    command = "reinviteuser",
    scim = NO_SCIM:format "reinviteuser",
    phase = 4,
    verb = "invite again",
    reversal = "hard",
    lost = "was invited again; an e-mail cannot be taken back",
    limits = { { "reinvite", "25%", "invitations sent again", least = 25 } },
    mails = 1,
    traceless = true,
  },
  {
    name = "reset_password",
    command = "resetpassword",
    scim = NO_SCIM:format "resetpassword",
    phase = 4,
    verb = "send a password reset",
    reversal = "hard",
    lost = "was sent a password reset; an e-mail cannot be taken back",
    limits = { { "reset_password", "5%", "password resets sent", least = 3 } },
    weakens = true,
    mails = 1,
    traceless = true,
  },
  {
    name = "require_password_change",
    command = "requiremasterpasswordchange",
    scim = NO_SCIM:format "requiremasterpasswordchange",
    phase = 4,
    verb = "ask for a new master password",
    reversal = "hard",
    lost = "has to set a new master password; that cannot be taken back",
    limits = { { "require_password_change", "5%", "new master passwords asked for", least = 3 } },
    weakens = true,
    traceless = true,
  },
  {
    name = "disable_mfa",
    command = "disablemultifactor",
    scim = NO_SCIM:format "disablemultifactor",
    phase = 4,
    verb = "switch multifactor off",
    reversal = "hard",
    lost = "lost multifactor; only they can set it up again",
    limits = { { "disable_mfa", "2%", "people whose multifactor is switched off", least = 3 } },
    weakens = true,
    traceless = true,
  },
  rest_changes.admin_level,
  {
    name = "disable",
    command = "disableuser",
    scim = { by = "PATCH of active" },
    method = "disable_users",
    phase = 5,
    verb = "disable the account",
    status = "disabled",
    reversal = "reversible",
    undone_by = { "enable" },
    limits = { { "disable", "5%", "people disabled" } },
    removes = true,
  },
  {
    name = "uninvite",
    command = "deluser",
    scim = NO_SCIM:format "deluser",
    deleteaction = 3,
    phase = 6,
    verb = "withdraw the invitation",
    status = "absent",
    reversal = "hard",
    undone_by = { "create" },
    limits = { { "uninvite", "5%", "invitations withdrawn" } },
    removes = true,
  },
  {
    name = "remove",
    command = "deluser",
    scim = NO_SCIM:format "deluser",
    deleteaction = 1,
    phase = 7,
    verb = "remove from the company",
    status = "absent",
    reversal = "hard",
    undone_by = { "create" },
    limits = { { "remove", "0", "people removed from the company" } },
    removes = true,
  },
  {
    name = "delete",
    command = "deluser",
    scim = { by = "DELETE" },
    deleteaction = 2,
    phase = 8,
    verb = "delete the account",
    status = "absent",
    reversal = "final",
    lost = "was deleted for good",
    limits = { { "delete", "0", "accounts deleted" } },
    removes = true,
  },
}

--- The same by name.
---@type table<string, lastpass.directory.Change>
M.by_name = {}

--- What can be sent beside those and is no step of a plan; `like`: which step it counts as.
M.others = {
  deactivate = { name = "deactivate", command = "deluser", deleteaction = 0, like = "disable" },
  push_site = { name = "push_site", command = "pushsitestousers", address = "users" },
}

--- The names of the changes that `deluser` makes, by its `deleteaction`.
---@type table<integer, string>
M.deletions = {}

local by_command = {}

local function add_to_index(change)
  if not change.command then
    return
  end
  by_command[change.command] = change
  if change.deleteaction then
    M.deletions[change.deleteaction] = change.name
  end
end

for position, change in ipairs(M.list) do
  change.position = position
  change.sign = change.phase == 1 and "+" or change.removes and "-" or "~"
  for index, field in ipairs(change.fields or {}) do
    change.fields[field], change.fields[index] = field, nil
  end
  M.by_name[change.name] = change
  add_to_index(change)
end
for _, change in pairs(M.others) do
  add_to_index(change)
end

--- The kind of step that a change is in plans.
---@param name string
---@return string|nil kind nil for what plans know nothing of
function M.step_kind(name)
  local other = M.others[name]
  return other and other.like or M.by_name[name] and name or nil
end

--- Whether a change takes something from a user or weakens the account.
---@param name string
---@return boolean
function M.harms(name)
  local change = M.by_name[name]
  return (change.removes or change.weakens) == true
end

--- Whether an admin is no longer one, or may no longer be one, after a change.
---@param change table {kind, after}
---@return boolean
function M.ends_admin(change)
  if change.kind == "admin_level" then
    return not rest_changes.is_full_level(change.after.level)
  end
  return M.by_name[change.kind].removes or false
end

--- Whether the directory does not show what a change does: some kinds, of names those for Duo and SecurID alone, and of
-- admin levels all where the server does not list who has which.
---@param change table {kind, after, shown}
---@return boolean
function M.is_traceless(change)
  if change.kind == "admin_level" then
    return not change.shown
  end
  if change.kind == "name" then
    return change.after.fullname == nil
  end
  return M.by_name[change.kind].traceless or false
end

local function is_list(command)
  return command ~= nil and core.commands[command].data ~= "object"
end

--- Whether the command takes a list of such changes.
---@param change lastpass.directory.Change
---@return boolean
function M.takes_list(change)
  return is_list(change.command)
end

--- What a change is on the wire: a row of the command's list, or all that the command takes. An empty list is left
-- out: what the server makes of one is not documented.
---@param name string
---@param subject string address
---@param after? table what it sets
---@param private? table what it sets beside that and stands in no plan
---@return table|string row
function M.row(name, subject, after, private)
  local change = M.by_name[name] or M.others[name]
  if core.commands[change.command].data == "list of strings" then
    return subject
  end
  local row = { [change.address or "username"] = subject, deleteaction = change.deleteaction }
  for field, in_row in pairs(change.fields or {}) do
    local value = private and private[field]
    if value == nil then
      value = after[field]
    end
    local takes_list = change.needs and change.needs[field] == "table"
    if not takes_list or value and #value > 0 then
      row[in_row] = value
    end
  end
  return row
end

--- Sends one change.
---@param client lastpass.Client
---@param name string
---@param subject string address
---@param after? table
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function M.send(client, name, subject, after)
  local command = (M.by_name[name] or M.others[name]).command
  local row = M.row(name, subject, after)
  return client[command](client, is_list(command) and { row } or row)
end

local function read_row(change, row)
  if type(row) ~= "table" then
    return { kind = change.name, subject = row }
  end
  local after
  for field, in_row in pairs(change.fields or {}) do
    after = after or {}
    after[field] = row[in_row]
  end
  return { kind = change.name, subject = row[change.address or "username"], after = after }
end

--- The changes that a command's data ask for.
---@param command string
---@param data table good for the command
---@return table[] changes {kind, subject, after}
function M.of_command(command, data)
  if not is_list(command) then
    local deletion = command == "deluser" and M.deletions[tonumber(data.deleteaction)]
    local change = M.by_name[deletion] or M.others[deletion] or by_command[command]
    return { read_row(change, data) }
  end
  local list = {}
  for position, row in ipairs(data) do
    list[position] = read_row(by_command[command], row)
  end
  return list
end

return M

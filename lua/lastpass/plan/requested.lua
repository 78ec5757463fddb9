--- Actions that are asked for one by one: { reinvite = { "ann@acme.com" } }. The verbs of the program and
-- the client's functions over lists are such actions, too.
-- @module lastpass.plan.requested
local checks = require "lastpass.plan.words.checks"
local declared_room = require "lastpass.plan.declared"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local key_of = require("lastpass.email").fold
local letters = require "lastpass.plan.letters"
local limits = require "lastpass.plan.limits"

local M = {}

---@class lastpass.plan.Action
---@field kind string      a name of `actions`
---@field subject string   address
---@field after? table     what the step wants, see `lastpass.plan.steps`
---@field private? table   fields that are sent and stand in no plan and no journal
---@field origin? string   "leavers.csv:17"
---@field step? lastpass.plan.Step once it is planned, or none where `state` says why
---@field state? "unchanged"|"refused"
---@field code? string
---@field reason? string

-- What is taken instead of a list of addresses: the fields of a row, as the command has them.
local row_fields = {
  create = {
    username = "string",
    fullname = "string",
    groups = "table",
    duousername = "string",
    securidusername = "string",
    password = "string",
    password_reset_required = "boolean",
    attribs = "table",
  },
  update = {
    username = "string",
    fullname = "string",
    duousername = "string",
    securidusername = "string",
  },
  groups = { username = "string", add = "table", del = "table" },
  rename = { oldemail = "string", newemail = "string" },
}

-- True for those that say in which state somebody is to be: two of them contradict each other.
local names = {
  create = false,
  update = false,
  groups = false,
  rename = false,
  reinvite = false,
  reset_password = false,
  require_password_change = false,
  disable_mfa = false,
  enable = true,
  disable = true,
  uninvite = true,
  remove = true,
  delete = true,
}

local known = {}
for name in pairs(names) do
  known[name] = "table"
end

-- What may hold a secret is sent, and written down nowhere.
local PRIVATE = { "password", "attribs" }

local function names_in(list)
  local copy, seen = json.list {}, {}
  for _, name in ipairs(list or {}) do
    if not seen[name] then
      seen[name], copy[#copy + 1] = true, name
    end
  end
  return copy
end

local function first_empty(list)
  for _, name in ipairs(list) do
    if not name:find "%S" then
      return true
    end
  end
  return false
end

-- From a row to what its step wants.
local after_of = {
  create = function(row)
    local after = {
      fullname = row.fullname,
      groups = names_in(row.groups),
      duousername = row.duousername,
      securidusername = row.securidusername,
      password_reset_required = row.password_reset_required,
    }
    local private
    for _, name in ipairs(PRIVATE) do
      if row[name] ~= nil then
        private = private or {}
        private[name] = row[name]
        after.private = after.private or json.list {}
        table.insert(after.private, name)
      end
    end
    return after, private
  end,
  update = function(row)
    return {
      fullname = row.fullname,
      duousername = row.duousername,
      securidusername = row.securidusername,
    }
  end,
  groups = function(row)
    return { join = names_in(row.add), leave = names_in(row.del) }
  end,
}

local function bad_address(address)
  local good, reason = email.check(address)
  if good then
    return letters.composed(good)
  end
  return nil, "bad_address", ("'%s' is not an e-mail address: %s"):format(address, reason)
end

--- Makes an action of what was asked for; the fields and their types are good.
---@param kind string
---@param given string|table an address, or a row
---@return lastpass.plan.Action|nil
---@return string? code of data that will not do: "bad_address", "empty_name", "bad_encoding"
---@return string? reason
function M.action(kind, given)
  local is_row = type(given) == "table"
  local address, code, reason = bad_address(is_row and (given.username or given.oldemail) or given)
  if not address then
    return nil, code, reason
  end
  local action = { kind = kind, subject = address }
  if kind == "rename" then
    local new
    new, code, reason = bad_address(given.newemail)
    if not new then
      return nil, code, reason
    end
    action.after = { email = new }
    return action
  elseif not after_of[kind] then
    return action
  end
  action.after, action.private = after_of[kind](given)
  local after = action.after
  if after.fullname and not after.fullname:find "%S" then
    return nil, "empty_name", "an empty name is no name; leave it out to keep the name as it is"
  end
  for _, list in ipairs { after.groups or {}, after.join or {}, after.leave or {} } do
    if first_empty(list) then
      return nil, "empty_name", "a group without a name cannot be meant"
    end
  end
  for _, text in pairs(given) do
    local list = type(text) == "table" and text or { text }
    for _, one in ipairs(list) do
      if type(one) == "string" and not letters.is_utf8(one) then
        return nil, "bad_encoding", "it is not valid UTF-8"
      end
    end
  end
  return action
end

local function check_state(states, kind, address, level)
  local key = key_of(address)
  local other = states[key]
  if other and other ~= kind then
    errors.raise(level + 1, "client:plan: %s is named by both %s and %s", address, other, kind)
  end
  states[key] = kind
end

-- What every row of a kind has to say.
local needed = {
  create = { "username" },
  update = { "username" },
  groups = { "username" },
  rename = { "oldemail", "newemail" },
}

local function check_row(kind, place, row, level)
  local where = ("client:plan: %s[%d]"):format(kind, place)
  if type(row) ~= "table" then
    errors.raise(
      level + 1,
      "%s must be a row, such as { %s = … }, not a %s",
      where,
      needed[kind][1],
      type(row)
    )
  end
  errors.check_options(where, row, row_fields[kind], level + 1)
  for _, name in ipairs(needed[kind]) do
    if row[name] == nil then
      errors.raise(level + 1, "%s: '%s' is missing", where, name)
    end
  end
  for _, name in ipairs { "groups", "add", "del" } do
    if row[name] ~= nil then
      checks.texts(where, name, row[name], level + 1)
    end
  end
  local changes = kind == "update" and (row.fullname or row.duousername or row.securidusername)
    or kind == "groups" and (row.add or row.del)
  if not changes and (kind == "update" or kind == "groups") then
    errors.raise(level + 1, "%s does not say what is to change", where)
  end
end

local function read_kind(kind, list, states, level)
  if not row_fields[kind] then
    checks.texts("client:plan", kind, list, level + 1)
  end
  local actions = {}
  for place, item in ipairs(list) do
    if row_fields[kind] then
      check_row(kind, place, item, level + 1)
    end
    local action, _, reason = M.action(kind, item)
    if not action then
      errors.raise(level + 1, "client:plan: %s[%d]: %s", kind, place, reason)
    end
    if names[kind] then
      check_state(states, kind, action.subject, level + 1)
    end
    actions[place] = action
  end
  if not row_fields[kind] then
    table.sort(actions, function(a, b)
      return a.subject < b.subject
    end)
  end
  return actions
end

--- Reads actions; mistakes raise.
---@param given table<string, table[]|string[]>
---@param level integer whose line is blamed
---@return lastpass.plan.Action[]
function M.read(given, level)
  errors.check_options("client:plan", given, known, level + 1)
  local kinds, states, actions = {}, {}, {}
  for kind in pairs(given) do
    kinds[#kinds + 1] = kind
  end
  table.sort(kinds)
  for _, kind in ipairs(kinds) do
    for _, action in ipairs(read_kind(kind, given[kind], states, level + 1)) do
      actions[#actions + 1] = action
    end
  end
  return actions
end

--- What is declared when nothing but actions is asked for.
---@param actions lastpass.plan.Action[]
---@return lastpass.plan.Declared
function M.declare(actions)
  local declared = declared_room.new()
  declared.actions, declared.is_direct = actions, true
  declared.playbook = { file = "actions" }
  return declared
end

-- For so few people each is asked for; for more the directory is read.
local FEW = 5

-- New people and groups are compared with all that are there.
local asks_everybody = { create = true, groups = true }

--- The addresses that have to be read for actions, when a few will do.
---@param actions lastpass.plan.Action[]
---@return string[]|nil
function M.named(actions)
  if #actions > FEW then
    return nil
  end
  local list = {}
  for _, action in ipairs(actions) do
    if asks_everybody[action.kind] then
      return nil
    end
    list[#list + 1] = action.subject
    list[#list + 1] = action.kind == "rename" and action.after.email or nil
  end
  return list
end

-- A program that calls a function over a list has named everybody in it, and `enable_users` gives back what
-- `disable_users` takes: so a quarter of the company, not what a file may do.
local of_functions = { disable = "25%" }

--- Completes the limits for people who were named one by one: a few of each kind may be changed at once
-- in a small company, too, and removing people, which a playbook has to be allowed, is what was asked for.
-- A handful is held against what was done within a day, but not within a week or a month: after a large
-- change that somebody allowed, one leaver must not need an option for 30 days.
---@param declared lastpass.plan.Declared of `declare`; `by_function`: by one of the client's functions
---@param given table|nil limits that were given; they stand
---@param size table {people, memberships} of the directory
function M.complete_limits(declared, given, size)
  local settings = declared.settings.limits
  local few = math.min(FEW, math.max(1, math.floor(size.people / 2)))
  for name, entry in pairs(limits.by_name) do
    if not (given and given[name]) then
      local limit = limits.read(declared.by_function and of_functions[name] or entry.default)
      if limit.count == 0 then
        limit = limits.read "5%"
      end
      settings[name] = math.max(limits.allowed(limit, size[entry.of], entry.least), few)
    end
    for _, span in ipairs { "per_week", "per_month" } do
      if #declared.actions <= FEW then
        settings[span][name] = settings[span][name] or "100%"
      end
    end
  end
end

--- What would allow something, for who asks directly: there is no playbook to write anything into.
---@param text string of a refusal
---@return string
function M.advice(text)
  return (
    text
      :gsub(
        "^limit %b{} in the playbook, or (%b{}) as an option of plan$",
        "%1 as an option of the call"
      )
      :gsub('^.*protect "an admin\'s address".-; ', "make another user an admin first; ")
  )
end

return M

--- What the REST API says of a company's people beside the directory: their account status, which knows who is staged,
-- awaits approval or let the invitation expire (business §2.2), and their admin level (business §2.3). Both are joined with the
-- directory by address: no id is known to be the same in both interfaces (business §1.6).
-- @module lastpass.directory.accounts
local email = require "lastpass.email"
local errors = require "lastpass.error"
local operations = require "lastpass.business.operations"
local pages = require "lastpass.business.pages"
local signature = require "lastpass.signature"
local users = require "lastpass.directory.user"
local waiting = require "lastpass.transport.scheduler"

local M = {}

---@class lastpass.directory.Account
---@field id string
---@field email string
---@field name? string
---@field account_status string "enrolled", "staged", …
---@field status "active"|"disabled"|"invited"|"staged"|"awaiting_approval"|"expired_invitation"
---@field level_id? string
---@field admin_level? string the level's name
---@field is_duplicate? boolean another account has this address, but for upper and lower case

---@class lastpass.directory.Accounts
---@field levels? lastpass.directory.Level[] the admin levels, when they were asked for
---@field level_gap? string why it is not known who has which level
local methods = {}
local accounts_mt = { __name = "lastpass.directory.Accounts", __index = methods }

-- As the directory calls what both interfaces show.
local DIRECTORY_STATUS = {
  enrolled = "active",
  disabled = "disabled",
  ["pending-invitation"] = "invited",
}

--- The status as the rest of the module writes it.
---@param account_status string of the wire
---@return string "active", "staged", "awaiting_approval"
function M.status_of(account_status)
  return DIRECTORY_STATUS[account_status] or (account_status:gsub("%-", "_"))
end

--- The states that the REST API alone shows, by name: what the wire calls them.
M.statuses = {}
for _, name in ipairs(operations.account_statuses) do
  if not DIRECTORY_STATUS[name] then
    M.statuses[M.status_of(name)] = name
  end
end

--- Whom the REST API knows by that address.
---@param address string
---@return lastpass.directory.Account|nil
function methods:of(address)
  return self._by_key[email.fold(address)]
end

--- Everybody whom it knows, in the order of its list.
---@return lastpass.directory.Account[]
function methods:list()
  return self._list
end

--- The admin level of that name or id.
---@param wanted string
---@return lastpass.directory.Level|nil
---@return string? message
---@return lastpass.Error? err code "no_such_level"
function methods:level(wanted)
  local names = {}
  for position, level in ipairs(self.levels) do
    if level.id == wanted or level.name:lower() == wanted:lower() then
      return level
    end
    names[position] = level.name
  end
  local text = "there is no admin level '%s'%s"
  return errors.fail(
    "refused",
    "no_such_level",
    text:format(wanted, errors.did_you_mean(wanted, names)),
    { hint = "the levels are: " .. table.concat(names, ", ") }
  )
end

local function collect(make, ...)
  local list = {}
  for row in make(...) do
    list[#list + 1] = row
  end
  return list
end

local function add_account(accounts, row)
  if type(row.email) ~= "string" or type(row.account_status) ~= "string" then
    return
  end
  local account = {
    id = row.id,
    email = email.trim(row.email),
    name = type(row.name) == "string" and row.name ~= "" and row.name or nil,
    account_status = row.account_status,
    status = M.status_of(row.account_status),
  }
  local key = email.fold(account.email)
  local first = accounts._by_key[key]
  if first then
    first.is_duplicate, account.is_duplicate = true, true
  else
    accounts._by_key[key] = account
  end
  accounts._list[#accounts._list + 1] = account
end

-- The company's own list of who has a level is named by the vendor and documented nowhere (business §2.1): where the server
-- has none, the levels are known and their people are not.
local NOT_THERE = { not_supported = true, not_found = true, forbidden = true }
local LEVEL_USERS = { name = "admin_level_users", query = {}, most = 500 }

local LEVEL_GAP = "who has which admin level cannot be read: the REST API documents no list of it, "
  .. "and the server has none (HTTP %d)"

--- The admin levels.
---@param rest lastpass.business.Client
---@return lastpass.directory.Level[]|nil levels {id, name, description, permissions, managed_companies_permissions, users (how
-- many have it; nil when that is not known)}
---@return string? message
---@return lastpass.Error? err
function M.read_levels(rest)
  local levels, message, err = waiting.caught(collect, rest.admin_levels, rest)
  if not levels then
    return nil, message, err
  end
  for _, level in ipairs(levels) do
    level.name = type(level.name) == "string" and level.name or level.id
  end
  return levels
end

-- Who has which level, as far as the server says it.
local function read_members(rest, accounts)
  local by_id = {}
  for _, account in ipairs(accounts._list) do
    by_id[account.id or ""] = account
  end
  for _, level in ipairs(accounts.levels) do
    local path = ("/v1/admin-levels/%s/users"):format(level.id)
    local members, message, err = waiting.caught(collect, pages.each, rest, LEVEL_USERS, path, {})
    if not members and NOT_THERE[err.code] and err.status then
      accounts.level_gap = LEVEL_GAP:format(err.status)
      return true
    elseif not members then
      return nil, message, err
    end
    level.users = #members
    for _, member in ipairs(members) do
      local account = by_id[member.id or ""]
        or type(member.email) == "string" and accounts._by_key[email.fold(member.email)]
      if account then
        account.level_id, account.admin_level = level.id, level.name
      end
    end
  end
  return true
end

-- A few addresses are asked for one by one: whether a filter without % has to be the whole is not known (business §1.2), so
-- whoever comes with them is passed over. An address with % would be a pattern.
local function filters_of(options)
  local list = {}
  for position, address in ipairs(options.emails or {}) do
    if address:find("%", 1, true) then
      return { {} }
    end
    list[position] = { email = address }
  end
  if options.emails then
    return list
  end
  return { { account_status = options.status and M.statuses[options.status] } }
end

local function read_accounts(rest, accounts, filter)
  local rows, message, err = waiting.caught(collect, rest.users, rest, filter)
  if not rows then
    return nil, message, err
  end
  local key = filter.email and email.fold(filter.email)
  for _, row in ipairs(rows) do
    if not key or type(row.email) == "string" and email.fold(row.email) == key then
      add_account(accounts, row)
    end
  end
  return true
end

--- Reads what the REST API says of the company's people.
---@param client lastpass.Client
---@param options? table status: only those ("staged", a name of `statuses`); emails: only these addresses; levels: also the
-- admin levels, and who has which
---@return lastpass.directory.Accounts|nil
---@return string? message
---@return lastpass.Error? err code "no_rest" without a key; those of the REST API
function M.read(client, options)
  options = errors.check_options("directory.accounts.read", options, {
    status = function(value)
      return M.statuses[value] ~= nil, table.concat(errors.names_of(M.statuses), ", ")
    end,
    levels = "boolean",
    emails = "table",
  })
  local rest, message, err = client:rest()
  if not rest then
    return nil, message, err
  end
  local accounts = setmetatable({ _by_key = {}, _list = {} }, accounts_mt)
  local ok
  for _, filter in ipairs(filters_of(options)) do
    ok, message, err = read_accounts(rest, accounts, filter)
    if not ok then
      return nil, message, err
    end
  end
  if options.levels then
    accounts.levels, message, err = M.read_levels(rest)
    if not accounts.levels then
      return nil, message, err
    end
    ok, message, err = read_members(rest, accounts)
    if not ok then
      return nil, message, err
    end
  end
  return accounts
end

-- ---- joined with the directory ----

local joined_mt = {}

-- A user's fields, and beside them those of the account; a user that was not joined has no such fields.
local function joined_class(user)
  local class = getmetatable(user)
  if not joined_mt.__index then
    joined_mt.__name, joined_mt.__tostring = class.__name, class.__tostring
    function joined_mt.__index(one, name)
      if M.fields[name] then
        return nil
      end
      return class.__index(one, name)
    end
  end
  return joined_mt
end

--- The fields of a user that come from the REST API.
M.fields = { account_status = true, admin_level = true, sources = true }

-- Whether the REST API knows better: whom the directory lists as active or disabled is neither staged nor invited.
local function says_status(account, user)
  return account ~= nil and M.statuses[account.status] ~= nil and user.status == "invited"
end

-- Which interface says what: of a user in the directory the REST API adds, of others it says everything.
local function sources_of(account, in_directory, of_status)
  local sources = {}
  for name in pairs(users.fields) do
    sources[name] = in_directory and "enterprise" or nil
  end
  if account then
    local own = in_directory and {} or { "email", "fullname" }
    own[#own + 1] = of_status and "status" or nil
    for _, name in ipairs(own) do
      sources[name] = "rest"
    end
    sources.account_status = "rest"
    sources.admin_level = account.admin_level and "rest" or nil
  end
  return sources
end

local function join(client, user, account)
  local in_directory = user ~= nil
  user = user or users.of_invitation(client, account.email)
  setmetatable(user, joined_class(user))
  local of_status = says_status(account, user)
  if of_status then
    user.status = account.status
  end
  if not in_directory then
    user.fullname = account.name
  end
  user.account_status = account and account.account_status
  user.admin_level = account and account.admin_level
  user.sources = sources_of(account, in_directory, of_status)
  return user
end

-- Those of the directory, then those whom the REST API alone shows.
local function joined_users(client, snapshot, accounts, filter)
  local list, seen = {}, {}
  for user in snapshot:users { admin = filter.admin } do
    local account = accounts and accounts:of(user.email)
    seen[account or user] = true
    list[#list + 1] = join(client, user, account)
  end
  for _, account in ipairs(accounts and not filter.admin and accounts:list() or {}) do
    if not seen[account] then
      list[#list + 1] = join(client, nil, account)
    end
  end
  return list
end

local join_options = {
  status = function(value)
    return M.statuses[value] ~= nil
      or value == "active"
      or value == "disabled"
      or value == "invited",
      '"active", "disabled", "invited", "'
        .. table.concat(errors.names_of(M.statuses), '", "')
        .. '"'
  end,
  admin = "boolean",
  levels = "boolean",
  email = "string",
}

--- The company's people as both interfaces know them: users with the fields `account_status` and `admin_level`, which the REST
-- API says, and `sources`, which interface says what ("enterprise" or "rest", by field). Who is staged, awaits approval or let
-- the invitation expire is among them. A client without a key of the REST API gives the directory alone.
---@param options? table status, admin (as of `client:users`), email (that one only), levels (read admin levels, too)
---@return lastpass.User[]|nil users a list
---@return string? message also when all went well: what is not known, such as who has which level
---@return lastpass.Error? err
function M.accounts(client, options)
  options = errors.check_options("client:accounts", options, join_options)
  local accounts, message, err
  if client:option "rest" then
    accounts, message, err = M.read(client, {
      status = M.statuses[options.status] and options.status or nil,
      levels = options.levels,
    })
    if not accounts then
      return nil, message, err
    end
  elseif options.levels or M.statuses[options.status] then
    return client:rest()
  end
  local snapshot
  snapshot, message, err = client:snapshot()
  if not snapshot then
    return nil, message, err
  end
  local list, key = {}, options.email and email.fold(options.email)
  for _, user in ipairs(joined_users(client, snapshot, accounts, options)) do
    if
      (not options.status or user.status == options.status)
      and (not key or email.fold(user.email) == key)
    then
      list[#list + 1] = user
    end
  end
  return list, accounts and accounts.level_gap
end

signature.declare("client:", M, { accounts = "options?: table" })
signature.declare(
  "accounts:",
  methods,
  { of = "address: string", list = "", level = "name: string" }
)

return signature.declare("directory.accounts.", M, {
  read = "client: table, options?: table",
  read_levels = "rest: table",
  status_of = "account_status: string",
})

--- Actions that are asked for one by one: { reinvite = { "ann@acme.com" } }. The verbs of the program and the
-- client's functions over lists are such actions, too.
-- @module lastpass.plan.actions
local changes = require "lastpass.directory.changes"
local characters = require "lastpass.text.characters"
local checks = require "lastpass.plan.checks"
local core = require "lastpass.core"
local declarations = require "lastpass.plan.declared"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local limits = require "lastpass.plan.limits"

local M = {}

---@class lastpass.plan.Action
---@field kind string      a name of `lastpass.directory.changes`, "update" for names, "invite" for whatever invites somebody who
-- is known: staged, or invited before
---@field subject string   address
---@field after? table     what the step wants, see `lastpass.plan.steps`
---@field private? table   fields that are sent and stand in no plan and no journal
---@field origin? string   "leavers.csv:17"
---@field step? lastpass.plan.Step once it is planned, or none where `state` says why
---@field state? "unchanged"|"refused"
---@field code? string
---@field reason? string

-- The kinds of action, with their changes. True for those that say in which state somebody is to be: two of them
-- contradict each other.
local changes_of, names_state = {}, { enable = true, disable = true }
for _, change in ipairs(changes.list) do
  local name = change.name == "name" and "update" or change.name
  changes_of[name], names_state[name] = change, names_state[name] or change.status == "absent"
end

-- Which change it is depends on the state of the user.
changes_of.invite = { name = "invite" }

local known = {}
for name in pairs(changes_of) do
  known[name] = "table"
end

local lua_types = {
  address = "string",
  string = "string",
  boolean = "boolean",
  ["list of strings"] = "table",
  ["table of strings"] = "table",
}

-- The fields of a row, as the command has them; nil for actions that take an address alone.
local function fields_of(kind)
  local change = changes_of[kind]
  return change.takes or change.fields and core.commands[change.command].fields
end

local function unique_names(list)
  local copy, seen = json.list {}, {}
  for _, name in ipairs(list or {}) do
    if not seen[name] then
      seen[name], copy[#copy + 1] = true, name
    end
  end
  return copy
end

-- From a row to what its step wants. What may hold a secret is sent, and written down nowhere.
local function read_row(change, row)
  local after, private = {}, nil
  for field, in_row in pairs(change.fields) do
    local value = row[in_row]
    if change.needs and change.needs[field] == "table" then
      value = unique_names(value)
    end
    after[field] = value
  end
  for _, name in ipairs(change.private or {}) do
    if after[name] ~= nil then
      private = private or {}
      private[name], after[name] = after[name], nil
      after.private = after.private or json.list {}
      table.insert(after.private, name)
    end
  end
  return after, private
end

local function check_address(address)
  local good, reason = email.check(address)
  if good then
    return email.composed(good)
  end
  return nil, "bad_address", ("'%s' is not an e-mail address: %s"):format(address, reason)
end

local function has_blank(list)
  for _, name in ipairs(list or {}) do
    if not name:find "%S" then
      return true
    end
  end
  return false
end

local function is_encodable(given)
  for _, value in pairs(given) do
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      if type(one) == "string" and not characters.is_utf8(one) then
        return false
      end
    end
  end
  return true
end

--- Makes an action of what was asked for; the fields and their types are good.
---@param kind string
---@param given string|table an address, or a row
---@return lastpass.plan.Action|nil
---@return string? code of data that will not do: "bad_address", "empty_name", "bad_encoding"
---@return string? reason
function M.new(kind, given)
  local change = changes_of[kind]
  local is_row = type(given) == "table"
  local address, code, reason =
    check_address(is_row and given[change.address or "username"] or given)
  if not address then
    return nil, code, reason
  end
  local action = { kind = kind, subject = address }
  if not change.fields then
    return action
  end
  action.after, action.private = read_row(change, given)
  local after = action.after
  if kind == "rename" then
    after.email, code, reason = check_address(after.email)
    if not after.email then
      return nil, code, reason
    end
  elseif kind == "admin_level" and not (given.level or ""):find "%S" then
    return nil, "empty_name", "an admin level must have a name"
  elseif after.fullname and not after.fullname:find "%S" then
    return nil, "empty_name", "a name must not be empty; leave it out to keep the name as it is"
  elseif has_blank(after.groups) or has_blank(after.join) or has_blank(after.leave) then
    return nil, "empty_name", "a group must have a name"
  elseif not is_encodable(given) then
    return nil, "bad_encoding", "it is not valid UTF-8"
  end
  return action
end

local function check_state(states, kind, address, level)
  local key = email.fold(address)
  local other = states[key]
  if other and other ~= kind then
    errors.raise(level + 1, "client:plan: %s is named by both %s and %s", address, other, kind)
  end
  states[key] = kind
end

local function check_row(kind, index, row, level)
  local fields, types, lists = fields_of(kind), {}, {}
  local where = ("client:plan: %s[%d]"):format(kind, index)
  if type(row) ~= "table" then
    local form = "%s must be a row, such as { %s = … }, not a %s"
    errors.raise(level + 1, form, where, fields[1].name, type(row))
  end
  for _, field in ipairs(fields) do
    types[field.name] = lua_types[field.type]
    lists[field.name] = field.type == "list of strings"
  end
  errors.check_options(where, row, types, level + 1)
  local changes_something = false
  for _, field in ipairs(fields) do
    local name, value = field.name, row[field.name]
    if field.required and value == nil then
      errors.raise(level + 1, "%s: '%s' is missing", where, name)
    elseif lists[name] and value ~= nil then
      checks.texts(where, name, value, level + 1)
    end
    changes_something = changes_something or not field.required and value ~= nil
  end
  if not changes_something and (kind == "update" or kind == "groups") then
    errors.raise(level + 1, "%s does not say what is to change", where)
  end
end

local function read_kind(kind, list, states, level)
  local is_row = changes_of[kind].fields ~= nil
  if not is_row then
    checks.texts("client:plan", kind, list, level + 1)
  end
  local actions = {}
  for index, item in ipairs(list) do
    if is_row then
      check_row(kind, index, item, level + 1)
    end
    local action, _, reason = M.new(kind, item)
    if not action then
      errors.raise(level + 1, "client:plan: %s[%d]: %s", kind, index, reason)
    end
    if names_state[kind] then
      check_state(states, kind, action.subject, level + 1)
    end
    actions[index] = action
  end
  if not is_row then
    table.sort(actions, function(a, b)
      return a.subject < b.subject
    end)
  end
  return actions
end

--- Reads actions; errors in them raise.
---@param given table<string, table[]|string[]>
---@param level integer whose line is blamed
---@return lastpass.plan.Action[]
function M.read(given, level)
  errors.check_options("client:plan", given, known, level + 1)
  local states, actions = {}, {}
  for _, kind in ipairs(errors.names_of(given)) do
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
  local declared = declarations.new()
  declared.actions, declared.is_direct = actions, true
  declared.playbook = { file = "actions" }
  return declared
end

-- For so few people each is asked for; for more the directory is read.
local FEW = 5

-- New people and groups are compared with all that are there.
local asks_everybody = { create = true, stage = true, groups = true }

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

-- A program that calls a function over a list has named everybody in it, and `enable_users` undoes
-- `disable_users`: so a quarter of the company, not what a file may do.
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

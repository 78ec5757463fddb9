--- What can be done to users one by one or over a list: for `user VERB`, `group VERB` and
-- `bulk VERB`.
-- @module lastpass.cli.verbs
local errors = require "lastpass.error"

local M = {}

---@class lastpass.cli.Verb
---@field what string           for the question: "disable"
---@field kind string           the action, see `lastpass.plan.actions`
---@field harm? "ask"|"type"    how it is confirmed
---@field columns string[]      of a CSV file, the required ones first; default email alone
---@field required integer      how many of them must exist; default 1

---@type table<string, lastpass.cli.Verb>
M.list = {
  add = {
    what = "create and invite",
    kind = "create",
    columns = { "email", "fullname", "groups" },
  },
  stage = {
    what = "prepare, without an invitation,",
    kind = "stage",
    columns = { "email", "fullname" },
  },
  invite = { what = "invite", kind = "invite", harm = "ask" },
  ["admin-level"] = {
    what = "change the admin level of",
    kind = "admin_level",
    harm = "ask",
    columns = { "email", "level" },
    required = 2,
  },
  update = {
    what = "change the names of",
    kind = "update",
    columns = { "email", "fullname", "duousername", "securidusername" },
  },
  disable = { what = "disable", kind = "disable", harm = "ask" },
  enable = { what = "enable", kind = "enable" },
  remove = { what = "remove from the company", kind = "remove", harm = "type" },
  delete = { what = "delete for good the account of", kind = "delete", harm = "type" },
  reinvite = { what = "send the invitation again to", kind = "reinvite", harm = "ask" },
  ["reset-password"] = {
    what = "send a password reset to",
    kind = "reset_password",
    harm = "ask",
  },
  ["require-password-change"] = {
    what = "ask for a new master password from",
    kind = "require_password_change",
    harm = "ask",
  },
  ["reset-mfa"] = {
    what = "switch off the second factor of",
    kind = "disable_mfa",
    harm = "ask",
  },
  rename = {
    what = "change the address of",
    kind = "rename",
    harm = "ask",
    columns = { "email", "new_email" },
    required = 2,
  },
  ["group-add"] = {
    what = "change the groups of",
    kind = "groups",
    columns = { "email", "group" },
    required = 2,
  },
  ["group-remove"] = {
    what = "change the groups of",
    kind = "groups",
    harm = "ask",
    columns = { "email", "group" },
    required = 2,
  },
}
for _, verb in pairs(M.list) do
  verb.columns, verb.required = verb.columns or { "email" }, verb.required or 1
end

--- The names, sorted.
M.names = errors.names_of(M.list)

local function split_names(text)
  local list = {}
  for name in text:gmatch "[^;]+" do
    local trimmed = name:match "^%s*(.-)%s*$"
    if trimmed ~= "" then
      list[#list + 1] = trimmed
    end
  end
  return list
end

-- From a row of a CSV file to what the action takes.
local shapes = {}

--- A new user.
function shapes.add(row)
  local groups = type(row.groups) == "string" and split_names(row.groups) or row.groups
  return {
    username = row.email,
    fullname = row.fullname,
    groups = groups and #groups > 0 and groups or nil,
  }
end

--- Somebody who is prepared.
function shapes.stage(row)
  return { username = row.email, fullname = row.fullname }
end

shapes["admin-level"] = function(row)
  return { username = row.email, level = row.level }
end

--- New names.
function shapes.update(row)
  return {
    username = row.email,
    fullname = row.fullname,
    duousername = row.duousername,
    securidusername = row.securidusername,
  }
end

--- A new address.
function shapes.rename(row)
  return { oldemail = row.email, newemail = row.new_email }
end

shapes["group-add"] = function(row)
  return { username = row.email, add = { row.group } }
end

shapes["group-remove"] = function(row)
  return { username = row.email, del = { row.group } }
end

-- The group that all rows are about, or nil.
local function one_group(items, key)
  local first = items[1] and items[1][key] and items[1][key][1]
  for _, item in ipairs(items) do
    if item[key][1] ~= first then
      return nil
    end
  end
  return first
end

-- Questions that say more than the verb does.
local questions = {
  ["admin-level"] = function(items)
    for _, item in ipairs(items) do
      if item.level ~= items[1].level then
        return nil
      end
    end
    return items[1] and ("give the admin level '%s' to"):format(items[1].level)
  end,
  rename = function(items)
    return #items == 1 and ("give the address %s to"):format(items[1].newemail)
  end,
  ["group-add"] = function(items)
    local group = one_group(items, "add")
    return group and ("put into the group '%s':"):format(group)
  end,
  ["group-remove"] = function(items)
    local group = one_group(items, "del")
    return group and ("take out of the group '%s':"):format(group)
  end,
}

--- What is to be done, for the question before it.
---@param name string
---@param items table[] as `item` makes them
---@return string
function M.question(name, items)
  return questions[name] and questions[name](items) or M.list[name].what
end

--- A row of a file, or of the command line, as the verb's action takes it.
---@param name string
---@param row table email and the verb's own columns
---@return table item
function M.item(name, row)
  local shape = shapes[name]
  return shape and shape(row) or { username = row.email }
end

--- Refuses empty names on the command line.
---@param options table
---@param names string[] of arguments and options
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "usage"
function M.check_texts(options, names)
  for _, name in ipairs(names) do
    local list = options[name]
    for _, text in ipairs(type(list) == "table" and list or { list }) do
      if not text:find "%S" then
        local what = name == "group" and type(list) ~= "table" and "the group" or "--" .. name
        return errors.fail("argument", "usage", what .. ": a name must not be empty")
      end
    end
  end
  return true
end

--- Whom an item is about.
---@param item table of `item`
---@return string address as it was given
function M.who(item)
  return item.username or item.oldemail
end

return M

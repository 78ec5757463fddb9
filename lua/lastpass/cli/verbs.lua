--- What can be done to users one by one or over a list: for `user VERB`, `group VERB` and
-- `bulk VERB`.
-- @module lastpass.cli.verbs
local M = {}

---@class lastpass.cli.Verb
---@field what string           for the question: "disable"
---@field harm? "ask"|"type"
---@field method? string        method of the client that takes the whole list
---@field call? fun(client, item, user): table|nil, string?, lastpass.Error? for one
---@field finds? boolean        the user is looked up first, and `call` is given it
---@field takes string          what the method takes: "addresses" or "rows"
---@field columns string[]      of a CSV file, the required ones first
---@field required integer      how many of them must be there
---@field lua string            format for --print-lua, with the list or row
M.list = {
  add = {
    what = "create and invite",
    method = "add_users",
    takes = "rows",
    columns = { "email", "fullname", "groups" },
    required = 1,
    new = true,
    lua = "print(client:add_users(%s))",
  },
  update = {
    what = "change",
    method = "update_users",
    takes = "rows",
    columns = { "email", "fullname", "duousername", "securidusername" },
    required = 1,
    lua = "print(client:update_users(%s))",
  },
  disable = {
    what = "disable",
    harm = "ask",
    method = "disable_users",
    takes = "addresses",
    columns = { "email" },
    required = 1,
    lua = "print(client:disable_users(%s))",
  },
  enable = {
    what = "enable",
    method = "enable_users",
    takes = "addresses",
    columns = { "email" },
    required = 1,
    lua = "print(client:enable_users(%s))",
  },
  remove = {
    what = "remove from the company",
    harm = "type",
    finds = true,
    call = function(_, _, user)
      if user.status == "invited" then
        return user:uninvite()
      end
      return user:remove()
    end,
    columns = { "email" },
    required = 1,
    lua = "assert(assert(client:user(%s)):remove())",
  },
  delete = {
    what = "delete for good the account of",
    harm = "type",
    finds = true,
    call = function(_, item, user)
      return user:delete { confirm = item.username }
    end,
    columns = { "email" },
    required = 1,
    lua = "assert(assert(client:user(%s)):delete{ confirm = %s })",
  },
  reinvite = {
    what = "send the invitation again to",
    harm = "ask",
    call = function(client, item)
      return client:reinviteuser { username = item.username }
    end,
    columns = { "email" },
    required = 1,
    lua = "assert(client:reinviteuser{ username = %s })",
  },
  ["reset-password"] = {
    what = "send a password reset to",
    harm = "ask",
    call = function(client, item)
      return client:resetpassword { username = item.username }
    end,
    columns = { "email" },
    required = 1,
    lua = "assert(client:resetpassword{ username = %s })",
  },
  ["reset-mfa"] = {
    what = "switch off the second factor of",
    harm = "ask",
    call = function(client, item)
      return client:disablemultifactor { username = item.username }
    end,
    columns = { "email" },
    required = 1,
    lua = "assert(client:disablemultifactor{ username = %s })",
  },
  rename = {
    what = "change the address of",
    harm = "ask",
    call = function(client, item)
      return client:updateemail { oldemail = item.username, newemail = item.new_email }
    end,
    columns = { "email", "new_email" },
    required = 2,
    lua = "assert(client:updateemail%s)",
  },
  ["group-add"] = {
    what = "change the groups of",
    method = "change_groups",
    takes = "rows",
    columns = { "email", "group" },
    required = 2,
    lua = "print(client:change_groups(%s))",
  },
  ["group-remove"] = {
    what = "change the groups of",
    harm = "ask",
    method = "change_groups",
    takes = "rows",
    columns = { "email", "group" },
    required = 2,
    lua = "print(client:change_groups(%s))",
  },
}

--- The names, sorted.
M.names = {}
for name in pairs(M.list) do
  M.names[#M.names + 1] = name
end
table.sort(M.names)

local function split(text)
  local list = {}
  for name in text:gmatch "[^;]+" do
    local trimmed = name:match "^%s*(.-)%s*$"
    if trimmed ~= "" then
      list[#list + 1] = trimmed
    end
  end
  return list
end

-- From a row of a CSV file to what the client takes.
local shape = {}

--- Somebody new.
function shape.add(row)
  local groups = type(row.groups) == "string" and split(row.groups) or row.groups
  return {
    username = row.email,
    fullname = row.fullname,
    groups = groups and #groups > 0 and groups or nil,
  }
end

--- New names.
function shape.update(row)
  return {
    username = row.email,
    fullname = row.fullname,
    duousername = row.duousername,
    securidusername = row.securidusername,
  }
end

--- A new address.
function shape.rename(row)
  return { username = row.email, new_email = row.new_email }
end

shape["group-add"] = function(row)
  return { username = row.email, add = { row.group } }
end

shape["group-remove"] = function(row)
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
  rename = function(items)
    return #items == 1 and ("give the address %s to"):format(items[1].new_email)
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

--- A row of a file, or of the command line, as the verb takes it.
---@param name string
---@param row table email and the verb's own columns
---@return table item with `username`
function M.item(name, row)
  local make = shape[name]
  return make and make(row) or { username = row.email }
end

return M

--- A directory as text that can be stored: what a person is in it, without secrets (attributes may
-- hold some and stay out, enterprise-api §4.1), one user a line, always in the same order.
-- @module lastpass.directory.record
local errors = require "lastpass.error"
local json = require "lastpass.json"
local key_of = require("lastpass.email").fold
local signature = require "lastpass.signature"
local time = require "lastpass.time"

local M = {}

local FORMAT = "lastpass.directory"
local VERSION = 1

---@class lastpass.directory.Record
---@field read_at integer epoch seconds
local methods = {}
local record_mt = { __name = "lastpass.directory.Record", __index = methods }

function record_mt.__tostring(record)
  return ("lastpass.directory.Record (%d users, read %s)"):format(
    #record._list,
    time.iso(record.read_at)
  )
end

local function entry_of(user)
  local groups = json.list {}
  for index, name in ipairs(user.groups) do
    groups[index] = name
  end
  table.sort(groups)
  return {
    email = user.email,
    fullname = user.fullname,
    status = user.status,
    groups = groups,
    admin = user.admin or nil,
    mfa = user.mfa,
    last_login = user.last_login,
    created = user.created,
  }
end

--- The text of a snapshot.
---@param snapshot lastpass.Snapshot
---@return string text the first line says what it is, each further one is a user; sorted by address
function M.text(snapshot)
  local lines = {}
  for user in snapshot:users() do
    local key = key_of(user.email)
    lines[#lines + 1] = { key = key, text = json.encode(entry_of(user)) }
  end
  table.sort(lines, function(a, b)
    if a.key ~= b.key then
      return a.key < b.key
    end
    return a.text < b.text
  end)
  local texts = { json.encode { format = FORMAT, version = VERSION, users = #lines } }
  for index, line in ipairs(lines) do
    texts[index + 1] = line.text
  end
  return table.concat(texts, "\n") .. "\n"
end

local function damaged(what)
  return errors.fail("protocol", "not_a_directory", "the stored directory " .. what)
end

--- Reads such a text.
---@param text string
---@param read_at integer epoch seconds
---@return lastpass.directory.Record|nil
---@return string? message
---@return lastpass.Error? err
function M.parse(text, read_at)
  local head, list, by_key = nil, {}, {}
  for line in text:gmatch "[^\n]+" do
    local value = json.decode(line)
    if type(value) ~= "table" then
      return damaged "cannot be read"
    elseif not head then
      head = value
      if head.format ~= FORMAT or head.version ~= VERSION then
        return damaged "is of another form"
      end
    elseif type(value.email) ~= "string" or type(value.groups) ~= "table" then
      return damaged "has a user without address or groups"
    else
      list[#list + 1] = value
      by_key[key_of(value.email)] = value
    end
  end
  if not head or head.users ~= #list then
    return damaged "is not whole"
  end
  return setmetatable({ _list = list, _by_key = by_key, read_at = read_at }, record_mt)
end

--- How many users there are, those who are only invited included.
---@return integer
function methods:count()
  return #self._list
end

--- The user of that address as a table of fields, or nil.
---@param email string
---@return table|nil
function methods:user(email)
  return self._by_key[key_of(email)]
end

--- Everybody, by address.
---@return fun(): table|nil iterator
function methods:users()
  local index = 0
  return function()
    index = index + 1
    return self._list[index]
  end
end

signature.declare("record:", methods, {
  count = "",
  user = "email: string",
  users = "",
})

signature.declare("directory.record.", M, {
  text = "snapshot: any",
  parse = "text: string, read_at: number",
})

return M

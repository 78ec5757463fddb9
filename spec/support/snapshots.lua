--- Snapshots of directories that specs write down as Lua tables.
local json = require "lastpass.json"
local rows = require "spec.support.rows"

local M = {}

local function reply(directory)
  local users = {}
  for i, user in ipairs(directory.users or {}) do
    local fields = { '"username":' .. json.encode(user.email) }
    local function add(name, text)
      fields[#fields + 1] = text and ('"%s":%s'):format(name, text) or nil
    end
    add("fullname", user.fullname and json.encode(user.fullname))
    add("disabled", user.disabled and "true")
    add("groups", user.groups and json.encode(json.list(user.groups)))
    add("attribs", user.attribs)
    users[i] = ('"%d":{%s}'):format(i, table.concat(fields, ","))
  end
  local groups = {}
  for name, members in pairs(directory.groups or {}) do
    groups[#groups + 1] = json.encode(name) .. ":" .. json.encode(json.list(members))
  end
  table.sort(groups)
  return ('{"Users":{%s},"Groups":{%s},"invited":%s}'):format(
    table.concat(users, ","),
    table.concat(groups, ","),
    json.encode(json.list(directory.invited or {}))
  )
end

--- The snapshot of a directory.
---@param directory table {users = {{email, fullname, groups, disabled, attribs = JSON text}},
-- groups = {name = members}, invited = addresses}
---@return userdata
function M.of(directory)
  return rows.read(reply(directory))
end

return M

--- One request to the pages of a company: what it asks, and what is kept for the directory it is about.
-- @module lastpass.nginx.dashboard.call
local access = require "lastpass.nginx.dashboard.access"
local index_room = require "lastpass.nginx.dashboard.index"
local cached = require "lastpass.unified.cache"
local texts = require "lastpass.unified.texts"

---@class lastpass.nginx.dashboard.Call
---@field request table
---@field settings table
---@field tenant table
---@field session lastpass.nginx.dashboard.Session
---@field view table
---@field now number
---@field pause fun()
local methods = {}
local call_mt = { __index = methods }

local M = {}

local LONGEST = 200

-- What stays as it is in an address (RFC 3986 §2.3).
local function escape(text)
  return (text:gsub("[^%w._~-]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

--- An address with a query.
---@param path string
---@param params? table[] {name, value}, in order; empty values are left out
---@return string
function M.address(path, params)
  local parts = {}
  for _, pair in ipairs(params or {}) do
    if pair[2] and pair[2] ~= "" then
      parts[#parts + 1] = escape(pair[1]) .. "=" .. escape(pair[2])
    end
  end
  return path .. (#parts > 0 and "?" .. table.concat(parts, "&") or "")
end

--- Makes it.
---@param fields table request, settings, tenant, session, view, pause, room (what is kept between
-- requests: events, invitations)
---@return lastpass.nginx.dashboard.Call
function M.new(fields)
  local params = {}
  for _, pair in ipairs(fields.request.query or {}) do
    params[pair[1]] = pair[2]
  end
  fields.now = fields.request.now
  fields._params = params
  fields._kept = fields.view and cached.of(fields.view, fields.settings)
  return setmetatable(fields, call_mt)
end

--- A parameter, "" when it is not given. What is longer than anything that could be meant is cut.
---@param name string
---@return string
function methods:param(name)
  local value = self._params[name]
  if type(value) ~= "string" then
    return ""
  elseif name == "after" or name == "before" then
    return value
  end
  value = texts.clean(value:match "^%s*(.-)%s*$")
  if #value > LONGEST then
    value = value:sub(1, LONGEST)
    value = texts.is_utf8(value) and value or value:gsub("[\192-\255][\128-\191]*$", "")
  end
  return value
end

--- The address of a page of this company.
---@param page string "" for the overview
---@param params? table[] {name, value}, in order
---@return string
function methods:url(page, params)
  return M.address(("%s/%s/%s"):format(self.settings.prefix, self.tenant.name, page), params)
end

--- Whether only the list is wanted, for the script.
---@return boolean
function methods:is_part()
  return self._params.part == "results"
end

--- Everybody.
---@return lastpass.nginx.dashboard.Index
function methods:index()
  return (
    cached.once(self._kept, "index", function()
      return index_room.build(self.view.snapshot, self.pause)
    end)
  )
end

--- Who has access to which shared folder.
---@return lastpass.nginx.dashboard.Access|nil
---@return table? failure {message, err}
function methods:access()
  return cached.once(self._kept, "access", function()
    return access.build(self.tenant, self.view, self.pause)
  end)
end

--- What is kept under a key of a small table.
---@param name string of the table
---@param key string
---@param most integer entries
---@param compute fun(): any
---@return any
function methods:among(name, key, most, compute)
  return (cached.among(self._kept, name, key, most, compute))
end

return M

--- The headers by which the application behind learns who it is. Whatever a request brings under such a name is removed
-- first, in every spelling that a server behind could read as the same: letters of either case, and other characters in
-- place of the hyphen, which CGI and WSGI make one and the same variable of.
-- @module lastpass.nginx.saml.headers
local errors = require "lastpass.error"
local header_names = require "lastpass.nginx.header_names"

---@class lastpass.nginx.saml.Headers
local methods = {}
local headers_mt = { __name = "lastpass.nginx.saml.Headers", __index = methods }

local M = {}

-- What the connection or another part of nginx needs.
local NOT_OURS = {
  host = true,
  connection = true,
  cookie = true,
  ["content-length"] = true,
  ["content-type"] = true,
  ["transfer-encoding"] = true,
  upgrade = true,
  te = true,
  expect = true,
}

--- One form for all spellings of a name.
---@param name string
---@return string
local function canonical(name)
  return (name:lower():gsub("[^%w]", "-"))
end

--- Reads the option `headers`; errors raise.
---@param given table<string, string> name of a header -> "account", "name_id", "session_index", "issuer", "context",
-- "auth_time", or "attribute:NAME"
---@param fields table<string, boolean> what a session has
---@param level integer whose line an error names
---@return lastpass.nginx.saml.Headers
function M.read(given, fields, level)
  local self = setmetatable({ _list = {}, _ours = {}, _seen = {}, _seen_count = 0 }, headers_mt)
  for name, source in pairs(given) do
    if type(name) ~= "string" or not name:find "^%a[%w-]*$" or NOT_OURS[canonical(name)] then
      errors.raise(level + 1, "saml: headers: '%s' is no name for a header of ours", tostring(name))
    elseif self._ours[canonical(name)] then
      errors.raise(level + 1, "saml: headers: '%s' is there in two spellings", name)
    end
    local attribute = type(source) == "string" and source:match "^attribute:(.+)$"
    if not attribute and not fields[source] then
      errors.raise(
        level + 1,
        "saml: headers: '%s' must be %s or attribute:NAME, not '%s'",
        name,
        table.concat(errors.names_of(fields), ", "),
        tostring(source)
      )
    end
    self._ours[canonical(name)] = true
    self._list[#self._list + 1] = { name = name, field = source, attribute = attribute or nil }
  end
  table.sort(self._list, function(a, b)
    return a.name < b.name
  end)
  self._is_suspicious = header_names.matcher(errors.names_of(self._ours))
  return self
end

--- The attributes that headers name.
---@return string[]
function methods:attributes()
  local list = {}
  for _, entry in ipairs(self._list) do
    list[#list + 1] = entry.attribute
  end
  return list
end

local MOST_SEEN = 1000 -- spellings of a worker: names come from outside

local function is_ours(self, name)
  local answer = self._seen[name]
  if answer == nil then
    answer = self._ours[canonical(name)] or false
    if self._seen_count >= MOST_SEEN then
      self._seen, self._seen_count = {}, 0
    end
    self._seen[name], self._seen_count = answer, self._seen_count + 1
  end
  return answer
end

-- In a function of its own: a loop here would keep LuaJIT from compiling what is around it.
local function remove_spellings(self, request)
  local incoming = request.get_headers(0, true)
  for name in next, incoming do
    if is_ours(self, name) then
      request.clear_header(name)
    end
  end
end

--- Removes incoming headers that could be taken for ours.
---@param request table ngx.req
function methods:remove_incoming(request)
  if self._is_suspicious() then
    remove_spellings(self, request)
  end
end

local escaped = {}
for byte = 0, 255 do
  escaped[string.char(byte)] = ("%%%02X"):format(byte)
end

-- A header has printable ASCII only: everything else is percent-encoded, and so is "%" itself.
local function header_text(value)
  return (tostring(value):gsub("[^ -$&-~]", escaped))
end

local function list_text(values)
  local parts = {}
  for position, value in ipairs(values) do
    parts[position] = header_text(value):gsub(",", "%%2C")
  end
  return table.concat(parts, ",")
end

--- The headers of a session: name and value.
---@param session lastpass.nginx.saml.Session
---@return table[]
function methods:of(session)
  local list = {}
  for _, entry in ipairs(self._list) do
    local value
    if entry.attribute then
      local values = session.attributes and session.attributes[entry.attribute]
      value = values and list_text(values)
    else
      value = session[entry.field]
      value = value ~= nil and header_text(value) or nil
    end
    if value and value ~= "" then
      list[#list + 1] = { entry.name, value }
    end
  end
  return list
end

return M

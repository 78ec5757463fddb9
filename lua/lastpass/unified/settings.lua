--- How the unified directory behaves: what whoever runs it may choose.
-- @module lastpass.unified.settings
local digests = require "lastpass.unified.digests"
local errors = require "lastpass.error"

local M = {}

--- The one list of settings: name, type, default, what it is.
M.list = {
  { "cursor_keys", "list of texts", "one by chance", "the first signs cursors, all open them" },
  { "company_name", "text", "none", "name of the organization; LastPass does not tell it" },
  { "prefix", "path", '""', "what stands before /unified and /proxy in addresses" },
  { "remote_data", "boolean", "true", "false: the raw record only when a request asks for it" },
  { "never_logged_in_status", "status", '"active"', 'or "invited"' },
  { "external_id_attribute", "name", "none", "attribute of accounts that gives external_id" },
  { "delete_action", "0, 1 or 3", "none", "what DELETE does when the request does not say it" },
  { "page_cache_bytes", "bytes", "16 MiB", "rendered lists that a process keeps" },
  { "max_body", "bytes", "1 MiB", "largest body of a request" },
  { "redact", "function", "none", "takes secrets out of the free texts of events" },
  { "pause", "function", "none", "called now and then while much is computed" },
  { "wait", "function", "none", "called while somebody else computes what is wanted" },
}

local SHORTEST_KEY = 16

local function are_keys(value)
  if type(value) ~= "table" or #value == 0 then
    return false, "a list of at least one text"
  end
  for _, key in ipairs(value) do
    if type(key) ~= "string" or #key < SHORTEST_KEY then
      return false, ("a list of texts of %d bytes or more"):format(SHORTEST_KEY)
    end
  end
  return true
end

local function is_prefix(value)
  return type(value) == "string" and (value == "" or value:find "^/.*[^/]$" ~= nil),
    'a path such as "/directory"'
end

local function is_status(value)
  return value == "active" or value == "invited", '"active" or "invited"'
end

-- Destroying an account is never what happens because nothing was said.
local function is_delete_action(value)
  return value == 0 or value == 1 or value == 3, "0, 1 or 3"
end

local function is_size(value)
  return type(value) == "number" and value >= 0, "a number of bytes"
end

local known = {
  cursor_keys = are_keys,
  company_name = "string",
  prefix = is_prefix,
  remote_data = "boolean",
  never_logged_in_status = is_status,
  external_id_attribute = "string",
  delete_action = is_delete_action,
  page_cache_bytes = is_size,
  max_body = is_size,
  redact = "function",
  pause = "function",
  wait = "function",
}

--- The names of the settings, for rooms that take them among others.
M.known = known

--- Checks settings, and completes them.
---@param where string how the caller is called
---@param given? table
---@param level integer whose line is blamed
---@return table settings
function M.complete(where, given, level)
  local settings = {
    prefix = "",
    remote_data = true,
    never_logged_in_status = "active",
    page_cache_bytes = 16 * 1024 * 1024,
    max_body = 1024 * 1024,
    redact = function(text)
      return text
    end,
    pause = function() end,
    wait = function() end,
  }
  for name, value in pairs(errors.check_options(where, given, known, level + 1)) do
    settings[name] = value
  end
  settings.cursor_keys = settings.cursor_keys or { digests.random(32) }
  return settings
end

return M

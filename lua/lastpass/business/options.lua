--- The options of a client of the REST API: what they default to, and what is refused.
-- @module lastpass.business.options
local client_options = require "lastpass.transport.client_options"
local errors = require "lastpass.error"
local option_kinds = require "lastpass.option_kinds"

local M = {}

--- The documented address; paths begin with /v1 behind it (business §1). Other data centres may have others.
M.DEFAULT_URL = "https://api.lastpass.com/business"

local COMMON = "timeout connect_timeout retries rate max_bytes ca_file proxy verify transport "
  .. "limiter now on_request on_wait on_retry on_reply"

--- The one list of options. The table in docs/rest.md is made from it.
M.list = {
  { "key", "secret", "required", "API key (Admin Console, Advanced, LastPass API)" },
  { "url", "string", M.DEFAULT_URL, "https, or http to this machine" },
  {
    "page_size",
    "rows",
    "500",
    "rows asked for at once; lists that allow fewer are asked for fewer",
  },
}
for name in COMMON:gmatch "%S+" do
  M.list[#M.list + 1] = client_options.described(name)
end

local known = { key = "userdata", url = "string", page_size = option_kinds.whole(1, 500) }
local defaults = { url = M.DEFAULT_URL, page_size = 500 }
client_options.add(COMMON, known, defaults)

local WHERE = "lastpass.business.new"

--- Raises when no option has that name, naming the nearest.
---@param where string who asks, for the message
---@param name string
---@param level integer 1 is the caller of `check_name`
function M.check_name(where, name, level)
  client_options.check_name(where, known, name, level + 1)
end

--- Checks and completes the options of `lastpass.business.new`; raises at the caller's line.
---@param given table
---@param level integer 1 is the caller of `complete`
---@return table options a copy, with the defaults; `url` without a slash at its end
function M.complete(given, level)
  level = level + 1
  errors.check_options(WHERE, given, known, level)
  client_options.check_secret(WHERE, "key", given.key, "key", level)
  local options = {}
  for name, value in pairs(defaults) do
    options[name] = value
  end
  for name, value in pairs(given) do
    options[name] = value
  end
  local parsed
  options.url, parsed = client_options.base(WHERE, options.url, level)
  if options.url:find("enterpriseapi.php", 1, true) then
    errors.raise(
      level,
      "%s: option 'url' is that of the Enterprise API, which lastpass.new speaks to; the REST "
        .. "API's is %s",
      WHERE,
      M.DEFAULT_URL
    )
  end
  client_options.check_connection(WHERE, options, parsed, level)
  return options
end

return M

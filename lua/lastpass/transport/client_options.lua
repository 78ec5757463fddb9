--- Options that clients of several interfaces have: how requests are sent, and who is told of them.
-- @module lastpass.transport.client_options
local address = require "lastpass.transport.address"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local option_kinds = require "lastpass.option_kinds"

local M = {}

-- Kind, default, what documents say: the kind of value, the default, the meaning.
local rows = {
  timeout = { option_kinds.positive, 60, "seconds", "60", "for one request" },
  connect_timeout = { option_kinds.positive, 10, "seconds", "10", "for reaching the server" },
  retries = {
    option_kinds.whole(0, 20),
    3,
    "count",
    "3",
    "how often a request is tried again, where that is safe",
  },
  rate = {
    option_kinds.positive,
    nil,
    "per second",
    "no limit",
    "requests to this server, over all clients of the process",
  },
  max_bytes = {
    option_kinds.whole(1024, 2 ^ 40),
    64 * 1024 * 1024,
    "bytes",
    "64 MiB",
    "largest reply that is accepted",
  },
  ca_file = { "string", nil, "path", "the system's", "PEM certificates to trust" },
  proxy = { "string", nil, "URL", "the environment's", 'proxy to go through; "" for none' },
  verify = {
    "boolean",
    nil,
    "boolean",
    "true",
    "false skips TLS verification, to this machine only",
  },
  transport = {
    { "string", "table" },
    nil,
    "name or object",
    "curl",
    'how requests are sent: "curl"; in nginx "resty" or "thread"',
  },
  limiter = {
    function(value)
      return type(value) == "table" and value.acquire and value.back_off and true,
        "an object with acquire and back_off"
    end,
    nil,
    "object",
    "one of the process",
    "who spaces requests, as of `lastpass.new`",
  },
  now = { "function", nil, "function", "the machine's clock", "gives the seconds since 1970" },
  on_request = {
    "function",
    nil,
    "function",
    "none",
    "called with {command, method, path, attempt} before each request",
  },
  on_wait = {
    "function",
    nil,
    "function",
    "none",
    "called with {command, seconds, reason} before a wait",
  },
  on_retry = {
    "function",
    nil,
    "function",
    "none",
    "called with {command, attempt, message, code, seconds}",
  },
  on_reply = {
    "function",
    nil,
    "function",
    "none",
    "called with {command, attempt, seconds, status, code}",
  },
}

--- Completes a client's table of kinds and its defaults by common options.
---@param names string separated by blanks
---@param known table name to kind
---@param defaults table name to value
function M.add(names, known, defaults)
  for name in names:gmatch "%S+" do
    known[name], defaults[name] = rows[name][1], rows[name][2]
  end
end

--- The row of a table of documents for a common option.
---@param name string
---@return string[] name, kind of value, default, meaning
function M.described(name)
  local row = rows[name]
  return { name, row[3], row[4], row[5] }
end

--- Raises when no option has that name, naming the nearest.
---@param where string who asks, for the message
---@param known table name to kind
---@param name string
---@param level integer 1 is the caller of `check_name`
function M.check_name(where, known, name, level)
  if not known[name] then
    local nearest = errors.did_you_mean(name, errors.names_of(known))
    errors.raise(level + 1, "%s: there is no option '%s'%s", where, tostring(name), nearest)
  end
end

--- Raises unless an option holds a secret that can be used.
---@param where string
---@param name string of the option
---@param secret any
---@param what? string "token", "key": it is sent in a header or in JSON, and these have plain characters only
---@param level integer 1 is the caller of `check_secret`
function M.check_secret(where, name, secret, what, level)
  local problem
  if secret == nil then
    problem = "is missing"
  elseif not core.secret.is(secret) then
    problem = "must be made by lastpass.secret"
  elseif secret:number() == 0 then
    problem = "is a secret that was closed"
  elseif what and not secret:is_plain() then
    problem = "has a character that no "
      .. what
      .. " has (blank, quote, backslash or beyond ASCII); is it the right file?"
  end
  if problem then
    errors.raise(level + 1, "%s: option '%s' %s", where, name, problem)
  end
end

--- The base that paths are put behind: without a query and slashes at its end. Raises for what is no address.
---@param where string
---@param url string
---@param level integer 1 is the caller of `base`
---@return string url
---@return lastpass.Address parsed
function M.base(where, url, level)
  url = url:gsub("[?#].*$", ""):gsub("/+$", ""):gsub("^%a+://", string.lower)
  if url:match "^%a+://[^/]*@" then
    errors.raise(level + 1, "%s: option 'url' must not hold a user name (there is an @)", where)
  end
  local parsed, message = address.parse(url)
  if not parsed then
    errors.raise(level + 1, "%s: option 'url': %s; it must begin with https://", where, message)
  end
  return url, parsed
end

--- Raises for what may not be: TLS without verification beyond this machine, a proxy that would read what is sent.
---@param where string
---@param options table url, verify, proxy
---@param parsed lastpass.Address|nil of the url
---@param level integer 1 is the caller of `check_connection`
function M.check_connection(where, options, parsed, level)
  if options.verify == false and not (parsed and parsed.is_loopback) then
    errors.raise(level + 1, "%s: option 'verify' can be false for this machine only", where)
  end
  local problem = address.proxy_fault(options)
  if problem then
    errors.raise(level + 1, "%s: option 'proxy' %s", where, problem)
  end
end

return M

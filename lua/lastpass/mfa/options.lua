--- The options of a client of LastPass MFA: what they are, what they default to, and what is refused.
-- @module lastpass.mfa.options
local address = require "lastpass.transport.address"
local characters = require "lastpass.text.characters"
local client_options = require "lastpass.transport.client_options"
local errors = require "lastpass.error"

local M = {}

--- The one list of options.
M.list = {
  {
    "base_url",
    "string",
    "https://identity-api.lastpass.com",
    "where the API is; https, or http to this machine",
  },
  { "mode", "name", "secured", '"plain" or "secured" (mfa §2.1, §2.2)' },
  {
    "api_key",
    "secret",
    "required",
    'from `lastpass.secret`: the LastPass MFA Login key ("plain") or the Generic API key',
  },
  { "private_key", "secret", "none", 'PEM of the RSA key that signs; "secured" needs it' },
  { "public_key", "string", "none", "PEM of its public half, for `directory:register_key`" },
  { "endpoints", "table", "those of the samples", "paths of the calls, by name" },
  { "app_name", "string", "none", "what the phone shows as the application" },
  {
    "callback_url",
    "string",
    "none",
    "where LastPass may report that a request is over; it wakes who waits, and decides nothing",
  },
  { "timeout", "seconds", "65", "for the whole of a request to a phone; no later answer counts" },
  { "request_timeout", "seconds", "15", "for one HTTP request other than `authenticate`" },
  { "connect_timeout", "seconds", "10", "for reaching the server" },
  {
    "poll",
    "table",
    "first 2, every 3, max 25",
    "seconds before the first question, between two; how many",
  },
  {
    "limits",
    "table",
    "per_5min 3, per_hour 10, cooldown 60",
    "requests to one person's phone, and seconds of rest after a denial",
  },
  {
    "state",
    "lastpass.state",
    "this program's memory",
    "where limits and requests under way are kept; for several processes one that they share",
  },
  { "clock", "function", "the machine's clock", "gives epoch seconds" },
  { "on_event", "function", "none", "called with a table for what happens; may not wait" },
  { "retries", "count", "2", "how often a call of the directory that only reads is tried again" },
  { "page_size", "rows", "100", "rows of the directory asked for at once" },
  { "max_bytes", "bytes", "1 MiB", "largest answer that is accepted" },
  { "ca_file", "path", "the system's", "PEM certificates to trust; verification is never off" },
  { "proxy", "URL", "the environment's", 'proxy to go through; "" for none' },
  { "transport", "name or object", "by where it runs", "as of `lastpass.new`" },
}

local WHERE = "mfa.new"

--- A kind of option: a number between two, both included.
---@param low number
---@param high number
---@param whole? boolean it has no fraction
---@return fun(value: any): boolean, string
function M.within(low, high, whole)
  return function(value)
    return type(value) == "number"
      and value >= low
      and value <= high
      and not (whole and value % 1 ~= 0),
      ("a %snumber from %g to %g"):format(whole and "whole " or "", low, high)
  end
end

local known = {
  base_url = "string",
  mode = function(value)
    return value == "plain" or value == "secured", '"plain" or "secured"'
  end,
  api_key = "userdata",
  private_key = "userdata",
  public_key = "string",
  endpoints = "table",
  app_name = "string",
  callback_url = "string",
  timeout = M.within(1, 300),
  request_timeout = M.within(0.1, 300),
  connect_timeout = M.within(0.1, 300),
  poll = "table",
  limits = "table",
  state = "table",
  clock = "function",
  on_event = "function",
  retries = M.within(0, 10, true),
  page_size = M.within(1, 1000, true),
  max_bytes = M.within(1024, 2 ^ 26, true),
  ca_file = "string",
  proxy = "string",
  transport = { "string", "table" },
}

local defaults = {
  base_url = "https://identity-api.lastpass.com",
  mode = "secured",
  timeout = 65,
  request_timeout = 15,
  connect_timeout = 10,
  retries = 2,
  page_size = 100,
  max_bytes = 2 ^ 20,
}

-- Tables within the options: what they know, and what is completed.
local tables = {
  poll = {
    known = {
      first = M.within(0, 60),
      every = M.within(0.01, 60),
      max = M.within(1, 10000, true),
    },
    defaults = { first = 2, every = 3, max = 25 },
  },
  limits = {
    known = {
      per_5min = M.within(1, 100, true),
      per_hour = M.within(1, 1000, true),
      cooldown = M.within(0, 86400),
    },
    defaults = { per_5min = 3, per_hour = 10, cooldown = 60 },
  },
}

-- Paths of the public samples (mfa §2). The redirect of a browser is documented for the predecessor's host alone.
local endpoints = {
  login = "/auth/login",
  login_async = "/auth/loginasync",
  check = "/auth/CheckLoginToken",
  s_login = "/Generic/Login",
  s_login_async = "/Generic/LoginAsync",
  s_check = "/Generic/CheckLoginToken",
  web_start = false,
  web_check = false,
  directory = "/Generic/",
}

local function is_path(value)
  return type(value) == "string" and value:find "^/[%w%-._~/]*$" ~= nil and not value:find(
    "//",
    1,
    true
  ),
    "a path that begins with a slash"
end

local function complete_endpoints(given, level)
  local kinds, paths = {}, {}
  for name, default in pairs(endpoints) do
    kinds[name] = default and is_path
      or function(value)
        return value == false or is_path(value), "a path that begins with a slash, or false"
      end
    paths[name] = default
  end
  for name, path in pairs(errors.check_options(WHERE .. ", endpoints", given, kinds, level + 1)) do
    paths[name] = path
  end
  return paths
end

local function complete_table(name, given, level)
  local of, copy = tables[name], {}
  for key, value in pairs(of.defaults) do
    copy[key] = value
  end
  errors.check_options(WHERE .. ", " .. name, given, of.known, level + 1)
  for key, value in pairs(given or {}) do
    copy[key] = value
  end
  return copy
end

local function check_keys(options, level)
  client_options.check_secret(WHERE, "api_key", options.api_key, "key", level + 1)
  if options.mode == "secured" then
    client_options.check_secret(WHERE, "private_key", options.private_key, nil, level + 1)
  elseif options.private_key then
    errors.raise(level + 1, "%s: option 'private_key' is for the mode \"secured\"", WHERE)
  end
end

local function check_url(name, url, level)
  local parsed, message = address.parse(url)
  if not parsed then
    message = message .. "; it must begin with https://"
    errors.raise(level + 1, "%s: option '%s': %s", WHERE, name, message)
  elseif url:find "[?#]" then
    errors.raise(level + 1, "%s: option '%s' must have neither ? nor #", WHERE, name)
  end
  return parsed
end

local function check_text(options, name, most, level)
  local value = options[name]
  if value and not characters.is_line(value, most) then
    local text = "%s: option '%s' must be one line of UTF-8 with at most %d bytes"
    errors.raise(level + 1, text, WHERE, name, most)
  end
end

--- Raises when no option has that name, naming the nearest.
---@param where string who asks, for the message
---@param name string
---@param level integer 1 is the caller of `check_name`
function M.check_name(where, name, level)
  client_options.check_name(where, known, name, level + 1)
end

--- Checks and completes the options of `mfa.new`; raises at the caller's line.
---@param given table
---@param level integer 1 is the caller of `complete`
---@return table options a copy, with the defaults
function M.complete(given, level)
  level = level + 1
  errors.check_options(WHERE, given, known, level)
  local options = {}
  for name, value in pairs(defaults) do
    options[name] = value
  end
  for name, value in pairs(given) do
    options[name] = value
  end
  check_keys(options, level)
  options.base_url = options.base_url:gsub("/+$", ""):gsub("^%a+://", string.lower)
  local parsed = check_url("base_url", options.base_url, level)
  if options.callback_url then
    check_url("callback_url", options.callback_url, level)
  end
  check_text(options, "app_name", 100, level)
  options.endpoints = complete_endpoints(options.endpoints, level)
  for name in pairs(tables) do
    options[name] = complete_table(name, options[name], level)
  end
  if options.state and type(options.state.advance) ~= "function" then
    errors.raise(level, "%s: option 'state' must be made by lastpass.state", WHERE)
  end
  options.state = options.state or require("lastpass.state").memory { now = options.clock }
  options.clock = options.clock or require("lastpass.time").now
  local connection = { url = options.base_url, proxy = options.proxy }
  client_options.check_connection(WHERE, connection, parsed, level)
  return options
end

return M

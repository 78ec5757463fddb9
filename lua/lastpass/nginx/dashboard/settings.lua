--- The settings of the dashboard: the option `dashboard` of `lastpass.nginx.setup`.
-- @module lastpass.nginx.dashboard.settings
local errors = require "lastpass.error"

local M = {}

local function is_path(value)
  local is_good = type(value) == "string"
    and value:find "^/[%w_./-]*[%w_]$"
    and not value:find("//", 1, true)
    and not value:find "/%."
  return is_good, 'a path such as "/dashboard"'
end

local function is_seconds(value)
  return type(value) == "number" and value > 0 and value < 1e8, "a number of seconds above 0"
end

local function is_count(value)
  return type(value) == "number" and value >= 1, "a number from 1 on"
end

local function is_days(value)
  return type(value) == "number" and value >= 1 and value <= 366, "a number of days up to 366"
end

--- The one list of settings: name, type, default as it is written (or in words what is done), what it
-- is, check.
M.list = {
  { "prefix", "path", '"/dashboard"', "where the location of nginx has it", is_path },
  {
    "secure",
    "boolean",
    "by the request",
    "true: the cookie is for https even if nginx sees http",
    "boolean",
  },
  { "idle", "seconds", "1800", "a session ends when it was not used for so long", is_seconds },
  { "lifetime", "seconds", "43200", "and in any case so long after signing in", is_seconds },
  { "attempts", "number", "10", "tokens that one address may try in a minute", is_count },
  {
    "identify",
    "function",
    "none",
    "request -> { name, tenants } or nil: who it is, by a guard",
    "function",
  },
  { "events_keep", "seconds", "30", "so long recent events are not read again", is_seconds },
  {
    "invitations_keep",
    "seconds",
    "900",
    "so long events that date invitations are not read again",
    is_seconds,
  },
  { "invitation_days", "days", "180", "how far back invitations are looked for", is_days },
}

local known, defaults = {}, {}
for _, setting in ipairs(M.list) do
  local name, default = setting[1], setting[3]
  known[name] = setting[5]
  defaults[name] = tonumber(default) or default:match '^"(.*)"$'
end

--- Checks settings, and completes them.
---@param given? table
---@param level integer whose line is blamed
---@return table settings
function M.complete(given, level)
  local settings = {}
  for name, value in pairs(defaults) do
    settings[name] = value
  end
  for name, value in pairs(errors.check_options("dashboard", given, known, level + 1)) do
    settings[name] = value
  end
  return settings
end

return M

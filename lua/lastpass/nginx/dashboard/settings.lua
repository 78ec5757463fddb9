--- The settings of the dashboard: the option `dashboard` of `lastpass.nginx.setup`.
-- @module lastpass.nginx.dashboard.settings
local errors = require "lastpass.error"

local M = {}

--- The one list of settings: name, type, default, what it is.
M.list = {
  { "prefix", "path", '"/dashboard"', "where the location of nginx has it" },
  {
    "secure",
    "boolean",
    "by the request",
    "true: the cookie is for https even if nginx sees http",
  },
  { "idle", "seconds", "1800", "a session ends when it was not used for so long" },
  { "lifetime", "seconds", "43200", "and in any case so long after signing in" },
  { "attempts", "number", "10", "tokens that one address may try in a minute" },
  { "identify", "function", "none", "request -> { name, tenants } or nil: who it is, by a guard" },
  { "events_keep", "seconds", "30", "so long recent events are not read again" },
  {
    "invitations_keep",
    "seconds",
    "900",
    "so long events that date invitations are not read again",
  },
  { "invitation_days", "days", "180", "how far back invitations are looked for" },
}

local function seconds(value)
  return type(value) == "number" and value > 0 and value < 1e8, "a number of seconds above 0"
end

local known = {
  prefix = function(value)
    return type(value) == "string" and value:find "^/[%w_./-]*[%w_]$" ~= nil and not value:find(
      "//",
      1,
      true
    ) and not value:find "/%.",
      'a path such as "/dashboard"'
  end,
  secure = "boolean",
  idle = seconds,
  lifetime = seconds,
  attempts = function(value)
    return type(value) == "number" and value >= 1, "a number from 1 on"
  end,
  identify = "function",
  events_keep = seconds,
  invitations_keep = seconds,
  invitation_days = function(value)
    return type(value) == "number" and value >= 1 and value <= 366, "a number of days up to 366"
  end,
}

--- Checks settings, and completes them.
---@param given? table
---@param level integer whose line is blamed
---@return table settings
function M.complete(given, level)
  local settings = {
    prefix = "/dashboard",
    idle = 1800,
    lifetime = 43200,
    attempts = 10,
    events_keep = 30,
    invitations_keep = 900,
    invitation_days = 180,
  }
  for name, value in pairs(errors.check_options("dashboard", given, known, level + 1)) do
    settings[name] = value
  end
  return settings
end

return M

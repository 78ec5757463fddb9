--- Formats: each says how an event is written, as templates for the core (`core.events_mapping`) and
-- what is written for each action. A format is a function that is given options and returns
--
--     { templates = {template, …}, slots = n, describe = function(action, label) -> template, texts,
--       header = text or nil, media_type = text }
--
-- Templates have no line end; whoever sends events adds what goes between.
-- @module lastpass.export.formats
local errors = require "lastpass.error"

local M = {}

--- The known formats.
M.names = { "ndjson", "ecs", "ocsf", "cef", "leef", "syslog", "csv", "text" }

local known_options = {
  name = "string",
  cid = { "string", "number" },
  host = "string",
  content = "string",
  guard = "boolean",
}

-- Which formats an option is for.
local only = { guard = { csv = true }, content = { syslog = true } }

--- Opens a format.
---@param given string|table its name, or a table of `name`, `host` (syslog, splunk: whose events these
-- are), `content` (syslog: "text", "cef", "leef" or "ndjson"), `guard` (csv: false leaves formulas as they are)
---@param cid string|number the account
---@param level? integer whose line is blamed for an unknown one
---@return table format
function M.open(given, cid, level)
  level = (level or 1) + 1
  local options = type(given) == "table" and given or { name = given }
  errors.check_options("client:export: option 'format'", options, known_options, level)
  local name = options.name
  for option, names in pairs(only) do
    if options[option] ~= nil and not names[name] then
      errors.raise(
        level,
        "client:export: option '%s' is not for the format %s",
        option,
        tostring(name)
      )
    end
  end
  for _, known in ipairs(M.names) do
    if known == name then
      local complete = { cid = cid }
      for key, value in pairs(options) do
        complete[key] = value
      end
      local format = require("lastpass.export.formats." .. name)(complete, level)
      format.name = name
      return format
    end
  end
  local nearest = errors.nearest(tostring(name), M.names)
  errors.raise(
    level,
    "client:export: unknown format '%s'%s",
    tostring(name),
    nearest and (" (did you mean '" .. nearest .. "'?)") or ""
  )
end

return M

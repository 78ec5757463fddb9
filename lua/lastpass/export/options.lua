--- Options of `client:export`.
-- @module lastpass.export.options
local core = require "lastpass.core"
local errors = require "lastpass.error"

local M = {}

--- The options, for the documentation.
M.list = {
  { "from", "from when on, this moment included; default -24h; with a cursor, when it is new" },
  { "to", "until when, this moment not included; default: all there is" },
  { "user", "events of this address only" },
  { "search", "events with this text only" },
  { "admin", "events of admins only" },
  {
    "format",
    "ndjson (default), ecs, ocsf, cef, leef, syslog, csv, text; or a table with its options",
  },
  { "sink", '"-" for stdout (default), a path, or a table of kind and its options' },
  { "pseudonymise", "a secret: people become keyed hashes" },
  { "cursor", "a name: goes on where the last export of that name has ended" },
  { "follow", "true: goes on until it is cancelled; without a cursor the next one begins anew" },
  { "every", "seconds between two looks while following; default 60" },
  { "overlap", "seconds that are looked at again for what comes late; default 900" },
  { "on_progress", "function, told {events, duplicates, time} after each part" },
  { "cancel", "function that says true when it is to end" },
}

local function seconds(value)
  return type(value) == "number" and value >= 0 and value < 1e9, "a number of seconds"
end

local known = {
  from = { "string", "number" },
  to = { "string", "number" },
  user = "string",
  search = "string",
  admin = "boolean",
  format = { "string", "table" },
  sink = { "string", "table", "function" },
  pseudonymise = "userdata",
  cursor = "string",
  follow = "boolean",
  every = seconds,
  overlap = seconds,
  on_progress = "function",
  cancel = "function",
}

--- Checks and completes the options; raises for a programmer's mistake.
---@param given table|nil
---@param level integer 1 is the caller
---@return table options a copy
function M.complete(given, level)
  level = level + 1
  given = errors.check_options("client:export", given, known, level)
  local options = { format = "ndjson", every = 60, overlap = 900, from = "-24h" }
  for name, value in pairs(given) do
    options[name] = value
  end
  if options.cursor == "" then
    errors.raise(level, "client:export: option 'cursor' must be a name")
  elseif options.cursor and options.to then
    errors.raise(level, "client:export: options 'cursor' and 'to' exclude each other")
  elseif options.follow and options.to then
    errors.raise(level, "client:export: options 'follow' and 'to' exclude each other")
  elseif options.pseudonymise and not core.secret.is(options.pseudonymise) then
    errors.raise(level, "client:export: option 'pseudonymise' must be made by lastpass.secret")
  end
  return options
end

return M

--- What exports add to a client: `client:export` with its options, and cursors.
-- @module lastpass.export.client
local client_journal = require "lastpass.store.client_journal"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

local function check_seconds(value)
  return type(value) == "number" and value >= 0 and value < 1e9, "a number of seconds"
end

--- The options of `client:export`: name, type, help.
M.options = {
  {
    "from",
    { "string", "number" },
    "from when on, this moment included; default -24h; with a cursor, when it is new",
  },
  {
    "to",
    { "string", "number" },
    "until when, this moment not included; default: all there is",
  },
  { "user", "string", "events of this address only" },
  { "search", "string", "events with this text only" },
  { "admin", "boolean", "events of admins only" },
  {
    "format",
    { "string", "table" },
    "ndjson (default), ecs, ocsf, cef, leef, syslog, csv, text; or a table with its options",
  },
  {
    "sink",
    { "string", "table", "function" },
    '"-" for stdout (default), a path, or a table of kind and its options',
  },
  { "pseudonymise", "userdata", "a secret: people become HMACs" },
  { "cursor", "string", "a name: continues where the last export of that name has ended" },
  {
    "follow",
    "boolean",
    "true: continues until it is cancelled; without a cursor the next one begins anew",
  },
  { "every", check_seconds, "seconds between two polls while following; default 60" },
  { "overlap", check_seconds, "seconds that are read again for what comes late; default 900" },
  { "on_progress", "function", "is given {events, duplicates, time} after each part" },
  { "cancel", "function", "returns true when the export is to end" },
}

local known = {}
for _, option in ipairs(M.options) do
  known[option[1]] = option[2]
end

--- Checks and completes the options; raises for a programmer's mistake.
---@param given table|nil
---@param level integer 1 is the caller
---@return table options a copy
function M.complete_options(given, level)
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

--- Exports events: to a file, to stdout, to a syslog server, to a webhook. With a cursor it continues
-- where it was, loses nothing and, to a file, doubles nothing, whenever it is killed.
---@param client lastpass.Client
---@param options? table from, to, user, search, admin (which events); format ("ndjson", "ecs", "ocsf",
-- "cef", "leef", "syslog", "csv", "text"); sink ("-", a path, or a table of kind and options); pseudonymise
-- (a secret); cursor (a name), follow, every, overlap (seconds); on_progress, cancel (functions)
---@return lastpass.ExportResult|nil result events, duplicates, unknown (name of an action -> count),
-- cursor, position
---@return string? message
---@return lastpass.Error? err
---@usage
-- client:export { from = "-7d", format = "ecs", sink = "events.json" }
-- client:export { cursor = "siem", follow = true, sink = { kind = "file", path = "/var/log/lastpass.json" } }
function M.export(client, options)
  local complete = M.complete_options(options, 2)
  local result, message, err = require("lastpass.export").run(client, complete, 2)
  if not result then
    return nil, message, err
  end
  return result
end

--- The cursors of this company: how far each export has come.
---@param client lastpass.Client
---@return table[]|nil list {name, position, saved_at}, by name
---@return string? message
---@return lastpass.Error? err
function M.cursors(client)
  local journal, message, err = client_journal.of(client)
  if not journal then
    return nil, message, err
  end
  return journal:cursors(client_journal.tenant(client))
end

--- Forgets a cursor: the next export of that name begins anew.
---@param client lastpass.Client
---@param name string
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err code "no_such_cursor"
function M.forget_cursor(client, name)
  local list, message, err = M.cursors(client)
  if not list then
    return nil, message, err
  end
  local journal = client_journal.of(client)
  local found
  found, message, err = journal:drop_cursor(client_journal.tenant(client), name)
  if found then
    return true
  elseif message then
    return nil, message, err
  end
  local names = {}
  for position, cursor in ipairs(list) do
    names[position] = cursor.name
  end
  local near = errors.did_you_mean(name, names)
  return errors.fail("argument", "no_such_cursor", ("there is no cursor '%s'%s"):format(name, near))
end

signature.declare("client:", M, {
  export = "options?: table",
  cursors = "",
  forget_cursor = "name: string",
})

return M

--- What exports add to a client.
-- @module lastpass.export.client
local M = {}

--- Hands events on: to a file, to stdout, to a syslog server, to a webhook. With a cursor it goes on
-- where it was, loses nothing and, to a file, doubles nothing, whenever it is killed.
---@param client lastpass.Client
---@param options? table from, to, user, search, admin (which events); format ("ndjson", "ecs", "ocsf",
-- "cef", "leef", "syslog", "csv"); sink ("-", a path, or a table of kind and options); pseudonymise
-- (a secret); cursor (a name), follow, every, overlap (seconds); on_progress, cancel (functions)
---@return lastpass.ExportResult|nil result events, duplicates, unknown (name of an action -> count),
-- cursor, position
---@return string? message
---@return lastpass.Error? err
---@usage
-- client:export { from = "-7d", format = "ecs", sink = "events.json" }
-- client:export { cursor = "siem", follow = true, sink = { kind = "file", path = "/var/log/lastpass.json" } }
function M.export(client, options)
  return require("lastpass.export").run(client, options, 2)
end

return M

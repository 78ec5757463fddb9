--- What exports add to a client.
-- @module lastpass.export.client
local client_journal = require "lastpass.store"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

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
  local result, message, err = require("lastpass.export").run(client, options, 2)
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

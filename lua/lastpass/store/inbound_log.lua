--- What identity providers sent and what they were answered, without addresses and values.
-- @module lastpass.store.inbound_log
local errors = require "lastpass.error"
local values = require "lastpass.store.values"

--- One request, without addresses and values.
---@class lastpass.store.ScimRequest
---@field id integer
---@field at integer        epoch seconds
---@field connection string
---@field token? string     label
---@field action string     "patch_user", …
---@field target? string    id of the user or group
---@field status integer
---@field scim_type? string
---@field run? integer
---@field step? integer     number of the first step
---@field job? integer
---@field milliseconds integer

---@class lastpass.store.Journal
local M = {}

-- Nothing else is stored: neither an address nor a value has a column.
local known_request = {
  at = "number",
  connection = "string",
  token = "string",
  action = "string",
  target = "string",
  status = "number",
  scim_type = "string",
  run = "number",
  step = "number",
  job = "number",
  milliseconds = "number",
}

local function insert_requests(database, list)
  for _, row in ipairs(list) do
    database:query(
      "INSERT INTO lastpass_scim_requests (at, connection, token, action, target, status, "
        .. "scim_type, run, step, job, milliseconds) "
        .. "VALUES (COALESCE(?, @now), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.at,
      row.connection,
      row.token,
      row.action,
      row.target,
      row.status,
      row.scim_type,
      row.run,
      row.step,
      row.job,
      row.milliseconds
    )
  end
  return true
end

local function check_request(where, row)
  errors.check_options(where, row, known_request, 3)
  return {
    at = values.optional_whole(where, "at", row.at),
    connection = values.name(where, "connection", row.connection),
    token = values.optional_text(where, "token", row.token),
    action = values.name(where, "action", row.action),
    target = values.optional_text(where, "target", row.target),
    status = values.whole(where, "status", row.status),
    scim_type = values.optional_text(where, "scim_type", row.scim_type),
    run = values.optional_whole(where, "run", row.run),
    step = values.optional_whole(where, "step", row.step),
    job = values.optional_whole(where, "job", row.job),
    milliseconds = math.floor(row.milliseconds or 0),
  }
end

--- Writes down requests that were answered.
---@param list table[] lastpass.store.ScimRequest without `id`; `at` default now
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M:log_scim_requests(list)
  local where = "journal:log_scim_requests"
  local rows = {}
  for index, row in ipairs(values.list(where, "the list", list)) do
    rows[index] = check_request(where, row)
  end
  return self._database:transaction(insert_requests, rows)
end

local function select_requests(database, filter)
  return database:query(
    "SELECT {id}, {at}, connection, token, action, target, {status}, scim_type, {run}, {step}, "
      .. "{job}, "
      .. "{milliseconds} FROM lastpass_scim_requests WHERE connection = COALESCE(?, connection) "
      .. "AND at >= ? AND status = COALESCE(?, status) AND status >= ? AND id > ? "
      .. "ORDER BY id DESC LIMIT ?",
    filter.connection,
    filter.since,
    filter.status,
    filter.failed and 400 or 0,
    filter.after,
    filter.limit
  )
end

--- The log, newest first.
---@param options? table connection, since (epoch seconds), status, failed (boolean: from 400 on), after (an id: only newer
-- ones), limit (default 100)
---@return lastpass.store.ScimRequest[]|nil
---@return string? message
---@return lastpass.Error? err
function M:scim_requests(options)
  local where = "journal:scim_requests"
  options = errors.check_options(where, options, {
    connection = "string",
    since = "number",
    status = "number",
    failed = "boolean",
    after = "number",
    limit = "number",
  })
  return self._database:read(select_requests, {
    connection = options.connection,
    since = values.whole(where, "since", options.since or 0),
    status = values.optional_whole(where, "status", options.status),
    failed = options.failed,
    after = values.whole(where, "after", options.after or 0),
    limit = values.whole(where, "limit", options.limit or 100),
  })
end

local function delete_requests(database, before)
  return #database:query("DELETE FROM lastpass_scim_requests WHERE at < ? RETURNING {id}", before)
end

--- Drops what is older than a moment from the log.
---@param before integer epoch seconds
---@return integer|nil dropped how many
---@return string? message
---@return lastpass.Error? err
function M:prune_scim_requests(before)
  return self._database:transaction(
    delete_requests,
    values.whole("journal:prune_scim_requests", "before", before)
  )
end

return M

--- Writes over lists of any length, true to the row: split into chunks, and a chunk that the server
-- refuses as a whole is halved until the rows that it minds are found. This is the wire: no guard is asked
-- here, and nothing is journalled. The client's functions over lists are plans (`lastpass.plan.direct`),
-- which send their steps through this.
-- @module lastpass.enterprise.batch
local core = require "lastpass.core"
local email = require "lastpass.email"
local errors = require "lastpass.error"

local M = {}

---@class lastpass.BatchRow
---@field row integer      its index in the list that was given
---@field item any         what stood there
---@field reason? string
---@field code? string

---@class lastpass.BatchResult
---@field done lastpass.BatchRow[]
---@field unchanged lastpass.BatchRow[]  the desired state existed before
---@field refused lastpass.BatchRow[]    by the server, or before it was asked
---@field uncertain lastpass.BatchRow[]  may have been made: the answer was lost
---@field not_tried lastpass.BatchRow[]  after the run was stopped
---@field not_confirmed? lastpass.BatchRow[] the server said so, and the directory does not show it
---@field run? integer                   the number of the run in the journal, once anything was sent
---@field stopped? lastpass.Error        why it was stopped
---@field requests integer               how many calls it took
---@field ok boolean                     every row is done or was so before

local result_mt = { __name = "lastpass.BatchResult" }

function result_mt.__tostring(result)
  local parts = { ("%d done"):format(#result.done) }
  for _, name in ipairs { "unchanged", "refused", "uncertain", "not_confirmed", "not_tried" } do
    if #(result[name] or {}) > 0 then
      parts[#parts + 1] = ("%d %s"):format(#result[name], (name:gsub("_", " ")))
    end
  end
  return table.concat(parts, ", ")
end

local function file(run, entry, outcome, reason, code)
  local list = run.result[outcome]
  list[#list + 1] = { row = entry.row, item = entry.item, reason = reason, code = code }
end

local function file_all(run, entries, outcome, reason, code)
  for _, entry in ipairs(entries) do
    file(run, entry, outcome, reason, code)
  end
end

-- What a command takes: a list, or the one object that a chunk of one row is.
local function data_of(run, entries)
  if run.one_by_one then
    return entries[1].sent
  end
  local items = {}
  for position, entry in ipairs(entries) do
    items[position] = entry.sent
  end
  return items
end

-- The addresses that a reply to disableuser or enableuser names as being so before.
local function unchanged_of(reply)
  local unchanged = {}
  if type(reply.unchanged_users) == "table" then
    for _, address in ipairs(reply.unchanged_users) do
      unchanged[email.fold(tostring(address))] = true
    end
  end
  return unchanged
end

local function address_of(item)
  return type(item) == "table" and item.username or item
end

-- The rows that the server names were not done, the others were. A remark that names no row leaves
-- it open which rows it is about.
local function file_partial(run, entries, err)
  local reasons, unnamed = {}, nil
  for _, row in ipairs(err.rows or {}) do
    if row.row then
      reasons[row.row] = row.reason
    else
      unnamed = row.reason
    end
  end
  local unchanged = unchanged_of(err)
  for position, entry in ipairs(entries) do
    if unchanged[email.fold(address_of(entry.sent))] then
      file(run, entry, "unchanged")
    elseif reasons[position] then
      file(run, entry, "refused", reasons[position], "refused")
    elseif unnamed then
      file(run, entry, "uncertain", unnamed, "unclear_remark")
    else
      file(run, entry, "done")
    end
  end
end

local function file_done(run, entries, reply)
  local unchanged = unchanged_of(reply)
  for _, entry in ipairs(entries) do
    local address = address_of(entry.sent)
    if unchanged[email.fold(address)] then
      file(run, entry, "unchanged")
    else
      file(run, entry, "done")
    end
  end
end

local send

-- Each half on its own: 2·log2(n) calls more for one bad row among n.
local function halve(run, entries)
  local middle = math.floor(#entries / 2)
  local left, right = {}, {}
  for position, entry in ipairs(entries) do
    table.insert(position <= middle and left or right, entry)
  end
  send(run, left)
  send(run, right)
end

function send(run, entries)
  if run.result.stopped then
    return file_all(run, entries, "not_tried", run.result.stopped.message, run.result.stopped.code)
  end
  run.result.requests = run.result.requests + 1
  local client = run.client
  local reply, message, err = client[run.command](client, data_of(run, entries))
  if reply then
    file_done(run, entries, reply)
  elseif err.kind == "partial" then
    file_partial(run, entries, err)
  elseif err.kind == "refused" then
    if #entries == 1 then
      file(run, entries[1], "refused", message, err.code)
    else
      halve(run, entries)
    end
  else
    -- nothing is known of the way to the server now: what was not sent stays unsent
    run.result.stopped = err
    file_all(run, entries, err.uncertain and "uncertain" or "not_tried", message, err.code)
  end
  if run.on_progress then
    run.on_progress(run.result)
  end
end

-- The row as it is sent: without spaces around the address.
local function with_address(item, address)
  if type(item) ~= "table" then
    return address
  elseif item.username == address then
    return item
  end
  local copy = {}
  for name, value in pairs(item) do
    copy[name] = value
  end
  copy.username = address
  return copy
end

-- What can be seen to be wrong without asking the server.
local function check_rows(run, list)
  local good, first = {}, {}
  for row, item in ipairs(list) do
    local address = address_of(item)
    local entry = { row = row, item = item }
    local checked, reason = email.check(address)
    local key = checked and email.fold(checked)
    if not checked then
      file(
        run,
        entry,
        "refused",
        ("'%s' is no e-mail address: %s"):format(address, reason),
        "bad_address"
      )
    elseif run.once and first[key] then
      file(run, entry, "refused", ("the same address as row %d"):format(first[key]), "repeated")
    else
      first[key] = first[key] or row
      entry.sent = with_address(item, checked)
      good[#good + 1] = entry
    end
  end
  return good
end

local function check_list(name, list, item_type, level)
  if
    type(list) ~= "table" or getmetatable(list) and getmetatable(list).__name == "lastpass.User"
  then
    errors.raise(level + 1, "%s: needs a list", name)
  end
  for row in pairs(list) do
    if type(row) ~= "number" or row < 1 or row > #list or row ~= math.floor(row) then
      errors.raise(
        level + 1,
        "%s: needs a list of rows, not a table with the key '%s'",
        name,
        tostring(row)
      )
    end
  end
  for row = 1, #list do
    local item = list[row]
    if type(item) ~= item_type then
      errors.raise(level + 1, "%s: row %d must be a %s, not a %s", name, row, item_type, type(item))
    end
  end
end

-- A mistake in the last row must not come to light when the first ones are written already.
local function check_fields(run, list, level)
  local build, options = core[run.command], run.client._options
  for row = 1, run.one_by_one and #list or math.min(#list, 1) do
    local body, message, code = build(options, run.one_by_one and list[row] or list)
    if not body and not code then -- a bad address is the row's fault, and said of the row
      local position = run.one_by_one and ("row %d: "):format(row) or ""
      errors.raise(level + 1, "%s: %s%s", run.name, position, message)
    end
    if body then
      body:close()
    end
  end
end

local function is_chunk(value)
  return type(value) == "number" and value >= 1 and value == math.floor(value),
    "an integer from 1 on"
end

local function takes_strings(command)
  return core.commands[command].data == "list of strings"
end

--- An empty result.
---@return lastpass.BatchResult
function M.new_result()
  return setmetatable({
    done = {},
    unchanged = {},
    refused = {},
    uncertain = {},
    not_tried = {},
    requests = 0,
  }, result_mt)
end

--- Raises for a list that the command does not take. Nothing is sent.
---@param client table
---@param name string how the caller is called, for messages
---@param command string
---@param list table
---@param level integer whose line is blamed
function M.check(client, name, command, list, level)
  check_list(name, list, takes_strings(command) and "string" or "table", level + 1)
  local one_by_one = core.commands[command].data == "object"
  check_fields(
    { client = client, name = name, command = command, one_by_one = one_by_one },
    list,
    level + 1
  )
end

local batch_options = { chunk = is_chunk, on_progress = "function" }

--- Carries a write out for every row of a list.
---@param client table
---@param name string how the caller is called, for messages
---@param command string
---@param list table
---@param options? table chunk (rows of one call), on_progress(result)
---@param level integer whose line is blamed for mistakes
---@return lastpass.BatchResult|nil result once a row was tried; look at `result.ok`
---@return string? message when nothing at all could be tried
---@return lastpass.Error? err
function M.run(client, name, command, list, options, level)
  options = errors.check_options(name, options, batch_options, level + 1)
  M.check(client, name, command, list, level + 1)
  local result = M.new_result()
  local run = {
    name = name,
    client = client,
    command = command,
    result = result,
    on_progress = options.on_progress,
    one_by_one = core.commands[command].data == "object",
    once = command ~= "batchchangegrp", -- several changes of one user's groups are no mistake
  }
  local entries = check_rows(run, list)
  local chunk = run.one_by_one and 1 or options.chunk or client._options.chunk
  for first = 1, #entries, chunk do
    local part = {}
    for position = first, math.min(first + chunk - 1, #entries) do
      part[#part + 1] = entries[position]
    end
    send(run, part)
  end
  if result.stopped and #result.done + #result.unchanged + #result.uncertain == 0 then
    return nil, result.stopped.message, result.stopped
  end
  for _, outcome in ipairs { "done", "unchanged", "refused", "uncertain", "not_tried" } do
    table.sort(result[outcome], function(a, b)
      return a.row < b.row
    end)
  end
  result.ok = #result.refused + #result.uncertain + #result.not_tried == 0
  return result
end

return M

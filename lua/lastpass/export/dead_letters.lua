--- Events that a receiver refuses, in a file: the event as it was sent, what was said of it, and when, a
-- JSON object a line. They are on the disk before the cursor moves past them; after a crash one may
-- be there twice.
-- @module lastpass.export.dead_letters
local core = require "lastpass.core"
local errors = require "lastpass.error"
local files = require "lastpass.files"
local json = require "lastpass.json"
local time = require "lastpass.time"

local M = {}

--- Where they go by default: beside the journal, which holds the cursors.
---@param client lastpass.Client
---@param cursor string|nil the cursor's name
---@return string|nil path
---@return string? message
---@return lastpass.Error? err
function M.default_path(client, cursor)
  local file = require "lastpass.store.location"
  local journal = client:option "journal"
  local path, message, err
  if journal and not journal:find "^postgres" and journal ~= ":memory:" then
    path = file.expand(journal)
  else
    path, message, err = file.default_path()
    if not path then
      return nil, message, err
    end
  end
  -- names of cursors are anybody's
  local name = (cursor or "export"):gsub("[^%w._-]", function(byte)
    return ("%%%02x"):format(byte:byte())
  end)
  local folder = path:match "^(.*)/[^/]*$" or "."
  return ("%s/dead-letters/%s.ndjson"):format(folder, (name:gsub("^%.", "%%2e")))
end

local function fail_writing(path, message, code)
  return errors.fail("argument", code, ("dead letters: %s: %s"):format(path, message), {
    hint = "nothing is lost: free space or name another file, then run it again",
  })
end

local function line_of(letter)
  return json.encode {
    refused_at = time.iso(letter.at),
    cursor = letter.cursor,
    receiver = letter.receiver,
    status = letter.status,
    reason = letter.reason,
    event = (letter.text:gsub("\n$", "")),
  } .. "\n"
end

-- Part of a line would spoil the next one.
local function write_whole(log, lines)
  local size, message, code = log:size()
  local ok = size
  if ok then
    ok, message, code = log:write(lines)
  end
  if ok then
    ok, message, code = log:sync()
  end
  if not ok and size then
    log:truncate(size)
  end
  return ok, message, code
end

--- Adds letters. They are on the disk when it returns.
---@param path string made for its owner alone
---@param letters table[] {text, at, cursor, receiver, status, reason}
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "disk_full", "not_allowed", "file_in_use", …
function M.add(path, letters)
  local folder = path:match "^(.*)/[^/]*$"
  if folder and folder ~= "" then
    local ok, message, err = files.make_folder(folder)
    if not ok then
      return nil, message, err
    end
  end
  local log, message, code = core.open_log(path)
  if not log then
    return fail_writing(path, message, code)
  end
  local lines = {}
  for position, letter in ipairs(letters) do
    lines[position] = line_of(letter)
  end
  local ok
  ok, message, code = write_whole(log, table.concat(lines))
  log:close()
  if not ok then
    return fail_writing(path, message, code)
  end
  return true
end

return M

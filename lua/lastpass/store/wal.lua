--- SQLite's log (the WAL) and the disk: commits that were not waited for are put on it, and what is in the log is copied into
-- the file. A PostgreSQL server does both by itself.
-- @module lastpass.store.wal
local core = require "lastpass.core"
local failures = require "lastpass.store.failures"

local M = {}

-- SQLite names the file as it is found behind symbolic links: its log is there. A database in memory has no name.
local function log_path(database)
  local path = database._log_path
  if not path then
    path = database:first("PRAGMA database_list").file
    path = path and path ~= "" and path .. "-wal" or ""
    database._log_path = path
  end
  return path
end

local function sync_log(database)
  local path = log_path(database)
  if path == "" then
    return true
  end
  for _ = 1, 2 do
    local file = database._log or io.open(path, "rb")
    if not file then
      break
    end
    local synced, message = core.sync_file(file, path)
    database._log = file
    if synced ~= false then
      return synced, message
    end
    M.close(database) -- SQLite has made a new one
  end
  return nil, path .. ": there is no such file"
end

local function copy_log(database, is_whole)
  local row = database:first(
    is_whole and "PRAGMA wal_checkpoint(TRUNCATE)" or "PRAGMA wal_checkpoint(PASSIVE)"
  )
  if is_whole and tonumber(row.busy) ~= 0 then
    return failures.fail(database.label, "database is locked", false)
  end
  return true
end

--- Copies what is in the log into the file.
---@param database table of `store.database`
---@param is_whole? boolean all of it, while others wait, and the log begins anew; default what can be copied without making
-- anybody wait
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.checkpoint(database, is_whole)
  if database:is_shared() then
    return true
  end
  return database:read(copy_log, is_whole)
end

-- After a failure the system takes what it could not write for written, and later commits would stand behind a hole. So
-- all of the log goes into the file, and it begins anew.
local function sync(database)
  local synced, message = sync_log(database)
  if synced or copy_log(database, true) then
    return true
  end
  return failures.fail(database.label, "disk I/O error: " .. message, false)
end

--- Waits until everything that was committed before is on the disk.
---@param database table of `store.database`
---@return true|nil
---@return string? message
---@return lastpass.Error? err with `uncertain`: the commits are seen, and may be lost with the power
function M.sync(database)
  if database:is_shared() then
    return true
  end
  local ok, message, err = database:read(sync)
  if not ok then
    err.uncertain = true
  end
  return ok, message, err
end

--- Closes what `sync` has open.
---@param database table of `store.database`
function M.close(database)
  if database._log then
    database._log:close()
    database._log = nil
  end
end

return M

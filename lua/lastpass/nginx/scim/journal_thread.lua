--- The journal in a thread of nginx: what `lastpass.nginx.scim.journal` has executed there.
-- @module lastpass.nginx.scim.journal_thread
local errors = require "lastpass.error"

local M = {}

-- A commit that copies SQLite's log into its file takes as long as a hundred others. `checkpoint` does it beside them; should
-- it not keep up, a commit does it after all.
local CHECKPOINT_AFTER = 20000 -- pages of 4 KiB

-- Each thread has a Lua state of its own, and lets it grow to twice what is used before it collects: with many threads
-- that is most of a worker's memory. Of what is used, so many percent.
local COLLECT_AT = 120

local opened = {} -- by label; a Lua state opens each journal once

-- Each Lua state would compile the same code again, for a few calls of a request: that costs more than it saves, in time and
-- in memory. Other work of the same states (a directory that is read) is worth compiling.
local function without_compiler(fn, order)
  local jit = rawget(_G, "jit") -- of LuaJIT
  if not jit or not jit.status() then
    return fn(order)
  end
  jit.off()
  local ok, answer = pcall(fn, order)
  jit.on()
  if not ok then
    error(answer, 0)
  end
  return answer
end

local function close(label)
  pcall(opened[label].close, opened[label])
  opened[label] = nil
end

local function gone(label)
  if opened[label] then
    close(label)
  end
  local message = ("journal %s: the file is gone"):format(label)
  return errors.fail("argument", "store_gone", message, {
    hint = "put it back: a new one would know nothing of what was done",
  })
end

-- A file that was opened and closed again would lose the locks that SQLite has on it in this process; a rename of a file
-- to its own name does nothing.
local function exists(label)
  local path = require("lastpass.store.location").expand(label)
  return os.rename(path, path) ~= nil
end

-- Who has a file open goes on with it when it is removed, and whoever comes later would make a new one.
local function open(label, was_open)
  local is_dsn = label:find "^postgres" ~= nil
  if was_open and not is_dsn and not exists(label) then
    return gone(label)
  elseif opened[label] then
    return opened[label]
  end
  collectgarbage("setpause", COLLECT_AT)
  local journal, message, err = require("lastpass.store").open {
    [is_dsn and "dsn" or "path"] = label,
    busy_timeout = 5,
    checkpoint_after = not is_dsn and CHECKPOINT_AFTER or nil,
  }
  opened[label] = journal
  return journal, message, err
end

-- A connection that was lost does not come back by itself.
local is_lost = { store_lost = true, store_unreachable = true, store_io = true }

local function reopen_if_lost(label, err)
  if err and is_lost[err.code] and opened[label] then
    close(label)
  end
end

local plain = { string = true, number = true, boolean = true }

-- A failure without metatables and functions, which cannot leave a thread.
local function plain_copy(value, depth)
  if plain[type(value)] then
    return value
  elseif type(value) ~= "table" then
    return nil
  end
  local copy = {}
  for key, item in pairs(value) do
    if plain[type(key)] and depth < 8 then
      copy[key] = plain_copy(item, depth + 1)
    end
  end
  return copy
end

--- A failure as it can leave a thread.
---@param message any
---@param err? table
---@return table
function M.failure(message, err)
  local copy = plain_copy(err or {}, 0)
  copy.message = tostring(message)
  copy.kind, copy.code = copy.kind or "protocol", copy.code or "raised"
  return copy
end

local function plain_result(result)
  if result.raised then
    return { failure = M.failure(result.raised) }
  elseif result[1] == nil and result[3] then
    return { failure = M.failure(result[2], result[3]) }
  end
  return { value = plain_copy(result[1], 0), is_unsynced = result.is_unsynced or nil }
end

local function execute(order)
  local journal, message, err = open(order.label, order.was_open)
  if not journal then
    return { failure = M.failure(message, err) }
  end
  if order.is_torn then
    local mended
    mended, message, err = journal:checkpoint(true)
    if not mended then
      return { failure = M.failure(message, err) }
    end
  end
  local before = journal:commits()
  local ok, results
  ok, results, message, err = pcall(journal.batch, journal, order.calls, true)
  if not ok then
    return { failure = M.failure(results) }
  elseif not results then
    reopen_if_lost(order.label, err)
    return { failure = M.failure(message, err) }
  end
  for position, result in ipairs(results) do
    reopen_if_lost(order.label, result[3])
    results[position] = plain_result(result)
  end
  return { results = results, commits = journal:commits() - before }
end

--- Executes calls in one transaction. To be called by a thread.
---@param order table label (path or DSN), calls (entries of `journal:batch`), was_open (a file that exists), is_torn (of what
-- was committed last something may be missing on the disk)
---@return table answer {results = list of {value, is_unsynced} or {failure}, commits = how many}, or {failure}: nothing was
-- committed
function M.execute(order)
  return without_compiler(execute, order)
end

local function checkpoint(order)
  local journal, message, err = open(order.label, order.was_open)
  local ok = journal
  if journal then
    ok, message, err = journal:checkpoint()
  end
  return { failure = not ok and M.failure(message, err) or nil }
end

--- Copies SQLite's log into its file. To be called by a thread.
---@param order table as of `execute`, without calls
---@return table answer {} or {failure}
function M.checkpoint(order)
  return without_compiler(checkpoint, order)
end

local function sync(order)
  local journal, message, err = open(order.label, order.was_open)
  local ok = journal
  if journal then
    ok, message, err = journal:sync()
  end
  if not ok then
    reopen_if_lost(order.label, err)
    err.uncertain = true
  end
  return { failure = not ok and M.failure(message, err) or nil }
end

--- Puts on the disk what was committed before. To be called by a thread.
---@param order table as of `execute`, without calls
---@return table answer {} or {failure}: it may be lost with the power
function M.sync(order)
  return without_compiler(sync, order)
end

return M

--- The directory of a company, in memory for all workers of nginx: one worker reads it, by a timer or when it is
-- asked for, and each serves its own copy of the last reading, also during the next one.
-- @module lastpass.nginx.cache
local datasets = require "lastpass.nginx.cache.dataset"
local errors = require "lastpass.error"
local snapshots = require "lastpass.directory.snapshot"

---@class lastpass.nginx.View
---@field version string   changes when the content does; the same view object until then
---@field read_at integer  epoch seconds
---@field age number       seconds since then
---@field stale boolean    whether that is longer than `stale_after`
---@field snapshot lastpass.Snapshot
---@field folders? lastpass.Folder[] nil when they are not read

---@class lastpass.nginx.Cache
local methods = {}
local cache_mt = { __name = "lastpass.nginx.Cache", __index = methods }

local M = {}

--- Makes the cache of a company.
---@param options table tenant (its name), client and thread_order (functions that give its client, and
-- what a thread needs for one, or nil), pool (name of the thread_pool), refresh, folders (seconds between
-- readings; folders may be false), stale_after, wait (seconds)
---@return lastpass.nginx.Cache
function M.new(options)
  local self = setmetatable({
    _client = options.client,
    _stale_after = options.stale_after,
    _wait = options.wait,
  }, cache_mt)
  local function dataset(what, refresh)
    return datasets.new {
      tenant = options.tenant,
      what = what,
      refresh = refresh,
      client = options.client,
      thread_order = options.thread_order,
      pool = options.pool,
      on_copy = function()
        self:current()
      end,
    }
  end
  self._users = dataset("users", options.refresh)
  self._folders = options.folders and dataset("folders", options.folders) or nil
  return self
end

--- Reads what is due, unless another worker does, and looks for what others have read. To be called in a timer,
-- again and again.
function methods:tick()
  self._users:refresh_when_due()
  if self:current() and self._folders then
    self._folders:refresh_when_due()
  end
end

--- Asks for a new reading soon.
function methods:refresh()
  self._users:request_reading()
end

-- The view is made anew only when the content of users or folders has changed.
local function view_of(self, users, pointer, folders, folders_pointer)
  local version = pointer.version
  if folders_pointer then
    version = version .. "-" .. folders_pointer.version
  end
  local view = self._view
  if not view or view.version ~= version then
    local snapshot = view and view.snapshot:rows() == users and view.snapshot
      or snapshots.new(self._client(), users)
    view = { version = version, snapshot = snapshot, folders = folders }
    self._view = view
  end
  view.read_at, view.snapshot.read_at = pointer.read_at, pointer.read_at
  view.age = math.max(ngx.now() - pointer.read_at, 0)
  view.stale = view.age > self._stale_after
  return view
end

--- The view that this worker has, if any; when there is a newer one, it starts to be made.
---@return lastpass.nginx.View|nil
function methods:current()
  local users, pointer = self._users:current()
  if not users then
    return nil
  end
  local folders, folders_pointer
  if self._folders then
    folders, folders_pointer = self._folders:current()
  end
  return view_of(self, users, pointer, folders, folders_pointer)
end

-- In a timer: a client that goes away does not end the reading for the others.
local function begin_reading(self)
  ngx.timer.at(0, function(premature)
    if not premature then
      self._users:refresh_when_due()
    end
  end)
end

local function not_ready(failure)
  if not failure then
    return errors.fail(
      "transport",
      "directory_not_read",
      "the directory has not been read yet",
      { retry_after = 2 }
    )
  end
  return errors.fail(
    failure.kind,
    failure.code,
    "the directory could not be read: " .. failure.message,
    { retry_after = math.max(failure.at + failure.retry_after - ngx.now(), 1), hint = failure.hint }
  )
end

--- The newest view. Before the first reading the first request starts it, and all wait for it; in a worker that has just
-- begun, they wait until it has a copy of what others have read.
---@return lastpass.nginx.View|nil
---@return string? message
---@return lastpass.Error? err with `retry_after`
function methods:directory()
  local view = self:current()
  if view then
    return view
  end
  local ends_at, interval = ngx.now() + self._wait, 0.005
  repeat
    local failure = self._users:failure()
    if failure and self._users:due() > ngx.now() and not self._users:is_published() then
      return not_ready(failure)
    elseif self._users:due() <= ngx.now() then
      begin_reading(self)
    end
    ngx.sleep(interval)
    interval = math.min(interval * 1.5, 0.1)
    view = self:current()
    if view then
      return view
    end
  until ngx.now() >= ends_at
  return not_ready(self._users:failure())
end

--- The state of the cache, for /healthz.
---@return table report {ready, read_at, age, stale, failure, folders_failure}
function methods:report()
  local view = self:current()
  return {
    ready = view ~= nil,
    version = view and view.version,
    read_at = view and view.read_at,
    age = view and view.age,
    stale = view and view.stale,
    failure = self._users:failure(),
    folders_failure = self._folders and self._folders:failure() or nil,
  }
end

return M

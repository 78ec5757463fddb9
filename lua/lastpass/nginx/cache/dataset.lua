--- A dataset of a company, its users or its folders: read by one worker for all, and each worker's own copy of
-- it.
-- @module lastpass.nginx.cache.dataset
local dicts = require "lastpass.nginx.dicts"
local json = require "lastpass.json"
local leases = require "lastpass.nginx.lease"
local metrics = require "lastpass.nginx.metrics"
local pages = require "lastpass.nginx.cache.pages"
local reading = require "lastpass.nginx.cache.reading"
local thread = require "lastpass.nginx.thread"

---@class lastpass.nginx.Dataset
---@field name string          "acme users"
---@field pointer? lastpass.nginx.Pointer of the copy of this worker
---@field value? any           the copy
local methods = {}
local dataset_mt = { __name = "lastpass.nginx.Dataset", __index = methods }

local FIRST_RETRY, SLOWEST_RETRY = 2, 60 -- seconds after a reading that failed

local M = {}

local function key(self, what)
  return what .. " " .. self.name
end

--- Makes a dataset.
---@param fields table tenant, what ("users" or "folders"), refresh (seconds), client(), thread_order()
-- and pool (where threads are to read); on_copy (called when this worker has a new copy)
---@return lastpass.nginx.Dataset
function M.new(fields)
  local self = { name = fields.tenant .. " " .. fields.what }
  for name, value in pairs(fields) do
    self[name] = value
  end
  setmetatable(self, dataset_mt)
  self._dict = leases.dict()
  self._dict:safe_add(key(self, "due"), 0) -- so that setting it never needs memory
  return self
end

--- When the next reading is due.
---@return number epoch seconds, 0 for at once
function methods:due()
  return self._dict:get(key(self, "due")) or 0
end

--- Asks for a reading soon. One that is under way does not count: it may have begun before the change.
function methods:request_reading()
  dicts.set(self._dict, key(self, "due"), 0)
end

--- Whether there is a reading, of which this worker may have no copy yet.
---@return boolean
function methods:is_published()
  return pages.pointer_text(self.name) ~= nil
end

--- Why the last reading failed.
---@return table|nil failure {kind, code, message, hint, retry_after, at, tries}; nil when it succeeded
function methods:failure()
  local text = self._dict:get(key(self, "failure"))
  return text and json.decode(text) or nil
end

local function record_failure(self, answer)
  local now = ngx.now()
  local before = self:failure()
  local tries = (before and before.tries or 0) + 1
  local wait = math.min(FIRST_RETRY * 2 ^ (tries - 1), SLOWEST_RETRY, self.refresh)
  wait = math.max(wait, answer.retry_after or 0)
  if not before or before.message ~= answer.message then
    local hint = answer.hint and (" (%s)"):format(answer.hint) or ""
    ngx.log(ngx.ERR, "lastpass: ", self.name, " cannot be read: ", answer.message, hint)
  end
  dicts.set(self._dict, key(self, "due"), now + wait)
  dicts.set(
    self._dict,
    key(self, "failure"),
    json.encode {
      kind = answer.kind,
      code = answer.code,
      message = answer.message,
      hint = answer.hint,
      megabytes = answer.megabytes,
      retry_after = math.ceil(wait),
      at = math.floor(now),
      tries = tries,
    }
  )
end

-- Reads in a thread, where many bytes delay nobody; in this worker where nginx has no threads, or where the
-- client has a transport of its own.
local function read_and_publish(self, lease, read_at)
  local order = self.thread_order and self.thread_order()
  local answer
  if order then
    order.what, order.name, order.read_at = self.what, self.name, read_at
    order.lease = lease:reference()
    answer = thread.order(self.pool, "read_directory", order)
    if answer.code ~= "no_thread" then
      return answer
    end
  end
  local ok, count, message, err =
    pcall(reading.publish, self.client(), self.what, self.name, read_at, {
      pause = thread.pause,
      may_publish = function()
        return lease:renew()
      end,
    })
  if not ok then
    err = type(count) == "table" and count or { kind = "protocol", code = "raised" }
    return thread.failure(err.message or tostring(count), err)
  elseif not count then
    return err.code == "would_block" and answer or thread.failure(message, err)
  end
  return { outcome = "read", count = count, bytes = pages.pointer(self.name).bytes }
end

local function refresh(self, lease)
  ngx.update_time()
  local begun = ngx.now()
  dicts.set(self._dict, key(self, "due"), begun + self.refresh)
  local answer = read_and_publish(self, lease, math.floor(begun))
  local is_read = answer.outcome == "read"
  local labels = { tenant = self.tenant, part = self.what }
  ngx.update_time()
  metrics.observe("lastpass_directory_reading_seconds", labels, ngx.now() - begun)
  metrics.count("lastpass_directory_readings_total", {
    tenant = self.tenant,
    part = self.what,
    outcome = is_read and "ok" or answer.code,
  })
  if not is_read then
    return record_failure(self, answer)
  end
  if self:failure() then
    self._dict:delete(key(self, "failure"))
    ngx.log(ngx.NOTICE, "lastpass: ", self.name, " can be read again")
  end
  metrics.set("lastpass_directory_" .. self.what, { tenant = self.tenant }, answer.count)
  metrics.set("lastpass_directory_bytes", labels, answer.bytes)
end

--- Reads it for all workers when that is due and no other worker does. To be called in a timer.
---@return boolean read whether this worker did it
function methods:refresh_when_due()
  if self:due() > ngx.now() then
    return false
  end
  local lease, reason = leases.take(self.name)
  if reason == "full" then
    ngx.log(ngx.ERR, "lastpass: ", self.name, " is not read: lastpass_locks is full")
  end
  if not lease then
    return false
  end
  if self:due() > ngx.now() then -- another worker has just done it
    lease:release()
    return false
  end
  local ok, message = lease:guard(refresh, self, lease)
  if not ok then
    ngx.log(ngx.ERR, "lastpass: reading ", self.name, ": ", tostring(message))
  end
  return true
end

local function build(self, pointer)
  local value, message = reading.build[self.what](self.name, pointer, thread.pause)
  metrics.count("lastpass_directory_builds_total", {
    tenant = self.tenant,
    part = self.what,
    outcome = value and "ok" or message == "gone" and "gone" or "failed",
  })
  if value then
    self.pointer, self.value, self.seen = pointer, value, pointer.text
    return true
  elseif message ~= "gone" then
    ngx.log(ngx.ERR, "lastpass: the copy of ", self.name, ": ", tostring(message))
  end
  -- Gone while the pointer still names it: the dict was made anew, and everything has to be read again.
  if pages.pointer_text(self.name) == pointer.text then
    pages.forget(self.name, pointer)
    self:request_reading()
  end
  return false
end

-- The previous copy is large, and the garbage collector does not see how large; so it is run, in small steps. The
-- second round frees what finalizers have released.
local function collect_old_copy()
  for _ = 1, 2 do
    repeat
      thread.pause()
    until collectgarbage("step", 200)
  end
end

local function build_newest(self)
  local ok, message = pcall(function()
    for _ = 1, 10 do
      local pointer = pages.pointer(self.name)
      if not pointer or pointer.version == (self.pointer and self.pointer.version) then
        return
      elseif build(self, pointer) then
        if self.on_copy then
          self.on_copy() -- whoever has the previous copy lets go of it
        end
        return collect_old_copy()
      end
    end
  end)
  self._building = nil
  if not ok then
    ngx.log(ngx.ERR, "lastpass: the copy of ", self.name, ": ", tostring(message))
  end
end

--- Gives this worker's copy. When there is a newer reading the copy is made anew, in a timer, while the old one
-- serves; when there is not, that costs one look into the dict.
---@return any|nil value nil while there is none
---@return lastpass.nginx.Pointer|nil pointer of the value, with the newest time of reading
function methods:current()
  local text = pages.pointer_text(self.name)
  if text and text ~= self.seen then
    local newest = pages.parse(text)
    if self.pointer and newest.version == self.pointer.version then
      self.pointer, self.seen = newest, text
    elseif not self._building then
      self._building = true
      if not ngx.timer.at(0, function()
        build_newest(self)
      end) then
        self._building = nil
      end
    end
  end
  return self.value, self.pointer
end

return M

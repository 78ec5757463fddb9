--- The few things of `ngx` that rooms of lastpass.nginx ask for, for specs without nginx: dicts, a clock
-- that stands, timers that wait to be run, a log.
local shared_dict = require "spec.support.shared_dict"

local M = {}

--- Puts it in place; `remove` puts back what was there.
---@param options? table dicts (names), md5 (a function), capacity
function M.install(options)
  options = options or {}
  local fake = { time = 1000, logged = {}, timers = {}, sleeps = 0 }
  local function now()
    return fake.time
  end
  local ngx = { ERR = "error", WARN = "warn", NOTICE = "notice", shared = {} }
  for _, name in
    ipairs(
      options.dicts
        or { "lastpass_directory", "lastpass_limits", "lastpass_locks", "lastpass_playbooks" }
    )
  do
    ngx.shared[name] = shared_dict.new { now = now, most = options.most }
  end
  ngx.now = now
  ngx.update_time = function() end
  ngx.sleep = function(seconds)
    fake.sleeps = fake.sleeps + 1
    fake.time = fake.time + seconds
  end
  ngx.md5 = function(text)
    local sum = 7
    for place = 1, #text do
      sum = (sum * 31 + text:byte(place)) % 2147483647
    end
    return ("%032x"):format(sum)
  end
  ngx.md5_bin = function(text)
    return text
  end
  ngx.log = function(level, ...)
    fake.logged[#fake.logged + 1] = level .. ": " .. table.concat { ... }
  end
  ngx.worker = {
    pid = function()
      return 77
    end,
    exiting = function()
      return false
    end,
  }
  ngx.thread = {
    spawn = function() end,
    kill = function() end,
  }
  ngx.timer = {
    at = function(_, fn, ...)
      fake.timers[#fake.timers + 1] = { fn = fn, arguments = { ... } }
      return true
    end,
  }
  for name, value in pairs(options.more or {}) do
    ngx[name] = value
  end
  fake.ngx = ngx
  local before = rawget(_G, "ngx")
  rawset(_G, "ngx", ngx)
  function fake.remove()
    rawset(_G, "ngx", before)
  end
  --- Runs the timers that are waiting.
  function fake.run_timers()
    local list = fake.timers
    fake.timers = {}
    for _, timer in ipairs(list) do
      timer.fn(false, unpack and unpack(timer.arguments) or table.unpack(timer.arguments))
    end
  end
  return fake
end

return M

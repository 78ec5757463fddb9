--- Reads a company's directory in a thread of nginx, and publishes it for all workers: the loop of nginx
-- has nothing to do with its many bytes.
-- @module lastpass.nginx.thread.directory
local answers = require "lastpass.nginx.thread.answers"
local pages = require "lastpass.nginx.cache.pages"
local reading = require "lastpass.nginx.cache.reading"

local M = {}

local function never_pause() end

-- Each thread would keep what it needed once, some 20 MB for a large company; there are many threads.
-- glibc gives it back when it is asked (malloc_trim); other C libraries have nothing to ask.
local function give_memory_back()
  collectgarbage()
  pcall(function()
    local ffi = require "ffi"
    pcall(ffi.cdef, "int malloc_trim (size_t);")
    ffi.C.malloc_trim(0)
  end)
end

local function read_and_publish(order)
  local client = answers.client(order)
  local count, message, err = reading.publish(client, order.what, order.name, order.read_at, {
    pause = never_pause,
    may_publish = function()
      return ngx.shared[order.lock.dict]:get(order.lock.key) == order.lock.owner
    end,
  })
  give_memory_back()
  if not count then
    return answers.failure(message, err)
  end
  return { outcome = "read", count = count, bytes = pages.pointer(order.name).bytes }
end

--- Reads users or folders, and publishes them.
---@param order table what ("users" or "folders"), name (of the pages), read_at, lock {dict, key, owner},
-- and what `answers.client` needs
---@return table answer {outcome = "read", count, bytes}
function M.read(order)
  return answers.protected(read_and_publish, order)
end

return M

--- What has been made of a view of a directory: computed once, and cached for as long as the view lives. Rendered
-- answers too, with the conditional requests that spare them (RFC 9110 §13).
-- @module lastpass.unified.cache
local cursor = require "lastpass.unified.cursor"
local digest = require "lastpass.digest"

local M = {}

local weak = { __mode = "k" }
local by_view = setmetatable({}, weak)

-- After so many waits the request that computes is taken for dead: one that was cut off leaves no trace.
local MOST_WAITS = 2000

local OVERHEAD = 512 -- bytes that an answer costs beside its body

local function nothing() end

--- The cache of a view.
---@param view table of `tenant:directory()`
---@param settings table pause, wait; each has a cache of its own
---@return table cache
function M.of(view, settings)
  local by_settings = by_view[view]
  if not by_settings then
    by_settings = setmetatable({}, weak)
    by_view[view] = by_settings
  end
  local cache = by_settings[settings]
  if not cache then
    cache = {
      pause = settings.pause or nothing,
      wait = settings.wait or settings.pause or nothing,
      computing = {},
    }
    by_settings[settings] = cache
  end
  return cache
end

--- Gives what is cached under a name, or computes it. While it is being computed, others who need it wait.
---@param cache table
---@param name string
---@param compute fun(): any, any? a value; or nil and a failure, which is not cached
---@return any|nil value
---@return any failure
function M.once(cache, name, compute)
  local waits = 0
  while cache[name] == nil and cache.computing[name] and waits < MOST_WAITS do
    waits = waits + 1
    cache.wait()
  end
  if cache[name] ~= nil then
    return cache[name]
  end
  cache.computing[name] = true
  local value, failure = compute()
  cache.computing[name] = nil
  cache[name] = value
  return value, failure
end

--- The same in a table of at most so many values: when it is full, it starts anew.
---@param cache table
---@param name string of the table
---@param key string
---@param most integer
---@param compute fun(): any, any?
---@return any|nil value
---@return any failure
function M.among(cache, name, key, most, compute)
  local bounded = cache[name]
  if bounded and bounded[key] ~= nil then
    return bounded[key]
  elseif not bounded or bounded.count >= most then
    bounded = { wait = cache.wait, computing = {}, count = 0 }
    cache[name] = bounded
  end
  bounded.count = bounded.count + 1
  return M.once(bounded, key, compute)
end

--- Identifies an answer by all that it depends on beside the directory. Cursors change once a day.
---@param request table path, raw_query or query, now
---@return string
function M.answer_key(request)
  local expiry = cursor.expiry(request.now or os.time())
  if request.raw_query then
    return ("%s\0%d\0%s"):format(request.path, expiry, request.raw_query)
  end
  local parts = { request.path, ("%d"):format(expiry) }
  for _, pair in ipairs(request.query or {}) do
    parts[#parts + 1] = pair[1]
    parts[#parts + 1] = tostring(pair[2])
  end
  return table.concat(parts, "\0")
end

local function answers_of(view, settings)
  local cache = M.of(view, settings)
  cache.answers = cache.answers or { bytes = 0, by_key = {} }
  return cache.answers
end

--- The answer that is cached.
---@param view table
---@param settings table
---@param key string of `answer_key`
---@return table|nil answer
function M.find_answer(view, settings, key)
  return answers_of(view, settings).by_key[key]
end

--- Gives an answer its etag and caches it; when too many bytes are cached, all are dropped.
---@param view table
---@param settings table page_cache_bytes
---@param key string of `answer_key`
---@param answer table
---@param tenant table
function M.store_answer(view, settings, key, answer, tenant)
  local text = table.concat({ tenant.name, view.version, key }, "\0")
  answer.headers.etag = '"' .. digest.hex(text, 32) .. '"'
  local answers = answers_of(view, settings)
  local size = #answer.body + #key + OVERHEAD
  if size > settings.page_cache_bytes then
    return
  elseif answers.bytes + size > settings.page_cache_bytes then
    answers.bytes, answers.by_key = 0, {}
  end
  answers.bytes = answers.bytes + size
  answers.by_key[key] = answer
end

--- Whether the caller has this answer already.
---@param request table
---@param etag string
---@return boolean
function M.is_known(request, etag)
  local given = request.headers and request.headers["if-none-match"]
  if not given then
    return false
  elseif given == "*" then
    return true
  end
  for tag in given:gmatch '"[^"]*"' do
    if tag == etag then
      return true
    end
  end
  return false
end

return M

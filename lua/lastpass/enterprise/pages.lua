--- Reads the directory page by page into one snapshot, and proves that no page was lost.
-- The pages are asked for one by one while people come and go: when somebody is deleted in the
-- middle, everybody behind moves up and one person falls between two pages. So the users are
-- counted against what the server says, and the last user of every page is asked for again at the
-- end; when either does not fit, all pages are read again.
-- @module lastpass.enterprise.pages
local call = require "lastpass.enterprise.call"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local loop = require "lastpass.transport.scheduler"
local reply = require "lastpass.enterprise.reply"

local PASSES = 5 -- how often a directory that changes while it is read is read again

local M = {}

--- One reply of getuserdata as a snapshot.
---@param client table
---@param data table|nil
---@return userdata|nil snapshot
---@return string? message
---@return lastpass.Error? err
function M.fetch(client, data)
  local request, page, message, err
  request, message, err = call.prepare(client, "getuserdata", data, 2)
  if not request then
    return nil, message, err
  end
  local sink = core.snapshot()
  page, message, err = call.perform(client, request, reply.sink_reader(sink, "a directory"), sink)
  if not page then
    return reply.explain_sink(sink, message, err)
  end
  return page
end

local function page_data(filter, size, index)
  local data = { pagesize = size, pageindex = index }
  for name, value in pairs(filter) do
    data[name] = value
  end
  return data
end

--- Sends several getuserdata, with some of them under way at once, until one fails or no more are wanted.
---@param client table
---@param first integer
---@param last integer
---@param data_of fun(index: integer): table what is asked for
---@param take fun(index: integer, page: userdata): boolean|nil gets each reply; true: no more are wanted
---@return boolean|nil ok
---@return string? message of the first failure
---@return lastpass.Error? err
function M.fetch_many(client, first, last, data_of, take)
  local failure, is_enough
  require "lastpass.parallel"(client._options.in_flight, function(spawn)
    for index = first, last do
      if failure or is_enough then
        return
      end
      spawn(function()
        local page, message, err = M.fetch(client, data_of(index))
        if page then
          is_enough = take(index, page) or is_enough
        else
          failure = failure or { message, err }
        end
      end)
    end
  end)
  if failure then
    return nil, failure[1], failure[2]
  end
  return true
end

-- Without a total a short page is the last. Gives their number.
local function fetch_in_turn(client, filter, take)
  local size, index = client._options.page_size, 1
  while true do
    local page, message, err = M.fetch(client, page_data(filter, size, index))
    if not page then
      return nil, message, err
    end
    local count = #page
    take(index, page)
    index = index + 1
    if count < size then
      return index
    end
  end
end

--- One pass over all pages.
---@return userdata|nil snapshot
---@return string|boolean message, or whether the pages fit together
---@return lastpass.Error? err
local function read_pass(client, filter, on_page)
  local size = client._options.page_size
  local first, message, err = M.fetch(client, page_data(filter, size, 0))
  if not first then
    return nil, message, err
  end
  local total, is_full, whole = first:total(), #first == size, core.snapshot()
  local seams = (is_full or total ~= nil and total > size)
    and require("lastpass.enterprise.seams").new(client, filter, whole, total)
  local steady = true

  local function take(index, page)
    local before = #whole
    steady = whole:append(page) == 0 and steady
    if seams then
      seams:add(index, before + 1, page:total())
    end
    if on_page then
      on_page(index, page)
    end
    page:close() -- the collector does not see how much memory stands behind it
  end

  take(0, first)
  local count, ok = 1, true
  if total and total > size then
    count = math.ceil(total / size)
    ok, message, err = M.fetch_many(client, 1, count - 1, function(index)
      return page_data(filter, size, index)
    end, take)
  elseif not total and is_full then
    ok, message, err = fetch_in_turn(client, filter, take)
    count = ok
  end
  if not ok then
    return nil, message, err
  end
  if seams and steady then
    steady, message, err = seams:hold(count, { fetch_many = M.fetch_many, page_data = page_data })
    if steady == nil then
      return nil, message, err
    end
  elseif total and #whole ~= total then
    steady = false
  end
  return whole:seal(), steady
end

--- Reads everybody (or everybody that the filter lets through).
---@param client table
---@param filter? table fields of getuserdata: username, disabled, admin
---@param on_page? fun(index: integer, page: userdata) called for each page, in the order they come; page
-- 0 comes first, and once more when all are read again
---@return userdata|nil snapshot of the core
---@return string? message
---@return lastpass.Error? err kind "conflict" when the directory never holds still
function M.read(client, filter, on_page)
  for pass = 1, PASSES do
    local whole, steady, err = read_pass(client, filter or {}, on_page)
    if not whole then
      return nil, steady, err
    end
    if steady then
      return whole
    end
    loop.sleep(0.2 * pass)
  end
  return errors.fail(
    "conflict",
    "directory_changing",
    ("the directory changed each of the %d times it was read"):format(PASSES),
    { command = "getuserdata", hint = "read it at a quieter time" }
  )
end

return M

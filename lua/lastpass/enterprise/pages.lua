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
local parallel = require "lastpass.parallel"
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

-- Reads pages `first` to `last` with several under way; gives the first failure.
local function fetch_many(client, filter, first, last, take)
  local failure
  parallel(client._options.in_flight, function(spawn)
    for index = first, last do
      if failure then
        return
      end
      spawn(function()
        local page, message, err =
          M.fetch(client, page_data(filter, client._options.page_size, index))
        if page then
          take(index, page)
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

-- Is the user who stands last on each page still the one who stood on that page when it was read?
-- `ranges` has, for page i, its rows in `whole`.
local function ends_hold(client, filter, whole, ranges, count)
  local size, total, moved, failure = client._options.page_size, #whole, false, nil
  local email = core.user_fields.email
  parallel(client._options.in_flight, function(spawn)
    for index = 0, count - 2 do
      if moved or failure then
        return
      end
      spawn(function()
        local probe, message, err = M.fetch(client, page_data(filter, 1, (index + 1) * size - 1))
        if not probe then
          failure = failure or { message, err }
        elseif (probe:total() or total) ~= total then
          moved = true
        elseif #probe == 1 then
          local row = whole:find(core.user_value(probe, 1, email))
          moved = moved or not row or row < ranges[index].first or row > ranges[index].last
        end
        if probe then
          probe:close()
        end
      end)
    end
  end)
  if failure then
    return nil, failure[1], failure[2]
  end
  return not moved
end

--- One pass over all pages.
---@return userdata|nil snapshot
---@return string|boolean message, or whether the pages fit together
---@return lastpass.Error? err
local function read_pass(client, filter, on_page)
  local size = client._options.page_size
  local whole, ranges, steady = core.snapshot(), {}, true
  local first, message, err = M.fetch(client, page_data(filter, size, 0))
  if not first then
    return nil, message, err
  end
  local total, is_full = first:total(), #first == size

  local function take(index, page)
    local before = #whole
    steady = whole:append(page) == 0 and page:total() == total and steady
    ranges[index] = { first = before + 1, last = #whole }
    if on_page then
      on_page(index, page)
    end
    page:close() -- the collector does not see how much memory stands behind it
  end

  take(0, first)
  local count, ok = 1, true
  if total and total > size then
    count = math.ceil(total / size)
    ok, message, err = fetch_many(client, filter, 1, count - 1, take)
  elseif not total and is_full then
    ok, message, err = fetch_in_turn(client, filter, take)
    count = ok
  end
  if not ok then
    return nil, message, err
  end
  if total and #whole ~= total then
    steady = false
  end
  if steady and count > 1 then
    steady, message, err = ends_hold(client, filter, whole, ranges, count)
    if steady == nil then
      return nil, message, err
    end
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

local function is_admin(page)
  return #page > 0 and core.user_value(page, 1, core.user_fields.admin)
end

--- Reads a few people by their addresses, with one request for each, and one for how many people there
-- are. Where one of them is an admin, all admins come along: whether others are left can be asked then.
---@param client table
---@param addresses string[]
---@return userdata|nil snapshot of the core; it may hold a few people more
---@return integer|string|nil total how many users the company has, or the message
---@return lastpass.Error? err
function M.named(client, addresses)
  if #addresses == 0 then
    return core.snapshot():seal(), 0 -- nobody is asked about, so nothing is
  end
  local probe, message, err = M.fetch(client, page_data({}, 1, 0))
  if not probe then
    return nil, message, err
  end
  local total = probe:total()
  if not total then -- a server that does not count
    local whole
    whole, message, err = M.read(client)
    return whole, whole and #whole or message, err
  end
  local whole, with_admins, failure = core.snapshot(), false, nil
  whole:append(probe)
  parallel(client._options.in_flight, function(spawn)
    for _, address in ipairs(addresses) do
      spawn(function()
        local page, why, reason = M.fetch(client, { username = address })
        if page then
          with_admins = with_admins or is_admin(page)
          whole:append(page)
          page:close()
        else
          failure = failure or { why, reason }
        end
      end)
    end
  end)
  if not failure and with_admins then
    local admins, why, reason = M.read(client, { admin = true })
    if admins then
      whole:append(admins)
    else
      failure = { why, reason }
    end
  end
  if failure then
    return nil, failure[1], failure[2]
  end
  return whole:seal(), total
end

return M

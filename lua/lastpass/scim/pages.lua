--- Lists, page by page, to their end or with an error. Pages are asked for one by one while people come and go, so
-- what comes is counted against the server's total, an id that comes twice says that a page has shifted, and the
-- last of every page is asked for again at the end; when something does not fit, the list is read again, and only
-- who was not given out yet is (scim §2.7).
-- @module lastpass.scim.pages
local loop = require "lastpass.transport.scheduler"
local one_page = require "lastpass.scim.page"
local parallel = require "lastpass.parallel"
local resource = require "lastpass.scim.resource"

local PASSES = 5 -- how often a list that changes while it is read is read again
local MOST_PAGES = 100000
local MOST_EMPTY = 100 -- pages with a cursor and nobody, one after another
local AHEAD = 4 -- pages that are read ahead, for each request that may be under way

local fetch, fail = one_page.fetch, one_page.fail

local M = {}

local function start_pass(list)
  if list.ids then -- who was given out in the passes before
    list.given = list.given or {}
    for id in pairs(list.ids) do
      list.given[id] = true
    end
  end
  list.pass = list.pass + 1
  list.start, list.total, list.ids, list.count = 1, nil, {}, 0
  list.pages, list.ends, list.ahead, list.empty = 0, {}, {}, 0
  list.cursor = list.asks_cursor and "" or nil
  list.moved, list.ended = false, false
end

-- Several pages at once: those that come if each is as long as the last one. A page that is shorter makes the
-- others start elsewhere, and they are asked for again.
local function fetch_ahead(list, received)
  local stride, count = math.max(received, 1), list.page_size
  local wanted = math.ceil((list.total - list.start + 1) / stride)
  local at_once = list.client._options.in_flight
  local number = math.min(at_once * AHEAD, wanted)
  if number < 2 or at_once < 2 or not loop.can_wait_in_pcall() then
    return
  end
  parallel(at_once, function(spawn)
    for index = 0, number - 1 do
      local start = list.start + index * stride
      spawn(function()
        local page, message, err = fetch(list, { start = start, count = count })
        list.ahead[start] = page and { page } or { nil, message, err }
      end)
    end
  end)
end

local function next_page(list)
  if list.cursor then
    return fetch(list, { cursor = list.cursor, count = list.page_size })
  end
  local ready = list.ahead[list.start]
  if not ready and list.total and list.received and list.received > 0 and not list.probing then
    list.ahead = {}
    fetch_ahead(list, list.received)
    ready = list.ahead[list.start]
  end
  if ready then
    list.ahead[list.start] = nil
    return ready[1], ready[2], ready[3]
  end
  return fetch(list, { start = list.start, count = list.page_size })
end

-- Whether the list is over with this page. A list that ends with a full first page is asked for one more: some
-- servers give the size of the page as the total (scim §4.9).
local function check_end(list, page, received)
  if list.cursor then
    local ignored = list.cursor == "" and not page.next_cursor and received < (list.total or 0)
    list.ended = not page.next_cursor and not ignored
    list.cursor = page.next_cursor
    list.asks_cursor = list.asks_cursor and not ignored
  elseif received == 0 then
    list.ended = true
  elseif list.total and not list.distrusts_total and list.start > list.total then
    list.probing = list.pages == 1 and not list.asked.is_lookup
    list.ended = not list.probing
  end
end

local function take_probe(list, new)
  list.probing = false
  if new == 0 then
    list.ended = true
  else
    list.distrusts_total = true
  end
end

-- Who of a page is new; who was not given out yet goes to `out`, and of whole pages the others are marked.
local function take_new(list, page)
  local new, out, given, skipped = 0, list.out, list.given or {}, {}
  for index, id in ipairs(page.ids) do
    local is_new = not list.ids[id]
    if is_new then
      list.ids[id] = true
      new = new + 1
    end
    if not is_new or given[id] then
      skipped[index] = true
    elseif not list.whole_pages then
      out[#out + 1] = page.resources[index]
    end
  end
  if list.whole_pages then
    page.skipped = next(skipped) and skipped
    out[#out + 1] = page
  end
  return new
end

local function take_page(list, page)
  local new, received = take_new(list, page), #page.ids
  list.pages = list.pages + 1
  if list.probing then
    take_probe(list, new)
    if list.ended then
      return true
    end
  elseif received > 0 and new == 0 then
    return fail(
      list,
      "protocol",
      "paging_ignored",
      "the server gives the same page again, so the list cannot be read to its end"
    )
  end
  local other_total = list.total and page.total and page.total ~= list.total
  list.moved = list.moved or new < received or other_total and not list.distrusts_total
  list.total, list.count = page.total or list.total, list.count + new
  list.received, list.start = received, list.start + received
  if received > 0 and not list.cursor then
    list.ends[#list.ends + 1] = { list.start - 1, page.ids[received] }
  end
  if received == 0 and page.next_cursor and page.next_cursor == list.cursor then
    return fail(list, "protocol", "paging_ignored", "the cursor leads back to the same empty page")
  end
  list.empty = received == 0 and list.empty + 1 or 0
  if list.empty > MOST_EMPTY then
    return fail(list, "protocol", "too_many_pages", "the list has no end: page after page is empty")
  end
  if page.next_cursor and not list.cursor then -- a server may answer with cursors unasked
    list.cursor, list.ends = page.next_cursor, {}
    return true
  end
  check_end(list, page, received)
  return true
end

-- Is who stood last on each page still there?
local function ends_hold(list)
  local holds, failure = true, nil
  local function check(at, id)
    local page, message, err = fetch(list, { start = at, count = 1 })
    if not page then
      failure = failure or { message, err }
    elseif page.ids[1] ~= id then
      holds = false
    end
  end
  local number = loop.can_wait_in_pcall() and list.client._options.in_flight or 1
  parallel(number, function(spawn)
    for index = 1, #list.ends - 1 do
      if failure or not holds then
        return
      elseif number == 1 then
        check(list.ends[index][1], list.ends[index][2])
      else
        spawn(check, list.ends[index][1], list.ends[index][2])
      end
    end
  end)
  if failure then
    return nil, failure[1], failure[2]
  end
  return holds
end

local function is_steady(list)
  local counted = not list.total or list.distrusts_total or list.count == list.total
  if list.moved or not counted then
    return false
  elseif list.pages < 2 or #list.ends < 2 or list.asks_cursor then
    return true
  end
  return ends_hold(list)
end

local function read_again(list)
  if list.pass < PASSES then
    loop.sleep(0.2 * list.pass)
    start_pass(list)
    return true
  end
  return fail(
    list,
    "conflict",
    "list_changing",
    ("read %d times, the list never fitted together: the server says %s and gives %d"):format(
      PASSES,
      list.total and ("%.0f"):format(list.total) or "no total",
      list.count
    ),
    "read it at a quieter time; if it is always so, the server's paging is wrong"
  )
end

-- A cursor that is no longer good is no failure: the list is read again from its start.
local function is_stale_cursor(list, err)
  return list.cursor
    and (err.code == "expired_cursor" or err.code == "invalid_cursor")
    and list.pages > 0
end

-- Fills `out` with who comes next; false at the end.
local function fill(list)
  while #list.out == 0 do
    if list.ended then
      local steady, message, err = is_steady(list)
      if steady then
        return false
      elseif steady == false then
        steady, message, err = read_again(list)
      end
      if not steady then
        return nil, message, err
      end
    elseif list.pages >= MOST_PAGES then
      return fail(list, "protocol", "too_many_pages", "the list has no end")
    end
    local page, message, err = next_page(list)
    local ok
    if page then
      ok, message, err = take_page(list, page)
    elseif is_stale_cursor(list, err) then
      ok, message, err = read_again(list)
    end
    if not ok then
      return nil, message, err
    end
  end
  return true
end

-- An iterator over what goes to `out`.
local function iterate(client, name, asked, decode, whole_pages)
  local list = {
    client = client,
    decode = decode,
    whole_pages = whole_pages,
    name = name,
    type = resource.types[name],
    asked = asked,
    page_size = asked.page_size or client._options.page_size,
    asks_cursor = client._options.dialect.paging == "cursor",
    out = {},
    pass = 0,
  }
  start_pass(list)
  local position = 0
  return function()
    position = position + 1
    if position > #list.out and not list.over then
      list.out, position = {}, 1
      local more, _, err = loop.call_without_yield(fill, list)
      if more == nil then
        error(err, 0)
      end
      list.over = not more
    end
    return list.out[position]
  end
end

--- An iterator over everybody that a list names. A failure raises the error: what was given out before is right,
-- but is not all.
---@param client lastpass.scim.Client
---@param name "User"|"Group"
---@param asked table filter (text), attributes, excluded (lists), sort_by, sort_order, search, page_size
---@return fun(): table|nil
function M.each(client, name, asked)
  return iterate(client, name, asked, one_page.decoder(asked))
end

--- The same page by page.
---@param client lastpass.scim.Client
---@param name "User"|"Group"
---@param decode fun(text: string): table|nil, string?, lastpass.Error? as of `lastpass.scim.Request`; what it gives
-- with `rows` has `ids`, a list, and stays as it is
---@return fun(): table|nil iterator pages: `resources` or `rows`, `ids`, `skipped` (places, as keys, of those who were
-- on a page before)
function M.each_page(client, name, decode)
  return iterate(client, name, {}, decode, true)
end

--- Calls a function, and returns the failure that an iterator raises in it.
---@param fn function
---@return any value its first one
---@return string? message
---@return lastpass.Error? err
function M.returned(fn, ...)
  local ok, value = loop.protected_call(fn, ...)
  if ok then
    return value
  elseif type(value) ~= "table" or not value.kind then
    error(value, 0)
  end
  return nil, value.message, value
end

--- What an iterator gives, as a list.
---@param open fun(): function makes the iterator
---@param most? integer
---@return table[]|nil list
---@return string? message
---@return lastpass.Error? err
function M.collect(open, most)
  return M.returned(function()
    local list = {}
    for one in open() do
      list[#list + 1] = one
      if most and #list >= most then
        break
      end
    end
    return list
  end)
end

--- The same as `each`, as a list.
---@return table[]|nil resources
---@return string? message
---@return lastpass.Error? err
function M.all(client, name, asked, most)
  return M.collect(function()
    return M.each(client, name, asked)
  end, most)
end

return M

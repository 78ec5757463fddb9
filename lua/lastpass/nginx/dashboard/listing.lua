--- Sorted lists and their pages. A page is named by the item that stands next to it: what is added or
-- removed elsewhere while somebody turns pages shows nothing twice and hides nothing. Lists of groups
-- and folders, which are searched by name and sorted by a figure, are made here whole.
-- @module lastpass.nginx.dashboard.listing
local base64url = require("lastpass.text.base64").url
local fold = require("lastpass.unified.texts").fold
local html = require "lastpass.html"
local components = require "lastpass.html.components"
local order = require "lastpass.unified.order"
local parts = require "lastpass.nginx.dashboard.parts"
local text = require "lastpass.text"

local M = {}

--- Rows of a page.
M.SIZE = 50

local LONGEST_MARK = 2048
local MOST_CACHED = 16

-- Numbers are marked, so that they are compared as such again.
local function encode_key(key)
  return type(key) == "number" and "\1" .. ("%.0f"):format(key) or tostring(key)
end

local function decode_key(bytes)
  if bytes:sub(1, 1) == "\1" then
    return tonumber(bytes:sub(2)) or 0
  end
  return bytes
end

local function encode_mark(keys)
  return base64url.encode(encode_key(keys[1]) .. "\0" .. encode_key(keys[2]))
end

local function decode_mark(mark)
  local bytes = mark and #mark <= LONGEST_MARK and base64url.decode(mark)
  local cut = bytes and bytes:find("\0", 1, true)
  return cut and { decode_key(bytes:sub(1, cut - 1)), decode_key(bytes:sub(cut + 1)) } or nil
end

local function compare(a, b)
  if type(a) ~= type(b) then
    a, b = tostring(a), tostring(b)
  end
  return a == b and 0 or a < b and -1 or 1
end

-- Below 0 when the keys of an item come before those of a mark, in the order that is shown.
local function compare_keys(keys, of_mark, reverse)
  local result = compare(keys[1], of_mark[1])
  if result == 0 then
    result = compare(keys[2], of_mark[2])
  end
  return reverse and -result or result
end

---@class lastpass.nginx.dashboard.Page
---@field first integer   position of the first row; 1 of an empty list
---@field last integer    position of the last row; 0 of an empty list
---@field count integer   length of the list
---@field before string|nil mark of the page before
---@field after string|nil  mark of the page after

--- Finds a page.
---@param count integer length of the list
---@param keys_at fun(position: integer): table two keys (texts or numbers) of the item there, together
-- of that item alone
---@param asked table after or before (marks, as a page has them), reverse (the list goes down)
---@return lastpass.nginx.dashboard.Page
function M.page(count, keys_at, asked)
  local after, before = decode_mark(asked.after), decode_mark(asked.before)
  local first = 1
  if after then
    first = order.first(count, function(position)
      return compare_keys(keys_at(position), after, asked.reverse) > 0
    end)
    first = first > count and math.max(1, count - M.SIZE + 1) or first
  elseif before then
    local edge = order.first(count, function(position)
      return compare_keys(keys_at(position), before, asked.reverse) >= 0
    end)
    first = math.max(1, edge - M.SIZE)
  end
  local last = math.min(first + M.SIZE - 1, count)
  return {
    first = first,
    last = last,
    count = count,
    before = first > 1 and encode_mark(keys_at(first)) or nil,
    after = last < count and encode_mark(keys_at(last)) or nil,
  }
end

--- The words of a search, folded.
---@param search string
---@return string[]
function M.words(search)
  local words = {}
  for word in fold(search):gmatch "%S+" do
    words[#words + 1] = word
  end
  return words
end

--- Whether every word is in a string.
---@param folded string
---@param words string[]
---@return boolean
function M.has_words(folded, words)
  for at = 1, #words do
    if not folded:find(words[at], 1, true) then
      return false
    end
  end
  return true
end

local function find_items(items, search)
  local words, found = M.words(search), {}
  for _, item in ipairs(items) do
    if M.has_words(item.key, words) then
      found[#found + 1] = item
    end
  end
  return found
end

-- Names grow, figures fall: the largest is what one looks for.
local function sort_items(list, by, reverse)
  table.sort(list, function(a, b)
    if by and a[by] ~= b[by] then
      return (a[by] > b[by]) ~= reverse
    elseif a.key ~= b.key then
      return (a.key < b.key) ~= (reverse and not by)
    end
    return a.order < b.order
  end)
  return list
end

local function order_of(call, figures)
  local reverse, name = call:param("sort"):match "^(%-?)([%l_]+)$"
  if name == "name" then
    return nil, reverse == "-", reverse .. name
  elseif name and figures[name] then
    return name, reverse == "-", reverse .. name
  end
  return nil, false, ""
end

---@class lastpass.nginx.dashboard.Listing
---@field call lastpass.nginx.dashboard.Call
---@field name string    of the page
---@field q string
---@field sort string
---@field items table[]  those that match, in order
---@field page lastpass.nginx.dashboard.Page

--- Finds what is asked for, and one page of it.
---@param call lastpass.nginx.dashboard.Call
---@param name string of the page
---@param items table[] with `key` (folded name) and `order` (text that nothing else has)
---@param figures table<string, true> by which they can be sorted
---@return lastpass.nginx.dashboard.Listing
function M.find(call, name, items, figures)
  local q = call:param "q"
  local by, reverse, sort = order_of(call, figures)
  local found = call:among("list " .. name, q .. "\0" .. sort, MOST_CACHED, function()
    return sort_items(find_items(items, q), by, reverse)
  end)
  -- by position: lists as short as these change little while somebody turns pages
  local page = M.page(#found, function(at)
    return { at, 0 }
  end, { after = call:param "after", before = call:param "before" })
  return { call = call, name = name, q = q, sort = sort, items = found, page = page }
end

--- The address of a listing with something else.
---@param listing lastpass.nginx.dashboard.Listing
---@param changes table[] {name, value}
---@return string
function M.address(listing, changes)
  local params, given = {}, {}
  for _, pair in ipairs(changes) do
    given[pair[1]] = true
  end
  for _, field in ipairs { "q", "sort" } do
    if not given[field] then
      params[#params + 1] = { field, listing[field] }
    end
  end
  for _, pair in ipairs(changes) do
    params[#params + 1] = pair
  end
  return listing.call:url(listing.name, params)
end

--- A column that the list can be sorted by.
---@param listing lastpass.nginx.dashboard.Listing
---@param field string "name" or a figure
---@param title string
---@param class? string
---@return table column of `components.table`
function M.column(listing, field, title, class)
  local current = listing.sort == "" and "name" or listing.sort
  local is_sorted = current:gsub("^%-", "") == field
  local reverse = current:sub(1, 1) == "-"
  -- figures fall unless they are reversed
  local falls = reverse ~= (field ~= "name")
  return {
    title = title,
    class = class,
    href = M.address(listing, { { "sort", (is_sorted and not reverse and "-" or "") .. field } }),
    sorted = is_sorted and (falls and "descending" or "ascending") or nil,
  }
end

---@class lastpass.nginx.dashboard.ListingPage
---@field section string   of the menu, and of the address
---@field title string
---@field one string       "group"
---@field hint string      what to know where there is none at all
---@field caption string
---@field columns table[]  {field, title, class}, or {nil, title} where nothing is sorted by it
---@field row fun(call, item): any[] cells
---@field csv table[]      columns {name, kind} of the CSV form: fields of the items
---@field note? any        below the list

local function empty_list(listing, what)
  if listing.q == "" then
    return parts.empty("There are no " .. what.title:lower(), what.hint)
  end
  local all = html.a({ href = listing.call:url(what.section) }, "Show all " .. what.one .. "s")
  return parts.empty("No " .. what.one .. " matches", all)
end

local function results_of(listing, what)
  local page = listing.page
  if page.count == 0 then
    return parts.results(text.plural(0, what.one), empty_list(listing, what))
  end
  local rows, columns = {}, {}
  for at = page.first, page.last do
    rows[#rows + 1] = what.row(listing.call, listing.items[at])
  end
  for position, column in ipairs(what.columns) do
    local field, title, class = column[1], column[2], column[3]
    columns[position] = field and M.column(listing, field, title, class)
      or { title = title, class = class }
  end
  return parts.results(
    parts.counted(page, what.one),
    components.table(what.section .. "-table", what.caption, columns, rows),
    parts.pager(page, function(more)
      return M.address(listing, more)
    end),
    parts.csv_link(M.address(listing, { { "format", "csv" } }))
  )
end

--- Makes the page of a listing: a field to search by, the table, the links to further pages.
---@param listing lastpass.nginx.dashboard.Listing
---@param what lastpass.nginx.dashboard.ListingPage
---@return table page title, section, main; or part (the list alone)
function M.show(listing, what)
  local call = listing.call
  return parts.list_page(call, {
    section = what.section,
    title = what.title,
    one = what.one .. "s",
    form = parts.form(call:url(what.section), {
      parts.search(listing.q, "Name of the " .. what.one),
      listing.sort ~= "" and html.input { type = "hidden", name = "sort", value = listing.sort },
    }, true),
    results = results_of(listing, what),
    note = what.note,
    csv = {
      columns = what.csv,
      each = function(add)
        for _, item in ipairs(listing.items) do
          add(item)
        end
      end,
    },
  })
end

return M

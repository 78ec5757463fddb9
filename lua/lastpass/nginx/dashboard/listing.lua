--- Lists that are searched by name and sorted by a figure: groups, folders.
-- @module lastpass.nginx.dashboard.listing
local fold = require("lastpass.unified.texts").fold
local keyset = require "lastpass.nginx.dashboard.keyset"

local M = {}

local MOST_KEPT = 16

local function matching(items, words)
  local found = {}
  for _, item in ipairs(items) do
    local fits = true
    for word in words:gmatch "%S+" do
      fits = fits and item.key:find(word, 1, true) ~= nil
    end
    if fits then
      found[#found + 1] = item
    end
  end
  return found
end

-- Names grow, figures fall: the largest is what one looks for.
local function sort(list, by, reverse)
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
---@field q string
---@field sort string
---@field items table[]  those that fit, in order
---@field page lastpass.nginx.dashboard.Page

--- Finds what is wanted, and one page of it.
---@param call lastpass.nginx.dashboard.Call
---@param name string of the page
---@param items table[] with `key` (folded name) and `order` (text that nothing else has)
---@param figures table<string, true> by which they can be sorted
---@return lastpass.nginx.dashboard.Listing
function M.find(call, name, items, figures)
  local q = call:param "q"
  local by, reverse, order_text = order_of(call, figures)
  local found = call:among("list " .. name, q .. "\0" .. order_text, MOST_KEPT, function()
    return sort(matching(items, fold(q)), by, reverse)
  end)
  -- by place: lists as short as these change little while somebody turns pages
  local page = keyset.page(#found, function(at)
    return { at, 0 }
  end, { after = call:param "after", before = call:param "before" })
  return { q = q, sort = order_text, items = found, page = page, _name = name, _call = call }
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
  return listing._call:url(listing._name, params)
end

--- A column that the list can be sorted by.
---@param listing lastpass.nginx.dashboard.Listing
---@param field string "name" or a figure
---@param title string
---@param class? string
---@return table column of `parts.table`
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

return M

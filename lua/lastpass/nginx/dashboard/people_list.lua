--- Which people a page is about: what the form asks for, and who that is.
-- @module lastpass.nginx.dashboard.people_list
local errors = require "lastpass.error"
local fold = require("lastpass.unified.texts").fold
local index_room = require "lastpass.nginx.dashboard.index"
local keyset = require "lastpass.nginx.dashboard.keyset"
local tally = require "lastpass.nginx.dashboard.tally"

local M = {}

local MOST_KEPT = 32 -- lists of a version that are kept, for the pages after the first
local PIECE = 4096

--- The names of the fields of the form, in their order.
M.fields = { "q", "status", "mfa", "admin", "group", "sort" }

--- The status that is several classes: everybody who is neither invited nor disabled.
M.CAN_LOG_IN = "can_log_in"

---@class lastpass.nginx.dashboard.Filter
---@field q string
---@field status string    class of the index, "can_log_in" or ""
---@field mfa string       "yes", "no", a method, or ""
---@field admin string     "yes", "no" or ""
---@field group string     name, or ""
---@field sort string      an order of the index, "-" before it for the reverse
---@field unknown_group string|nil a name that no group has, and
---@field nearest string|nil       the one that is nearest to it

local yes_or_no = { yes = true, no = true }

local function order_of(text)
  local reverse, name = text:match "^(%-?)([%l_]+)$"
  if not name or not index_room.orders[name] then
    return "name", false
  end
  return name, reverse == "-"
end

local function check_group(filter, index)
  local group = index.tally:group(filter.group)
  if group then
    filter.group = group.name
    return
  end
  local names = {}
  for place, one in ipairs(index.tally.groups) do
    names[place] = one.name
  end
  filter.unknown_group = filter.group
  filter.nearest = errors.nearest(filter.group, names)
end

local function has_method(index, name)
  for _, method in ipairs(index.tally.methods) do
    if method.name == name then
      return true
    end
  end
  return false
end

--- Reads what the form asks for; what it cannot ask for counts as nothing.
---@param call table of `lastpass.nginx.dashboard.call`
---@param index lastpass.nginx.dashboard.Index
---@return lastpass.nginx.dashboard.Filter
function M.read(call, index)
  local filter = {}
  for _, name in ipairs(M.fields) do
    filter[name] = call:param(name)
  end
  local name, reverse = order_of(filter.sort)
  filter.sort = name == "name" and not reverse and "" or (reverse and "-" or "") .. name
  local known = filter.status == M.CAN_LOG_IN or tally.standing_title(filter.status)
  filter.status = known and filter.status or ""
  filter.admin = yes_or_no[filter.admin] and filter.admin or ""
  filter.mfa = (yes_or_no[filter.mfa] or has_method(index, filter.mfa)) and filter.mfa or ""
  if filter.group ~= "" then
    check_group(filter, index)
  end
  return filter
end

--- Whether a filter leaves anybody out.
---@param filter lastpass.nginx.dashboard.Filter
---@return boolean
function M.narrows(filter)
  for _, name in ipairs(M.fields) do
    if name ~= "sort" and filter[name] ~= "" then
      return true
    end
  end
  return false
end

local function words_of(text)
  local words = {}
  for word in fold(text):gmatch "%S+" do
    words[#words + 1] = word
  end
  return words
end

-- Each word has to be somewhere in the name or the address.
local function word_test(index, text)
  local words = words_of(text)
  if #words == 0 then
    return nil
  end
  local name, email = index.name, index.email
  return function(place)
    for at = 1, #words do
      local word = words[at]
      if not name[place]:find(word, 1, true) and not email[place]:find(word, 1, true) then
        return false
      end
    end
    return true
  end
end

local function mfa_test(index, wanted)
  local mfa, standing = index.mfa, index.standing
  if wanted == "no" then
    -- of those who are only invited nothing is known
    return function(place)
      return not mfa[place] and standing[place] ~= "invited"
    end
  end
  return function(place)
    return mfa[place] and (wanted == "yes" or mfa[place] == wanted) or false
  end
end

local function group_test(index, filter)
  if filter.unknown_group then
    return function()
      return false
    end
  end
  local members = {}
  for _, address in ipairs(index:members(filter.group)) do
    members[fold(address)] = true
  end
  local email = index.email
  return function(place)
    return members[email[place]] == true
  end
end

-- As the figures of multifactor count.
local function can_log_in(index)
  local standing = index.standing
  return function(place)
    return standing[place] ~= "invited" and standing[place] ~= "disabled"
  end
end

local function tests_of(index, filter)
  local tests = {}
  local function add(test)
    tests[#tests + 1] = test
  end
  if filter.status == M.CAN_LOG_IN then
    add(can_log_in(index))
  elseif filter.status ~= "" then
    add(function(place)
      return index.standing[place] == filter.status
    end)
  end
  if filter.admin ~= "" then
    local wanted = filter.admin == "yes"
    add(function(place)
      return index.admin[place] == wanted
    end)
  end
  if filter.mfa ~= "" then
    add(mfa_test(index, filter.mfa))
  end
  if filter.group ~= "" then
    add(group_test(index, filter))
  end
  add(word_test(index, filter.q))
  return tests
end

local function matches(index, filter, pause)
  local name, reverse = order_of(filter.sort)
  local list = index:ordered(name, pause)
  local tests, found = tests_of(index, filter), {}
  local from, to, step = 1, #list, 1
  if reverse then
    from, to, step = #list, 1, -1
  end
  local looked = 0
  for at = from, to, step do
    local place, fits = list[at], true
    for number = 1, #tests do
      if not tests[number](place) then
        fits = false
        break
      end
    end
    if fits then
      found[#found + 1] = place
    end
    looked = looked + 1
    if looked % PIECE == 0 then
      pause()
    end
  end
  return found
end

--- Finds them, and one page of them.
---@param call table
---@param index lastpass.nginx.dashboard.Index
---@param filter lastpass.nginx.dashboard.Filter
---@return integer[] places in the index
---@return lastpass.nginx.dashboard.Page page
function M.find(call, index, filter)
  local key = {}
  for at, name in ipairs(M.fields) do
    key[at] = filter[name]
  end
  local places = call:among("people", table.concat(key, "\0"), MOST_KEPT, function()
    return matches(index, filter, call.pause)
  end)
  local name, reverse = order_of(filter.sort)
  local sort_key = index_room.orders[name]
  local page = keyset.page(#places, function(at)
    local place = places[at]
    return { sort_key(index, place), index:tie(place) }
  end, { after = call:param "after", before = call:param "before", reverse = reverse })
  return places, page
end

--- The order that is shown.
---@param filter lastpass.nginx.dashboard.Filter
---@return string name
---@return boolean reverse
function M.order(filter)
  return order_of(filter.sort)
end

return M

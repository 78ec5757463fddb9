--- Values of reports: counted in classes, sorted, and written for people and for programs.
-- @module lastpass.report.values
local columns = require "lastpass.text.columns"
local text = require "lastpass.text"
local time = require "lastpass.time"

local M = {}

M.DAY = 86400

--- Classes in the order given, each with a count of 0 and whatever is counted beside it.
---@param list table[] {name, title, meaning}
---@param ... string further counters
---@return table[] classes
---@return table<string, table> by_name
function M.classes(list, ...)
  local classes, by_name = {}, {}
  for position, given in ipairs(list) do
    local class = { name = given[1], title = given[2], meaning = given[3], count = 0 }
    for _, counter in ipairs { ... } do
      class[counter] = 0
    end
    classes[position], by_name[class.name] = class, class
  end
  return classes, by_name
end

--- A percentile by the nearest rank: a value that occurs, such that at least so many in a hundred
-- are no larger.
---@param sorted number[]
---@param percent number above 0, up to 100
---@return number|nil nil of an empty list
function M.percentile(sorted, percent)
  if #sorted == 0 then
    return nil
  end
  return sorted[math.max(1, math.ceil(percent / 100 * #sorted))]
end

--- Whole days between two times, begun ones not counted.
---@param from number|nil
---@param to number
---@return integer|nil
function M.days(from, to)
  return from and math.floor((to - from) / M.DAY)
end

--- A share, as a fraction of 1.
---@param part number
---@param whole number
---@return number|nil nil of nothing
function M.ratio(part, whole)
  return whole > 0 and part / whole or nil
end

--- Classes of age from limits in days: { 30, 90 } gives "up to 30 days", "31 to 90 days", "over 90".
---@param limits integer[] growing
---@return table[] list as `classes` takes it
---@return fun(days: number): string name of the class
function M.age_classes(limits)
  local list, before = {}, nil
  for position, limit in ipairs(limits) do
    local title = before and ("%d to %d days"):format(before + 1, limit)
      or ("up to %d days"):format(limit)
    list[position] = { "up_to_" .. limit, title, title .. " old" }
    before = limit
  end
  local last = ("over %d days"):format(before)
  list[#list + 1] = { "over_" .. before, last, last .. " old" }
  return list,
    function(days)
      for _, limit in ipairs(limits) do
        if days <= limit then
          return "up_to_" .. limit
        end
      end
      return "over_" .. before
    end
end

local OFFSET = 1e12 -- makes every number of a report positive, so that its digits sort like it

-- A value as a string that sorts as the value does; what is not known comes last.
local function sort_text(value, reverse)
  local kind = type(value)
  if value == nil then
    return "\255"
  elseif kind == "boolean" then
    return (value ~= reverse) and "1" or "0"
  elseif kind == "number" then
    return ("%017.3f"):format(OFFSET + (reverse and -value or value))
  end
  return value
end

--- Sorts rows by fields, the first that differs decides; texts by their bytes. Rows that do not
-- differ stay in their order.
---@param rows table[]
---@param ... string names of fields; "-name" for the largest first (numbers and booleans)
function M.sort(rows, ...)
  local names, reverse = {}, {}
  for position, name in ipairs { ... } do
    reverse[position] = name:sub(1, 1) == "-"
    names[position] = reverse[position] and name:sub(2) or name
  end
  -- One string for each row: comparing those needs no Lua function, and is several times faster.
  local keys, by_key, parts = {}, {}, {}
  for number = 1, #rows do
    local row = rows[number]
    for position = 1, #names do
      parts[position] = sort_text(row[names[position]], reverse[position])
    end
    parts[#names + 1] = ("%09d"):format(number)
    local key = table.concat(parts, "\0")
    keys[number], by_key[key] = key, row
  end
  table.sort(keys)
  for number, key in ipairs(keys) do
    rows[number] = by_key[key]
  end
end

local right = { count = true, score = true, share = true, days = true, duration = true }

--- Whether values of a kind stand at the right of their column.
---@param kind string|nil
---@return boolean
function M.is_number(kind)
  return right[kind] == true
end

-- Halves go up, whatever the C library does with them.
local function one_decimal(value)
  return ("%.1f"):format(math.floor(value * 10 + 0.5) / 10)
end

local shown = {
  flag = function(value)
    return value and "yes" or "no"
  end,
  time = function(value)
    return (time.iso(value):gsub("T", " "):gsub(":%d%dZ$", " UTC"))
  end,
  count = text.count,
  days = text.count,
  score = one_decimal,
  share = function(value)
    return one_decimal(value * 100) .. " %"
  end,
  duration = text.duration,
  list = function(value)
    return table.concat(value, ", ")
  end,
}

--- A value as a person reads it: "12,345", "3 h 02 m", "2026-03-01 10:00 UTC".
---@param value any
---@param kind string|nil
---@return string text "" for nothing
function M.shown(value, kind)
  if value == nil then
    return ""
  end
  return shown[kind] and shown[kind](value) or tostring(value)
end

--- The value of a total as a person reads it.
---@param total table value, kind
---@return string
function M.total(total)
  return total.value ~= nil and M.shown(total.value, total.kind) or "unknown"
end

local PLAIN = { separator = "; ", yes = "yes", no = "no" }

--- A value as a program reads it, for CSV: ISO 8601, seconds, fractions of 1 to six digits, "yes" and "no",
-- lists with "; ".
---@param value any
---@param kind string|nil
---@return string|number value "" for nothing
function M.plain(value, kind)
  if value ~= nil and kind == "time" then
    return time.iso(value)
  elseif type(value) == "number" then
    return math.floor(value * 1e6 + 0.5) / 1e6
  end
  return columns.value(value, PLAIN)
end

return M

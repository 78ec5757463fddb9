--- Counting: classes, percentiles, buckets of age.
-- @module lastpass.report.statistics
local M = {}

local DAY = 86400
M.DAY = DAY

--- Classes in the order given, each with a count of 0 and whatever is counted beside it.
---@param list table[] {name, title, meaning}
---@param ... string further counters
---@return table[] classes
---@return table<string, table> by_name
function M.classes(list, ...)
  local classes, by_name = {}, {}
  for place, given in ipairs(list) do
    local class = { name = given[1], title = given[2], meaning = given[3], count = 0 }
    for _, counter in ipairs { ... } do
      class[counter] = 0
    end
    classes[place], by_name[class.name] = class, class
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
  return from and math.floor((to - from) / DAY)
end

--- Classes of age from limits in days: { 30, 90 } gives "up to 30 days", "31 to 90 days", "over 90".
---@param limits integer[] growing
---@return table[] list as `classes` takes it
---@return fun(days: number): string name of the class
function M.age_classes(limits)
  local list, before = {}, nil
  for place, limit in ipairs(limits) do
    local title = before and ("%d to %d days"):format(before + 1, limit)
      or ("up to %d days"):format(limit)
    list[place] = { "up_to_" .. limit, title, title .. " old" }
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

-- A value as a text that sorts as the value does; what is not known comes last.
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
  for place, name in ipairs { ... } do
    reverse[place] = name:sub(1, 1) == "-"
    names[place] = reverse[place] and name:sub(2) or name
  end
  -- One text for each row: comparing those needs no Lua function, and is several times faster.
  local keys, by_key, parts = {}, {}, {}
  for number = 1, #rows do
    local row = rows[number]
    for place = 1, #names do
      parts[place] = sort_text(row[names[place]], reverse[place])
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

return M

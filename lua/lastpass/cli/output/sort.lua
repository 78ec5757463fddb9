--- `--sort`: rows in the order of one or more fields. What has no value comes last, either way.
-- @module lastpass.cli.output.sort
local fields = require "lastpass.cli.output.fields"

local M = {}

--- Reads "status,-last_login".
---@param text string
---@param view lastpass.cli.View
---@return table[]|nil keys {field, descending}
---@return string? message
---@return lastpass.Error? err code "unknown_field"
function M.read(text, view)
  local keys = {}
  for word in text:gmatch "[^,%s]+" do
    local sign, name = word:match "^(%-?)(.*)$"
    if not fields.has(view, name) then
      return fields.unknown("--sort", view, name)
    end
    keys[#keys + 1] = { field = name, descending = sign == "-" }
  end
  if #keys == 0 then
    return fields.unknown("--sort", view, text)
  end
  return keys
end

local ranks = { number = 1, boolean = 2, string = 3 }

-- Values of one kind are compared as they are; letters without regard to case.
local function comparable(value)
  local kind = type(value)
  if kind == "boolean" then
    return value and 1 or 0, ranks.boolean
  elseif kind == "number" then
    return value, ranks.number
  elseif kind == "table" and not (getmetatable(value) or {}).__tostring then
    value = table.concat(value, ", ")
  end
  return tostring(value):lower(), ranks.string
end

local function entry_of(keys, view, object, place)
  local entry = { object = object, place = place }
  for index, key in ipairs(keys) do
    local value
    if view.get then
      value = view.get(object, key.field)
    else
      value = object[key.field]
    end
    if value ~= nil then
      local text, rank = comparable(value)
      entry[index] = { text, rank }
    end
  end
  return entry
end

local function is_before(keys, a, b)
  for index, key in ipairs(keys) do
    local one, other = a[index], b[index]
    if one and other then
      if one[2] ~= other[2] then
        return one[2] < other[2]
      elseif one[1] ~= other[1] then
        local less = one[1] < other[1]
        if key.descending then
          return not less
        end
        return less
      end
    elseif one or other then
      return one ~= nil
    end
  end
  return a.place < b.place
end

--- Sorts rows; equal ones stay in their order.
---@param keys table[] of `read`
---@param view lastpass.cli.View
---@param each fun(): any
---@return any[]
function M.sorted(keys, view, each)
  local entries = {}
  for object in each do
    entries[#entries + 1] = entry_of(keys, view, object, #entries + 1)
  end
  table.sort(entries, function(a, b)
    return is_before(keys, a, b)
  end)
  for place, entry in ipairs(entries) do
    entries[place] = entry.object
  end
  return entries
end

return M

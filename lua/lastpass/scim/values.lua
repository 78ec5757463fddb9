--- When two values of an attribute are the same, and which comes first: one rule for filters, PATCH, uniqueness and
-- sorting (scim §2.2).
-- @module lastpass.scim.values
local calendar = require "lastpass.time.civil"
local core = require "lastpass.core"

local M = {}

--- Whether two plain values are the same to the letter: what was stored beside what is to be.
---@param a any
---@param b any
---@return boolean
function M.identical(a, b)
  if a == b or type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not M.identical(value, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end

--- A string without the difference of case.
---@param text string
---@return string
function M.fold(text)
  if not text:find "[\128-\255]" then
    return text:lower()
  end
  -- the core's function cuts white space off the ends, which here is part of the value
  return (core.account_key("|" .. text .. "|"):sub(2, -2))
end

local DATE_TIME = "^(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt](%d%d):(%d%d):(%d%d)(.*)$"

local function offset_of(text)
  if text == "" or text == "Z" or text == "z" then
    return 0 -- without a zone: UTC
  end
  local sign, hour, min = text:match "^([+-])(%d%d):(%d%d)$"
  if not sign or tonumber(hour) > 14 or tonumber(min) > 59 then
    return nil
  end
  return (sign == "-" and -1 or 1) * (hour * 3600 + min * 60)
end

--- An xsd:dateTime as a string that sorts by time, the same for every zone.
---@param text string "2026-11-30T09:15:00.25+01:00"
---@return string|nil instant nil when it is no such time
function M.instant(text)
  local year, month, day, hour, min, sec, rest = text:match(DATE_TIME)
  if not year then
    return nil
  end
  local fraction = rest:match "^%.(%d+)"
  local offset = offset_of(fraction and rest:sub(#fraction + 2) or rest)
  local is_end_of_day = hour == "24"
    and min == "00"
    and sec == "00"
    and not (fraction or "0"):find "[^0]"
  local civil = calendar.civil(
    tonumber(year),
    tonumber(month),
    tonumber(day),
    is_end_of_day and 0 or tonumber(hour),
    tonumber(min),
    tonumber(sec)
  )
  if not civil or not offset then
    return nil
  end
  civil = civil - offset + (is_end_of_day and 86400 or 0)
  local digits = (fraction or ""):gsub("0+$", "")
  return ("%013.0f.%s"):format(civil - calendar.FIRST + 86400, digits)
end

--- A value as it is compared: folded unless the attribute is exact, times as instants. A value that has not
-- the attribute's type is itself.
---@param definition lastpass.scim.Attribute
---@param value any
---@return any
function M.comparable(definition, value)
  if type(value) ~= "string" then
    return value
  elseif definition.type == "dateTime" then
    return M.instant(value) or value
  elseif definition.case_exact or definition.type == "binary" then
    return value
  end
  return M.fold(value)
end

--- Whether two values are the same to an attribute.
---@param definition lastpass.scim.Attribute
---@param a any
---@param b any
---@return boolean
function M.same(definition, a, b)
  return M.comparable(definition, a) == M.comparable(definition, b)
end

--- Whether something says anything: neither null, "", an empty list, nor an object without such a part
-- (scim §2.2, §2.5).
---@param value any of a resource
---@return boolean
function M.is_present(value)
  if type(value) ~= "table" then
    return value ~= nil and value ~= "" and type(value) ~= "userdata"
  end
  for _, part in pairs(value) do
    if M.is_present(part) then
      return true
    end
  end
  return false
end

-- Unlike any other text with something after it.
local function delimited(text)
  return #text .. ":" .. text
end

--- What makes an element of a multi-valued attribute this one: its value (and its type, where that may
-- change); of those without a value, all that they say.
---@param definition lastpass.scim.Attribute the multi-valued one
---@param element table
---@return string
function M.identity(definition, element)
  local value, kind = definition.sub.value, definition.sub.type
  if value and element.value ~= nil then
    local key = delimited(tostring(M.comparable(value, element.value)))
    if kind and kind.mutability == "readWrite" and element.type ~= nil then
      return key .. tostring(M.comparable(kind, element.type))
    end
    return key
  end
  local parts = {}
  for index, sub in ipairs(definition.subs) do
    local part = element[sub.name]
    parts[index] = part == nil and "-" or delimited(tostring(M.comparable(sub, part)))
  end
  return "|" .. table.concat(parts)
end

return M

--- Values of reports as texts: for people, and for programs.
-- @module lastpass.report.values
local text = require "lastpass.text"
local time = require "lastpass.time"

local M = {}

local right = { count = true, score = true, share = true, days = true, duration = true }

--- Whether values of a kind stand at the right of their column.
---@param kind string|nil
---@return boolean
function M.is_number(kind)
  return right[kind] == true
end

local function number_text(value)
  if value == math.floor(value) then
    return ("%.0f"):format(value)
  end
  return (("%.6f"):format(value):gsub("0+$", ""))
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

--- A value as a program reads it: ISO 8601, seconds, fractions of 1, "yes" and "no", lists with "; ".
---@param value any
---@param kind string|nil
---@return string text "" for nothing
function M.plain(value, kind)
  if value == nil then
    return ""
  elseif kind == "time" then
    return time.iso(value)
  elseif kind == "list" then
    return table.concat(value, "; ")
  elseif type(value) == "boolean" then
    return value and "yes" or "no"
  elseif type(value) == "number" then
    return number_text(value)
  end
  return tostring(value)
end

return M

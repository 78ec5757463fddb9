--- Text for people: widths, tables, counts.
-- @module lastpass.text
local columns = require "lastpass.text.columns"
local signature = require "lastpass.signature"

local M = {}

for _, name in ipairs { "width", "clean", "cut", "wrap", "pad", "table" } do
  M[name] = columns[name]
end

--- Writes a number with commas between thousands.
---@param number number
---@return string text "12,345", "-1,234.5"
function M.count(number)
  local digits = number == math.floor(number) and ("%.0f"):format(number)
    or ("%.14g"):format(number)
  local sign, whole, rest = digits:match "^(-?)(%d+)(.*)$"
  if not whole or rest:find "e" then
    return digits
  end
  local grouped = whole:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", "")
  return sign .. grouped .. rest
end

--- Writes how many there are.
---@param number number
---@param one string "user"
---@param many? string default: `one` with an "s"
---@return string text "1 user", "2 users", "12,345 users"
function M.plural(number, one, many)
  return M.count(number) .. " " .. (number == 1 and one or many or one .. "s")
end

--- Writes how long something took, in the two units that matter.
---@param seconds number
---@return string text "340 ms", "4.2 s", "45 s", "2 m 05 s", "3 h 02 m", "2 d 03 h"
function M.duration(seconds)
  if seconds < 0 then
    return "-" .. M.duration(-seconds)
  elseif seconds == 0 then
    return "0 s"
  elseif seconds < 0.9995 then
    return ("%d ms"):format(math.max(1, math.floor(seconds * 1000 + 0.5)))
  elseif seconds < 9.95 and seconds ~= math.floor(seconds) then
    return ("%.1f s"):format(seconds)
  end
  local whole = math.floor(seconds + 0.5)
  if whole < 60 then
    return ("%d s"):format(whole)
  elseif whole < 3600 then
    return ("%d m %02d s"):format(math.floor(whole / 60), whole % 60)
  end
  -- From an hour on seconds are left out, rounded, so that 3599.9 s and 3600 s read alike.
  local minutes = math.floor(seconds / 60 + 0.5)
  if minutes < 24 * 60 then
    return ("%d h %02d m"):format(math.floor(minutes / 60), minutes % 60)
  end
  local hours = math.floor(seconds / 3600 + 0.5)
  return ("%d d %02d h"):format(math.floor(hours / 24), hours % 24)
end

signature.declare("text.", M, {
  count = "number: number",
  plural = "number: number, one: string, many?: string",
  duration = "seconds: number",
  width = "text: string",
  clean = "text: string, keep_lines?: boolean",
  cut = "text: string, width: number",
  wrap = "text: string, width: number",
  pad = "text: string, width: number, align?: string",
  table = "rows: table, columns: table, options?: table",
})

return M

--- Amounts that options take: sizes such as 100M, lengths of time such as 24h.
-- @module lastpass.cli.amounts
local errors = require "lastpass.error"

local M = {}

local function read(option, text, units, example)
  local number, unit = tostring(text):match "^(%d+%.?%d*)%s*(%a*)$"
  local factor = number and units[unit]
  if not factor then
    return errors.fail(
      "argument",
      "usage",
      ("--%s: '%s' is none; write %s"):format(option, tostring(text), example)
    )
  end
  local amount = math.floor(tonumber(number) * factor + 0.5)
  return math.tointeger and math.tointeger(amount) or amount
end

local sizes = {
  [""] = 1,
  K = 2 ^ 10,
  k = 2 ^ 10,
  M = 2 ^ 20,
  m = 2 ^ 20,
  G = 2 ^ 30,
  g = 2 ^ 30,
}

--- Reads a size.
---@param option string "rotate", for the message
---@param text string|nil "100M"; nil stays nil
---@return integer|nil bytes
---@return string? message
---@return lastpass.Error? err
function M.size(option, text)
  if text == nil then
    return nil
  end
  return read(option, text, sizes, "bytes, or 500K, 100M, 2G")
end

local lengths = { [""] = 1, s = 1, m = 60, h = 3600, d = 86400, w = 7 * 86400 }

--- Reads a length of time.
---@param option string "every", for the message
---@param text string|nil "24h"; nil stays nil
---@return integer|nil seconds
---@return string? message
---@return lastpass.Error? err
function M.duration(option, text)
  if text == nil then
    return nil
  end
  return read(option, text, lengths, "seconds, or 90s, 15m, 24h, 7d, 2w")
end

return M

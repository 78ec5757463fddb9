--- Base64 (RFC 4648), for bytes that JSON cannot carry: a fault may serve any reply.
-- @module lastpass.sandbox.base64
local M = {}

local floor = math.floor
local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local letter, value = {}, {}
for at = 1, 64 do
  letter[at - 1] = alphabet:sub(at, at)
  value[alphabet:byte(at)] = at - 1
end

--- Bytes to text.
---@param bytes string
---@return string
function M.encode(bytes)
  local parts = {}
  for at = 1, #bytes, 3 do
    local a, b, c = bytes:byte(at, at + 2)
    local number = a * 65536 + (b or 0) * 256 + (c or 0)
    parts[#parts + 1] = letter[floor(number / 262144)]
      .. letter[floor(number / 4096) % 64]
      .. (b and letter[floor(number / 64) % 64] or "=")
      .. (c and letter[number % 64] or "=")
  end
  return table.concat(parts)
end

--- Text to bytes.
---@param text string
---@return string|nil bytes nil when the text is no Base64
function M.decode(text)
  if #text % 4 ~= 0 or not text:find("^[%w+/]*=?=?$") then
    return nil
  end
  local parts = {}
  for at = 1, #text, 4 do
    local a, b, c, d = text:byte(at, at + 3)
    local number = value[a] * 262144 + value[b] * 4096 + (value[c] or 0) * 64 + (value[d] or 0)
    local bytes = string.char(floor(number / 65536), floor(number / 256) % 256, number % 256)
    parts[#parts + 1] = bytes:sub(1, value[d] and 3 or value[c] and 2 or 1)
  end
  return table.concat(parts)
end

return M

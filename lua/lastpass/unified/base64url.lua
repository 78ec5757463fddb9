--- Base64 for addresses (RFC 4648 §5, without padding).
-- @module lastpass.unified.base64url
local M = {}

local floor = math.floor
local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

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
    parts[#parts + 1] = letter[floor(number / 4096) % 64]
    parts[#parts + 1] = b and letter[floor(number / 64) % 64] or ""
    parts[#parts + 1] = c and letter[number % 64] or ""
  end
  return table.concat(parts)
end

local function bytes_of(a, b, c, d)
  local number = value[a] * 262144 + value[b] * 4096 + (value[c] or 0) * 64 + (value[d] or 0)
  local count = d and 3 or c and 2 or 1
  return string.char(floor(number / 65536), floor(number / 256) % 256, number % 256):sub(1, count)
end

--- Text to bytes. There is one text for each string of bytes: any other spelling is refused.
---@param text string
---@return string|nil bytes nil when the text is no Base64
function M.decode(text)
  if #text % 4 == 1 or not text:find "^[%w_-]*$" then
    return nil
  end
  local parts = {}
  for at = 1, #text, 4 do
    parts[#parts + 1] = bytes_of(text:byte(at, at + 3))
  end
  local bytes = table.concat(parts)
  return M.encode(bytes) == text and bytes or nil
end

return M

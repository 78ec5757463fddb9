--- Base64 (RFC 4648 §4), and its form for addresses (§5, without padding).
-- @module lastpass.text.base64
local floor = math.floor

local COMMON = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

local function encoder(alphabet, padding)
  local digit = {}
  for at = 1, 64 do
    digit[at - 1] = alphabet:sub(at, at)
  end
  return function(bytes)
    local parts = {}
    for at = 1, #bytes, 3 do
      local a, b, c = bytes:byte(at, at + 2)
      local number = a * 65536 + (b or 0) * 256 + (c or 0)
      parts[#parts + 1] = digit[floor(number / 262144)]
        .. digit[floor(number / 4096) % 64]
        .. (b and digit[floor(number / 64) % 64] or padding)
        .. (c and digit[number % 64] or padding)
    end
    return table.concat(parts)
  end
end

-- A character outside the alphabet counts as 0; encoding the bytes again then gives another string.
local function decoder(alphabet, encode)
  local value = {}
  for at = 1, 64 do
    value[alphabet:byte(at)] = at - 1
  end
  return function(text)
    local parts = {}
    for at = 1, #text, 4 do
      local a, b, c, d = text:byte(at, at + 3)
      local number = (value[a] or 0) * 262144
        + (value[b] or 0) * 4096
        + (value[c] or 0) * 64
        + (value[d] or 0)
      local bytes = string.char(floor(number / 65536), floor(number / 256) % 256, number % 256)
      parts[#parts + 1] = bytes:sub(1, value[d] and 3 or value[c] and 2 or 1)
    end
    local bytes = table.concat(parts)
    return encode(bytes) == text and bytes or nil
  end
end

local function form(alphabet, padding)
  local encode = encoder(alphabet, padding)
  return { encode = encode, decode = decoder(alphabet, encode) }
end

local M = {}

local standard = form(COMMON .. "+/", "=")

--- Bytes to text.
---@param bytes string
---@return string
M.encode = standard.encode

--- Text to bytes. There is one text for each string of bytes: any other spelling is refused.
---@param text string
---@return string|nil bytes nil when the text is no Base64
M.decode = standard.decode

--- `encode` and `decode` of the form for addresses.
M.url = form(COMMON .. "-_", "")

return M

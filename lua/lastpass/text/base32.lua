--- Base32 (RFC 4648 §6), as keys of one-time codes are written.
-- @module lastpass.text.base32
local floor = math.floor

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

local digit, value = {}, {}
for at = 1, 32 do
  digit[at - 1] = ALPHABET:sub(at, at)
  value[ALPHABET:byte(at)] = at - 1
end

local M = {}

--- Bytes to text, in upper case, without padding.
---@param bytes string
---@return string
function M.encode(bytes)
  local parts = {}
  local number, bits = 0, 0
  for at = 1, #bytes do
    number, bits = number * 256 + bytes:byte(at), bits + 8
    while bits >= 5 do
      bits = bits - 5
      local unit = 2 ^ bits
      parts[#parts + 1] = digit[floor(number / unit)]
      number = number % unit
    end
  end
  if bits > 0 then
    parts[#parts + 1] = digit[number * 2 ^ (5 - bits)]
  end
  return table.concat(parts)
end

-- So many characters after the last eight give whole bytes.
local is_whole = { [0] = true, [2] = true, [4] = true, [5] = true, [7] = true }

--- Text to bytes. Case, white space, hyphens and padding at the end do not matter, as people type and copy keys; neither do
-- the bits of the last character that make no byte.
---@param text string
---@return string|nil bytes nil when the text is no Base32
function M.decode(text)
  local plain = text:gsub("[%s-]", ""):gsub("=*$", ""):upper()
  if not is_whole[#plain % 8] then
    return nil
  end
  local parts = {}
  local number, bits = 0, 0
  for at = 1, #plain do
    local five = value[plain:byte(at)]
    if not five then
      return nil
    end
    number, bits = number * 32 + five, bits + 5
    if bits >= 8 then
      bits = bits - 8
      local unit = 2 ^ bits
      parts[#parts + 1] = string.char(floor(number / unit))
      number = number % unit
    end
  end
  return table.concat(parts)
end

return M

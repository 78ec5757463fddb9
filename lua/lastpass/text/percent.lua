--- Percent-encoding (RFC 3986 §2.1).
-- @module lastpass.text.percent
local M = {}

local encoded = {}
for byte = 0, 255 do
  encoded[string.char(byte)] = ("%%%02X"):format(byte)
end

--- A string as a segment of a path or a part of a query: all but unreserved characters are encoded.
---@param text string
---@return string
function M.encode(text)
  return (text:gsub("[^%w%-._~]", encoded))
end

-- By two digits, each of either case.
local decoded = {}
for byte = 0, 255 do
  local first, second = ("%x"):format(math.floor(byte / 16)), ("%x"):format(byte % 16)
  for _, one in ipairs { first, first:upper() } do
    decoded[one .. second], decoded[one .. second:upper()] = string.char(byte), string.char(byte)
  end
end

--- What `encode` made, whatever the case of the digits.
---@param text string
---@param plus_is_space? boolean as forms write it
---@return string|nil text nil when a "%" is not followed by two digits
function M.decode(text, plus_is_space)
  if plus_is_space and text:find("+", 1, true) then
    text = text:gsub("%+", " ")
  end
  -- patterns look at every character of a text that may be long, and of which few are encoded
  local at = text:find("%", 1, true)
  if not at then
    return text
  end
  local parts, from = {}, 1
  while at do
    local byte = decoded[text:sub(at + 1, at + 2)]
    if not byte then
      return nil
    end
    parts[#parts + 1] = text:sub(from, at - 1)
    parts[#parts + 1] = byte
    from = at + 3
    at = text:find("%", from, true)
  end
  parts[#parts + 1] = text:sub(from)
  return table.concat(parts)
end

--- Takes a query, or the body of a form, apart; nothing is merged or left out.
---@param text string without "?"
---@param most? integer parameters; default 100
---@return table[]|nil list in their order: {name, value, raw_name, raw_value}, the raw ones as they came
---@return string? message
function M.form(text, most)
  local list = {}
  for part in text:gmatch "[^&]+" do
    local raw_name, raw_value = part:match "^([^=]*)=?(.*)$"
    local name, value = M.decode(raw_name, true), M.decode(raw_value, true)
    if not name or not value then
      return nil, 'a "%" is not followed by two hexadecimal digits'
    elseif #list >= (most or 100) then
      return nil, ("there are more than %d parameters"):format(most or 100)
    end
    list[#list + 1] = { name = name, value = value, raw_name = raw_name, raw_value = raw_value }
  end
  return list
end

return M

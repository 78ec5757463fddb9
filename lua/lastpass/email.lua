--- E-mail addresses: is this one, and which of them are the same account.
-- LastPass names people by address and does not tell "Ann@" from "ann@".
-- @module lastpass.email
local M = {}

-- RFC 5321 §4.5.3.1.3: a path is 256 bytes, its angle brackets included.
local MAX_BYTES = 254

-- Explicit ranges, here and below: %a and string.lower follow the C locale.
local plain = "^[A-Za-z0-9_'+-][A-Za-z0-9_'+.-]*@[A-Za-z0-9-][A-Za-z0-9.-]*$"

local lower = {}
for byte = ("A"):byte(), ("Z"):byte() do
  lower[string.char(byte)] = string.char(byte + 32)
end

-- Spaces to cut off at either end: ASCII ones, and those of Unicode that do not break lines.
local spaces = { ["\194\160"] = true, ["\226\128\135"] = true, ["\226\128\175"] = true }
spaces["\239\187\191"] = true
for char in (" \t\n\v\f\r"):gmatch "." do
  spaces[char] = true
end

-- What cannot be seen and is not ASCII; inside an address even the spaces above.
local invisible = {
  "\194[\128-\160\173]", -- C1 controls, no-break space, soft hyphen
  "\225\154\128", -- Ogham space
  "\226\128[\128-\143\168-\175]", -- U+2000-200F, U+2028-202F
  "\226\129[\159-\175]", -- U+205F-206F
  "\227\128\128", -- ideographic space
  "\239\187\191", -- zero width no-break space
}

-- A continuation byte, within narrower bounds when the first byte asks for them (RFC 3629 §4).
local function continues(byte, low, high)
  return byte and byte >= (low or 0x80) and byte <= (high or 0xBF)
end

local function sequence_length(first, second, third, fourth)
  if first >= 0xC2 and first <= 0xDF and continues(second) then
    return 2
  elseif first >= 0xE0 and first <= 0xEF then
    local low, high = first == 0xE0 and 0xA0 or nil, first == 0xED and 0x9F or nil
    return continues(second, low, high) and continues(third) and 3
  elseif first >= 0xF0 and first <= 0xF4 then
    local low, high = first == 0xF0 and 0x90 or nil, first == 0xF4 and 0x8F or nil
    return continues(second, low, high) and continues(third) and continues(fourth) and 4
  end
  return nil
end

local function is_utf8(text)
  local position = text:find("[\128-\255]")
  while position do
    local length = sequence_length(text:byte(position, position + 3))
    if not length then
      return false
    end
    position = text:find("[\128-\255]", position + length)
  end
  return true
end

-- Bytes of the space between two positions that stands at the first, or at the last.
local function space_length(text, first, last, at_end)
  for length = 1, math.min(3, last - first + 1) do
    local from = at_end and last - length + 1 or first
    if spaces[text:sub(from, from + length - 1)] then
      return length
    end
  end
  return nil
end

--- Cuts the spaces off both ends, no-break spaces included.
---@param text string
---@return string text
function M.trim(text)
  local first, last = 1, #text
  local length = space_length(text, first, last, false)
  while length do
    first = first + length
    length = space_length(text, first, last, false)
  end
  length = space_length(text, first, last, true)
  while length do
    last = last - length
    length = space_length(text, first, last, true)
  end
  return text:sub(first, last)
end

local function part_fault(part, name)
  if part == "" then
    return "nothing " .. name .. " the @"
  elseif part:find("^%.") or part:find("%.$") then
    return "a dot at the edge of the part " .. name .. " the @"
  elseif part:find("..", 1, true) then
    return "two dots in a row"
  end
  return nil
end

local function fault_of(text)
  if text == "" then
    return "it is empty"
  elseif #text > MAX_BYTES then
    return ("it is longer than %d bytes"):format(MAX_BYTES)
  elseif text:find("[%z\1-\8\14-\31\127]") then
    return "it has a control character"
  elseif text:find("[ \t-\r]") then
    return "it has a space"
  elseif not is_utf8(text) then
    return "it is not valid UTF-8"
  end
  for _, pattern in ipairs(invisible) do
    if text:find(pattern) then
      return "it has a character that cannot be seen"
    end
  end
  local before, after = text:match("^([^@]*)@(.*)$")
  if not before then
    return "it has no @"
  elseif after:find("@", 1, true) then
    return "it has more than one @"
  end
  local stray = text:match('[][()<>,;:\\"]') or after:match("[!-,/:-?[-^`{-~]")
  if stray then
    return ("'%s' cannot be in an address"):format(stray)
  end
  return part_fault(before, "before") or part_fault(after, "after")
end

--- Tells whether a text is an e-mail address. Characters beyond ASCII are accepted; quoted local
-- parts and address literals (`"a b"@x`, `a@[10.0.0.1]`) are not.
---@param text string spaces around it are ignored
---@return string|nil address as written, without the spaces
---@return string? reason what is wrong, as "it has no @"
function M.check(text)
  if
    #text <= MAX_BYTES
    and text:find(plain)
    and not text:find("..", 1, true)
    and not text:find("[.]@")
    and not text:find("@.", 1, true)
    and not text:find("[.]$")
  then
    return text
  end
  text = M.trim(text)
  local fault = fault_of(text)
  if fault then
    return nil, fault
  end
  return text
end

--- The key under which an address is compared: trimmed, ASCII letters in lower case. Other
-- letters stay as they are, so two addresses never fall together by a rule of some locale.
---@param text string
---@return string key
function M.fold(text)
  if text:find("^[ \t-\r\194\226\239]") or text:find("[ \t-\r\160\135\175\191]$") then
    text = M.trim(text)
  end
  return (text:gsub("[A-Z]", lower))
end

return M

--- Reads TZif, the compiled form of the time zone database (RFC 8536), versions 1 to 3 and later.
-- @module lastpass.time.tzif
local M = {}

local HEADER_BYTES = 44

local function unsigned32(data, position)
  local a, b, c, d = data:byte(position, position + 3)
  return a * 16777216 + b * 65536 + c * 256 + d
end

local function signed32(data, position)
  local value = unsigned32(data, position)
  return value < 2147483648 and value or value - 4294967296
end

local function signed64(data, position)
  return signed32(data, position) * 4294967296 + unsigned32(data, position + 4)
end

-- Where the parts of one data block lie; nil when the file is too short for them.
local function read_header(data, start, time_bytes)
  if #data < start + HEADER_BYTES - 1 or data:sub(start, start + 3) ~= "TZif" then
    return nil
  end
  local header = {
    version = data:byte(start + 4),
    universal = unsigned32(data, start + 20),
    standard = unsigned32(data, start + 24),
    leaps = unsigned32(data, start + 28),
    times = unsigned32(data, start + 32),
    kinds = unsigned32(data, start + 36),
    characters = unsigned32(data, start + 40),
    time_bytes = time_bytes,
  }
  header.times_at = start + HEADER_BYTES
  header.indexes_at = header.times_at + header.times * time_bytes
  header.kinds_at = header.indexes_at + header.times
  header.characters_at = header.kinds_at + header.kinds * 6
  header.finish = header.characters_at
    + header.characters
    + header.leaps * (time_bytes + 4)
    + header.standard
    + header.universal
  if header.finish > #data + 1 then
    return nil
  end
  return header
end

local function read_kinds(data, header)
  local kinds = {}
  for index = 0, header.kinds - 1 do
    local at = header.kinds_at + index * 6
    local name_at = data:byte(at + 5)
    if name_at >= header.characters then
      return nil
    end
    kinds[index] = {
      offset = signed32(data, at),
      daylight = data:byte(at + 4) ~= 0,
      abbreviation = data:match("^%Z*", header.characters_at + name_at),
    }
  end
  return kinds
end

-- What holds before the first change: RFC 8536 says the first kind; the C library, which people
-- compare with, skips daylight ones.
local function first_kind(kinds, count)
  for index = 0, count - 1 do
    if not kinds[index].daylight then
      return kinds[index]
    end
  end
  return kinds[0]
end

local function read_block(data, header)
  local kinds = read_kinds(data, header)
  if not kinds or header.kinds == 0 then
    return nil, "it names no valid kind of local time"
  end
  local read_time = header.time_bytes == 8 and signed64 or signed32
  local changes, previous = {}, -math.huge
  for index = 0, header.times - 1 do
    local at = read_time(data, header.times_at + index * header.time_bytes)
    local kind = kinds[data:byte(header.indexes_at + index)]
    if not kind or at <= previous then
      return nil, "its changes are not in order"
    end
    changes[index + 1] = { at = at, kind = kind }
    previous = at
  end
  return { first = first_kind(kinds, header.kinds), changes = changes }
end

--- Reads the bytes of a TZif file.
---@param data string
---@return table|nil content {first = kind, changes = {{at = utc, kind}, …}, footer = POSIX rule or
-- nil}, with kind = {offset, daylight, abbreviation}
---@return string? reason
function M.parse(data)
  local header = read_header(data, 1, 4)
  if not header then
    return nil, "it is no TZif file, or cut short"
  end
  -- From version 2 on the 32-bit block is only for old readers: the real one follows.
  local newer = header.version ~= 0
  if newer then
    header = read_header(data, header.finish, 8)
    if not header then
      return nil, "it is cut short"
    end
  end
  if header.leaps > 0 then
    return nil, "it counts leap seconds, which UTC epoch seconds do not"
  end
  local content, reason = read_block(data, header)
  if content and newer then
    content.footer = data:match("^\n([^\n]+)\n", header.finish)
  end
  return content, reason
end

return M

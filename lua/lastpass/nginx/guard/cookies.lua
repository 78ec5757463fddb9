--- Cookies: reading the header of a request, and the headers that set and forget them. A value that is too long for one
-- cookie is spread over several.
-- @module lastpass.nginx.guard.cookies
local M = {}

-- Browsers store 4,096 bytes of a cookie, name and attributes included. nginx takes header lines of 8 KiB by default, and
-- other cookies need space too.
local CHUNK = 3500
local MOST_CHUNKS = 2

--- Bytes of the longest value.
M.LONGEST = CHUNK * MOST_CHUNKS

local function is_space(byte)
  return byte == 32 or byte ~= nil and byte >= 9 and byte <= 13
end

-- In linear time, whatever white space there is; values are long, and have none.
local function trim(text)
  if is_space(text:byte(1)) then
    text = text:match "^%s*(.*)$"
  end
  return is_space(text:byte(-1)) and (text:match "^.*%S" or "") or text
end

--- The cookies of a request. Of a name that is there twice none counts: one of them was planted.
---@param header string|string[]|nil Cookie
---@return table<string, string>
function M.read(header)
  local values, seen = {}, {}
  if type(header) == "table" then
    header = table.concat(header, "; ")
  end
  for pair in (header or ""):gmatch "[^;]+" do
    local equals = pair:find("=", 1, true)
    local name = equals and trim(pair:sub(1, equals - 1)) or ""
    if name ~= "" then
      values[name] = not seen[name] and trim(pair:sub(equals + 1)) or nil
      seen[name] = true
    end
  end
  return values
end

--- The text of Set-Cookie. Path and the missing domain are what the prefix "__Host-" asks for.
---@param name string
---@param value string
---@param site "Lax"|"None"
---@param max_age? integer seconds; default until the browser ends
---@return string
function M.set(name, value, site, max_age)
  return ("%s=%s; Path=/; Secure; HttpOnly; SameSite=%s%s"):format(
    name,
    value,
    site,
    max_age and ("; Max-Age=%d"):format(max_age) or ""
  )
end

--- The text of Set-Cookie that has a browser forget a cookie.
function M.forget(name, site)
  return M.set(name, "", site, 0)
end

local function chunk_name(name, index)
  return index == 1 and name or ("%s.%d"):format(name, index)
end

--- Spreads a value over as many cookies as it needs, and forgets those of an earlier, longer one.
---@param name string
---@param value string
---@param site "Lax"|"None"
---@param present? table<string, string> cookies of the request
---@return string[]|nil headers nil when it is longer than `LONGEST`
function M.spread(name, value, site, present)
  if #value > M.LONGEST then
    return nil
  end
  local headers = {}
  local count = math.max(1, math.ceil(#value / CHUNK))
  for index = 1, count do
    local part = value:sub((index - 1) * CHUNK + 1, index * CHUNK)
    -- the first one says how many there are, so that one of an older value is never taken for a part of it
    local text = index == 1 and ("%d~%s"):format(count, part) or part
    headers[index] = M.set(chunk_name(name, index), text, site)
  end
  for index = count + 1, MOST_CHUNKS do
    local old = chunk_name(name, index)
    if present and present[old] then
      headers[#headers + 1] = M.forget(old, site)
    end
  end
  return headers
end

--- The value that was spread.
---@param name string
---@param present table<string, string>
---@return string|nil value nil when a part is missing
---@return boolean? has_surplus whether there are parts of an older, longer value
function M.gather(name, present)
  local first = present[name]
  local count, part = (first or ""):match "^(%d)~(.*)$"
  count = tonumber(count)
  if not count or count < 1 or count > MOST_CHUNKS then
    return nil
  elseif count == 1 then
    return part, present[chunk_name(name, 2)] ~= nil
  end
  local parts = { part }
  for index = 2, count do
    parts[index] = present[chunk_name(name, index)]
    if not parts[index] then
      return nil
    end
  end
  return table.concat(parts)
end

--- The headers that forget all parts that a request has.
---@param name string
---@param site "Lax"|"None"
---@param present table<string, string>
---@return string[]
function M.forget_all(name, site, present)
  local headers = { M.forget(name, site) }
  for index = 2, MOST_CHUNKS do
    if present[chunk_name(name, index)] then
      headers[#headers + 1] = M.forget(chunk_name(name, index), site)
    end
  end
  return headers
end

--- A Cookie header without the guard's own cookies: the application behind must not get them.
---@param header string
---@param prefix string what their names begin with
---@return string|nil rest nil when nothing is left
---@return boolean changed
function M.without(header, prefix)
  local kept, changed = {}, false
  for pair in header:gmatch "[^;]+" do
    pair = trim(pair)
    if pair:sub(1, #prefix) == prefix then
      changed = true
    elseif pair ~= "" then
      kept[#kept + 1] = pair
    end
  end
  return kept[1] and table.concat(kept, "; ") or nil, changed
end

return M

--- Replies without secrets: the bytes as LastPass sent them, but for values that may be secret. The
-- attributes of an account hold anything (enterprise-api §4.1), and so does the data of events (§7).
-- @module lastpass.report.evidence.redact
local errors = require "lastpass.error"
local json = require "lastpass.json"

local M = {}

--- What replaces a secret.
M.MARK = "(removed)"

-- The end of the JSON string that begins at a quote.
local function string_end(text, from)
  local at = from + 1
  while true do
    local position = text:find('["\\]', at)
    if not position or text:byte(position) == 34 then
      return position
    end
    at = position + 2
  end
end

-- The end of the JSON object that begins at a brace.
local function object_end(text, from)
  local depth, at = 0, from
  while true do
    local position = text:find('["{}]', at)
    if not position then
      return nil
    end
    local byte = text:byte(position)
    if byte == 34 then
      position = string_end(text, position)
      if not position then
        return nil
      end
    else
      depth = depth + (byte == 123 and 1 or -1)
      if depth == 0 then
        return position
      end
    end
    at = position + 1
  end
end

local function blank(value, keep)
  local copy, removed = {}, 0
  for name, item in pairs(value) do
    if keep[name] and type(item) ~= "table" then
      copy[name] = item
    else
      copy[name], removed = M.MARK, removed + 1
    end
  end
  return copy, removed
end

local secret_names = {
  "passwords?",
  "passwd",
  "passphrase",
  "pwd",
  "secret",
  "token",
  "apikey",
  "api_key",
  "api%-key",
  "provhash",
}

--- Takes what looks like a secret out of an event's data: credentials and queries of addresses, and
-- what follows "password=" and the like.
---@param data string
---@return string
function M.data(data)
  local text = data:gsub("(%a[%w+.-]*://)[^%s/@]+@", "%1" .. M.MARK .. "@")
  text = text:gsub("(%a[%w+.-]*://[^%s?#'\"]*)%?[^%s'\"]*", "%1?" .. M.MARK)
  local folded = text:lower()
  for _, name in ipairs(secret_names) do
    local from, to = folded:find(name .. "%s*[=:]%s*[^%s,;'\"]+")
    while from do
      local head = text:sub(from, to):match "^.-[=:]%s*"
      text = text:sub(1, from - 1) .. head .. M.MARK .. text:sub(to + 1)
      folded = text:lower()
      from, to = folded:find(name .. "%s*[=:]%s*[^%s,;'\"]+", from + #head + #M.MARK)
    end
  end
  return text
end

-- Replaces values of a key: `change(value text)` gives the new text, or nil to leave it.
local function replace(text, key, opening, ending, change)
  local parts, at = {}, 1
  while true do
    local from, to = text:find('"' .. key .. '"%s*:%s*' .. opening, at)
    if not from then
      break
    end
    local last = ending(text, to)
    if not last then
      break
    end
    parts[#parts + 1] = text:sub(at, to - 1)
    local old = text:sub(to, last)
    parts[#parts + 1] = change(old) or old
    at = last + 1
  end
  parts[#parts + 1] = text:sub(at)
  return table.concat(parts)
end

-- Whatever way a key was written, no value may be left.
local function is_clean(value, keep)
  for name, item in pairs(value) do
    if name == "attribs" and type(item) == "table" then
      for attribute, one in pairs(item) do
        if one ~= M.MARK and not keep[attribute] then
          return false
        end
      end
    elseif name == "Data" and type(item) == "string" and M.data(item) ~= item then
      return false
    elseif type(item) == "table" and not is_clean(item, keep) then
      return false
    end
  end
  return true
end

--- Takes secrets out of a reply.
---@param body string JSON
---@param keep table<string, true> attributes whose values stay
---@return string|nil text
---@return integer|string removed how many values; or the message
---@return lastpass.Error? err code "secrets_left" when that cannot be made sure
function M.reply(body, keep)
  local removed = 0
  local text = replace(body, "attribs", "{", object_end, function(old)
    local value = json.decode(old)
    if type(value) ~= "table" or next(value) == nil then
      return nil
    end
    local copy, count = blank(value, keep)
    removed = removed + count
    return count > 0 and json.encode(copy) or nil
  end)
  text = replace(text, "Data", '"', string_end, function(old)
    local value = json.decode(old)
    local clean = type(value) == "string" and M.data(value)
    if not clean or clean == value then
      return nil
    end
    removed = removed + 1
    return json.encode(clean)
  end)
  local value = json.decode(text)
  if type(value) ~= "table" or not is_clean(value, keep) then
    return errors.fail(
      "protocol",
      "secrets_left",
      "a reply has secrets in a form that is not known"
    )
  end
  return text, removed
end

return M

--- Takes secrets out of what is exported (enterprise-api §7): passwords, keys and hashes that somebody
-- wrote where they do not belong. What is taken out is named, so that one sees that there was
-- something.
-- @module lastpass.export.redact
local M = {}

--- What stands in a secret's place.
M.MARK = "[redacted]"

-- Names behind which a secret stands: "password: x", "api_key=x", '"pwd":"x"'.
local NAMES = {
  "password",
  "passwd",
  "passphrase",
  "passcode",
  "pwd",
  "secret",
  "token",
  "provhash",
  "hash",
  "key",
  "apikey",
  "accesskey",
  "authorization",
  "otp",
  "pin",
}

local is_name = {}
for _, name in ipairs(NAMES) do
  is_name[name] = true
end

-- 32 hexadecimal digits or more: a provisioning hash has 64, an MD5 32.
local HEX = ("%x"):rep(32) .. "%x*"

local function redact_words(text)
  text = text:gsub(HEX, M.MARK)
  text = text:gsub("lpkey_[%w_%-]+", M.MARK)
  -- https://user:password@host
  return (text:gsub("(://[^%s/:@]*:)[^%s/@]+@", "%1" .. M.MARK .. "@"))
end

local schemes = { bearer = true, basic = true, splunk = true, apikey = true }

-- Where the value that begins at `from` has its secret, from and to: of a quoted one, else of a word; "Bearer x" is two.
local function value_end(text, from)
  local quote = text:match("^[\"']", from)
  if quote then
    local at = from
    repeat
      at = text:find(quote, at + 1, true)
    until not at or text:sub(at - 1, at - 1) ~= "\\"
    return from + 1, (at or #text + 1) - 1
  end
  local scheme = text:match("^%a+ +", from)
  local is_scheme = scheme and schemes[scheme:match("^%a+"):lower()]
  local start = is_scheme and from + #scheme or from
  local _, to = text:find("^[^%s,;&\"'}%]]+", start)
  return start, to
end

-- What follows a telling name and a ":" or "=".
local function redact_named(text)
  local parts, at = {}, 1
  while true do
    local from, to, name = text:find("([%a][%w_%-]*)[\"']?%s*[:=]%s*", at)
    if not from then
      break
    end
    local first, last = nil, nil
    local folded = name:lower()
    if is_name[folded] or is_name[folded:match "[^_%-]+$" or ""] then
      first, last = value_end(text, to + 1)
    end
    if first and last and last >= first then
      parts[#parts + 1] = text:sub(at, first - 1)
      parts[#parts + 1] = M.MARK
      at = last + 1
    else
      parts[#parts + 1] = text:sub(at, to)
      at = to + 1
    end
  end
  parts[#parts + 1] = text:sub(at)
  return table.concat(parts)
end

--- A text without the secrets in it.
---@param text string
---@return string text the same when there is none
function M.text(text)
  return redact_words(redact_named(text))
end

--- A value without the secrets in it: what stands under a telling name goes whole, all other texts
-- as by `text`. For attributes of users and for replies kept as evidence.
---@param value any tables are copied
---@return any
function M.value(value)
  if type(value) == "string" then
    return M.text(value)
  elseif type(value) ~= "table" then
    return value
  end
  local copy = setmetatable({}, getmetatable(value))
  for key, item in pairs(value) do
    local folded = type(key) == "string" and key:lower()
    local telling = folded and (is_name[folded] or is_name[folded:match "[^_%-]+$" or ""])
    local keeps = type(item) == "boolean" or item == ""
    copy[key] = telling and not keeps and M.MARK or M.value(item)
  end
  return copy
end

--- Takes the secrets out of the Data of events.
---@param rows userdata events of the core, which has marked those that are worth a look
---@return integer count of events changed
function M.events(rows)
  local count = 0
  for _, row in ipairs(rows:suspects()) do
    local data = rows:at(row, "data")
    local clean = M.text(data)
    if clean ~= data then
      rows:set(row, "data", clean)
      count = count + 1
    end
  end
  return count
end

return M

--- What does not leave: secrets (enterprise-api §7), passwords, keys and hashes that somebody wrote where they do
-- not belong, are replaced by a mark; and, when that is asked for, people by pseudonyms.
-- @module lastpass.export.redact
local core = require "lastpass.core"
local errors = require "lastpass.error"

local M = {}

--- What replaces a secret.
M.MARK = "[redacted]"

-- Names that a secret follows: "password: x", "api_key=x", '"pwd":"x"'.
local NAMES = "password passwd passphrase passcode pwd secret token provhash hash key apikey "
  .. "accesskey authorization otp pin"

local is_name = {}
for name in NAMES:gmatch "%S+" do
  is_name[name] = true
end

-- Whether a name, or its last word, is that of a secret.
local function names_secret(name)
  local folded = name:lower()
  return is_name[folded] or is_name[folded:match "[^_%-]+$" or ""] or false
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

-- The first and the last position of the secret in the value that begins at `from`: a quoted one, else a word;
-- "Bearer x" is two.
local function secret_at(text, from)
  local quote = text:match("^[\"']", from)
  if quote then
    local last = from
    repeat
      last = text:find(quote, last + 1, true)
    until not last or text:sub(last - 1, last - 1) ~= "\\"
    return from + 1, (last or #text + 1) - 1
  end
  local scheme = text:match("^%a+ +", from)
  local is_scheme = scheme and schemes[scheme:match("^%a+"):lower()]
  local start = is_scheme and from + #scheme or from
  local _, to = text:find("^[^%s,;&\"'}%]]+", start)
  return start, to
end

-- What follows such a name and a ":" or "=".
local function redact_named(text)
  local parts, position = {}, 1
  while true do
    local from, to, name = text:find("([%a][%w_%-]*)[\"']?%s*[:=]%s*", position)
    if not from then
      break
    end
    local first, last
    if names_secret(name) then
      first, last = secret_at(text, to + 1)
    end
    if first and last and last >= first then
      parts[#parts + 1] = text:sub(position, first - 1)
      parts[#parts + 1] = M.MARK
      position = last + 1
    else
      parts[#parts + 1] = text:sub(position, to)
      position = to + 1
    end
  end
  parts[#parts + 1] = text:sub(position)
  return table.concat(parts)
end

--- A string without the secrets in it.
---@param text string
---@return string text the same when there is none
function M.text(text)
  return redact_words(redact_named(text))
end

--- Takes the secrets out of the Data of events.
---@param rows userdata events of the core, which has marked those to be checked
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

-- Enough of the hash: among a million people two have the same 16 bytes with probability 10^-27.
local DIGITS = 32

local MOST_CACHED = 100000

-- Not people: the API itself, in older accounts (enterprise-api §4.11).
local nobody = { [""] = true, ["api"] = true }

local ADDRESS = "[%w!#$%%&'*+/=?^_`{|}~.\128-\255-]+@[%w.\128-\255-]+"

-- Looks like an address, so that what reads events still sees a person (RFC 2606: no such domain).
local DOMAIN = "@pseudonym.invalid"

local pseudonyms = {}
local pseudonyms_mt = { __name = "lastpass.export.pseudonyms", __index = pseudonyms }

--- People under other names: each address becomes an HMAC-SHA-256, the same one as long as the key is the
-- same, so that events can be counted by person without knowing the person. Who has the key can find out who it
-- was; who has not cannot even try names.
---@param key userdata made by `lastpass.secret`
---@return table|nil pseudonyms
---@return string? message
---@return lastpass.Error? err code "no_libcrypto"
function M.pseudonyms(key)
  local hash, message, code = core.hmac(key, "")
  if not hash then
    return errors.fail("argument", code, message, { hint = "apt install libssl3" })
  end
  return setmetatable({ key = key, known = {}, count = 0 }, pseudonyms_mt)
end

--- The pseudonym of a name; the case of letters makes no other person.
---@param name string
---@return string
function pseudonyms:of(name)
  local folded = name:lower()
  if nobody[folded] then
    return name
  end
  local known = self.known[folded]
  if not known then
    if self.count >= MOST_CACHED then
      self.known, self.count = {}, 0
    end
    known = core.hmac(self.key, folded):sub(1, DIGITS) .. DOMAIN
    self.known[folded], self.count = known, self.count + 1
  end
  return known
end

--- A string in which every address is replaced.
---@param text string
---@return string
function pseudonyms:text(text)
  if not text:find("@", 1, true) then
    return text
  end
  return (
    text:gsub(ADDRESS, function(found)
      -- Data has addresses in quotes, before a stop, and before "-Shared-<folder>" (§8.2)
      local quotes, address = found:match "^('*)(.*)$"
      local bare = address:match "^(.-@.-)%-Shared%-" or address:match "^(.-)[.%-]*$"
      return quotes .. self:of(bare) .. address:sub(#bare + 1)
    end)
  )
end

--- Replaces the people of events. The identifiers become HMACs too: a hash without a key over all that
-- an event says would let names be tried.
---@param rows userdata events of the core
function pseudonyms:events(rows)
  core.hmac_events(rows, self.key)
  for row = 1, #rows do
    if not rows:at(row, "dropped") then
      rows:set(row, "username", self:of(rows:at(row, "username")))
      local data = rows:at(row, "data")
      local changed = self:text(data)
      if changed ~= data then
        rows:set(row, "data", changed)
      end
    end
  end
end

return M

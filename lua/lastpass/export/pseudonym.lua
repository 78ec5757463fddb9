--- People under other names: each address becomes a keyed hash (HMAC-SHA-256), the same one as long
-- as the key is the same, so that events can be counted by person without knowing the person. Who
-- has the key can tell who it was; who has not cannot even try names.
-- @module lastpass.export.pseudonym
local core = require "lastpass.core"
local errors = require "lastpass.error"

local M = {}

-- Enough of the hash: among a million people two have the same 16 bytes with probability 10^-27.
local DIGITS = 32

local MOST_KEPT = 100000

-- Not people: the API itself, in older accounts (enterprise-api §4.11).
local nobody = { [""] = true, ["api"] = true }

local ADDRESS = "[%w!#$%%&'*+/=?^_`{|}~.\128-\255-]+@[%w.\128-\255-]+"

-- Looks like an address, so that what reads events still sees a person (RFC 2606: no such domain).
local DOMAIN = "@pseudonym.invalid"

local methods = {}
local pseudonym_mt = { __name = "lastpass.export.pseudonym", __index = methods }

--- Makes the pseudonyms of a key.
---@param key userdata made by `lastpass.secret`
---@return table|nil pseudonyms
---@return string? message
---@return lastpass.Error? err code "no_libcrypto"
function M.new(key)
  local hash, message, code = core.keyed_hash(key, "")
  if not hash then
    return errors.fail("argument", code, message, { hint = "apt install libssl3" })
  end
  return setmetatable({ key = key, known = {}, count = 0 }, pseudonym_mt)
end

--- The pseudonym of a name; the case of letters makes no other person.
---@param name string
---@return string
function methods:of(name)
  local folded = name:lower()
  if nobody[folded] then
    return name
  end
  local known = self.known[folded]
  if not known then
    if self.count >= MOST_KEPT then
      self.known, self.count = {}, 0
    end
    known = core.keyed_hash(self.key, folded):sub(1, DIGITS) .. DOMAIN
    self.known[folded], self.count = known, self.count + 1
  end
  return known
end

--- A text in which every address is replaced.
---@param text string
---@return string
function methods:text(text)
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

--- Replaces the people of events. The identifiers become keyed too: a hash without a key over all that
-- an event says would let names be tried.
---@param rows userdata events of the core
function methods:events(rows)
  core.key_events(rows, self.key)
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

--- A proof: that somebody has shown a second factor on this device. It is kept by the browser, sealed, like a session of
-- the SAML guard; the server keeps only which proofs have ended before their time. What a proof can do is measured from
-- the moment of the proof itself: using it makes it no younger.
-- @module lastpass.nginx.mfa.proof
local base64url = require("lastpass.text.base64").url
local cookies = require "lastpass.nginx.guard.cookies"
local digest = require "lastpass.digest"
local json = require "lastpass.json"
local recent = require "lastpass.nginx.guard.recent"
local revocations = require "lastpass.nginx.guard.revoked"

---@class lastpass.nginx.mfa.Proof
---@field id string
---@field account string
---@field device string
---@field session string|nil   the session at whoever has signed the person in
---@field at number            when the factor was shown
---@field issued number        the same by the clock of the journal
---@field by "push"|"code"|"recovery"
---@field asked string|nil     the methods that the phone was asked for
---@field evidence string      "answered" (by LastPass) or "proved" (here)
---@field ends number

---@class lastpass.nginx.mfa.Proofs
local methods = {}
local proofs_mt = { __name = "lastpass.nginx.mfa.Proofs", __index = methods }

local M = {}

--- What names of the guard's cookies begin with.
M.PREFIX = "__Host-lastpass_mfa"

local COOKIE = M.PREFIX
local DEVICE = M.PREFIX .. "_device"
local DEVICE_TTL = 400 * 86400 -- the longest that browsers keep
local CLOCKS_DIFFER = 300
local MOST_CACHED = 4000
local MOST_BYTES = 4 * 1024 * 1024

--- Makes the proofs of a guard.
---@param options table keys, purpose, lifetime, bound ("session" or "device"), revoked
---@return lastpass.nginx.mfa.Proofs
function M.new(options)
  return setmetatable({
    _keys = options.keys,
    _purpose = options.purpose,
    _lifetime = options.lifetime,
    _by_session = options.bound == "session",
    _revoked = options.revoked,
    _opened = recent.new(MOST_CACHED, MOST_BYTES),
  }, proofs_mt)
end

--- The key of all proofs of a person, in the list of revocations.
---@param account string
---@return string
function M.person_key(account)
  return "mfa person " .. digest.hex(account, 32)
end

--- What the log calls a device: nobody can make its cookie of that.
---@param device string
---@return string
function M.device_name(device)
  return digest.hex("device " .. device, 16)
end

--- The key of all proofs of a person on one device.
---@param account string
---@param device string of `device_name`
---@return string
function M.device_key(account, device)
  return "mfa device " .. digest.hex(account .. "\0" .. device, 32)
end

local function complete(proof)
  proof.keys = {
    revocations.account_key(proof.account),
    M.person_key(proof.account),
    M.device_key(proof.account, M.device_name(proof.device)),
  }
  return proof
end

-- Every request carries it, so the names are short.
local names = {
  i = "id",
  a = "account",
  d = "device",
  s = "session",
  t = "at",
  j = "issued",
  b = "by",
  m = "asked",
  v = "evidence",
  e = "ends",
}

local function encode(proof)
  local short = {}
  for name, field in pairs(names) do
    short[name] = proof[field]
  end
  return json.encode(short)
end

local function decode(text)
  local short = text and json.decode(text)
  if type(short) ~= "table" then
    return nil
  end
  local proof = {}
  for name, field in pairs(names) do
    proof[field] = short[name]
  end
  return complete(proof)
end

-- ---- the device ----

--- The device of a request.
---@param present table<string, string> cookies
---@return string|nil id nil when the browser has none of ours
function methods:device(present)
  local sealed = present[DEVICE]
  return sealed and self._keys:open(self._purpose .. " device", sealed) or nil
end

--- Makes a device known.
---@return string id
---@return string header Set-Cookie
function methods:new_device()
  local id = base64url.encode(digest.random(16))
  local sealed = self._keys:seal(self._purpose .. " device", id)
  return id, cookies.set(DEVICE, sealed, "Lax", DEVICE_TTL)
end

-- ---- the proof ----

--- Begins a proof.
---@param person lastpass.nginx.mfa.Person
---@param device string
---@param shown table by, asked, evidence, at (epoch seconds; default now)
---@param now number
---@return string[]|nil headers Set-Cookie; nil: everything of this person has just been ended
function methods:begin(person, device, shown, now)
  local at = shown.at or now
  local proof = complete {
    id = base64url.encode(digest.random(16)),
    account = person.account,
    device = device,
    session = self._by_session and person.session or nil,
    at = math.floor(at),
    issued = self._revoked:clock(at),
    by = shown.by,
    asked = shown.asked,
    evidence = shown.evidence,
    ends = math.floor(at + self._lifetime),
  }
  if self._revoked:has(proof, now) then
    return nil
  end
  return cookies.spread(COOKIE, self._keys:seal(self._purpose, encode(proof)), "Lax")
end

local function unseal(self, sealed)
  local opened = self._opened:get(sealed)
  if not opened then
    local text, is_current = self._keys:open(self._purpose, sealed)
    local proof = decode(text)
    if not proof then
      return nil
    end
    opened = { proof = proof, is_current = is_current }
    self._opened:put(sealed, opened)
  end
  return opened
end

-- Whether a proof is of this person, on this device, and, where it is bound to one, in this session.
local function is_of(self, proof, person, device)
  return proof.account == person.account
    and proof.device == device
    and (not self._by_session or proof.session == person.session)
end

--- The proof of a request.
---@param present table<string, string> cookies
---@param person lastpass.nginx.mfa.Person
---@param now number
---@return lastpass.nginx.mfa.Proof|nil
---@return string reason of having none: "none", "expired", "other", "revoked", "unknown" (whether it was revoked)
---@return boolean is_current whether the first key has sealed it
function methods:find(present, person, now)
  local sealed = cookies.gather(COOKIE, present)
  local opened = sealed and unseal(self, sealed)
  local proof = opened and opened.proof
  if not proof then
    return nil, "none", false
  elseif now >= proof.ends or proof.ends > now + self._lifetime + CLOCKS_DIFFER then
    return nil, "expired", false
  elseif not is_of(self, proof, person, self:device(present)) then
    return nil, "other", false
  end
  local version = self._revoked:version()
  if not version then
    return nil, "unknown", false
  elseif proof.checked ~= version then
    if self._revoked:has(proof, now) then
      return nil, "revoked", false
    end
    proof.checked = version
  end
  return proof, "", opened.is_current
end

--- The headers that seal a proof with the first key.
---@param proof lastpass.nginx.mfa.Proof
---@return string[]
function methods:reseal(proof)
  return cookies.spread(COOKIE, self._keys:seal(self._purpose, encode(proof)), "Lax")
end

--- The headers that have the browser forget it.
---@param present table<string, string>
---@return string[]
function methods.forget(_, present)
  return cookies.forget_all(COOKIE, "Lax", present)
end

-- Whether the phone was asked for these methods and no others.
local function is_among(asked, allowed)
  for word in (asked or ""):gmatch "[^,]+" do
    if not allowed[word] then
      return false
    end
  end
  return asked ~= nil
end

--- Whether a proof is what a location asks for.
---@param proof lastpass.nginx.mfa.Proof
---@param requirement table max_age, by (a set), methods (a set)
---@param now number
---@return boolean
function M.satisfies(proof, requirement, now)
  if requirement.max_age then
    local age = now - proof.at
    if age > requirement.max_age or age < -CLOCKS_DIFFER then
      return false
    end
  end
  if requirement.by and not requirement.by[proof.by] then
    return false
  end
  return not requirement.methods
    or proof.by == "push" and is_among(proof.asked, requirement.methods)
end

return M

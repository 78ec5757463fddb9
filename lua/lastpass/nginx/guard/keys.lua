--- The keys that seal what browsers keep for a guard: AES-256-GCM, a key of its own for each purpose, derived from
-- secrets. The first key seals, all of them open: a new one is put in front on every machine, the old one stays behind
-- it until what it sealed has expired. So a cookie is read by every machine that has the keys, and after every reload.
-- @module lastpass.nginx.guard.keys
local base64url = require("lastpass.text.base64").url
local core = require "lastpass.core"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local secret = require "lastpass.secret"

-- nginx's own, in C, where there is one: the cookie of a session is long.
local function codec()
  local ok, fast = pcall(function()
    return assert(rawget(_G, "ngx")) and require "ngx.base64"
  end)
  if ok then
    return fast.encode_base64url, fast.decode_base64url
  end
  return base64url.encode, base64url.decode
end

local encode, decode_any = codec()

-- One text for each string of bytes: any other spelling is refused.
local function decode(text)
  local bytes = decode_any(text)
  return bytes and encode(bytes) == text and bytes or nil
end

---@class lastpass.nginx.guard.Keys
local methods = {}
local keys_mt = { __name = "lastpass.nginx.guard.Keys", __index = methods }

function keys_mt.__tostring()
  return "lastpass.nginx.guard.Keys (hidden)"
end

local M = {}

local LEAST = 32 -- bytes of a secret: `openssl rand -base64 32` gives more
local MOST_KEYS = 8

local function raise(level, where, text, ...)
  errors.raise(level + 1, where .. ": " .. text, ...)
end

local known = {
  id = "string",
  secret = { "userdata", "table" },
}

local function read_key(entry, where, level)
  errors.check_options(where, entry, known, level + 1)
  if type(entry.id) ~= "string" or not entry.id:find "^[%w_-]+$" or #entry.id > 16 then
    raise(level + 1, where, "'id' must be at most 16 letters, digits, - and _")
  elseif not entry.secret or not secret.is_known(entry.secret) then
    raise(level + 1, where, "'secret' must be a secret, such as lastpass.secret.file(path)")
  end
  local opened, message = secret.open(entry.secret)
  if not opened then
    raise(level + 1, where, "%s", message)
  elseif opened:length() < LEAST then
    raise(level + 1, where, "the secret is shorter than %d bytes: openssl rand -base64 32", LEAST)
  end
  return { id = entry.id, secret = opened, derived = {} }
end

--- Reads a list of keys; errors raise.
---@param given table[] {id, secret}, the one that seals first
---@param guard "saml"|"mfa" what one guard has sealed the other one cannot open, though they have the same secrets
---@param option string whose keys they are
---@param level integer whose line an error names
---@return lastpass.nginx.guard.Keys
function M.read(given, guard, option, level)
  local self = setmetatable({ _list = {}, _by_id = {}, _guard = guard }, keys_mt)
  for position, entry in ipairs(given) do
    local where = ("%s: %s[%d]"):format(guard, option, position)
    local key = read_key(entry, where, level + 1)
    if self._by_id[key.id] then
      raise(level + 1, where, "the id '%s' is there twice", key.id)
    end
    self._list[position], self._by_id[key.id] = key, key
  end
  if #self._list == 0 or #self._list > MOST_KEYS then
    local text = "%s: '%s' needs 1 to %d keys {id, secret}"
    errors.raise(level + 1, text, guard, option, MOST_KEYS)
  end
  return self
end

local function bytes_of(hex)
  return (hex:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

local function derived(self, key, purpose)
  local bytes = key.derived[purpose]
  if not bytes then
    local hex, message =
      core.hmac(key.secret, ("lastpass %s guard\0%s"):format(self._guard, purpose))
    bytes = bytes_of(assert(hex, message))
    key.derived[purpose] = bytes
  end
  return bytes
end

--- Seals a text.
---@param purpose string what it is; what was sealed for another one cannot be opened as this
---@param text string
---@return string sealed of characters that a cookie may have
function methods:seal(purpose, text)
  local key = self._list[1]
  return key.id .. "." .. encode(digest.seal(derived(self, key, purpose), text))
end

--- Opens what `seal` made, with whichever key it was sealed.
---@param purpose string
---@param sealed string
---@return string|nil text nil when it was not made by one of these keys, or was changed
---@return boolean? is_current whether the first key sealed it
function methods:open(purpose, sealed)
  local dot = sealed:find(".", 1, true)
  local key = dot and self._by_id[sealed:sub(1, dot - 1)]
  local bytes = key and decode(sealed:sub(dot + 1))
  local text = bytes and digest.unseal(derived(self, key, purpose), bytes)
  return text, text and key == self._list[1]
end

--- The secrets, the one that seals first: for what seals by itself.
---@return userdata[]
function methods:secrets()
  local list = {}
  for position, key in ipairs(self._list) do
    list[position] = key.secret
  end
  return list
end

local function kept_key(self, key, purpose)
  local text = ("lastpass %s guard, kept here\0%s"):format(self._guard, purpose)
  local hex, message = core.hmac(key.secret, text)
  return bytes_of(assert(hex, message))
end

--- Seals bytes that stay on this machine, under a key that nothing else is sealed with.
---@param purpose string
---@param text string
---@return string bytes
function methods:seal_bytes(purpose, text)
  return digest.seal(kept_key(self, self._list[1], purpose), text)
end

--- Opens what `seal_bytes` made.
---@param purpose string
---@param bytes string
---@return string|nil text
function methods:open_bytes(purpose, bytes)
  for _, key in ipairs(self._list) do
    local text = digest.unseal(kept_key(self, key, purpose), bytes)
    if text then
      return text
    end
  end
end

return M

--- Who may use the gateway. A token is known by its SHA-256 alone: whoever reads the configuration
-- cannot use what stands there.
--
--     tokens = {
--       { name = "hr-sync", hash = "…", tenants = { "acme" }, scopes = { "read", "write" }, rate = 10 },
--     }
-- @module lastpass.nginx.gateway.tokens
local base64url = require("lastpass.text.base64").url
local digests = require "lastpass.unified.digests"
local errors = require "lastpass.error"

local M = {}

--- Requests per second of a token that says nothing else; counted over ten seconds.
M.DEFAULT_RATE = 50

--- What a token may do.
M.scopes = { read = true, write = true, proxy = true }

local LONGEST = 256

---@class lastpass.nginx.gateway.Token
---@field name string
---@field digest string                the hash as 32 bytes
---@field tenants table<string, true>|nil nil: all of them
---@field tenant? string               when there is one only
---@field scopes table<string, true>
---@field rate number                  requests per second

--- Makes a token at random. The text is for whoever uses it and is kept nowhere; the hash is for the
-- configuration.
---@return string text
---@return string hash
---@usage lua5.4 -e 'print(require("lastpass.nginx.gateway.tokens").new())'
function M.new()
  local text = "lpt_" .. base64url.encode(digests.random(32))
  return text, digests.sha256_hex(text)
end

local known = {
  name = "string",
  hash = "string",
  tenants = "table",
  scopes = "table",
  rate = function(value)
    return type(value) == "number" and value > 0, "a number above 0"
  end,
}

local function fail(level, name, text, ...)
  errors.raise(level + 1, "tokens: '%s': " .. text, name, ...)
end

local function set_of(list, allowed, what, name, level)
  local set = {}
  for _, word in ipairs(list) do
    if not allowed[word] then
      local hint = errors.did_you_mean(word, errors.names_of(allowed))
      fail(level + 1, name, "there is no %s '%s'%s", what, tostring(word), hint)
    end
    set[word] = true
  end
  if next(set) == nil then
    fail(level + 1, name, "names no %s", what)
  end
  return set
end

local function bytes_of(digits)
  return (digits:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

local function read_one(entry, tenants, level)
  local name = type(entry) == "table" and entry.name
  if type(name) ~= "string" or not name:find "^[%w._@-]+$" or #name > 64 then
    errors.raise(level + 1, "tokens: each needs a name of letters, digits, '.', '_', '@' and '-'")
  end
  errors.check_options("tokens: '" .. name .. "'", entry, known, level + 1)
  local hash = entry.hash
  if not hash or #hash ~= 64 or hash:find "[^%x]" then
    fail(level + 1, name, "'hash' must be the 64 digits that tokens.new() gives with the token")
  elseif not entry.tenants or not entry.scopes then
    fail(level + 1, name, "'%s' is missing", entry.tenants and "scopes" or "tenants")
  end
  local token = { name = name, digest = bytes_of(hash), rate = entry.rate or M.DEFAULT_RATE }
  token.scopes = set_of(entry.scopes, M.scopes, "scope", name, level + 1)
  if entry.tenants[1] == "*" and #entry.tenants == 1 then
    token.tenant = errors.names_of(tenants)[2] == nil and next(tenants) or nil
    return token
  end
  token.tenants = set_of(entry.tenants, tenants, "tenant", name, level + 1)
  token.tenant = #entry.tenants == 1 and entry.tenants[1] or nil
  return token
end

--- Reads the tokens of a configuration; mistakes raise.
---@param given table[]
---@param tenants table<string, any> by name
---@param level integer whose line is blamed
---@return lastpass.nginx.gateway.Token[]
function M.read(given, tenants, level)
  local list, names, hashes = {}, {}, {}
  for place, entry in ipairs(given) do
    local token = read_one(entry, tenants, level + 1)
    if names[token.name] or hashes[token.digest] then
      fail(level + 1, token.name, "is there twice")
    end
    names[token.name], hashes[token.digest] = true, true
    list[place] = token
  end
  return list
end

--- The token of a request. All are compared, whichever it is, in a time that says nothing.
---@param tokens lastpass.nginx.gateway.Token[]
---@param header string|nil Authorization
---@return lastpass.nginx.gateway.Token|nil token
---@return string? reason "missing" or "unknown"
function M.find(tokens, header)
  local text = header and header:match "^[Bb][Ee][Aa][Rr][Ee][Rr] +([^%s]+)%s*$"
  if not text then
    return nil, header and "unknown" or "missing"
  elseif #text > LONGEST then
    return nil, "unknown"
  end
  local digest, found = digests.sha256(text), nil
  for _, token in ipairs(tokens) do
    if digests.same(token.digest, digest) then
      found = token
    end
  end
  return found, not found and "unknown" or nil
end

return M

--- Who may use the gateway, for which company and how often. The configuration has only the SHA-256 of a token:
-- who reads it cannot use the token.
--
--     tokens = {
--       { name = "hr-sync", hash = "…", tenants = { "acme" }, scopes = { "read", "write" }, rate = 10 },
--     }
-- @module lastpass.nginx.gateway.tokens
local base64url = require("lastpass.text.base64").url
local dicts = require "lastpass.nginx.dicts"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local problems = require "lastpass.unified.problems"

local M = {}

--- Requests per second of a token that does not set its own rate; counted over ten seconds.
M.DEFAULT_RATE = 50

--- The scopes of tokens.
M.scopes = { read = true, write = true, proxy = true }

local LONGEST = 256

---@class lastpass.nginx.gateway.Token
---@field name string
---@field digest string                the hash as 32 bytes
---@field tenants table<string, true>|nil nil: all of them
---@field tenant? string               when there is one only
---@field scopes table<string, true>
---@field rate number                  requests per second

--- Makes a random token. The text is for its user and is stored nowhere; the hash is for the configuration.
---@return string text
---@return string hash
---@usage lua5.4 -e 'print(require("lastpass.nginx.gateway.tokens").new())'
function M.new()
  local text = "lpt_" .. base64url.encode(digest.random(32))
  return text, digest.hex(text)
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

local function raise(level, name, text, ...)
  errors.raise(level + 1, "tokens: '%s': " .. text, name, ...)
end

local function set_of(list, allowed, what, name, level)
  local set = {}
  for _, word in ipairs(list) do
    if not allowed[word] then
      local hint = errors.did_you_mean(word, errors.names_of(allowed))
      raise(level + 1, name, "there is no %s '%s'%s", what, tostring(word), hint)
    end
    set[word] = true
  end
  if next(set) == nil then
    raise(level + 1, name, "names no %s", what)
  end
  return set
end

local function bytes_of(digits)
  return (digits:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

local function read_token(entry, tenants, level)
  local name = type(entry) == "table" and entry.name
  if type(name) ~= "string" or not name:find "^[%w._@-]+$" or #name > 64 then
    errors.raise(level + 1, "tokens: each needs a name of letters, digits, '.', '_', '@' and '-'")
  end
  errors.check_options("tokens: '" .. name .. "'", entry, known, level + 1)
  local hash = entry.hash
  if not hash or #hash ~= 64 or hash:find "[^%x]" then
    raise(level + 1, name, "'hash' must be the 64 digits that tokens.new() gives with the token")
  elseif not entry.tenants or not entry.scopes then
    raise(level + 1, name, "'%s' is missing", entry.tenants and "scopes" or "tenants")
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

--- Reads the tokens of a configuration; errors raise.
---@param given table[]
---@param tenants table<string, any> by name
---@param level integer whose line an error names
---@return lastpass.nginx.gateway.Token[]
function M.read(given, tenants, level)
  local list, names, hashes = {}, {}, {}
  for position, entry in ipairs(given) do
    local token = read_token(entry, tenants, level + 1)
    if names[token.name] or hashes[token.digest] then
      raise(level + 1, token.name, "appears twice")
    end
    names[token.name], hashes[token.digest] = true, true
    list[position] = token
  end
  return list
end

--- The token of a request. It is compared with all, in constant time.
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
  local hash, match = digest.sha256(text), nil
  for _, token in ipairs(tokens) do
    if digest.same(token.digest, hash) then
      match = token
    end
  end
  return match, not match and "unknown" or nil
end

local CHALLENGE = 'Bearer realm="lastpass"'

--- The failure of a request without a token that is known.
---@param reason string of `tokens.find`
---@return nil
---@return lastpass.unified.Problem
function M.unauthorized(reason)
  local is_missing = reason == "missing"
  return problems.fail(
    401,
    is_missing and "a token is needed: Authorization: Bearer …" or "this token is unknown",
    {
      headers = {
        ["www-authenticate"] = is_missing and CHALLENGE or CHALLENGE .. ', error="invalid_token"',
      },
    }
  )
end

local ACCOUNT = "integrated_account_id"

-- The company that a request names, in its path or its parameters.
local function named_tenant(request)
  local of_address = request.path:match "/integrated%-account/([^/]+)/capabilities$"
  if of_address then
    return of_address
  end
  local raw, name = request.raw_query, nil
  if raw and not raw:find("integrated", 1, true) and not raw:find("%", 1, true) then
    return nil
  end
  for _, pair in ipairs(request.query) do
    if pair[1] == ACCOUNT and pair[2] ~= "" then
      name = pair[2]
    end
  end
  return name
end

--- The company of a request. For a token that may not see it, it does not exist.
---@param tenants table<string, table>
---@param request lastpass.unified.Request
---@param token lastpass.nginx.gateway.Token
---@return table|nil tenant
---@return lastpass.unified.Problem? problem
function M.tenant_of(tenants, request, token)
  local name = named_tenant(request) or token.tenant
  if not name then
    local text = ACCOUNT .. " is required: this token is for several companies"
    return problems.fail(400, text, {
      insight = {
        missing_required_query_parameters = { description = text, value = { ACCOUNT } },
      },
    })
  elseif not tenants[name] or token.tenants and not token.tenants[name] then
    return problems.fail(404, "there is no such company, or this token may not see it")
  end
  return tenants[name]
end

--- Counts a request of a token, over all workers (unified-directory §1.8).
---@param dict table of `ngx.shared`
---@param token lastpass.nginx.gateway.Token
---@param now number epoch seconds
---@return lastpass.unified.Problem|nil problem when it asks too often, or the dict is full
---@return table headers ratelimit-limit, -remaining, -reset (in seconds)
function M.count_request(dict, token, now)
  local count, limit, seconds = dicts.count_in_window(dict, token.name, token.rate, now)
  local _, problem
  if not count then
    _, problem = problems.fail(503, "there is no room to count this request", {
      headers = { ["retry-after"] = "10" },
    })
    return problem, {}
  end
  local reset = ("%d"):format(seconds)
  if count > limit then
    _, problem = problems.fail(429, "this token asks too often", {
      headers = { ["retry-after"] = reset },
    })
  end
  return problem,
    {
      ["ratelimit-limit"] = ("%d"):format(limit),
      ["ratelimit-remaining"] = ("%d"):format(math.max(0, limit - count)),
      ["ratelimit-reset"] = reset,
    }
end

return M

--- Tokens of connections: how they look, what is stored of them, which of them count, and when to warn. An identity
-- provider has the token; the journal has its SHA-256, so that nobody who reads the journal can push anything.
-- @module lastpass.inbound.tokens
local base64url = require("lastpass.text.base64").url
local digest = require "lastpass.digest"

local M = {}

--- How long a token is good for unless somebody says otherwise, in days.
M.DAYS = 365

--- From so many days before its end on a token is warned of.
M.WARN_DAYS = 14

local DAY = 86400
local PREFIX = "lps_"

--- Makes a random token.
---@return string text for the identity provider; stored nowhere
---@return string hash 64 hexadecimal digits, for the journal
function M.new()
  local text = PREFIX .. base64url.encode(digest.random(32))
  return text, M.hash(text)
end

--- What is stored of a token.
---@param text string
---@return string hash 64 hexadecimal digits
function M.hash(text)
  return digest.hex(text)
end

--- Whether a token counts, and for how long.
---@param token lastpass.store.ScimToken
---@param now integer epoch seconds
---@return "live"|"expired"|"revoked" state
---@return integer|nil days days until it expires, the last one begun counts; nil when it does not, or is not live
function M.state(token, now)
  if token.revoked then
    return "revoked"
  elseif not token.expires then
    return "live"
  elseif token.expires <= now then
    return "expired"
  end
  return "live", math.ceil((token.expires - now) / DAY)
end

--- How long the tokens of a connection still let the identity provider in.
---@param tokens lastpass.store.ScimToken[] of one connection
---@param now integer
---@return integer|nil days until the last live one expires; 0 without a live one; nil when one never expires
---@return boolean ends_soon whether somebody should be warned
function M.days_left(tokens, now)
  local most = 0
  for _, token in ipairs(tokens) do
    local state, days = M.state(token, now)
    if state == "live" and not days then
      return nil, false
    elseif state == "live" then
      most = math.max(most, days)
    end
  end
  return most, most < M.WARN_DAYS
end

return M

--- What a server asks back: Access-Challenge (RFC 2865 §4.4). It is answered once, to the server that asked, and can be handed
-- to another process, sealed.
-- @module lastpass.mfa.radius.challenge
local base64 = require "lastpass.text.base64"
local core = require "lastpass.core"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local signature = require "lastpass.signature"

local M = {}

---@class lastpass.mfa.radius.Challenge
---@field message? string     what the server asks, for the user
---@field user string
---@field asked_method? string
---@field ends number         epoch seconds: no answer counts from then on
local methods = {}
local challenge_mt = { __name = "lastpass.mfa.radius.Challenge", __index = methods }

function challenge_mt.__tostring(challenge)
  return ("lastpass.mfa.radius.Challenge (%s)"):format(challenge.user)
end

local MOST_SEALED = 16384 -- bytes

--- Makes one.
---@param fields table message, user, asked_method, ends; server (its name), state, ip, id
---@return lastpass.mfa.radius.Challenge
function M.new(fields)
  return setmetatable({
    message = fields.message,
    user = fields.user,
    asked_method = fields.asked_method,
    ends = fields.ends,
    _server = fields.server,
    _state = fields.state,
    _ip = fields.ip,
    _id = fields.id or digest.to_hex(digest.random(16)),
  }, challenge_mt)
end

--- What it takes to answer.
---@param challenge lastpass.mfa.radius.Challenge
---@return {server: string, state: string|nil, ip: string|nil, id: string}
function M.record(challenge)
  return {
    server = challenge._server,
    state = challenge._state,
    ip = challenge._ip,
    id = challenge._id,
  }
end

local function key_of(secret)
  local hex, message, code = core.hmac(secret, "lastpass.mfa.radius.challenge")
  if not hex then
    return errors.fail("argument", code, message)
  end
  return (hex:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

--- Seals it, so that another process can answer (`radius:import`).
---@param secret userdata the same there
---@return string|nil text
---@return string? message
---@return lastpass.Error? err
function methods:export(secret)
  local key, message, err = key_of(secret)
  if not key then
    return nil, message, err
  end
  local text = json.encode {
    message = self.message,
    user = self.user,
    asked_method = self.asked_method,
    ends = self.ends,
    server = self._server,
    state = self._state and base64.encode(self._state),
    ip = self._ip,
    id = self._id,
  }
  return base64.url.encode(digest.seal(key, text))
end

--- Opens what `export` made.
---@param text string
---@param secret userdata
---@return lastpass.mfa.radius.Challenge|nil
---@return string? message
---@return lastpass.Error? err code "not_sealed_here"
function M.import(text, secret)
  local key, message, err = key_of(secret)
  if not key then
    return nil, message, err
  end
  local bytes = #text <= MOST_SEALED and base64.url.decode(text)
  local opened = bytes and digest.unseal(key, bytes)
  local fields = opened and json.decode(opened)
  if type(fields) ~= "table" then
    message = "the text was not sealed with this secret, or was changed"
    return errors.fail("refused", "not_sealed_here", message)
  end
  fields.state = fields.state and base64.decode(fields.state)
  return M.new(fields)
end

signature.declare("challenge:", methods, { export = "secret: userdata" })

return M

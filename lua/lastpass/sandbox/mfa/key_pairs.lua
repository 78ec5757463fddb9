--- RSA keys of companies for the secured API (mfa §2): made as the portal makes them, or registered. A company's survive its
-- reset, as whoever tries it has the private one.
-- @module lastpass.sandbox.mfa.key_pairs
local base64 = require "lastpass.text.base64"

local M = {}

local BITS = 2048

local function openssl()
  return require "openssl.pkey"
end

--- The pair of a company.
---@param server table
---@param cid integer
---@return table|nil pair `public`: the key as luaossl has it
function M.find(server, cid)
  return server.mfa_pairs and server.mfa_pairs[cid]
end

--- Gives a company a pair, or none.
function M.set(server, cid, pair)
  server.mfa_pairs = server.mfa_pairs or {}
  server.mfa_pairs[cid] = pair
end

--- Makes a pair as the portal does: the private key is handed out once, and the pair before counts no more.
---@return string|nil private PEM
---@return string public PEM, or why there is none
function M.make(server, cid)
  if not pcall(openssl) then
    return nil, "RSA keys need luaossl: apt install lua-luaossl"
  end
  local key = openssl().new { type = "RSA", bits = BITS }
  local public = key:toPEM "public"
  M.set(server, cid, { public = openssl().new(public), pem = public })
  return key:toPEM "private", public
end

local MOST_KEY = 4096 -- characters: a key of 16,384 bits has 2,800

--- Reads a public key as PKReg sends it: PEM without headers and line breaks.
---@return table|nil pair
---@return string? message
function M.read(body)
  if #body > MOST_KEY or not body:find "^[%w+/]+=*$" or not base64.decode(body) then
    return nil, "Invalid public key"
  end
  local lines = body:gsub(("."):rep(64), "%0\n"):gsub("\n$", "")
  local pem = "-----BEGIN PUBLIC KEY-----\n" .. lines .. "\n-----END PUBLIC KEY-----\n"
  local ok, key = pcall(openssl().new, pem)
  if not ok or key:type() ~= "rsaEncryption" then
    return nil, "Invalid public key"
  end
  return { public = key, pem = pem }
end

local stranger

--- A key that is nobody's.
function M.stranger()
  stranger = stranger or openssl().new { type = "RSA", bits = BITS }
  return stranger
end

return M

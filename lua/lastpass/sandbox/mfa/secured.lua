--- The secured form of requests and answers (mfa §2.2), as the server has it: RSA with SHA-256 over UTF-16LE proves who
-- asks, and AES-CBC with a key that RSA encrypts is the answer.
-- @module lastpass.sandbox.mfa.secured
local base64 = require "lastpass.text.base64"
local calls = require "lastpass.sandbox.mfa.calls"
local digest = require "lastpass.digest"
local directory = require "lastpass.sandbox.mfa.directory"
local json = require "lastpass.json"
local pairs_of = require "lastpass.sandbox.mfa.key_pairs"
local plain = require "lastpass.sandbox.mfa.plain"
local spoil = require "lastpass.sandbox.mfa.spoil"
local state = require "lastpass.state"
local states = require "lastpass.sandbox.mfa.state"
local time = require "lastpass.time"
local utf16 = require "lastpass.text.utf16"

local M = {}

local PKCS1 = { rsaPadding = 1 }

-- ---- what came ----

-- Signatures that came, while they could be used again.
local function seen_signatures(server)
  local shared = server.mfa_seen
  if not shared or shared.clock ~= server.clock then
    local clock = server.clock -- another one after a reset
    shared = {
      clock = clock,
      state = state.memory {
        now = function()
          return clock:seconds()
        end,
      },
    }
    server.mfa_seen = shared
  end
  return shared.state
end

local function seconds_of(timestamp)
  local date, clock = timestamp:match "^(%d%d%d%d%-%d%d%-%d%d) (%d%d:%d%d:%d%d)Z$"
  return date and time.parse(date .. "T" .. clock .. "Z")
end

local function is_signed(pair, given)
  local octets = utf16.encode(given.Timestamp .. given.Payload)
  local signature = base64.decode(given.Signature)
  if not octets or not signature then
    return false
  end
  local hash = require("openssl.digest").new "sha256"
  hash:update(octets)
  local ok, valid = pcall(pair.public.verify, pair.public, signature, hash)
  return ok and valid
end

-- Whether time and signature are good, and new.
local function refusal(server, company, pair, given, path)
  local window = company.settings.mfa_window
  local at = seconds_of(given.Timestamp)
  -- a program beside the sandbox has the machine's time, and need not know the sandbox's
  local difference = at
    and math.min(math.abs(at - company.clock:seconds()), math.abs(at - os.time()))
  if not at or difference > window then
    return "Invalid timestamp"
  elseif not is_signed(pair, given) then
    return "Invalid signature"
  elseif company.settings.mfa_replay == "refuse" then
    -- two calls about one address in one second have one signature: the path is not signed
    local name = digest.hex(path:lower() .. " " .. base64.decode(given.Signature))
    if not seen_signatures(server):add(name, "1", window * 2) then
      return "Signature was used before"
    end
  end
  return nil
end

-- The inner request: JSON in Base64. A token, an address or a GUID is a JSON string.
local function read_payload(payload)
  local text = base64.decode(payload)
  return text and json.decode(text)
end

-- ---- what is answered ----

-- Padding that no reader of PKCS #7 accepts: zeros.
local function encrypt(key, iv, text, effects)
  local cipher = require("openssl.cipher").new "aes-256-cbc"
  if effects and effects.wrong_padding then
    return cipher:encrypt(key, iv, false):final(text .. ("\0"):rep(16 - #text % 16))
  end
  return cipher:encrypt(key, iv):final(text)
end

local function seal(pair, envelope, effects)
  local key, iv = digest.random(32), digest.random(16)
  local keys = utf16.encode(json.encode { K = base64.encode(key), V = base64.encode(iv) })
  local for_whom = effects and effects.wrong_key and pairs_of.stranger() or pair.public
  return {
    EncKey = base64.encode(for_whom:encrypt(keys, PKCS1)),
    Payload = base64.encode(encrypt(key, iv, utf16.encode(json.encode(envelope)), effects)),
  }
end

local function write_outer(envelope, effects, class)
  envelope.Succeeded = not (effects and effects.outer_fails) and envelope.Succeeded
  return { status = 200, body = json.encode(envelope), class = class }
end

-- Makes the reply out of an inner envelope.
local function writer(pair, effects)
  return function(envelope, status)
    local class = spoil.class(envelope, status)
    envelope = spoil.envelope(envelope, effects, "inner_fails")
    return write_outer(calls.succeeded(seal(pair, envelope, effects)), effects, class)
  end
end

local function fail_outer(message, effects)
  return write_outer(calls.failed(message), effects, "failed")
end

-- ---- the calls ----

local function read(request)
  local given = plain.read(request)
  for _, name in ipairs { "Key", "Timestamp", "Payload", "Signature" } do
    if given and type(given[name]) ~= "string" then
      return nil
    end
  end
  return given
end

local function company_of(server, given)
  return states.find(server, function(of_company)
    return given.Key == of_company.generic_key
  end)
end

-- Runs a call for whoever has proved that they may.
local function with_inner(server, request, effects, run)
  local given = read(request)
  if not given then
    return plain.malformed()
  end
  local company = company_of(server, given)
  if not company then
    return fail_outer("Invalid API key", effects)
  end
  local pair = pairs_of.find(server, company.cid)
  if not pair then
    return fail_outer("No public key is registered", effects)
  end
  local message = refusal(server, company, pair, given, request.path)
  if message then
    return fail_outer(message, effects)
  end
  local write = writer(pair, effects)
  local inner = read_payload(given.Payload)
  if inner == nil then
    return write(calls.failed "Invalid payload")
  end
  return run(server, company, inner, write)
end

local function with_object(call)
  return function(server, company, inner, write)
    if type(inner) ~= "table" then
      return write(calls.failed "Invalid payload")
    end
    return call(server, company, inner, write)
  end
end

--- POST /Generic/Login
function M.login(server, request, effects)
  return with_inner(server, request, effects, with_object(calls.login))
end

--- POST /Generic/LoginAsync
function M.login_async(server, request, effects)
  return with_inner(server, request, effects, with_object(calls.login_async))
end

--- POST /Generic/CheckLoginToken: the payload is the token itself.
function M.check(server, request, effects)
  return with_inner(server, request, effects, function(_, company, inner, write)
    if type(inner) ~= "string" then
      return write(calls.failed "Invalid payload")
    end
    local challenge = states.challenge(server, inner)
    return calls.check(challenge and challenge.company == company and challenge, inner, write)
  end)
end

--- The calls of the MFA directory (mfa §2.3).
---@param name string in lower case
function M.directory(server, request, effects, name)
  return with_inner(server, request, effects, function(_, company, inner, write)
    local value, message = directory.run(company, name, inner)
    return write(value ~= nil and calls.succeeded(value) or calls.failed(message))
  end)
end

--- POST /Generic/PKReg: registers a public key, once; what it signs proves that the caller has the private one.
function M.register_key(server, request, effects)
  local given = read(request)
  if not given then
    return plain.malformed()
  end
  local company = company_of(server, given)
  if not company then
    return fail_outer("Invalid API key", effects)
  elseif pairs_of.find(server, company.cid) then
    return fail_outer("A public key is registered already", effects)
  end
  local pair, message = pairs_of.read(given.Payload)
  message = pair and refusal(server, company, pair, given, request.path) or message
  if message then
    return fail_outer(message, effects)
  end
  pairs_of.set(server, company.cid, pair)
  return write_outer(calls.succeeded(true), effects, "ok")
end

return M

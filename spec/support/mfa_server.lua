--- LastPass MFA's server as a transport, for specs: what a client sends is taken apart and answered at once by a function of
-- the spec. Keys and encryption are luaossl's alone: nothing here is ours. Keys are made once in a process, never stored.
local cipher = require "openssl.cipher"
local core = require "lastpass.core"
local digest = require "openssl.digest"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local mime = require "mime"
local pkey = require "openssl.pkey"
local rand = require "openssl.rand"

local M = {}

M.KEY = "1b2e4c6a-88aa-4f01-9e0c-5f00c0ffee11"
M.USER = "ann@x.example"

local PKCS1 = { rsaPadding = 1 }

local pairs_by_name = {}

--- An RSA key pair.
---@param name? string
---@param bits? integer
---@return table pair `openssl`, `private` (a secret with PEM), `public` (PEM)
function M.pair(name, bits)
  name = name or "ours"
  if not pairs_by_name[name] then
    local key = pkey.new { type = "RSA", bits = bits or 2048 }
    pairs_by_name[name] = {
      openssl = key,
      pem = key:toPEM "private",
      private = assert(lastpass.secret.value(key:toPEM "private")),
      public = key:toPEM "public",
    }
  end
  return pairs_by_name[name]
end

--- ASCII as UTF-16.
function M.wide(text)
  return (text:gsub(".", "%0\0"))
end

function M.base64(bytes)
  return (mime.b64(bytes)) or ""
end

function M.from_base64(text)
  return (mime.unb64(text)) or ""
end

--- An encrypted answer.
---@param text string the inner envelope, ASCII
---@param how? table pair, bits (of the AES key, default 256), key, iv, key_text (what is encrypted by RSA, as UTF-16), bytes
-- (what is encrypted by AES)
---@return table value {EncKey, Payload}
function M.seal(text, how)
  how = how or {}
  local bits = how.bits or 256
  local key, iv = how.key or rand.bytes(bits / 8), how.iv or rand.bytes(16)
  local key_text = how.key_text
    or M.wide(('{"K":"%s","V":"%s"}'):format(M.base64(key), M.base64(iv)))
  local aes = cipher.new(("aes-%d-cbc"):format(bits)):encrypt(key, iv)
  return {
    EncKey = M.base64((how.pair or M.pair()).openssl:encrypt(key_text, PKCS1)),
    Payload = M.base64(aes:final(how.bytes or M.wide(text))),
  }
end

--- A whole answer in the secured form.
---@param inner table|string
---@return string body
function M.sealed_answer(inner, how)
  local text = type(inner) == "string" and inner or json.encode(inner)
  return json.encode { Succeeded = true, Message = "", Value = M.seal(text, how) }
end

--- Whether a secured request is signed by our key.
function M.is_signed(request)
  local hash = digest.new "sha256"
  hash:update(M.wide(request.Timestamp .. request.Payload))
  return (M.pair().openssl:verify(M.from_base64(request.Signature), hash))
end

-- What a request says, and how.
local function read(request)
  local body = request.body
  if type(body) == "userdata" then
    body = core.reveal_body(body)
  end
  local outer = json.decode(body)
  if type(outer) == "table" and outer.Payload then
    local inner = json.decode(M.from_base64(outer.Payload))
    return inner == nil and outer.Payload or inner, outer
  end
  return outer, outer
end

--- A transport whose answers a function gives.
---@param answer fun(call: table): table|string|nil, string?, lastpass.Error? `call`: path, inner, outer, number, request;
-- a string is the body of a reply, a table with `status` a reply, another one the answer's envelope, wrapped as the
-- request was; nil, message, err a failure
---@return table transport `calls`: what was sent
function M.transport(answer)
  local calls = {}
  local transport = { calls = calls }
  function transport.send(_, request)
    local call = { path = request.url:match "^%a+://[^/]+(/.*)$", request = request }
    if request.method == "POST" then
      call.inner, call.outer = read(request)
      call.is_secured = call.outer.Payload ~= nil
    end
    calls[#calls + 1] = call
    call.number = #calls
    local reply, message, err = answer(call)
    if reply == nil then
      return nil, message, err
    elseif type(reply) == "table" and reply.status then
      reply.headers = reply.headers or {}
      return reply
    elseif type(reply) == "table" then
      reply = call.is_secured and M.sealed_answer(reply) or json.encode(reply)
    end
    return { status = 200, headers = {}, body = reply }
  end
  return transport
end

--- A client of such a transport.
---@param mode "plain"|"secured"
---@param answer function|table of `transport`, or one
---@param options? table
---@return lastpass.mfa.Client client
---@return table transport
function M.client(mode, answer, options)
  local transport = type(answer) == "table" and answer or M.transport(answer)
  local all = {
    base_url = "https://mfa.example",
    mode = mode,
    api_key = lastpass.secret.value(M.KEY),
    private_key = mode == "secured" and M.pair().private or nil,
    poll = { first = 0, every = 0.01, max = 10000 },
    transport = transport,
  }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return assert(lastpass.mfa.new(all)), transport
end

--- What the server says while nobody has answered.
function M.waiting(user)
  return {
    Succeeded = true,
    Message = "",
    Value = {
      AuthStatus = "WaitingForResponse",
      Username = user or M.USER,
      AsyncLoginToken = "t-1",
    },
  }
end

--- An answer with a status.
function M.answer(status, user)
  return {
    Succeeded = true,
    Message = "",
    Value = { AuthStatus = status, Username = user or M.USER, LogGUID = "log-1" },
  }
end

--- A request to the phone of `USER`.
function M.ask(client, more)
  local given = { user = M.USER, ip = "192.0.2.1" }
  for name, value in pairs(more or {}) do
    given[name] = value
  end
  return assert(client:challenge(given))
end

return M

-- lua5.4 spec/fuzz/radius_fuzz.lua [SECONDS [LEAST [SEED]]]
-- Replies of RADIUS, damaged at random, some of them signed again after that: reading never raises; what was read is what was
-- written; a client lets nobody in but by an intact Access-Accept.
local codec = require "lastpass.mfa.radius.codec"
local core = require "lastpass.core"
local draw = require "spec.fuzz.source_random"
local lastpass = require "lastpass"
local radius = require "lastpass.mfa.radius"

local random, pick = draw.number, draw.pick

local current

local function expect(what, holds, detail)
  if not holds then
    io.stderr:write(
      ("seed %d: %s\ninput: %s\n%s\n"):format(
        draw.seed,
        what,
        current:gsub(".", function(byte)
          return ("%02x"):format(byte:byte())
        end),
        tostring(detail)
      )
    )
    os.exit(1)
  end
end

local secret = assert(lastpass.secret.value "a secret of the fuzzer")

local function bytes(count)
  local list = {}
  for index = 1, count do
    list[index] = string.char(random(256) - 1)
  end
  return table.concat(list)
end

local kinds = { 1, 2, 18, 18, 24, 33, 79, 80, 255 }

local function random_attributes()
  local list = {}
  for index = 1, random(6) - 1 do
    list[index] = { pick(kinds), bytes(pick { 1, 2, 4, 16, 16, 253 }) }
  end
  return list
end

local damage = {
  function(text, at)
    return text:sub(1, at - 1) .. bytes(1) .. text:sub(at + 1)
  end,
  function(text, at)
    return text:sub(1, at)
  end,
  function(text, at)
    return text:sub(1, at) .. bytes(random(30)) .. text:sub(at + 1)
  end,
  function(text, at)
    return text:sub(1, at - 1) .. text:sub(at + random(20))
  end,
  function(text)
    return text .. bytes(random(40))
  end,
}

-- A reply as a server makes it: Message-Authenticator first, then the reply's own authenticator.
local function sign(code, request, attributes)
  local list = { { 80, ("\0"):rep(16) } }
  for _, attribute in ipairs(attributes) do
    list[#list + 1] = attribute
  end
  local blank = codec.write(code, request.identifier, request.authenticator, list)
  local made = blank:sub(1, 22) .. core.hmac_md5(secret, blank) .. blank:sub(39)
  return made:sub(1, 4) .. core.md5(made, secret) .. made:sub(21)
end

local function check_packet(input)
  current = input
  local packet, message, err = codec.read(input)
  if not packet then
    expect("a failure", type(message) == "string" and err.code == "radius_malformed", message)
    return
  end
  local plain = {}
  for index, attribute in ipairs(packet.attributes) do
    plain[index] = { attribute[1], attribute[2] }
    expect("not beyond the end", attribute[3] + #attribute[2] - 1 <= #packet.bytes)
    if attribute[2] == "" then
      plain = nil -- may be read, and is never written
      break
    end
  end
  if plain then
    expect(
      "the same again",
      codec.write(packet.code, packet.identifier, packet.authenticator, plain) == packet.bytes
    )
  end
end

-- A server that answers with what it is told to, once.
local answer
local now = 0

local fake = {
  send = function(self, message)
    self.request = codec.read(message)
    return true
  end,
  receive = function(self, seconds)
    local reply = self.request and answer(self.request)
    self.request = nil
    if not reply then
      now = now + seconds
    end
    return reply, not reply and "timeout" or nil
  end,
  close = function() end,
}
fake.__index = fake

local client = radius.new {
  servers = { { host = "127.0.0.1", secret = secret } },
  retransmit = false,
  timeout = 1,
  limits = false,
  timer = function()
    return now
  end,
  open = function()
    return setmetatable({}, fake)
  end,
}

local rounds, approved = 0, 0
local deadline = os.time() + draw.seconds
while os.time() < deadline or rounds < draw.least do
  for _ = 1, 50 do
    rounds = rounds + 1
    check_packet(bytes(random(60)))
    local code = random(4) > 1 and 2 or random(256) - 1
    local attributes = random_attributes()
    local is_intact, intact
    answer = function(request)
      current = sign(code, request, attributes)
      intact = current
      for _ = 1, random(3) - 1 do
        current = pick(damage)(current, random(#current))
      end
      check_packet(current)
      is_intact = current:sub(1, #intact) == intact -- with padding at most
      return current
    end
    local result = client:authenticate { user = "u" .. rounds, password = "p" }
    expect("a result", result ~= nil)
    if result.ok then
      approved = approved + 1
      expect("only an intact Access-Accept", is_intact and code == 2)
    end
    expect(
      "a known outcome",
      ({ approved = 1, denied = 1, pending = 1, unreachable = 1 })[result.outcome]
    )
  end
end
if approved == 0 then
  expect("some are approved", false)
end
print(("radius_fuzz: %d rounds, %d approved, seed %d"):format(rounds, approved, draw.seed))

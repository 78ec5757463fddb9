-- Codes verified by FreeRADIUS, one after the other: what 2,000 exchanges spend of the processor here, and how much longer
-- one takes than the same messages over a bare socket.
local clients = require "spec.support.radius_client"
local codec = require "lastpass.mfa.radius.codec"
local core = require "lastpass.core"
local digest = require "lastpass.digest"
local freeradius = require "spec.peers.freeradius"
local lastpass = require "lastpass"
local socket = require "socket"

local EXCHANGES, PAIRS = 2000, 400

local server = freeradius.start()
local secret = lastpass.secret.value(freeradius.SECRET)
local client = clients.new(server.port, freeradius.SECRET)

local function ask(number)
  local result = client:authenticate {
    user = "user" .. number,
    password = freeradius.PASSWORD,
    method = "code",
    code = "123456",
  }
  assert(result.ok, result.outcome)
end

-- The same request, made beforehand.
local function prepared(number)
  local authenticator = digest.random(16)
  local password = freeradius.PASSWORD .. "*123456"
  return codec.request(1, number % 256, authenticator, secret, {
    { 1, "user" .. number },
    { 32, "lastpass" },
    { 6, "\0\0\0\8" },
    { 2, core.radius_hide(secret, authenticator, password) },
  })
end

local function median(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

local ok, message = pcall(function()
  for number = 1, 200 do -- caches
    ask(number)
  end
  local began = os.clock()
  for number = 1, EXCHANGES do
    ask(number)
  end
  print(("spent %.6f"):format(os.clock() - began))
  local bare = assert(socket.udp())
  assert(bare:setpeername("127.0.0.1", server.port))
  bare:settimeout(10)
  local ours, theirs = {}, {}
  for pair = 1, PAIRS do
    local request = prepared(pair)
    local at = socket.gettime()
    assert(bare:send(request))
    assert(bare:receive())
    theirs[pair] = socket.gettime() - at
    at = socket.gettime()
    ask(pair)
    ours[pair] = socket.gettime() - at
  end
  print(("overhead %.6f"):format(median(ours) - median(theirs)))
end)
server:stop()
assert(ok, message)

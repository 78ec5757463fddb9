-- A RADIUS client with a fault, for the doctor to find; it has nothing of ours in it. Arguments: fault, host, port, secret.
-- Ends with 0 when it is let in, and with 1 at the first reply that it does not take.
-- Faults: "none", "unsigned" (knows nothing of Message-Authenticator), "later" (does not send it first), "blind" (checks
-- nothing), "challenge" (takes Access-Challenge for an approval), "hasty" (gives up early), "bomber" (each message is a new
-- request), "mute" (asks nobody).
local digest = require "openssl.digest"
local hmac = require "openssl.hmac"
local rand = require "openssl.rand"
local socket = require "socket"

local fault, host, port, secret = arg[1], arg[2], tonumber(arg[3]), arg[4]

local function md5(text)
  return digest.new("md5"):final(text)
end

local function xor(a, b)
  local result, bit = 0, 1
  while a > 0 or b > 0 do
    if a % 2 ~= b % 2 then
      result = result + bit
    end
    a, b, bit = math.floor(a / 2), math.floor(b / 2), bit * 2
  end
  return result
end

local function hide(password, authenticator)
  local mask, parts = md5(secret .. authenticator), {}
  for at = 1, 16 do
    parts[at] = string.char(xor(password:byte(at) or 0, mask:byte(at)))
  end
  return table.concat(parts)
end

local function new_request()
  local identifier, authenticator = rand.bytes(1), rand.bytes(16)
  local attributes = "\1\8doctor\2\18" .. hide("x", authenticator)
  local blank = "\80\18" .. ("\0"):rep(16)
  local body = fault == "unsigned" and attributes
    or fault == "later" and attributes .. blank
    or blank .. attributes
  local bytes = "\1" .. identifier .. "\0" .. string.char(20 + #body) .. authenticator .. body
  local at = fault ~= "unsigned" and bytes:find(blank, 1, true)
  if at then
    bytes = bytes:sub(1, at + 1) .. hmac.new(secret, "md5"):final(bytes) .. bytes:sub(at + 18)
  end
  return bytes
end

local function is_authentic(request, reply)
  local asked = request:sub(5, 20)
  if reply:sub(2, 2) ~= request:sub(2, 2) then
    return false
  elseif md5(reply:sub(1, 4) .. asked .. reply:sub(21) .. secret) ~= reply:sub(5, 20) then
    return false
  elseif reply:sub(21, 22) ~= "\80\18" then
    return fault == "unsigned"
  end
  local blank = reply:sub(1, 4) .. asked .. "\80\18" .. ("\0"):rep(16) .. reply:sub(39)
  return hmac.new(secret, "md5"):final(blank) == reply:sub(23, 38)
end

if fault == "mute" then
  os.exit(1)
end
local one = assert(socket.udp4())
local request = new_request()
local ends_at = socket.gettime() + (fault == "hasty" and 0.1 or 60)
one:settimeout(0.1)
while socket.gettime() < ends_at do
  if fault == "bomber" then
    request = new_request()
  end
  one:sendto(request, host, port)
  local reply, _, from = one:receivefrom()
  if reply then
    local code = reply:byte()
    local known = fault == "blind" or from == port and is_authentic(request, reply)
    os.exit(known and (code == 2 or code == 11 and fault == "challenge") and 0 or 1)
  end
end
os.exit(1)

-- Packets against the examples of RFC 2865 §7, and every rule of reading them. How a reply is refused over the network is in
-- init_spec.lua; the fuzzer is spec/fuzz/radius_fuzz.lua.
local check = require "spec.support.check"
local codec = require "lastpass.mfa.radius.codec"
local core = require "lastpass.core"
local lastpass = require "lastpass"

local function bytes_of(hex)
  return (
    hex:gsub("%s", ""):gsub("%x%x", function(pair)
      return string.char(tonumber(pair, 16))
    end)
  )
end

-- RFC 2865 §7.1 and §7.2
local SECRET = "xyzzy5461"
local REQUEST = bytes_of [[
  01 00 00 38 0f 40 3f 94 73 97 80 57 bd 83 d5 cb 98 f4 22 7a 01 06 6e 65 6d 6f 02 12
  0d be 70 8d 93 d4 13 ce 31 96 e4 3f 78 2a 0a ee 04 06 c0 a8 01 10 05 06 00 00 00 03 ]]
local ACCEPT = bytes_of [[
  02 00 00 26 86 fe 22 0e 76 24 ba 2a 10 05 f6 bf 9b 55 e0 b2 06 06 00 00 00 01 0f 06
  00 00 00 00 0e 06 c0 a8 01 03 ]]
local CHAP_REQUEST = bytes_of [[
  01 01 00 47 2a ee 86 f0 8d 0d 55 96 9c a5 97 8e 0d 33 67 a2 01 08 66 6c 6f 70 73 79 03 13
  16 e9 75 57 c3 16 18 58 95 f2 93 ff 63 44 07 72 75 04 06 c0 a8 01 10 05 06 00 00 00 14
  06 06 00 00 00 02 07 06 00 00 00 01 ]]

describe("packets of RADIUS", function()
  local secret

  before_each(function()
    secret = assert(lastpass.secret.value(SECRET))
  end)

  it("are those of RFC 2865 §7", function()
    local request = assert(codec.read(REQUEST))
    assert.equal(1, request.code)
    assert.equal(0, request.identifier)
    assert.same({ "nemo" }, codec.values(request, codec.attributes.user_name))
    local hidden = codec.values(request, codec.attributes.user_password)[1]
    assert.equal(hidden, core.radius_hide(secret, request.authenticator, "arctangent"))
    local password = lastpass.secret.value "tangent"
    assert.equal(hidden, core.radius_hide(secret, request.authenticator, "arc", password))
    local accept = assert(codec.read(ACCEPT))
    assert.is_true(codec.has_authenticator(accept, request.authenticator, secret))
    assert.same({ false, "missing" }, { codec.is_authentic(accept, request.authenticator, secret) })
    local plain = {}
    for index, attribute in ipairs(request.attributes) do
      plain[index] = { attribute[1], attribute[2] }
    end
    assert.equal(REQUEST, codec.write(1, 0, request.authenticator, plain))
    local chap = assert(codec.read(CHAP_REQUEST))
    local value = codec.values(chap, codec.attributes.chap_password)[1]
    assert.equal(value:sub(2), core.md5("\22", "arctangent", chap.authenticator))
  end)

  it("begin with Message-Authenticator when they ask", function()
    local authenticator = ("r"):rep(16)
    local bytes = assert(codec.request(1, 7, authenticator, secret, { { 1, "nemo" } }))
    local packet = assert(codec.read(bytes))
    assert.equal(codec.attributes.message_authenticator, packet.attributes[1][1])
    assert.is_true(codec.has_message_authenticator(packet, authenticator, secret))
    local other = lastpass.secret.value "another"
    assert.same(
      { false, "wrong" },
      { codec.has_message_authenticator(packet, authenticator, other) }
    )
  end)

  it("are refused when lengths do not add up", function()
    assert.is_truthy(codec.read(ACCEPT .. "padding"))
    for length = 0, #ACCEPT - 1 do
      check.failure("protocol", "radius_malformed", codec.read(ACCEPT:sub(1, length)))
    end
    local function with(length, attributes)
      return "\2\0"
        .. string.char(math.floor(length / 256), length % 256)
        .. ("a"):rep(16)
        .. attributes
    end
    assert.same({}, codec.read(with(20, "")).attributes)
    for _, bad in ipairs {
      with(19, ""), -- shorter than a header
      with(21, "\1"), -- half an attribute
      with(22, "\1\0"), -- sizes below 2
      with(22, "\1\1"),
      with(22, "\1\3"), -- beyond the end
      with(24, "\1\4ab\1\2"):sub(1, 23),
    } do
      check.failure("protocol", "radius_malformed", codec.read(bad))
    end
    assert.equal(1, #codec.read(with(22, "\1\2")).attributes)
    local most = with(4096, ("\1\4ab"):rep(1019))
    assert.equal(1019, #codec.read(most).attributes)
    check.failure("protocol", "radius_malformed", codec.read(most .. "x"))
  end)

  it("carry passwords of 1 to 128 bytes", function()
    local authenticator = ("r"):rep(16)
    for length, hidden in pairs { [1] = 16, [16] = 16, [17] = 32, [127] = 128, [128] = 128 } do
      assert.equal(hidden, #core.radius_hide(secret, authenticator, ("p"):rep(length)))
    end
    for code, text in pairs {
      empty_password = "",
      password_too_long = ("p"):rep(129),
      password_has_nul = "a\0b",
    } do
      local value, message, reason = core.radius_hide(secret, authenticator, text)
      assert.same({ nil, code }, { value, reason })
      assert.is_string(message)
    end
  end)

  it("take no wrong arguments", function()
    assert.has_error(function()
      codec.write(1, 1, "short", {})
    end)
    assert.has_error(function()
      codec.write(1, 1, ("a"):rep(16), { { 1, "" } })
    end)
    assert.has_error(function()
      codec.write(1, 1, ("a"):rep(16), { { 1, ("x"):rep(254) } })
    end)
    secret:close()
    for _, fn in ipairs { core.md5, core.hmac_md5, core.radius_hide } do
      assert.has_error(function()
        fn(secret, ("a"):rep(16), "text")
      end)
      assert.has_error(fn)
    end
  end)
end)

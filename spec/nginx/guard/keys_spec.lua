-- Keys of the guard: what is sealed, with which key, and what opens it.
local check = require "spec.support.check"
local keys = require "lastpass.nginx.guard.keys"
local lastpass = require "lastpass"

local function secret(letter)
  return assert(lastpass.secret.value(letter:rep(32)))
end

local function ring(...)
  local list = {}
  for position, id in ipairs { ... } do
    list[position] = { id = id, secret = secret(id) }
  end
  return keys.read(list, "saml", "cookie_keys", 1)
end

describe("keys of a guard", function()
  it("seal for one purpose, and show nothing", function()
    local one = ring "a"
    local sealed = one:seal("session", "ann@acme.example")
    assert.truthy(sealed:find "^a%.[%w_-]+$")
    assert.is_nil(sealed:find("ann", 1, true))
    assert.not_equal(sealed, one:seal("session", "ann@acme.example"))
    local text, is_current = one:open("session", sealed)
    assert.equal("ann@acme.example", text)
    assert.is_true(is_current)
    assert.is_nil(one:open("request", sealed))
    assert.equal("lastpass.nginx.guard.Keys (hidden)", tostring(one))
  end)

  it("open what any change has touched never", function()
    local one = ring "a"
    local sealed = one:seal("session", "x")
    for place = 1, #sealed do
      for _, letter in ipairs { "A", "B", "z", "." } do
        local changed = sealed:sub(1, place - 1) .. letter .. sealed:sub(place + 1)
        if changed ~= sealed then
          assert.is_nil((one:open("session", changed)), changed)
        end
      end
    end
    for length = 0, #sealed - 1 do
      assert.is_nil((one:open("session", sealed:sub(1, length))))
    end
    for _, odd in ipairs { "", ".", "a.", "a.A", "b." .. sealed:sub(3), sealed .. "A", "é.ü" } do
      assert.is_nil((one:open("session", odd)))
    end
  end)

  it("are rotated by overlap", function()
    local before, both, after = ring "a", ring("b", "a"), ring "b"
    local old = before:seal("session", "x")
    local text, is_current = both:open("session", old)
    assert.equal("x", text)
    assert.is_false(is_current)
    local new = both:seal("session", "x")
    assert.equal("x", (ring("a", "b"):open("session", new)))
    assert.equal("x", (after:open("session", new)))
    assert.is_nil((after:open("session", old)))
    -- two keys of one id on two machines do not open each other's
    local other = keys.read({ { id = "a", secret = secret "c" } }, "saml", "cookie_keys", 1)
    assert.is_nil((other:open("session", old)))
  end)

  it("keep bytes on this machine too", function()
    local before, both = ring "a", ring("b", "a")
    local bytes = before:seal_bytes("post 1", ("\0\255"):rep(40000))
    assert.equal(("\0\255"):rep(40000), both:open_bytes("post 1", bytes))
    assert.is_nil(both:open_bytes("post 2", bytes))
  end)

  it("must be named, long, and few", function()
    local function refused(list, text)
      local message = check.blamed(function()
        keys.read(list, "saml", "cookie_keys", 1)
      end)
      assert.truthy(message:find(text, 1, true), message)
    end
    refused({}, "needs 1 to 8 keys")
    refused({ { secret = secret "a" } }, "'id' must be")
    refused({ { id = "a b", secret = secret "a" } }, "'id' must be")
    refused({ { id = "a" } }, "'secret' must be a secret")
    refused({ { id = "a", secret = {} } }, "'secret' must be a secret")
    refused({ { id = "a", secret = { file = "/nowhere/at/all" } } }, "cookie_keys[1]")
    refused({ { id = "a", sekret = 1 } }, "did you mean 'secret'?")
    refused({ { id = "a", secret = secret "a" }, { id = "a", secret = secret "b" } }, "twice")
    refused(
      { { id = "a", secret = assert(lastpass.secret.value(("a"):rep(31))) } },
      "shorter than 32 bytes: openssl rand -base64 32"
    )
  end)
end)

local certificate = require("lastpass.sandbox.certificate")
local x509 = require("openssl.x509")

describe("lastpass.sandbox.certificate", function()
  it("is for this machine's names, and valid now", function()
    local pair = assert(certificate.make())
    local parsed = x509.new(pair.certificate)
    local from, to = parsed:getLifetime()
    assert.is_true(from < os.time() and to > os.time() + 86400)
    -- The text, not getSubjectAlt: luaossl loses memory there.
    local text = parsed:text()
    assert.matches("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1", text)
    assert.matches("^%-%-%-%-%-BEGIN PRIVATE KEY", pair.key)
    assert.matches("Basic Constraints: critical%s+CA:TRUE", text)
  end)

  it("can be for other names and other times", function()
    local pair = assert(certificate.make({
      names = { "elsewhere.example" },
      not_before = 1000000000,
      not_after = 1000086400,
    }))
    local parsed = x509.new(pair.certificate)
    local from, to = parsed:getLifetime()
    assert.same({ 1000000000, 1000086400 }, { from, to })
    local kind, name = parsed:getSubject():each()()
    assert.same({ "CN", "elsewhere.example" }, { kind, name })
  end)

  it("is another one each time", function()
    local one, two = certificate.make(), certificate.make()
    assert.not_equal(one.certificate, two.certificate)
    assert.not_equal(one.key, two.key)
  end)

  it("knows its options", function()
    assert.error_matches(function()
      certificate.make({ name = {} })
    end, "unknown option 'name' %(did you mean 'names'%?%)")
  end)
end)

local keys = require "spec.support.saml_keys"
local metadata = require "lastpass.saml.metadata"
local samples = require "spec.support.saml_metadata"
local times = require "lastpass.time"

local DAY = 86400

local function read(o)
  return assert(metadata.read(samples.entity(o)))
end

-- The changes between two versions: words, and whether they are risky.
local function changes(before, after, now)
  local difference = metadata.diff(read(before), read(after), now)
  local list, risky = {}, 0
  for index, change in ipairs(difference.changes) do
    list[index] = (change.risk and "! " or "") .. change.what
    risky = risky + (change.risk and 1 or 0)
  end
  assert.equal(risky, difference.risky)
  return table.concat(list, "\n"), difference
end

local function sso(location, binding)
  return samples.endpoint("SingleSignOnService", binding or "Redirect", location)
end

local function slo(location)
  return samples.endpoint("SingleLogoutService", "Redirect", location)
end

describe("saml.metadata.diff", function()
  it("says when nothing differs", function()
    local text, difference = changes({}, {})
    assert.equal("", text)
    assert.equal("no difference", difference.text)
  end)

  it("tells a key that was added, and that it is risky", function()
    local text, difference = changes(
      {},
      { keys = samples.key("idp", "signing") .. samples.key("next", "signing") }
    )
    assert.matches(
      "^! identity provider added a key for signing %(RSA 2048, sha256 %x+…, until %d[%d-]+%)$",
      text
    )
    assert.matches("^1 change, 1 risky\n", difference.text)
    assert.matches("compare the fingerprint", difference.text)
  end)

  it("tells a key that was removed by whether it can still be in use", function()
    local both = { keys = samples.key("idp", "signing") .. samples.key("next", "signing") }
    assert.matches("^! identity provider removed a key for signing", changes(both, {}))
    assert.matches("^identity provider removed", changes(both, {}, os.time() + 400 * DAY))
  end)

  it("tells a change of all keys", function()
    local text, difference = changes({}, { keys = samples.key("next", "signing") })
    assert.matches("! identity provider added.*\n! identity provider removed", text)
    assert.matches("no key stayed", difference.text)
  end)

  it("tells addresses that moved, and hosts", function()
    assert.equal(
      "identity provider: sign-on (HTTP-Redirect) moved from https://idp.acme.com/sso to "
        .. "https://idp.acme.com/sso2",
      (changes({}, { sso = sso "https://idp.acme.com/sso2" }))
    )
    local text, difference = changes({}, { sso = sso "https://evil.example/sso" })
    assert.matches(
      "^! identity provider: sign%-on .* to another host: https://evil.example/sso$",
      text
    )
    assert.matches("ask the other side", difference.text)
  end)

  it("tells addresses that came and went", function()
    assert.matches("^identity provider: sign%-on %(HTTP%-POST%) was added", (changes({}, {
      sso = sso "https://idp.acme.com/sso" .. sso("https://idp.acme.com/sso", "POST"),
    })))
    assert.matches("^! identity provider: sign%-on %(HTTP%-Redirect%) was dropped", (changes({}, {
      sso = sso("https://idp.acme.com/sso", "POST"),
    })))
    assert.matches(
      "^! identity provider: logout %(HTTP%-Redirect%) was dropped",
      (changes({ slo = slo "https://idp.acme.com/slo" }, {}))
    )
  end)

  it("tells flags, formats and validity", function()
    local function role(attributes, formats)
      return { roles = samples.idp_role { attributes = attributes, formats = formats } }
    end
    assert.equal(
      "! identity provider wants signed requests now",
      (changes({}, role ' WantAuthnRequestsSigned="true"'))
    )
    assert.equal(
      "identity provider no longer wants signed requests",
      (changes(role ' WantAuthnRequestsSigned="true"', {}))
    )
    local format = "<md:NameIDFormat>urn:x:persistent</md:NameIDFormat>"
    assert.equal(
      "identity provider offers the NameID format persistent",
      (changes({}, role("", format)))
    )
    assert.matches("^! identity provider no longer offers", (changes(role("", format), {})))
    local function valid(days)
      return { attributes = (' validUntil="%s"'):format(times.iso(os.time() + days * DAY)) }
    end
    assert.matches("^is valid until ", (changes({}, valid(9))))
    assert.matches("^! is valid until ", (changes(valid(9), valid(8))))
    assert.matches("^is valid until ", (changes(valid(8), valid(9))))
    assert.matches("^has no validUntil any more", (changes(valid(8), {})))
  end)

  it("tells another entity, and roles", function()
    assert.matches(
      "^! is another entity: https://x.example, not ",
      (changes({}, { id = "https://x.example" }))
    )
    assert.equal("is also a service provider", (changes({}, {
      roles = samples.idp_role() .. samples.sp_role(),
    })))
    assert.equal("! is no longer a service provider", (changes({
      roles = samples.idp_role() .. samples.sp_role(),
    }, {})))
  end)

  it("is the same whichever way tables are gone through", function()
    local before, after = read {}, read { keys = samples.key "next" .. samples.key "other" }
    local text = metadata.diff(before, after).text
    for _ = 1, 5 do
      assert.equal(text, metadata.diff(before, after).text)
    end
    assert.is_truthy(keys.of "other")
  end)
end)

describe("saml.metadata.warnings", function()
  local function texts(entity, days, now)
    local list = {}
    for index, warning in ipairs(metadata.warnings(entity, days, now)) do
      list[index] = warning.text
    end
    return table.concat(list, "\n")
  end

  -- keys.of makes certificates that last a year
  it("comes so many days before a certificate ends", function()
    local entity = read()
    local last = entity.idp.certificates.signing[1]:fields().not_after
    assert.equal("", texts(entity, 30, last - 31 * DAY - 1))
    assert.matches(
      "^the identity provider's certificate for signing %(sha256 %x+…%) ends in 30 days: ask the ",
      texts(entity, 30, last - 30 * DAY)
    )
    assert.matches("ends within a day", texts(entity, 30, last - 10))
    assert.matches("ended 2 days ago", texts(entity, 30, last + DAY + 10))
  end)

  it("says when the successor is there", function()
    local entity = read { keys = samples.key("idp", "signing") .. samples.key("next", "signing") }
    local later = entity.idp.certificates.signing[2]
    local fields = later:fields()
    entity.idp.certificates.signing[2] = {
      fields = function()
        fields.not_after = fields.not_after + 400 * DAY
        return fields
      end,
    }
    local last = entity.idp.certificates.signing[1]:fields().not_after
    assert.matches("its successor is there already", texts(entity, 30, last - DAY))
  end)

  it("comes for a key that is too small to be believed", function()
    local entity = read { keys = samples.key("small", "signing") }
    assert.matches("has 1024 bits, less than 2048: ask the identity provider", texts(entity, 0))
  end)

  it("comes for the metadata itself", function()
    local entity = read { attributes = (' validUntil="%s"'):format(times.iso(os.time() + 5 * DAY)) }
    assert.matches(
      "^the metadata of https://idp.acme.com/saml ends in %d days %(validUntil%)",
      texts(entity)
    )
  end)
end)

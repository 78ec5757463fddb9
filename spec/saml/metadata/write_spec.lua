local check = require "spec.support.check"
local keys = require "spec.support.saml_keys"
local metadata = require "lastpass.saml.metadata"
local names = require "lastpass.saml.names"
local rollover = require "lastpass.saml.rollover"
local secret = require "lastpass.secret"
local times = require "lastpass.time"
local xmldsig = require "lastpass.xmldsig"

local POST, REDIRECT = names.binding.post, names.binding.redirect

local function certificate(name)
  return assert(xmldsig.certificate(keys.of(name).certificate))
end

local function service_provider()
  return {
    entity_id = "https://app.acme.com/saml?a=1&b=2",
    valid_until = times.civil(2099, 1, 1),
    cache_duration = 3600,
    sp = {
      acs = { { binding = POST, location = "https://app.acme.com/acs?a=1&b=2" } },
      slo = {
        { binding = REDIRECT, location = "https://app.acme.com/slo" },
        { binding = POST, location = "https://app.acme.com/slo" },
      },
      certificates = { signing = { certificate "sp" }, encryption = { certificate "sp" } },
      name_id_formats = { names.format.email },
      authn_requests_signed = true,
      want_assertions_signed = true,
    },
  }
end

-- What reading gives, with fingerprints in place of certificates.
local function plain(entity)
  local copy = { entity_id = entity.entity_id, valid_until = entity.valid_until }
  for _, which in ipairs { "idp", "sp" } do
    for name, value in pairs(entity[which] or {}) do
      copy[which] = copy[which] or {}
      copy[which][name] = value
    end
    for _, use in ipairs(entity[which] and { "signing", "encryption" } or {}) do
      local list = {}
      for index, one in ipairs(entity[which].certificates[use] or {}) do
        one = type(one) == "string" and assert(xmldsig.certificate(one)) or one
        list[index] = one:fields().sha256
      end
      copy[which][use] = list
    end
    if copy[which] then
      copy[which].certificates = nil
    end
  end
  return copy
end

describe("saml.metadata.write", function()
  it("writes what is read the same", function()
    local description = service_provider()
    local expected = plain(description)
    expected.sp.acs[1].index, expected.sp.acs[1].default = 0, true
    local xml = assert(metadata.write(description))
    local entity = assert(metadata.read(xml))
    assert.same(expected, plain(entity))
    assert.equal(3600, entity.cache_duration)
    assert.equal(xml, assert(metadata.write(entity)))
  end)

  it("writes an identity provider", function()
    local description = {
      entity_id = "https://idp.acme.com/saml",
      idp = {
        sso = { { binding = REDIRECT, location = "https://idp.acme.com/sso" } },
        slo = {
          {
            binding = REDIRECT,
            location = "https://idp.acme.com/slo",
            response_location = "https://idp.acme.com/done",
          },
        },
        certificates = {
          signing = { keys.of("idp").certificate, certificate "next" },
          encryption = {},
        },
        name_id_formats = { names.format.persistent },
        want_authn_requests_signed = true,
      },
    }
    assert.same(
      plain(description),
      plain(assert(metadata.read(assert(metadata.write(description)))))
    )
  end)

  it("keeps the order of the schema", function()
    local xml = assert(metadata.write(service_provider()))
    local order = {}
    for name in xml:gmatch "<md:(%a+)" do
      order[#order + 1] = order[#order] ~= name and name or nil
    end
    assert.same({
      "EntityDescriptor",
      "SPSSODescriptor",
      "KeyDescriptor",
      "EncryptionMethod",
      "SingleLogoutService",
      "NameIDFormat",
      "AssertionConsumerService",
    }, order)
    assert.matches("http://www.w3.org/2009/xmlenc11#aes256%-gcm", xml)
    assert.matches("rsa%-oaep%-mgf1p", xml)
  end)

  it("signs, so that who has pinned the certificate can tell", function()
    local description = service_provider()
    description.sign = {
      key = assert(xmldsig.private_key(assert(secret.value(keys.of("sp").pem)))),
      certificate = certificate "sp",
    }
    local xml = assert(metadata.write(description))
    assert.matches("^<md:EntityDescriptor[^>]*><ds:Signature", xml)
    assert.is_nil(xml:find("PRIVATE", 1, true))
    local entity = assert(metadata.read(xml, { pin = keys.of("sp").certificate }))
    assert.is_true(entity.signed)
    assert.is_false(assert(metadata.read(xml)).signed)
    description.sign.certificate = keys.of("sp").certificate
    assert(metadata.read(assert(metadata.write(description)), { pin = certificate "sp" }))
    description.sign.certificate = "none"
    check.failure("argument", nil, metadata.write(description))
    description.sign.certificate = certificate "sp"
    -- a pin is a list while one certificate replaces another
    assert.truthy(metadata.read(xml, { pin = { certificate "other", keys.of("sp").certificate } }))
    check.failure(nil, "signature_invalid", metadata.read(xml, { pin = certificate "other" }))
    local changed = xml:gsub("app.acme.com/acs", "evil.example/acs")
    check.failure(nil, "signature_invalid", metadata.read(changed, { pin = certificate "sp" }))
    check.failure(
      nil,
      "signature_missing",
      metadata.read(assert(metadata.write(service_provider())), { pin = certificate "sp" })
    )
  end)

  it("publishes the next key beside the one in use", function()
    local published = assert(rollover.publish(service_provider(), keys.of("next").certificate))
    local entity = assert(metadata.read(assert(metadata.write(published))))
    local both = { certificate("sp"):fields().sha256, certificate("next"):fields().sha256 }
    assert.same(both, plain(entity).sp.signing)
    assert.same(both, plain(entity).sp.encryption)
    assert.same(plain(published), plain(assert(rollover.publish(published, certificate "next"))))
    assert.equal(1, #service_provider().sp.certificates.signing)
  end)

  it("publishes the next key of an identity provider to sign alone", function()
    local first, following = certificate "idp", certificate "next"
    local description = {
      entity_id = "https://idp.acme.com",
      idp = {
        sso = { { binding = REDIRECT, location = "https://idp.acme.com/sso" } },
        certificates = { signing = { first }, encryption = { first } },
      },
    }
    local published = assert(rollover.publish(description, following))
    assert.same({ first, following }, published.idp.certificates.signing)
    assert.same({ first }, published.idp.certificates.encryption)
    description.idp.certificates.encryption = nil
    published = assert(rollover.publish(description, following))
    assert.is_nil(published.idp.certificates.encryption)
    assert.equal(1, #description.idp.certificates.signing)
  end)

  it("publishes no next key where there is none, and for no use that there was not", function()
    local description = service_provider()
    description.sp.certificates.encryption = {}
    local published = assert(rollover.publish(description, certificate "next"))
    assert.equal(2, #published.sp.certificates.signing)
    assert.equal(0, #published.sp.certificates.encryption)
    description.sp.certificates.signing = {}
    check.failure("argument", "no_key", rollover.publish(description, certificate "next"))
  end)

  it("refuses what cannot be written", function()
    local description = service_provider()
    description.sp.certificates.signing[2] = "no certificate"
    check.failure("argument", nil, metadata.write(description))
    description = service_provider()
    description.entity_id = "a\0b"
    check.failure("argument", "not_xml", metadata.write(description))
    for _, wrong in ipairs {
      { entity_id = "x" },
      { sp = {} },
      { entity_id = "x", sp = { asc = {} } },
      { entity_id = "x", sp = {}, validuntil = 1 },
      { entity_id = "x", sp = { sso = {} } },
      { entity_id = "x", idp = { acs = {} } },
      { entity_id = "x", sp = { certificates = { singing = {} } } },
      {
        entity_id = "x",
        sp = { acs = { { location = "https://x.example", responselocation = "y" } } },
      },
    } do
      check.blamed(function()
        metadata.write(wrong)
      end)
    end
  end)
end)

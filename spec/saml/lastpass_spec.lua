local check = require "spec.support.check"
local checks = require "lastpass.saml.checks"
local keys = require "spec.support.saml_keys"
local lastpass = require "lastpass.saml.lastpass"
local metadata = require "lastpass.saml.metadata"
local names = require "lastpass.saml.names"

describe("saml.lastpass", function()
  it("knows the entity IDs of both generations, and those of single apps", function()
    for id, generation in pairs {
      ["https://identity.lastpass.com"] = "current",
      ["https://identity.lastpass.com/SAML/12-ab"] = "current",
      ["https://lastpass.com/saml/idp"] = "legacy",
      ["https://lastpass.com/saml/idp/cfg/12"] = "legacy",
    } do
      assert.equal(generation, lastpass.generation_of(id), id)
    end
    for _, id in ipairs {
      "http://identity.lastpass.com",
      "https://identity.lastpass.com.evil.example",
      "https://identity.lastpass.com@evil.example",
      "https://identityXlastpass.com",
      "https://lastpass.com/saml/idp/cfg/12/../x",
      "https://lastpass.com/saml/idp2",
      "",
    } do
      assert.is_nil(lastpass.generation_of(id), id)
    end
  end)

  it("makes an identity provider of a certificate", function()
    local entity = assert(lastpass.idp { certificates = keys.of("idp").certificate })
    assert.equal("https://identity.lastpass.com", entity.entity_id)
    assert.equal("current", entity.lastpass)
    assert.same({
      {
        binding = names.binding.redirect,
        location = "https://identity.lastpass.com/SAML/SSOService",
      },
    }, entity.idp.sso)
    assert.same({}, entity.idp.slo)
    assert.equal("https://identity.lastpass.com/Login/Logout", entity.idp.logout_url)
    assert.equal(keys.of("idp").base64, entity.idp.certificates.signing[1]:fields().base64)
  end)

  it("has the addresses of an app of its own, and takes yours", function()
    local certificates = { keys.of("idp").certificate, keys.of("next").certificate }
    local entity = assert(lastpass.idp { certificates = certificates, app = "0f8b-1" })
    assert.equal("https://identity.lastpass.com/SAML/SSOService/0f8b-1", entity.idp.sso[1].location)
    assert.equal(2, #entity.idp.certificates.signing)
    entity = assert(lastpass.idp { certificates = certificates, generation = "legacy", app = 17 })
    assert.equal("https://lastpass.com/saml/idp/cfg/17", entity.entity_id)
    assert.equal("https://lastpass.com/saml/saml.php", entity.idp.sso[1].location)
    assert.equal("https://lastpass.com/saml/saml.php?logout=1", entity.idp.logout_url)
    entity = assert(lastpass.idp {
      certificates = certificates,
      entity_id = "urn:a",
      sso_url = "https://a.example/sso",
      logout_url = "https://a.example/out",
    })
    assert.equal("urn:a", entity.entity_id)
    assert.equal("https://a.example/sso", entity.idp.sso[1].location)
    assert.equal("https://a.example/out", entity.idp.logout_url)
  end)

  it("can be written, and read again", function()
    local entity = assert(lastpass.idp { certificates = keys.of("idp").certificate })
    local again = assert(metadata.read(assert(metadata.write(entity)), { role = "idp" }))
    assert.equal("current", again.lastpass)
    assert.equal(entity.idp.logout_url, again.idp.logout_url)
  end)

  it("links to apps", function()
    assert.equal("https://identity.lastpass.com/redirect?id=a%26b", lastpass.launch_url "a&b")
    assert.equal("https://lastpass.com/saml/launch/cfg/17", lastpass.launch_url(17, "legacy"))
  end)

  it("takes both spellings of the e-mail format for the same", function()
    assert.is_true(lastpass.same_format(names.LEGACY_EMAIL_FORMAT, names.format.email))
    assert.is_true(lastpass.same_format(names.format.email, names.format.email))
    assert.is_false(lastpass.same_format(names.format.email, names.format.persistent))
    assert.is_false(lastpass.same_format(names.format.email, nil))
    assert.equal(names.format.email, lastpass.standard_format(names.LEGACY_EMAIL_FORMAT))
    assert.is_nil(lastpass.standard_format(nil))
  end)

  it("says which box to tick for SHA-1, and what is logged when it is allowed", function()
    assert.matches("tick SHA256", checks.of("sha1_refused").hint)
    local line = lastpass.sha1_accepted "https://identity.lastpass.com"
    assert.matches("https://identity.lastpass.com was accepted", line)
    assert.matches("allow_sha1", line)
  end)

  it("refuses what is wrong", function()
    check.failure("argument", nil, lastpass.idp { certificates = "nothing" })
    for words, options in pairs {
      ["is missing"] = {},
      ["current or legacy"] = { certificates = "x", generation = "new" },
      ["did you mean 'certificates'"] = { certificate = "x" },
      ["sso_url"] = { certificates = keys.of("idp").certificate, sso_url = "http://a.example" },
    } do
      assert.matches(
        words,
        check.blamed(function()
          lastpass.idp(options)
        end)
      )
    end
  end)
end)

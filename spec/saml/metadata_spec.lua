local check = require "spec.support.check"
local keys = require "spec.support.saml_keys"
local metadata = require "lastpass.saml.metadata"
local names = require "lastpass.saml.names"
local samples = require "spec.support.saml_metadata"
local times = require "lastpass.time"

local DAY = 86400

local function refused(code, xml, options)
  local err = check.failure(nil, code, metadata.read(xml, options))
  return err.message, err
end

local function with_until(utc, o)
  o = o or {}
  o.attributes = (' validUntil="%s"'):format(times.iso(utc))
  return samples.entity(o)
end

describe("saml.metadata.read", function()
  it("reads an identity provider", function()
    local entity = assert(metadata.read(samples.entity {
      attributes = ' validUntil="2099-01-01T00:00:00Z" cacheDuration="PT6H"',
      roles = samples.idp_role {
        attributes = ' WantAuthnRequestsSigned="true"',
        keys = samples.key("idp", "signing")
          .. samples.key "next"
          .. samples.key("other", "encryption"),
        slo = samples.endpoint(
          "SingleLogoutService",
          "Redirect",
          "https://idp.acme.com/slo",
          ' ResponseLocation="https://idp.acme.com/slo/done"'
        ),
        formats = ("<md:NameIDFormat> %s\n</md:NameIDFormat>"):format(names.format.email),
      },
    }))
    assert.equal(samples.IDP, entity.entity_id)
    assert.equal(times.civil(2099, 1, 1), entity.valid_until)
    assert.equal(6 * 3600, entity.cache_duration)
    assert.is_false(entity.signed)
    assert.is_nil(entity.sp)
    assert.same(
      { { binding = names.binding.redirect, location = "https://idp.acme.com/sso" } },
      entity.idp.sso
    )
    assert.equal("https://idp.acme.com/slo/done", entity.idp.slo[1].response_location)
    assert.same({ names.format.email }, entity.idp.name_id_formats)
    assert.is_true(entity.idp.want_authn_requests_signed)
  end)

  it("keeps all certificates, each for its use", function()
    local entity = assert(metadata.read(samples.entity {
      keys = samples.key("idp", "signing")
        .. samples.key "next"
        .. samples.key("other", "encryption"),
    }))
    local function bases(use)
      local list = {}
      for index, certificate in ipairs(entity.idp.certificates[use]) do
        list[index] = certificate:fields().base64
      end
      return list
    end
    assert.same({ keys.of("idp").base64, keys.of("next").base64 }, bases "signing")
    assert.same({ keys.of("next").base64, keys.of("other").base64 }, bases "encryption")
  end)

  it("reads a service provider", function()
    local entity = assert(metadata.read(
      samples.entity {
        id = samples.SP,
        roles = samples.sp_role {
          attributes = ' AuthnRequestsSigned="1" WantAssertionsSigned="0"',
        },
      },
      { role = "sp" }
    ))
    assert.same({
      {
        binding = names.binding.post,
        location = "https://app.acme.com/acs",
        index = 0,
        default = true,
      },
    }, entity.sp.acs)
    assert.is_true(entity.sp.authn_requests_signed)
    assert.is_false(entity.sp.want_assertions_signed)
  end)

  it("knows both generations of LastPass, and where their sessions end", function()
    for id, generation in pairs {
      ["https://identity.lastpass.com"] = "current",
      ["https://lastpass.com/saml/idp"] = "legacy",
      ["https://lastpass.com/saml/idp/cfg/17"] = "legacy",
    } do
      local entity = assert(metadata.read(samples.entity { id = id }))
      assert.equal(generation, entity.lastpass)
      assert.matches("^https://.*lastpass%.com/", entity.idp.logout_url)
    end
    assert.is_nil(assert(metadata.read(samples.entity())).lastpass)
  end)

  describe("out of many", function()
    local many = samples.entities {
      samples.entity { id = "https://a.example" },
      samples.entities { samples.entity { id = "https://b.example" } },
    }

    it("takes the one that is asked for, however deep", function()
      for _, id in ipairs { "https://a.example", "https://b.example" } do
        assert.equal(id, assert(metadata.read(many, { entity_id = id })).entity_id)
      end
    end)

    it("never takes the first", function()
      assert.matches("https://a.example, https://b.example", refused("metadata_ambiguous", many))
    end)

    it("refuses what is not in it, or twice", function()
      assert.matches(
        "https://c.example is not among 2",
        refused("metadata_entity", many, { entity_id = "https://c.example" })
      )
      local twice = samples.entities { many, samples.entity { id = "https://b.example" } }
      refused("metadata_duplicate", twice, { entity_id = "https://b.example" })
    end)

    it("is bounded in depth", function()
      local deep = samples.entity()
      for _ = 1, 12 do
        deep = samples.entities { deep }
      end
      refused("xml_too_deep", deep, { entity_id = samples.IDP })
    end)
  end)

  describe("heeds validUntil", function()
    local past, later = os.time() - DAY, os.time() + DAY

    it("of the entity, of those around it, and of the role", function()
      assert.matches(
        "EntityDescriptor was valid until",
        refused("metadata_expired", with_until(past))
      )
      local outer =
        samples.entities({ samples.entity() }, (' validUntil="%s"'):format(times.iso(past)))
      refused("metadata_expired", outer, { entity_id = samples.IDP })
      local role = samples.idp_role { attributes = (' validUntil="%s"'):format(times.iso(past)) }
      refused("metadata_expired", samples.entity { roles = role })
    end)

    it("and keeps the earliest", function()
      local xml =
        samples.entities({ with_until(later) }, (' validUntil="%s"'):format(times.iso(later + DAY)))
      assert.equal(later, assert(metadata.read(xml, { entity_id = samples.IDP })).valid_until)
    end)

    it("with the skew that is allowed, and no more", function()
      local now = times.civil(2026, 11, 30, 12)
      assert.truthy(metadata.read(with_until(now - 59), { now = now }))
      refused("metadata_expired", with_until(now - 60), { now = now })
      refused("metadata_expired", with_until(now), { now = now, skew = 0 })
      assert.matches(
        "from 0 to 300",
        check.blamed(function()
          metadata.read("<a/>", { skew = 301 })
        end)
      )
    end)

    it("in one form", function()
      for _, text in ipairs { "2099-01-01", "2099-01-01T00:00:00+01:00", "tomorrow", "" } do
        refused("bad_time", samples.entity { attributes = (' validUntil="%s"'):format(text) })
      end
    end)
  end)

  it("reads lengths of time", function()
    local duration = require("lastpass.saml.metadata.read").duration
    for text, seconds in pairs {
      PT1H = 3600,
      P1D = DAY,
      P1DT1H1M1S = DAY + 3661,
      ["PT0.5S"] = 0.5,
      P1M = 30 * DAY,
      PT1M = 60,
    } do
      assert.equal(seconds, duration(text), text)
    end
    for _, text in ipairs {
      "",
      "P",
      "PT",
      "1H",
      "PT1",
      "P1H",
      "PT1D",
      "-PT1H",
      "PT1H1H " .. "" .. "x",
    } do
      assert.is_nil(duration(text), text)
    end
    refused("metadata_value", samples.entity { attributes = ' cacheDuration="soon"' })
  end)

  describe("refuses", function()
    it("what is no metadata", function()
      refused("metadata_kind", "<a/>")
      refused("bad_xml", "")
      refused("bad_xml", "not XML")
      refused("bad_xml", samples.entity():sub(1, -10))
      refused("doctype", '<!DOCTYPE a [<!ENTITY b "c">]>' .. samples.entity())
      refused("processing_instruction", (samples.entity():gsub("<md:KeyD", "<?a b?>%0", 1)))
      refused("metadata_value", (samples.entity():gsub(' entityID="[^"]*"', "")))
    end)

    it("an entity without a role in SAML 2.0", function()
      refused("metadata_role", samples.entity { roles = "" })
      local old = samples.idp_role { protocols = "urn:oasis:names:tc:SAML:1.1:protocol" }
      refused("metadata_role", samples.entity { roles = old })
      assert.matches(
        "is not a service provider",
        refused("metadata_role", samples.entity(), { role = "sp" })
      )
      refused(
        "metadata_duplicate",
        samples.entity { roles = samples.idp_role() .. samples.idp_role() }
      )
    end)

    it("an identity provider without a key that may sign", function()
      refused("metadata_keys", samples.entity { keys = "<!-- none -->" })
      refused("metadata_keys", samples.entity { keys = samples.key("idp", "encryption") })
      refused("metadata_value", samples.entity { keys = samples.key("idp", "both") })
      refused("metadata_value", (samples.entity():gsub("(<ds:X509Certificate>)....", "%1AAAA")))
    end)

    it("a certificate whose dates are none", function()
      -- the years of UTCTime, damaged: DER that is whole, and no time
      local der = keys.from_base64(keys.of("idp").base64):gsub("\23\13%d%d", "\23\13xx")
      local damaged = samples.entity():gsub("(<ds:X509Certificate>)[^<]*", function(open)
        return open .. keys.base64(der)
      end)
      refused("metadata_value", damaged)
    end)

    it("addresses that browsers must not be sent to", function()
      for location, why in pairs {
        ["http://idp.acme.com/sso"] = "this machine only",
        ["http://127.0.0.1/sso"] = "not https",
        ["javascript:alert(1)"] = "not one of https",
        ["data:text/html,x"] = "not one of https",
        ["https://user@idp.acme.com/sso"] = "names a user",
        ["https://idp.acme.com/sso#part"] = "fragment",
        ["//idp.acme.com/sso"] = "not one of https",
        ["https://idp.acme.com/a b"] = "not one of https",
        ["https://idp.acme.com/" .. ("a"):rep(2100)] = "longer",
        [""] = "not one of https",
      } do
        local sso = samples.endpoint("SingleSignOnService", "Redirect", location)
        assert.matches(why, refused("metadata_location", samples.entity { sso = sso }), location)
      end
      local slo = samples.endpoint(
        "SingleLogoutService",
        "POST",
        "https://idp.acme.com/slo",
        ' ResponseLocation="http://evil.example"'
      )
      refused("metadata_location", samples.entity { slo = slo })
    end)

    it("http, but for loopback when it is allowed", function()
      local sso = samples.endpoint("SingleSignOnService", "POST", "http://127.0.0.1:8080/sso")
      assert.truthy(metadata.read(samples.entity { sso = sso }, { allow_http = true }))
      sso = samples.endpoint("SingleSignOnService", "POST", "http://idp.acme.com/sso")
      refused("metadata_location", samples.entity { sso = sso }, { allow_http = true })
    end)

    it("values that are none", function()
      local flag = samples.idp_role { attributes = ' WantAuthnRequestsSigned="yes"' }
      refused("metadata_value", samples.entity { roles = flag })
      local acs = samples.endpoint(
        "AssertionConsumerService",
        "POST",
        "https://app.acme.com/acs",
        ' index="-1"'
      )
      refused("metadata_value", samples.entity { roles = samples.sp_role { acs = acs } })
    end)

    it("an identity provider with addresses of other bindings only", function()
      local sso = samples.endpoint("SingleSignOnService", "Artifact", "https://idp.acme.com/sso")
      refused("metadata_endpoint", samples.entity { sso = sso })
    end)

    it("options that it does not know", function()
      assert.matches(
        "did you mean 'entity_id'",
        check.blamed(function()
          metadata.read("<a/>", { entityid = "x" })
        end)
      )
      assert.matches(
        "must be idp or sp",
        check.blamed(function()
          metadata.read("<a/>", { role = "both" })
        end)
      )
    end)

    it("what is larger than the limit", function()
      refused("message_too_large", samples.entity() .. (" "):rep(1000), { max_bytes = 1000 })
    end)
  end)

  it("says what it left out", function()
    local entity = assert(metadata.read(samples.entity {
      sso = samples.endpoint("SingleSignOnService", "SOAP", "https://idp.acme.com/soap")
        .. samples.endpoint("SingleSignOnService", "POST", "https://idp.acme.com/sso"),
      keys = samples.key "idp" .. "<md:KeyDescriptor><ds:KeyInfo/></md:KeyDescriptor>",
    }))
    table.sort(entity.notes)
    assert.same({
      "SingleSignOnService with the binding HTTP-SOAP is not used",
      "a KeyDescriptor without a certificate is not used",
    }, entity.notes)
    assert.equal(1, #entity.idp.sso)
  end)
end)

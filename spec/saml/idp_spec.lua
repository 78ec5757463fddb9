-- The identity provider against what any service provider sends: requests written by this module's other side and by hand,
-- answers opened with the XML library alone.
local base64 = require "lastpass.text.base64"
local binding = require "lastpass.saml.binding"
local keys = require "spec.support.saml_keys"
local messages = require "lastpass.saml.message"
local names = require "lastpass.saml.names"
local percent = require "lastpass.text.percent"
local requests = require "lastpass.saml.request"
local saml_idp = require "lastpass.saml.idp"
local secret = require "lastpass.secret"
local state = require "lastpass.state"
local write = require "lastpass.saml.write"
local xmldsig = require "lastpass.xmldsig"

local NOW = 1764500000
local SP, ACS = "https://sp.example/saml", "https://sp.example/saml/acs"
local SSO, SLO = "https://idp.example/sso", "https://idp.example/slo"

local e = write.element

local function certificate(name)
  return assert(xmldsig.certificate(keys.of(name).certificate))
end

local function private_key(name)
  return assert(xmldsig.private_key(secret.value(keys.of(name).pem)))
end

local function sp_entity(more)
  local sp = {
    acs = { { binding = names.binding.post, location = ACS, index = 0, default = true } },
    slo = {},
    certificates = { signing = { certificate "sp" }, encryption = { certificate "sp" } },
    name_id_formats = {},
    authn_requests_signed = false,
    want_assertions_signed = false,
  }
  for name, value in pairs(more or {}) do
    sp[name] = value
  end
  return { entity_id = SP, sp = sp }
end

local function new_idp(more)
  local options = {
    entity_id = "https://idp.example",
    sso_url = SSO,
    slo_url = SLO,
    key = assert(secret.value(keys.of("idp").pem)),
    cert = keys.of("idp").certificate,
    sps = { sp_entity() },
    store = state.memory(),
    clock = function()
      return NOW
    end,
  }
  for name, value in pairs(more or {}) do
    options[name] = value or nil
  end
  return assert(saml_idp.new(options))
end

local user = {
  email = "ann@example.com",
  secondary_email = "ann@home.example",
  id = 42,
  groups = { "Sales", "All & <Staff>" },
  roles = {},
  fullname = "Ann Ämter",
}

-- A request as the service provider's side of this module writes it.
local function ask(more)
  local options = {
    issuer = SP,
    endpoint = { binding = names.binding.redirect, location = SSO },
    now = NOW,
    acs_url = ACS,
  }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return assert(requests.write(options))
end

local function source_of(sent)
  if sent.url then
    return { query = sent.url:match "%?(.*)$" }
  end
  local value = sent.form:match 'name="SAMLRequest" type="hidden" value="([^"]*)"'
  return { form = { SAMLRequest = value } }
end

local function assert_refused(code, value, message, err)
  assert.is_nil(value)
  assert.equal(code, err and err.code, message)
  assert.is_string(message)
end

-- A request by hand: attributes and children over the usual ones.
local function by_hand(attributes, ...)
  local all = { AssertionConsumerServiceURL = ACS }
  for name, value in pairs(attributes or {}) do
    all[name] = value
  end
  local root = messages.element("AuthnRequest", {
    id = "_1",
    now = NOW,
    issuer = SP,
    destination = SSO,
    attributes = all,
  }, ...)
  local url = assert(binding.redirect {
    location = SSO,
    kind = "SAMLRequest",
    xml = assert(write.document(root)),
  })
  return { query = url:match "%?(.*)$" }
end

-- Child by path.
local function at(element, ...)
  for _, name in ipairs { ... } do
    local found
    for _, child in ipairs(element.children) do
      if child.name == name then
        found = found or child
      end
    end
    element = assert(found, name)
  end
  return element
end

local function form_value(page, name)
  return page:match('name="' .. name .. '" type="hidden" value="([^"]*)"')
end

local function response_of(answer)
  local received = assert(binding.read_form {
    SAMLResponse = form_value(answer.form, "SAMLResponse"),
  })
  return assert(xmldsig.parse(received.xml)), received.xml
end

describe("lastpass.saml.idp", function()
  describe("reads requests", function()
    it("by Redirect and POST, signed and not", function()
      local idp = new_idp()
      for _, name in ipairs { "redirect", "post" } do
        for _, signed in ipairs { false, true } do
          local sent = ask {
            endpoint = { binding = names.binding[name], location = SSO },
            key = signed and private_key "sp" or nil,
            relay = name == "redirect" and "to & fro" or nil,
            force_authn = true,
            name_id_format = names.format.email,
            authn_context = { names.context.password, names.context.multifactor },
          }
          local request = assert(idp:read_request(source_of(sent)))
          assert.equal(sent.id, request.id)
          assert.equal(SP, request.issuer)
          assert.equal(ACS, request.acs_url)
          assert.equal(name == "redirect" and "to & fro" or nil, request.relay)
          assert.is_true(request.force_authn)
          assert.is_false(request.passive)
          assert.equal(signed, request.signed)
          assert.equal(names.format.email, request.name_id_format)
          assert.same({ names.context.password, names.context.multifactor }, request.authn_contexts)
        end
      end
    end)

    it("signed where the metadata or a setting says so", function()
      local wanting = sp_entity { authn_requests_signed = true }
      for _, idp in ipairs { new_idp { sps = { wanting } }, new_idp { require_signed = true } } do
        for _, name in ipairs { "redirect", "post" } do
          local endpoint = { binding = names.binding[name], location = SSO }
          local unsigned = source_of(ask { endpoint = endpoint })
          assert_refused("request_unsigned", idp:read_request(unsigned))
          local foreign = source_of(ask { endpoint = endpoint, key = private_key "other" })
          assert_refused("signature_invalid", idp:read_request(foreign))
          local signed = source_of(ask { endpoint = endpoint, key = private_key "sp" })
          assert.is_true(assert(idp:read_request(signed)).signed)
        end
      end
      local lenient = new_idp { sps = { { metadata = wanting, require_signed = false } } }
      assert.is_false(assert(lenient:read_request(source_of(ask()))).signed)
    end)

    it("verifies a signature that is there, also where none is needed", function()
      local idp = new_idp()
      local source = source_of(ask { key = private_key "other" })
      assert_refused("signature_invalid", idp:read_request(source))
      source = source_of(ask { key = private_key "sp", relay = "a" })
      source.query = source.query:gsub("RelayState=a", "RelayState=b")
      assert_refused("signature_invalid", idp:read_request(source))
      local sha1 = names.algorithm["rsa-sha1"]
      local octets = source_of(ask()).query .. "&SigAlg=" .. percent.encode(sha1)
      local bytes = keys.sign(sha1, keys.of "sp", octets)
      source = { query = octets .. "&Signature=" .. percent.encode(base64.encode(bytes)) }
      assert_refused("sha1_refused", idp:read_request(source))
      assert.is_true(assert(new_idp({ allow_sha1 = true }):read_request(source)).signed)
      local without = sp_entity { certificates = { signing = {}, encryption = {} } }
      source = source_of(ask { key = private_key "sp" })
      assert_refused("certificates_missing", new_idp({ sps = { without } }):read_request(source))
    end)

    it("for addresses of the metadata alone", function()
      local second = "https://sp.example/second"
      local idp = new_idp {
        sps = {
          sp_entity {
            acs = {
              { binding = "urn:other", location = "https://sp.example/artifact", index = 7 },
              { binding = names.binding.post, location = second, index = 1 },
              { binding = names.binding.post, location = ACS, index = 0, default = true },
            },
          },
        },
      }
      local function acs(attributes)
        return idp:read_request(by_hand(attributes))
      end
      assert.equal(second, assert(acs { AssertionConsumerServiceURL = second }).acs_url)
      local index = { AssertionConsumerServiceURL = false, AssertionConsumerServiceIndex = "1" }
      assert.equal(second, assert(acs(index)).acs_url)
      assert.equal(ACS, assert(acs { AssertionConsumerServiceURL = false }).acs_url)
      for _, url in ipairs {
        "https://evil.example/",
        ACS .. "/",
        ACS:upper(),
        ACS .. "?x",
        "",
        "https://sp.example/artifact",
      } do
        assert_refused("wrong_acs", acs { AssertionConsumerServiceURL = url })
      end
      for _, number in ipairs { "7", "2", "x", "" } do
        assert_refused(
          "wrong_acs",
          acs {
            AssertionConsumerServiceURL = false,
            AssertionConsumerServiceIndex = number,
          }
        )
      end
      assert_refused("request_incomplete", acs { AssertionConsumerServiceIndex = "0" })
      assert_refused("request_unsupported", acs { ProtocolBinding = names.binding.redirect })
    end)

    it("of known service providers, to this address, in time", function()
      local idp = new_idp()
      assert_refused("unknown_sp", idp:read_request(source_of(ask { issuer = "https://x" })))
      local elsewhere = { binding = names.binding.redirect, location = SSO .. "/" }
      assert_refused("wrong_destination", idp:read_request(source_of(ask { endpoint = elsewhere })))
      assert.is_table(idp:read_request(by_hand { Destination = false }))
      assert_refused("issued_early", idp:read_request(source_of(ask { now = NOW + 61 })))
      assert.is_table(idp:read_request(source_of(ask { now = NOW + 60 })))
      assert_refused("request_old", idp:read_request(source_of(ask { now = NOW - 661 })))
      assert.is_table(idp:read_request(source_of(ask { now = NOW - 660 })))
      assert_refused("wrong_version", idp:read_request(by_hand { Version = "1.1" }))
      assert_refused("bad_time", idp:read_request(by_hand { IssueInstant = "2026-11-30" }))
    end)

    it("and refuses what must not be ignored", function()
      local idp = new_idp()
      local function read(...)
        return idp:read_request(by_hand(nil, ...))
      end
      assert_refused("request_unsupported", read(e("saml:Conditions")))
      local context = e("samlp:RequestedAuthnContext", { Comparison = "minimum" })
      assert_refused("request_unsupported", read(context))
      assert_refused("request_unsupported", read(e("saml:Subject")))
      local affiliation = e("samlp:NameIDPolicy", { SPNameQualifier = "https://group.example" })
      assert_refused("request_unsupported", read(affiliation))
      assert_refused("repeated_element", read(e("samlp:NameIDPolicy"), e("samlp:NameIDPolicy")))
      assert_refused(
        "issuer_format",
        idp:read_request {
          query = assert(binding.redirect {
            location = SSO,
            kind = "SAMLRequest",
            xml = '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1" '
              .. 'Version="2.0"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
              .. 'Format="urn:x">x</saml:Issuer></samlp:AuthnRequest>',
          }):match "%?(.*)$",
        }
      )
      for name, value in pairs { ForceAuthn = "yes", IsPassive = "TRUE" } do
        assert_refused("request_incomplete", idp:read_request(by_hand { [name] = value }))
      end
      local both = { ForceAuthn = "1", IsPassive = "true" }
      assert_refused("request_unsupported", idp:read_request(by_hand(both)))
    end)
  end)

  describe("answers", function()
    local function answer(idp, more, who)
      local request = assert(idp:read_request(source_of(ask { relay = "r1" })))
      return request, assert(idp:respond(request, who or user, more))
    end

    it("with the assertion signed, the response, or both", function()
      for _, sign in ipairs { "assertion", "response", "both" } do
        for _, algorithm in ipairs { "rsa-sha256", "rsa-sha512" } do
          local idp = new_idp { sign = sign, algorithm = algorithm }
          local request, sent = answer(idp)
          assert.equal(ACS, sent.url)
          assert.equal("r1", form_value(sent.form, "RelayState"))
          local document = response_of(sent)
          local root = document:tree()
          assert.equal("Response", root.name)
          assert.equal(request.id, root.attributes.InResponseTo)
          assert.equal(ACS, root.attributes.Destination)
          local certificates = { certificate "idp" }
          if sign ~= "assertion" then
            assert.is_string((assert(document:verify { certificates = certificates })))
          end
          if sign ~= "response" then
            assert(document:verify {
              element = { names.ns.assertion, "Assertion" },
              certificates = certificates,
            })
          end
          assert.equal(sign == "both" and 2 or 1, #document:signatures())
        end
      end
    end)

    it("with what the profile asks for", function()
      local idp = new_idp { attributes = { mail = "email" } }
      local request, sent = answer(idp, {
        authn_context = names.context.multifactor,
        authn_instant = NOW - 100,
        session_index = "_s1",
        session_not_on_or_after = NOW + 3600,
        want_xml = true,
      })
      local document, xml = response_of(sent)
      assert.equal(xml, sent.xml)
      local assertion = at(document:tree(), "Assertion")
      local data = at(assertion, "Subject", "SubjectConfirmation", "SubjectConfirmationData")
      assert.same({
        InResponseTo = request.id,
        NotOnOrAfter = require("lastpass.time").iso(NOW + 300),
        Recipient = ACS,
      }, data.attributes)
      local name_id = at(assertion, "Subject", "NameID")
      assert.equal("ann@example.com", name_id.text)
      assert.equal(names.format.email, name_id.attributes.Format)
      assert.equal(SP, at(assertion, "Conditions", "AudienceRestriction", "Audience").text)
      local statement = at(assertion, "AuthnStatement")
      assert.same({
        AuthnInstant = require("lastpass.time").iso(NOW - 100),
        SessionIndex = "_s1",
        SessionNotOnOrAfter = require("lastpass.time").iso(NOW + 3600),
      }, statement.attributes)
      local context = at(statement, "AuthnContext", "AuthnContextClassRef")
      assert.equal(names.context.multifactor, context.text)
      assert.same({
        sp = SP,
        name_id = { value = "ann@example.com", format = names.format.email },
        session_index = "_s1",
      }, sent.participant)
    end)

    it("maps attributes by names, values and functions", function()
      local idp = new_idp {
        attributes = {
          mail = "email",
          groups = { source = "groups", name_format = "basic", friendly_name = "Groups" },
          name = "fullname",
          id = "user_id",
          empty = "roles",
          missing = "no_such_field",
          fixed = { value = "<b>" },
          made = function(who, sp)
            return { who.email, sp }
          end,
        },
      }
      local _, sent = answer(idp)
      local got = {}
      local statement = at(response_of(sent):tree(), "Assertion", "AttributeStatement")
      for _, one in ipairs(statement.children) do
        local values = {}
        for position, value in ipairs(one.children) do
          values[position] = value.text
        end
        got[one.attributes.Name] = values
        if one.attributes.Name == "groups" then
          assert.equal(names.name_format.basic, one.attributes.NameFormat)
          assert.equal("Groups", one.attributes.FriendlyName)
        end
      end
      assert.same({
        mail = { "ann@example.com" },
        groups = { "Sales", "All & <Staff>" },
        name = { "Ann Ämter" },
        id = { "42" },
        fixed = { "<b>" },
        made = { "ann@example.com", SP },
      }, got)
    end)

    it("by a function that gives names and values", function()
      local idp = new_idp {
        attributes = function(who)
          return { all = who.groups, one = who.email, none = "" }
        end,
      }
      local _, sent = answer(idp)
      local statement = at(response_of(sent):tree(), "Assertion", "AttributeStatement")
      assert.equal(2, #statement.children)
    end)

    it("names the user by each of LastPass's sources", function()
      local expected = {
        email = { "ann@example.com", names.format.email },
        secondary_email = { "ann@home.example", names.format.email },
        user_id = { "42", names.format.persistent },
        groups = { "Sales,All & <Staff>", names.format.unspecified },
        fullname = { "Ann Ämter", names.format.unspecified },
      }
      for source, value in pairs(expected) do
        local _, sent = answer(new_idp { name_id = source })
        local name_id = at(response_of(sent):tree(), "Assertion", "Subject", "NameID")
        assert.same(value, { name_id.text, name_id.attributes.Format })
      end
      local custom = new_idp { name_id = { value = "x" }, name_id_format = names.format.transient }
      local _, sent = answer(custom)
      local name_id = at(response_of(sent):tree(), "Assertion", "Subject", "NameID")
      assert.same({ "x", names.format.transient }, { name_id.text, name_id.attributes.Format })
      local idp = new_idp { name_id = "roles" }
      local request = assert(idp:read_request(source_of(ask())))
      assert_refused("no_name_id", idp:respond(request, user))
    end)

    it("encrypted when that is set", function()
      for _, sign in ipairs { "assertion", "response", "both" } do
        local idp = new_idp { encrypt = true, sign = sign }
        local _, sent = answer(idp)
        local document, xml = response_of(sent)
        assert.is_nil(xml:find("ann@example.com", 1, true))
        assert.equal(0, document:count(names.ns.assertion, "Assertion"))
        local text = assert(document:decrypt {
          element = { names.ns.assertion, "EncryptedAssertion" },
          keys = { private_key "sp" },
        })
        local assertion = assert(xmldsig.parse(text))
        if sign ~= "response" then
          assert(assertion:verify { certificates = { certificate "idp" } })
        end
        assert.equal("ann@example.com", at(assertion:tree(), "Subject", "NameID").text)
      end
      local without = sp_entity { certificates = { signing = {}, encryption = {} } }
      local idp = new_idp { encrypt = true, sps = { without } }
      local request = assert(idp:read_request(source_of(ask())))
      assert_refused("encryption_key_missing", idp:respond(request, user))
    end)

    it("as the service provider's own settings and metadata say", function()
      local wanting = sp_entity { want_assertions_signed = true }
      local idp = new_idp {
        sign = "response",
        name_id = "email",
        sps = { { metadata = wanting, name_id = "user_id" } },
      }
      local _, sent = answer(idp)
      local document = response_of(sent)
      assert.equal(2, #document:signatures())
      assert.equal("42", at(document:tree(), "Assertion", "Subject", "NameID").text)
    end)

    it("nobody who is disabled, and nothing that was not asked for", function()
      local idp = new_idp()
      local request = assert(idp:read_request(source_of(ask())))
      local disabled = { email = "x@example.com", disabled = true }
      assert_refused("account_disabled", idp:respond(request, disabled))
      request.name_id_format = names.format.persistent
      assert_refused("invalid_name_id_policy", idp:respond(request, user))
      request.name_id_format = names.LEGACY_EMAIL_FORMAT
      assert.is_table(idp:respond(request, user))
      request.authn_contexts = { names.context.multifactor }
      assert_refused("no_authn_context", idp:respond(request, user))
      assert.is_table(idp:respond(request, user, { authn_context = names.context.multifactor }))
      request.authn_contexts, request.subject = {}, "bob@example.com"
      assert_refused("wrong_subject", idp:respond(request, user))
    end)

    it("refusals, signed", function()
      local idp = new_idp()
      local request = assert(idp:read_request(source_of(ask { relay = "r1" })))
      local sent = assert(idp:refuse(request, "no_passive", "nobody is signed in"))
      local document = response_of(sent)
      assert(document:verify { certificates = { certificate "idp" } })
      local root = document:tree()
      assert.equal(0, document:count(names.ns.assertion, "Assertion"))
      local code = at(root, "Status", "StatusCode")
      assert.equal(names.status.responder, code.attributes.Value)
      assert.equal(names.status.no_passive, at(code, "StatusCode").attributes.Value)
      assert.equal("nobody is signed in", at(root, "Status", "StatusMessage").text)
      assert.equal("r1", form_value(sent.form, "RelayState"))
      assert.has_error(function()
        idp:refuse(request, "no_pasive")
      end)
    end)

    it("unasked, at the default address", function()
      local idp = new_idp { relay = "https://sp.example/start" }
      local sent = assert(idp:launch(SP, user))
      local root = response_of(sent):tree()
      assert.is_nil(root.attributes.InResponseTo)
      local assertion = at(root, "Assertion")
      local data = at(assertion, "Subject", "SubjectConfirmation", "SubjectConfirmationData")
      assert.is_nil(data.attributes.InResponseTo)
      assert.equal("https://sp.example/start", form_value(sent.form, "RelayState"))
      sent = assert(idp:launch(SP, user, { relay = "/b" }))
      assert.equal("/b", form_value(sent.form, "RelayState"))
      assert_refused("unknown_sp", idp:launch("https://x", user))
      local by_artifact = sp_entity { acs = { { binding = "urn:x", location = ACS } } }
      assert_refused("wrong_acs", new_idp({ sps = { by_artifact } }):launch(SP, user))
    end)

    it("without its key or a user's values in what others see", function()
      local idp = new_idp { attributes = { name = "fullname" }, sign = "both" }
      local request, sent = answer(idp)
      local secret_part = "kp9-Zq7"
      local bad = { email = "ann@example.com", fullname = secret_part .. "\1" }
      local _, message, err = idp:respond(request, bad)
      assert.equal("not_xml", err.code)
      local seen = { message, tostring(idp), sent.form, (assert(idp:metadata { sign = true })) }
      for name, value in pairs(err) do
        seen[#seen + 1] = tostring(name) .. tostring(value)
      end
      local all = table.concat(seen)
      assert.is_nil(all:find(secret_part, 1, true))
      local lines = 0
      for line in keys.of("idp").pem:gmatch "[^\n]+" do
        if not line:find "^%-" and #line > 40 then
          lines = lines + 1
          assert.is_nil(all:find(line, 1, true))
        end
      end
      assert.is_true(lines > 10)
    end)

    it("nothing that XML cannot hold", function()
      local idp = new_idp { attributes = { name = "fullname" } }
      local request = assert(idp:read_request(source_of(ask())))
      local bad = { email = "ann@example.com", fullname = "a\1b" }
      assert_refused("not_xml", idp:respond(request, bad))
    end)
  end)

  describe("its options", function()
    it("name what is missing, wrong or unknown", function()
      local function raises(pattern, more)
        local ok, message = pcall(new_idp, more)
        assert.is_false(ok)
        assert.is_truthy(message:find(pattern), message)
      end
      raises("unknown option 'signs'", { signs = "both" })
      raises("one of assertion, response, both", { sign = "none" })
      raises("must be", { lifetime = 5 })
      raises("must be", { skew = 301 })
      raises("'store' is needed", { store = false })
      raises("metadata of a service provider", { sps = { { entity_id = "x" } } })
      raises("twice", { sps = { sp_entity(), sp_entity() } })
      raises("attribute 'a'", { attributes = { a = true } })
      raises("unknown option", { sps = { { metadata = sp_entity(), encrypts = true } } })
    end)

    it("take a key that is the certificate's", function()
      local options = {
        entity_id = "https://idp.example",
        sso_url = SSO,
        key = secret.value(keys.of("other").pem),
        cert = keys.of("idp").certificate,
        sps = {},
      }
      assert_refused("key_mismatch", saml_idp.new(options))
      options.key = secret.value "no key"
      assert.is_nil((saml_idp.new(options)))
      options.key, options.cert = secret.value(keys.of("idp").pem), "no certificate"
      assert.is_nil((saml_idp.new(options)))
    end)

    it("find service providers by a function too", function()
      local asked
      local idp = new_idp {
        sps = function(entity_id)
          asked = entity_id
          return entity_id == SP and { metadata = sp_entity(), sign = "both" } or nil
        end,
      }
      assert.equal("both", assert(idp:sp(SP)).sign)
      assert.equal(SP, asked)
      assert_refused("unknown_sp", idp:sp "https://x")
    end)
  end)
end)

local check = require "spec.support.check"
local inspect = require "lastpass.saml.inspect"
local names = require "lastpass.saml.names"
local percent = require "lastpass.text.percent"
local samples = require "spec.support.saml_metadata"
local writer = require "spec.support.saml_writer"
local binding = require "lastpass.saml.binding"
local base64 = require "lastpass.text.base64"

local function describe_text(text, options)
  return assert(inspect.describe(text, options))
end

local function value_of(report, name)
  for _, row in ipairs(report.rows) do
    if row.name == name then
      return row.value
    end
  end
  return nil
end

describe("saml.inspect", function()
  local xml = writer.build(writer.parts "_q1")

  it("takes a message in whatever it comes", function()
    local packed = base64.encode(xml)
    local url = assert(binding.redirect {
      location = "https://idp.acme.com/sso?a=b",
      kind = "SAMLResponse",
      xml = xml,
      relay = "/there",
    })
    for form, text in pairs {
      ["XML"] = xml,
      ["XML "] = "\239\187\191 \n" .. xml .. "\n\n",
      ["Base64"] = packed,
      ["Base64 "] = packed:gsub(("."):rep(64), "%0\r\n") .. "\n",
      ["the body of a form (HTTP-POST)"] = "RelayState=%2Fthere&SAMLResponse=" .. percent.encode(
        packed
      ) .. "\n",
      ["the query of an address (HTTP-Redirect)"] = url,
      ["the query of an address (HTTP-Redirect) "] = url:match "%?a=b&(.*)",
    } do
      local report = describe_text(text)
      assert.equal("response", report.kind)
      assert.equal((form:gsub(" $", "")), report.form)
      assert.equal("ann@x.example (emailAddress)", value_of(report, "user"))
      assert.is_true(
        value_of(report, "RelayState") == nil or value_of(report, "RelayState") == "/there"
      )
    end
  end)

  it("says in words what a response is", function()
    local report = describe_text(xml, { now = writer.NOW })
    assert.equal(
      "a response of https://idp.example/saml: what an identity provider says about a "
        .. "user who signs in",
      report.what
    )
    assert.equal("Success", value_of(report, "status"))
    assert.equal("not signed", value_of(report, "response"))
    assert.equal(
      "signed (rsa-sha256, sha256), which is not verified here",
      value_of(report, "assertion")
    )
    assert.equal(writer.ACS, value_of(report, "destination"))
    assert.equal(writer.SP, value_of(report, "for the service"))
    assert.equal("Staff, Admins", value_of(report, "attribute groups"))
    assert.equal("PasswordProtectedTransport", value_of(report, "signed in by"))
    assert.same({}, report.warnings)
  end)

  it("says what will be refused", function()
    local parts = writer.parts("_q1", "none")
    local warnings = table.concat(describe_text(writer.build(parts)).warnings, "\n")
    assert.matches("nothing in it is signed: .*Sign assertion", warnings)
    parts = writer.parts "_q1"
    parts.assertion_signature = { algorithm = names.algorithm["rsa-sha1"] }
    warnings = table.concat(describe_text(writer.build(parts)).warnings, "\n")
    assert.matches("SHA%-1: .*tick SHA256", warnings)
    warnings = table.concat(describe_text(xml, { now = writer.NOW + 400 }).warnings, "\n")
    assert.matches("was valid until", warnings)
  end)

  it("shows no part of a key", function()
    local parts = writer.parts "_q1"
    parts.assertion.attributes =
      { { "LastPassKeyPart", "c2VjcmV0" }, { "LastPassKeyPartSignature", "c2VjcmV0" } }
    for _, row in ipairs(describe_text(writer.build(parts)).rows) do
      assert.is_nil(row.value:find("c2VjcmV0", 1, true))
    end
  end)

  it("knows what is encrypted", function()
    local parts = writer.parts "_q1"
    parts.encrypt = {}
    assert.equal(
      "encrypted (aes256-gcm, key by rsa-oaep)",
      value_of(describe_text(writer.build(parts)), "assertion")
    )
  end)

  it("describes requests and logout messages", function()
    local function message(root, inside)
      return ('<p:%s xmlns:p="%s" xmlns:a="%s" ID="_1" Version="2.0" %s'):format(
        root,
        names.ns.protocol,
        names.ns.assertion,
        inside
      ) .. ("</p:%s>"):format(root)
    end
    local issuer = "><a:Issuer>https://app.example</a:Issuer>"
    local report = describe_text(message("AuthnRequest", 'ForceAuthn="true"' .. issuer))
    assert.equal("a request of https://app.example to sign a user in", report.what)
    assert.equal("true", value_of(report, "asks again"))
    report = describe_text(message("LogoutRequest", issuer .. "<a:NameID>ann</a:NameID>"))
    assert.equal("ann (no format)", value_of(report, "user"))
    assert.matches("not signed are refused", report.warnings[1])
    assert.equal("logout_response", describe_text(message("LogoutResponse", issuer)).kind)
  end)

  it("describes metadata, also when it is over", function()
    local report =
      describe_text(samples.entity { attributes = ' validUntil="2020-01-01T00:00:00Z"' })
    assert.equal("the metadata of an identity provider", report.what)
    assert.equal("https://idp.acme.com/sso", value_of(report, "sign-on (HTTP-Redirect)"))
    assert.matches("^RSA 2048, sha256 ", value_of(report, "key for signing"))
    assert.matches("ended [%d,]+ days ago %(validUntil%)", table.concat(report.warnings, "\n"))
    report = describe_text(samples.entity { id = "https://lastpass.com/saml/idp" })
    assert.equal("the metadata of an identity provider, LastPass SAML (lastpass.com)", report.what)
  end)

  it("describes the metadata of many, and one of them", function()
    local many = samples.entities { samples.entity(), samples.entity { id = "https://b.example" } }
    local report = describe_text(many)
    assert.equal("federation", report.kind)
    assert.equal("2", value_of(report, "entities"))
    report = describe_text(many, { entity_id = "https://b.example" })
    assert.equal("https://b.example", value_of(report, "entity ID"))
  end)

  it("refuses what is nothing of this", function()
    for text, code in pairs {
      [""] = "bad_xml",
      ["hello"] = "bad_xml",
      ["<a/>"] = "wrong_root",
      ["<a"] = "bad_xml",
      ["SAMLResponse=x&SAMLResponse=y"] = "duplicate_parameter",
      ["SAMLResponse=%3Ca%3E"] = "bad_base64",
      ["SAMLResponse=eHg%3D"] = "bad_xml",
      ["\0\1\2\3"] = "bad_xml",
      ["<!DOCTYPE a><a/>"] = "doctype",
    } do
      check.failure(nil, code, inspect.describe(text))
    end
    check.failure(nil, "message_too_large", inspect.describe(("x"):rep(inspect.MAX_BYTES + 1)))
  end)
end)

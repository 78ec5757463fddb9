local check = require "spec.support.check"
local checks = require "lastpass.saml.checks"
local keys = require "spec.support.saml_keys"
local metadata = require "lastpass.saml.metadata"
local names = require "lastpass.saml.names"
local response = require "lastpass.saml.response"
local samples = require "spec.support.saml_metadata"
local secret = require "lastpass.secret"
local verify = require "lastpass.saml.verify"
local writer = require "spec.support.saml_writer"

local idp

setup(function()
  idp = assert(metadata.read(samples.entity { id = writer.IDP }))
end)

local function run(text, options)
  local given =
    { text = text, idp = idp, entity_id = writer.SP, acs_url = writer.ACS, at = writer.NOW }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  return assert(verify.run(given))
end

local function count(result)
  local counts = { passed = 0, failed = 0, ["not reached"] = 0, ["not known here"] = 0 }
  for _, row in ipairs(result.rows) do
    counts[row.state] = counts[row.state] + 1
  end
  return counts
end

describe("saml.verify", function()
  it("accepts a good response, and says who signed in and which key signed", function()
    local result = run(writer.build(writer.parts("_q1", "both")))
    assert.is_true(result.ok, result.message)
    assert.equal(
      "ann@x.example signed in by https://idp.example/saml (response and assertion signed)",
      result.summary
    )
    assert.matches("sha256 %x+ signed", table.concat(result.notes, "\n"))
    local counts = count(result)
    assert.equal(0, counts.failed + counts["not reached"])
    assert.equal(#response.steps, #result.rows)
    assert.equal(6, counts["not known here"])
  end)

  it("names the check that failed, and what to click", function()
    local function changed(change, options)
      local parts = writer.parts "_q1"
      change(parts)
      local result = run(writer.build(parts), options)
      assert.is_false(result.ok)
      local counts = count(result)
      assert.equal(1, counts.failed)
      assert.is_true(counts["not reached"] > 0)
      for _, row in ipairs(result.rows) do
        if row.state == "failed" then
          assert.equal(result.err.code, row.code)
          assert.equal(checks.of(row.code).hint, row.advice)
          assert.equal(result.message, row.detail)
          return row
        end
      end
    end
    local row = changed(function(parts)
      parts.assertion_signature = { algorithm = names.algorithm["rsa-sha1"] }
    end)
    assert.equal("sha1_refused", row.code)
    assert.matches("tick SHA256", row.advice)
    row = changed(function(parts)
      parts.assertion.audiences = { "https://other.example" }
    end)
    assert.equal("saml §3.24", row.section)
    assert.equal("wrong_audience", row.code)
    row = changed(function(parts)
      parts.assertion_signature = { key = keys.of "other" }
    end)
    assert.equal("signature_invalid", row.code)
    row = changed(function() end, { at = writer.NOW + 3600 })
    assert.matches("expired", row.code)
    row = changed(function() end, { request_id = "_other" })
    assert.equal("request_unknown", row.code)
    row = changed(function(parts)
      parts.response.in_response_to, parts.assertion.in_response_to = false, false
    end)
    assert.equal("unsolicited", row.code)
  end)

  it("takes what is allowed by name", function()
    local parts = writer.parts(false)
    parts.assertion_signature = { algorithm = names.algorithm["rsa-sha1"] }
    local result = run(writer.build(parts), { allow_unsolicited = true, allow_sha1 = true })
    assert.is_true(result.ok, result.message)
    assert.matches("SHA%-1", table.concat(result.notes, "\n"))
  end)

  it("decrypts, with the key of ours", function()
    local parts = writer.parts "_q1"
    parts.encrypt = {}
    local text = writer.build(parts)
    assert.equal("decryption_key_missing", run(text).err.code)
    local result = run(text, {
      key = assert(secret.value(keys.of("sp").pem)),
      cert = keys.of("sp").certificate,
    })
    assert.is_true(result.ok, result.message)
    assert.matches("encrypted", result.summary)
  end)

  it("judges the body of a form as it came", function()
    local packed = keys.base64(writer.build(writer.parts "_q1"))
    local body = "SAMLResponse=" .. packed:gsub("%+", "%%2B"):gsub("/", "%%2F"):gsub("=", "%%3D")
    assert.is_true(run(body .. "\n").ok)
    assert.equal("wrong_root", run(samples.entity()).err.code)
    check.failure(
      nil,
      "duplicate_parameter",
      verify.run {
        text = body .. "&" .. body,
        idp = idp,
        entity_id = writer.SP,
        acs_url = writer.ACS,
      }
    )
  end)

  it("raises for wrong settings", function()
    check.blamed(function()
      verify.run { text = "" }
    end)
    check.blamed(function()
      verify.run { txt = "" }
    end)
  end)
end)

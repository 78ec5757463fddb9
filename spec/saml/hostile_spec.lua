-- The cases of spec/saml/hostile, each with its code; and random combinations of those that change one field. What is
-- tried here stands in docs/saml-conformance.md.
local checks = require "lastpass.saml.checks"
local extent = require "spec.support.extent"
local fuzz = require "spec.support.fuzz"
local hostile = require "spec.saml.hostile"
local site = require "spec.support.saml_site"
local writer = require "spec.support.saml_writer"

local ROUNDS = extent(60, 1000, 20000)

-- Checks that another spec tries, because no response shows them.
local elsewhere = {
  inflated_too_large = "a Redirect: spec/saml/binding_spec.lua",
  bad_deflate = "a Redirect: spec/saml/binding_spec.lua",
  random_failed = "no response: nothing is sent without random bytes",
  signed_octets = "a signature library that digests something else than it verified",
  identity_incomplete = "no message is known that shows it",
}

local function has(list, value)
  for _, one in ipairs(list) do
    if one == value then
      return true
    end
  end
  return false
end

describe("hostile responses", function()
  for _, case in ipairs(hostile.cases) do
    it(("%s: %s"):format(case.part, case.name), function()
      local identity, message, err, scenario = site.try(case)
      local got = identity and "accepted" or err.code
      assert.equal(case.code, got, message)
      if identity then
        if case.identity then
          assert.truthy(case.identity(identity, scenario))
        else
          assert.equal("ann@x.example", identity.name_id)
        end
      else
        assert.is_nil(identity)
        assert.equal(checks.of(err.code).section, err.section)
        assert.equal(checks.BROWSER, err.browser)
      end
    end)
  end

  it("have a case for every check", function()
    local seen = {}
    for _, case in ipairs(hostile.cases) do
      seen[case.code] = true
    end
    for _, row in ipairs(checks.list) do
      if row.check and not elsewhere[row.code] then
        assert.truthy(seen[row.code], row.section .. " " .. row.code)
      end
    end
  end)

  it("are refused in random combinations, each for one of its reasons", function()
    local bad = {}
    for _, case in ipairs(hostile.cases) do
      local is_plain = not (case.options or case.login or case.sign or case.context)
      if case.combines and is_plain and case.code ~= "accepted" then
        bad[#bad + 1] = case
      end
    end
    assert.is_true(#bad > 50)
    local random, provider = fuzz.random(20261130), site.new()
    for _ = 1, ROUNDS do
      provider.store.clear()
      local scenario = site.scenario(provider)
      local parts = writer.parts(scenario.request, random:of { "assertion", "response", "both" })
      local reasons, said = {}, {}
      for _ = 1, 1 + random:upto(3) do
        local case = random:of(bad)
        case.change(parts, scenario)
        said[#said + 1] = case.name
        reasons[#reasons + 1] = case.code
      end
      if has(reasons, "conditions_early") and has(reasons, "conditions_expired") then
        reasons[#reasons + 1] = "conditions_window"
      end
      if has(reasons, "request_mismatch") then
        -- without the one ID, or with the other, it is another request or none
        reasons[#reasons + 1] = "unsolicited"
        reasons[#reasons + 1] = "request_unknown"
      end
      parts.encrypt = random:once_in(4) and {} or false
      local form = writer.form(writer.build(parts))
      local identity, message, err = provider.sp:consume(form, { browser = scenario.browser })
      local about = table.concat(said, "; ")
      assert.is_nil(identity, about)
      assert.is_true(has(reasons, err.code), ("%s: %s (%s)"):format(about, err.code, message))
    end
  end)
end)

-- Runs once: the other verifiers are the same under every interpreter.
-- What is accepted of spec/saml/hostile is shown to two verifiers that nobody here wrote, node-saml and
-- python3-onelogin-saml2: each difference has a name. What is refused is shown to them as well: where they take it, the
-- check that refuses it is one that they are known not to have.
local keys = require "spec.support.saml_keys"
local peers = require "spec.peers.saml_peers"
local writer = require "spec.support.saml_writer"

writer.NOW = os.time() -- their clocks cannot be set; the cases have their times from here
local hostile = require "spec.saml.hostile"

local JUDGES = { "node-saml", "onelogin" }

-- What they refuse of what is accepted here.
local stricter = { ["node-saml"] = {}, onelogin = {} }

-- Codes of checks that they do not have, or not in this way.
local looser = { ["node-saml"] = {}, onelogin = {} }

-- A message as their scripts take it.
local function question(case)
  local scenario = { request = "_request", browser = "b" }
  local form = hostile.message(case, scenario)
  if type(form) ~= "table" or not form.SAMLResponse then
    return nil
  end
  local certificates, cert = {}, {}
  for index, name in ipairs(case.certificates or { "idp" }) do
    certificates[index], cert[index] = keys.of(name).base64, keys.of(name).certificate
  end
  return {
    response = form.SAMLResponse,
    request = scenario.request,
    certs = certificates,
    cert = cert,
    key = keys.of(case.previous_key or "sp").pem,
    own_cert = keys.of(case.previous_key or "sp").certificate,
  }
end

describe("a second opinion", function()
  local cases, verdicts, node = {}, {}, nil

  setup(function()
    local list = {}
    for _, case in ipairs(hostile.cases) do
      local one = question(case)
      if one then
        cases[#cases + 1], list[#list + 1] = case, one
      end
    end
    if not peers.missing "@node-saml/node-saml" then
      node = peers.start "@node-saml/node-saml"
      node:must("configure", {
        sp = writer.SP,
        acs = writer.ACS,
        sso = writer.SSO,
        slo = writer.SLO,
        own_slo = writer.SP_SLO,
        issuer = writer.IDP,
        cert = keys.of("idp").certificate,
        key = keys.of("sp").pem,
      })
      verdicts["node-saml"] = node:must("judge", { list = list })
    end
    if not peers.onelogin_missing() then
      verdicts.onelogin = peers.onelogin {
        sp = writer.SP,
        acs = writer.ACS,
        issuer = writer.IDP,
        sso = writer.SSO,
        list = list,
      }
    end
  end)

  teardown(function()
    if node then
      node:stop()
    end
  end)

  for _, judge in ipairs(JUDGES) do
    it("by " .. judge .. " is ours but for the differences named", function()
      local theirs = verdicts[judge]
      if not theirs then
        return pending(judge .. " is not installed")
      end
      local stricter_seen, looser_seen, agreed = {}, {}, 0
      for index, case in ipairs(cases) do
        local verdict = theirs[index]
        if case.code == "accepted" then
          if verdict.error then
            assert.truthy(stricter[judge][case.name], case.name .. ": " .. verdict.error)
            stricter_seen[case.name] = true
          else
            agreed = agreed + 1
          end
        elseif not verdict.error then
          assert.truthy(looser[judge][case.code], ("%s: %s takes it"):format(case.name, judge))
          looser_seen[case.code] = true
        end
      end
      assert.is_true(agreed > 30)
      -- A difference that no longer occurs is not to be named.
      for name in pairs(stricter[judge]) do
        assert.truthy(stricter_seen[name], name)
      end
      for code in pairs(looser[judge]) do
        assert.truthy(looser_seen[code], code)
      end
    end)
  end
end)

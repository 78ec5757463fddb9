-- Runs once: the other verifiers are the same under every interpreter.
-- What is accepted of spec/saml/hostile is shown to two verifiers that nobody here wrote, node-saml and
-- python3-onelogin-saml2: each difference has a name. What is refused is shown to them as well: where they take it, the
-- check that refuses it is one that they are known not to have.
local extent = require "spec.support.extent"
local keys = require "spec.support.saml_keys"
local peers = require "spec.peers.saml_peers"
local writer = require "spec.support.saml_writer"

writer.NOW = os.time() -- their clocks cannot be set; the cases have their times from here
local hostile = require "spec.saml.hostile"

-- Bytes of a message that they are asked about: large ones take them minutes.
local MOST = 50000

local JUDGES = { "node-saml", "onelogin" }

-- What they refuse of what is accepted here.
local stricter = {
  ["node-saml"] = {
    ["a SAML 1.1 assertion beside"] = "any element of that name counts",
    ["a key whose certificate is over"] = "no ECDSA",
    ["ECDSA-SHA256"] = "no ECDSA",
    ["ECDSA-SHA384"] = "no ECDSA",
    ["ECDSA-SHA512"] = "no ECDSA",
    ["RSA-SHA384"] = "no SHA-384",
    ["digest by SHA-384"] = "no SHA-384",
    ["encrypted by aes192-gcm"] = "no AES-192",
    ["a confirmation that ends now, within the skew"] = "one second of skew less",
    ["over, within the skew"] = "one second of skew less",
  },
  onelogin = {
    ["a SAML 1.1 assertion beside"] = "not by the schema",
    ["the right key, with a certificate that is none"] = "not by the schema",
    ["encrypted: the ID of the response, which is another document"] = "one document",
    ["a confirmation that ends now, within the skew"] = "no skew there",
    ["the user by an attribute"] = "wants a NameID",
    ["no attributes"] = "wants attributes",
  },
}

local function set(text)
  local list = {}
  for word in text:gmatch "%S+" do
    list[word] = true
  end
  return list
end

-- Codes of checks that they do not have, not in this way, or only by an option.
local looser = {
  ["node-saml"] = set [[
    advice assertion_unsigned attribute_unnamed authn_early authn_statement_missing authn_too_old
    bad_base64 bad_encoding bad_id bad_time bad_xml canonicalisation conditions_early
    conditions_too_long conditions_unbounded conditions_window confirmation_missing
    confirmation_not_before decryption_failed decryption_key_missing destination_missing doctype
    duplicate_attribute duplicate_id encrypted_part encryption_refused encryption_required
    issued_early issuer_format issuer_missing key_too_small name_id_empty name_id_missing
    other_browser processing_instruction recipient_missing reference_uri relay_refused
    repeated_element replay_failed replayed request_expired request_mismatch request_unknown
    response_unsigned session_over several_assertions sha1_refused signature_invalid
    signature_misplaced signature_shape state_failed status status_missing text_among_elements
    transform_refused unknown_condition unknown_idp unsolicited wrong_address wrong_authn_context
    wrong_content_type wrong_destination wrong_issuer wrong_method wrong_name_id_format
    wrong_name_qualifier wrong_recipient wrong_root wrong_version xml_id xml_too_deep
  ]],
  onelogin = set [[
    advice algorithm_refused assertion_unsigned audience_missing authn_early authn_too_old
    bad_base64 bad_encoding bad_time bad_xml certificate_expired conditions_early
    conditions_expired conditions_too_long conditions_unbounded conditions_window
    confirmation_not_before confirmation_unbounded decryption_key_missing destination_missing
    duplicate_attribute encrypted_part encryption_refused encryption_required issued_early
    issuer_format issuer_missing key_too_small name_id_empty other_browser processing_instruction
    recipient_missing relay_refused replay_failed replayed request_expired request_mismatch
    request_unknown response_unsigned sha1_refused signature_shape state_failed
    transform_refused unsolicited wrong_address wrong_audience wrong_authn_context
    wrong_content_type wrong_destination wrong_method wrong_name_id_format wrong_name_qualifier
    wrong_version
  ]],
}

-- Of what is refused they are asked about a part, and about all in the longest run.
local ASKS_ALL = extent(false, false, true)

local function is_asked(case)
  return ASKS_ALL or case.code == "accepted" or case.part == "wrapping"
end

-- A message as their scripts take it.
local function question(case)
  local scenario = { request = "_request", browser = "b" }
  local form = hostile.message(case, scenario)
  if type(form) ~= "table" or not form.SAMLResponse or #form.SAMLResponse > MOST then
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
      local one = is_asked(case) and question(case)
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
          -- whoever takes it, nobody becomes another user by it
          assert.is_nil((verdict.name_id or ""):match "root")
          assert.truthy(looser[judge][case.code], ("%s: %s takes it"):format(case.name, judge))
          looser_seen[case.code] = true
        end
      end
      assert.is_true(agreed > 30)
      -- A difference that no longer occurs is not to be named.
      for name in pairs(stricter[judge]) do
        assert.truthy(stricter_seen[name], name)
      end
      for code in pairs(ASKS_ALL and looser[judge] or {}) do
        assert.truthy(looser_seen[code], code)
      end
    end)
  end
end)

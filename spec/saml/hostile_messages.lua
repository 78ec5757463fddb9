--- Requests to sign on and messages of logout that an identity provider of ours gets, each with the verdict that it must
-- have: the code of a check, or "accepted". Of each case:
--   part    "requests" or "logouts"; `name`, `code`
--   from, to  what is changed in the text of a good message; a pattern and its replacement
--   source  of the message's text, in place of what a browser would send
--   unsigned, key  of a logout: by which key it is signed in the query, default that of the service provider
--   sp      of the service provider's metadata
--   before  is done with the identity provider and the good source first
local base64 = require "lastpass.text.base64"
local binding = require "lastpass.saml.binding"
local keys = require "spec.support.saml_keys"
local names = require "lastpass.saml.names"
local saml_idp = require "lastpass.saml.idp"
local secret = require "lastpass.secret"
local state = require "lastpass.state"
local time = require "lastpass.time"
local xmldsig = require "lastpass.xmldsig"

local M = { cases = {} }

local NOW = 1764500000
local SP, ACS = "https://sp.example/saml", "https://sp.example/saml/acs"
local SSO, SLO = "https://idp.example/sso", "https://idp.example/slo"

local function at(seconds)
  return time.iso(NOW + seconds)
end

local HEAD =
  ' xmlns:samlp="%s" xmlns:saml="%s" ID="_1" Version="2.0" IssueInstant="%s" Destination="%s" '

local function message(name, destination, attributes, children)
  return "<samlp:"
    .. name
    .. HEAD:format(names.ns.protocol, names.ns.assertion, at(0), destination)
    .. attributes
    .. "><saml:Issuer>"
    .. SP
    .. "</saml:Issuer>"
    .. children
    .. "</samlp:"
    .. name
    .. ">"
end

local good = {
  requests = message("AuthnRequest", SSO, ('AssertionConsumerServiceURL="%s"'):format(ACS), ""),
  logouts = message(
    "LogoutRequest",
    SLO,
    ('NotOnOrAfter="%s"'):format(at(300)),
    "<saml:NameID>ann@example.com</saml:NameID>"
  ),
}
local locations = { requests = SSO, logouts = SLO }

local function certificate(name)
  return assert(xmldsig.certificate(keys.of(name).certificate))
end

local function new_idp(case)
  local sp = {
    acs = { { binding = names.binding.post, location = ACS, index = 0, default = true } },
    slo = { { binding = names.binding.redirect, location = "https://sp.example/slo" } },
    certificates = { signing = { certificate "sp" }, encryption = {} },
    name_id_formats = {},
    authn_requests_signed = false,
    want_assertions_signed = false,
  }
  for name, value in pairs(case.sp or {}) do
    sp[name] = value
  end
  return assert(saml_idp.new {
    entity_id = "https://idp.example",
    sso_url = SSO,
    slo_url = SLO,
    key = secret.value(keys.of("idp").pem),
    cert = keys.of("idp").certificate,
    sps = { { entity_id = SP, sp = sp } },
    store = state.memory(),
    clock = function()
      return NOW
    end,
  })
end

local function query_of(case, xml)
  local key = case.part == "logouts" and not case.unsigned and (case.key or "sp") or nil
  local url = assert(binding.redirect {
    location = locations[case.part],
    kind = "SAMLRequest",
    xml = xml,
    key = key and assert(xmldsig.private_key(secret.value(keys.of(key).pem))),
  })
  return url:match "%?(.*)$"
end

--- Tries a case.
---@param case table
---@return string verdict "accepted", or a code
function M.try(case)
  local xml = good[case.part]
  if case.from then
    local count
    xml, count = xml:gsub(case.from, (case.to:gsub("%%", "%%%%")), 1)
    assert(count == 1, case.name)
  end
  local idp = new_idp(case)
  local source = case.source and case.source(xml, query_of(case, xml))
    or { query = query_of(case, xml) }
  local method = case.part == "requests" and "read_request" or "consume_logout"
  if case.twice then
    assert(idp[method](idp, source))
  end
  local result, _, err = idp[method](idp, source)
  return result and "accepted" or err.code
end

local function add(part, name, code, case)
  case.part, case.name, case.code = part, name, code
  M.cases[#M.cases + 1] = case
end

local function change(from, to)
  return { from = from, to = to }
end

-- What both have in common.
for _, kind in ipairs { { "requests", "AuthnRequest" }, { "logouts", "LogoutRequest" } } do
  local part, root = kind[1], kind[2]
  add(part, "a good message", "accepted", {})
  add(part, "another version", "wrong_version", change('Version="2.0"', 'Version="1.1"'))
  add(part, "no ID", "bad_id", change(' ID="_1"', ""))
  add(part, "an ID that is no name of XML", "bad_id", change('"_1"', '"1"'))
  add(part, "another root", "wrong_root", {
    source = function(xml, _)
      return { form = { SAMLRequest = base64.encode((xml:gsub(root, "ArtifactResolve"))) } }
    end,
  })
  add(part, "no issuer", "issuer_missing", change("<saml:Issuer>.-</saml:Issuer>", ""))
  add(
    part,
    "two issuers",
    "repeated_element",
    change("<saml:Issuer>", "<saml:Issuer>x</saml:Issuer><saml:Issuer>")
  )
  add(
    part,
    "an issuer of another Format",
    "issuer_format",
    change("<saml:Issuer>", '<saml:Issuer Format="urn:x">')
  )
  add(
    part,
    "an unknown service provider",
    "unknown_sp",
    change("<saml:Issuer>[^<]*", "<saml:Issuer>https://evil.example")
  )
  add(
    part,
    "sent to another address",
    "wrong_destination",
    change('Destination="[^"]*"', 'Destination="https://idp.example/other"')
  )
  add(
    part,
    "issued in a while",
    "issued_early",
    change('IssueInstant="[^"]*"', ('IssueInstant="%s"'):format(at(61)))
  )
  add(part, "issued at no time", "bad_time", change('IssueInstant="[^"]*"', 'IssueInstant="now"'))
  add(part, "a DOCTYPE", "doctype", change("^", "<!DOCTYPE x>"))
  add(
    part,
    "a processing instruction",
    "processing_instruction",
    change("<saml:Issuer>", "<?x?><saml:Issuer>")
  )
  add(part, "text after the end", "bad_xml", change("$", "x"))
  add(part, "a message twice in the query", "duplicate_parameter", {
    source = function(_, query)
      return { query = query .. "&SAMLRequest=x" }
    end,
  })
  add(part, "a response beside it", "mixed_messages", {
    source = function(_, query)
      return { query = query .. "&SAMLResponse=x" }
    end,
  })
  add(part, "a name in other letters", "parameter_name", {
    source = function(_, query)
      return { query = query .. "&samlrequest=x" }
    end,
  })
  add(part, "no Base64", "bad_base64", {
    source = function()
      return { query = "SAMLRequest=%21%21" }
    end,
  })
  add(part, "no DEFLATE", "bad_deflate", {
    source = function()
      return { query = "SAMLRequest=AAAA" }
    end,
  })
  add(part, "that inflates without end", "inflated_too_large", {
    source = function(xml)
      local bomb = query_of({ part = part, unsigned = true }, xml .. (" "):rep(100000))
      return { query = bomb }
    end,
  })
end

add(
  "requests",
  "an address that is not registered",
  "wrong_acs",
  change('ServiceURL="[^"]*"', 'ServiceURL="https://evil.example/acs"')
)
add(
  "requests",
  "issued long ago",
  "request_old",
  change('IssueInstant="[^"]*"', ('IssueInstant="%s"'):format(at(-4000)))
)
add(
  "requests",
  "not signed, by one that signs",
  "request_unsigned",
  { sp = { authn_requests_signed = true } }
)
add(
  "requests",
  "without an address",
  "accepted",
  change(' ?AssertionConsumerServiceURL="[^"]*"', "")
)

add("logouts", "not signed", "logout_unsigned", { unsigned = true })
add("logouts", "signed by another key", "signature_invalid", { key = "other" })
add("logouts", "changed after it was signed", "signature_invalid", {
  source = function(_, query)
    return { query = (query:gsub("&SigAlg", "&RelayState=x&SigAlg", 1)) }
  end,
})
add("logouts", "an algorithm without its signature", "logout_signature_order", {
  source = function(_, query)
    return { query = (query:gsub("&Signature=.*", "")) }
  end,
})
add(
  "logouts",
  "over",
  "logout_expired",
  change('NotOnOrAfter="[^"]*"', ('NotOnOrAfter="%s"'):format(at(-61)))
)
add("logouts", "sent twice", "logout_replayed", { twice = true })
add("logouts", "about nobody", "name_id_missing", change("<saml:NameID>.-</saml:NameID>", ""))

return M

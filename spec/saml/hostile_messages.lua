--- Requests to sign on, requests to end sessions and answers to its own such requests that an identity provider of ours
-- gets, each with the verdict that it must have: the code of a check, or "accepted". Of each case:
--   part    "requests", "logouts" or "answers"; `name`, `code`
--   from, to  what is changed in the text of a good message; a pattern and its replacement
--   source  of the message's text, in place of what a browser would send
--   unsigned, key  of logouts and answers: by which key it is signed in the query, default that of the service provider
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
  answers = message(
    "LogoutResponse",
    SLO,
    'InResponseTo="ASKED"',
    ('<samlp:Status><samlp:StatusCode Value="%s"/></samlp:Status>'):format(names.status.success)
  ),
}
local locations = { requests = SSO, logouts = SLO, answers = SLO }
local methods =
  { requests = "read_request", logouts = "consume_logout", answers = "consume_logout" }
local kinds = { requests = "SAMLRequest", logouts = "SAMLRequest", answers = "SAMLResponse" }

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
  local key = case.part ~= "requests" and not case.unsigned and (case.key or "sp") or nil
  local url = assert(binding.redirect {
    location = locations[case.part],
    kind = kinds[case.part],
    xml = xml,
    key = key and assert(xmldsig.private_key(secret.value(keys.of(key).pem))),
  })
  return url:match "%?(.*)$"
end

-- The id of the request to end a session that the identity provider has sent.
local function ask(idp)
  local launched = assert(idp:launch(SP, { email = "ann@example.com" }, { session_index = "_s1" }))
  local sent = assert(idp:logout { launched.participant })
  local received = assert(binding.read { query = sent.url:match "%?(.*)$" })
  return received.xml:match ' ID="([^"]*)"'
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
  if case.part == "answers" then
    xml = xml:gsub("ASKED", ask(idp), 1)
  end
  local source = case.source and case.source(xml, query_of(case, xml))
    or { query = query_of(case, xml) }
  local method = methods[case.part]
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

-- What all have in common.
for _, kind in ipairs {
  { "requests", "AuthnRequest" },
  { "logouts", "LogoutRequest" },
  { "answers", "LogoutResponse" },
} do
  local part, root = kind[1], kind[2]
  local name = kinds[part]
  local other = name == "SAMLRequest" and "SAMLResponse" or "SAMLRequest"
  add(part, "a good message", "accepted", {})
  add(part, "another version", "wrong_version", change('Version="2.0"', 'Version="1.1"'))
  add(part, "no ID", "bad_id", change(' ID="_1"', ""))
  add(part, "an ID that is no name of XML", "bad_id", change('"_1"', '"1"'))
  add(part, "another root", "wrong_root", {
    source = function(xml, _)
      return { form = { [name] = base64.encode((xml:gsub(root, "ArtifactResolve"))) } }
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
      return { query = ("%s&%s=x"):format(query, name) }
    end,
  })
  add(part, "a message of the other kind beside it", "mixed_messages", {
    source = function(_, query)
      return { query = ("%s&%s=x"):format(query, other) }
    end,
  })
  add(part, "a name in another case", "parameter_name", {
    source = function(_, query)
      return { query = ("%s&%s=x"):format(query, name:lower()) }
    end,
  })
  add(part, "no Base64", "bad_base64", {
    source = function()
      return { query = name .. "=%21%21" }
    end,
  })
  add(part, "no DEFLATE", "bad_deflate", {
    source = function()
      return { query = name .. "=AAAA" }
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

for _, part in ipairs { "logouts", "answers" } do
  add(part, "not signed", "logout_unsigned", { unsigned = true })
  add(part, "signed by another key", "signature_invalid", { key = "other" })
  add(part, "changed after it was signed", "signature_invalid", {
    source = function(_, query)
      return { query = (query:gsub("&SigAlg", "&RelayState=x&SigAlg", 1)) }
    end,
  })
  add(part, "an algorithm without its signature", "logout_signature_order", {
    source = function(_, query)
      return { query = (query:gsub("&Signature=.*", "")) }
    end,
  })
end

add(
  "logouts",
  "over",
  "logout_expired",
  change('NotOnOrAfter="[^"]*"', ('NotOnOrAfter="%s"'):format(at(-61)))
)
add("logouts", "sent twice", "logout_replayed", { twice = true })
add("logouts", "about nobody", "name_id_missing", change("<saml:NameID>.-</saml:NameID>", ""))

add("answers", "sent twice", "logout_unknown", { twice = true })
add("answers", "to nothing", "logout_unknown", change(' ?InResponseTo="[^"]*"', ""))
add(
  "answers",
  "to a request that was not sent",
  "logout_unknown",
  change('InResponseTo="[^"]*"', 'InResponseTo="_other"')
)
add("answers", "without a status", "status_missing", change("<samlp:Status>.-</samlp:Status>", ""))
add(
  "answers",
  "that some sessions go on",
  "accepted",
  change('Value="[^"]*"', ('Value="%s"'):format(names.status.partial_logout))
)

return M

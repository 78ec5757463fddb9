--- Signature wrapping: XSW 1 to 8 of Somorovsky et al. (2012) and what came after (saml §3.8 to §3.10, §3.14).
local cases = require "spec.support.saml_cases"
local edit = require "spec.support.saml_edit"
local keys = require "spec.support.saml_keys"
local writer = require "spec.support.saml_writer"

local list, add = cases.list()

-- Who the forger wants to be.
local function forge(text)
  return (text:gsub("ann@x%.example", "root@x.example"))
end

-- The forged copy gets an ID of its own.
local function with_id(text, from, to)
  return edit.replace(text, ('ID="%s"'):format(from), ('ID="%s"'):format(to))
end

local function forged_response(plain)
  return with_id(with_id(forge(plain), "_r1", "_evil"), "_a1", "_evila")
end

-- A signed assertion, its signature, and the same without it.
local function signed_assertion(scenario)
  local plain = writer.assertion_text(writer.assertion(scenario.request))
  local signed = writer.sign(plain)
  return signed, edit.take(signed, "ds:Signature"), plain
end

-- A signed response, its signature, and the same without it.
local function signed_response(scenario)
  local plain = writer.build(writer.parts(scenario.request, "none"))
  local signed = writer.sign(plain)
  return signed, edit.take(signed, "ds:Signature"), plain
end

local function around(scenario, inside, more)
  local response = writer.response(scenario.request)
  for name, value in pairs(more or {}) do
    response[name] = value
  end
  return writer.response_text(response, inside)
end

local function text(name, code, make, more)
  more = more or {}
  more.text = make
  add(name, code, nil, more)
end

local ISSUER = "</saml:Issuer>"
local function object(inside)
  return "<ds:Object>" .. inside .. "</ds:Object>"
end

-- ---- XSW 1 to 8 ----

text(
  "XSW 1: forged response, the signed one in its signature's Object",
  "several_assertions",
  function(s)
    local _, signature, plain = signed_response(s)
    local parked = edit.replace(signature, "</ds:Signature>", object(plain) .. "</ds:Signature>")
    return edit.replace(forged_response(plain), ISSUER, ISSUER .. parked)
  end
)

text(
  "XSW 2: forged response, the signed one before its signature",
  "several_assertions",
  function(s)
    local _, signature, plain = signed_response(s)
    return edit.replace(forged_response(plain), ISSUER, ISSUER .. plain .. signature)
  end
)

text("XSW 3: forged assertion before the signed one", "several_assertions", function(s)
  local signed, _, plain = signed_assertion(s)
  return around(s, with_id(forge(plain), "_a1", "_evil") .. signed)
end)

text("XSW 4: forged assertion around the signed one", "several_assertions", function(s)
  local signed, _, plain = signed_assertion(s)
  local evil = with_id(forge(plain), "_a1", "_evil")
  return around(s, edit.replace(evil, "</saml:Assertion>", signed .. "</saml:Assertion>"))
end)

text(
  "XSW 5: changed assertion with the signature, the original after it",
  "several_assertions",
  function(s)
    local signed, _, plain = signed_assertion(s)
    return around(s, with_id(forge(signed), "_a1", "_evil") .. plain)
  end
)

text(
  "XSW 6: changed assertion with the signature, the original inside it",
  "several_assertions",
  function(s)
    local signed, _, plain = signed_assertion(s)
    local evil = with_id(forge(signed), "_a1", "_evil")
    return around(s, edit.replace(evil, "</ds:Signature>", plain .. "</ds:Signature>"))
  end
)

text("XSW 7: forged assertion in Extensions", "several_assertions", function(s)
  local signed, _, plain = signed_assertion(s)
  local evil = with_id(forge(plain), "_a1", "_evil")
  return around(s, signed, { extensions = "<samlp:Extensions>" .. evil .. "</samlp:Extensions>" })
end)

text(
  "XSW 8: forged assertion, the original in its signature's Object",
  "several_assertions",
  function(s)
    local signed, _, plain = signed_assertion(s)
    local evil = with_id(forge(signed), "_a1", "_evil")
    return around(s, edit.replace(evil, "</ds:Signature>", object(plain) .. "</ds:Signature>"))
  end
)

-- ---- with the same ID twice ----

for _, one in ipairs {
  {
    "before",
    function(plain, signed)
      return forge(plain) .. signed
    end,
  },
  {
    "after",
    function(plain, signed)
      return signed .. forge(plain)
    end,
  },
} do
  text(
    ("forged assertion with the same ID %s the signed one"):format(one[1]),
    "duplicate_id",
    function(s)
      local signed, _, plain = signed_assertion(s)
      return around(s, one[2](plain, signed))
    end
  )
end

text("forged response around the signed one, both of one ID", "duplicate_id", function(s)
  local signed, _, plain = signed_response(s)
  local response = edit.replace(forge(plain), "</samlp:Response>", signed .. "</samlp:Response>")
  return response
end)

-- ---- the signed one elsewhere ----

local function wrapped(name)
  return function(inside)
    return ("<%s>%s</%s>"):format(name, inside, name)
  end
end

for _, one in ipairs {
  {
    "Extensions",
    "several_assertions",
    function(s, signed, evil)
      return around(s, evil, { extensions = wrapped "samlp:Extensions"(signed) })
    end,
  },
  {
    "StatusDetail",
    "several_assertions",
    function(s, signed, evil)
      return around(
        s,
        evil,
        { status = writer.response(false).status .. wrapped "samlp:StatusDetail"(signed) }
      )
    end,
  },
  {
    "an element that nobody knows",
    "several_assertions",
    function(s, signed, evil)
      return around(s, '<x:y xmlns:x="urn:x">' .. signed .. "</x:y>" .. evil)
    end,
  },
  {
    "the forged one's Advice",
    "several_assertions",
    function(s, signed, evil)
      return around(
        s,
        edit.replace(
          evil,
          "</saml:Conditions>",
          "</saml:Conditions>" .. wrapped "saml:Advice"(signed)
        )
      )
    end,
  },
  {
    "the forged one's Subject",
    "several_assertions",
    function(s, signed, evil)
      return around(s, edit.replace(evil, "</saml:Subject>", signed .. "</saml:Subject>"))
    end,
  },
  {
    "the forged one's SubjectConfirmationData",
    "several_assertions",
    function(s, signed, evil)
      return around(
        s,
        edit.replace(
          evil,
          "</saml:SubjectConfirmationData>",
          signed .. "</saml:SubjectConfirmationData>"
        )
      )
    end,
  },
  {
    "the forged one's AttributeValue",
    "several_assertions",
    function(s, signed, evil)
      return around(
        s,
        edit.replace(evil, "</saml:AttributeValue>", signed .. "</saml:AttributeValue>")
      )
    end,
  },
  {
    "a KeyInfo of the forged one's signature",
    "several_assertions",
    function(s, signed, evil)
      local _, signature = signed_assertion(s)
      local parked = edit.replace(
        signature,
        "</ds:Signature>",
        wrapped "ds:KeyInfo"(signed) .. "</ds:Signature>"
      )
      parked = edit.replace(parked, "#_a1", "#_a1")
      return around(s, edit.replace(evil, ISSUER, ISSUER .. parked))
    end,
  },
} do
  text("the signed assertion in " .. one[1], one[2], function(s)
    local signed, _, plain = signed_assertion(s)
    return one[3](s, signed, with_id(forge(plain), "_a1", "_evil"))
  end)
end

text("no assertion but in Extensions", "assertion_misplaced", function(s)
  local signed = signed_assertion(s)
  return around(s, "", { extensions = wrapped "samlp:Extensions"(signed) })
end)

text("an assertion in an element that nobody knows", "assertion_misplaced", function(s)
  local signed = signed_assertion(s)
  return around(s, '<x:y xmlns:x="urn:x">' .. signed .. "</x:y>")
end)

text("a response in a response", "assertion_misplaced", function(s)
  local signed = signed_response(s)
  return around(s, signed, { id = "_evil" })
end)

text("a signed response in Extensions, a forged assertion beside", "several_assertions", function(s)
  local signed, _, plain = signed_response(s)
  local assertion = edit.take(plain, "saml:Assertion")
  local evil = with_id(forge(assertion), "_a1", "_evil")
  return around(s, evil, { id = "_evilr", extensions = wrapped "samlp:Extensions"(signed) })
end)

-- ---- more than one ----

text("two assertions of the identity provider, each signed", "several_assertions", function(s)
  local two = writer.assertion(s.request)
  two.id = "_a2"
  return around(s, signed_assertion(s) .. writer.sign(writer.assertion_text(two)))
end)

text("a second assertion signed by another key", "several_assertions", function(s)
  local two = writer.assertion(s.request)
  two.id, two.name_id = "_a2", "root@x.example"
  local evil = writer.sign(writer.assertion_text(two), { key = keys.of "other" })
  return around(s, evil .. signed_assertion(s))
end)

text("two assertions in a signed response", "several_assertions", function(s)
  local two = writer.assertion(s.request)
  two.id = "_a2"
  local both = writer.assertion_text(writer.assertion(s.request)) .. writer.assertion_text(two)
  return writer.sign(around(s, both))
end)

text("a SAML 1.1 assertion beside", "accepted", function(s)
  return around(
    s,
    signed_assertion(s)
      .. '<old:Assertion xmlns:old="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="_o">'
      .. "</old:Assertion>"
  )
end)

text("no assertion", "assertion_missing", function(s)
  return writer.sign(around(s, ""))
end)

add("an Advice with text", "advice", cases.assertion { advice = "<saml:Advice>x</saml:Advice>" })
add("an empty Advice", "advice", cases.assertion { advice = "<saml:Advice></saml:Advice>" })
add(
  "an empty Advice that is allowed",
  "accepted",
  cases.assertion { advice = "<saml:Advice></saml:Advice>" },
  { options = { allow_advice = true } }
)
add("an assertion in a signed Advice, which is allowed", "several_assertions", function(parts, s)
  local inner = writer.assertion(s.request)
  inner.id = "_inner"
  local declared = writer.assertion_text(inner):gsub(' xmlns:saml="[^"]*"', "")
  parts.assertion.advice = "<saml:Advice>" .. declared .. "</saml:Advice>"
end, { options = { allow_advice = true } })

-- ---- signatures where none may be ----

local function stray(name, code, place)
  text(name, code or "signature_misplaced", function(s)
    local signed, signature, plain = signed_assertion(s)
    return place(s, signed, signature, plain)
  end)
end

stray(
  "the assertion's signature moved to the response",
  "reference_uri",
  function(s, _, signature, plain)
    return edit.replace(around(s, plain), ISSUER, ISSUER .. signature)
  end
)
stray("the assertion's signature moved into its Subject", nil, function(s, _, signature, plain)
  return around(s, edit.replace(plain, "</saml:Subject>", signature .. "</saml:Subject>"))
end)
stray("a signature in Extensions", nil, function(s, signed, signature)
  return around(s, signed, { extensions = wrapped "samlp:Extensions"(signature) })
end)
stray("a signature in the signature's Object", "signature_misplaced", function(s, signed, signature)
  return around(s, edit.replace(signed, "</ds:Signature>", object(signature) .. "</ds:Signature>"))
end)
stray("the assertion's signature twice", nil, function(s, signed, signature)
  return around(s, edit.replace(signed, ISSUER, ISSUER .. signature))
end)
stray("a good signature and one by another key", nil, function(s, signed, _, plain)
  local other = edit.take(writer.sign(plain, { key = keys.of "other" }), "ds:Signature")
  return around(s, edit.replace(signed, ISSUER, ISSUER .. other))
end)
stray("a signature in a signed Advice", nil, function(s, _, signature)
  local assertion = writer.assertion(s.request)
  assertion.advice = wrapped "saml:Advice"(signature)
  return around(s, writer.sign(writer.assertion_text(assertion)))
end)

text("a good assertion, and a response signed by another key", "signature_invalid", function(s)
  return writer.sign(around(s, (signed_assertion(s))), { key = keys.of "other" })
end)
text("an assertion signed by another key in a signed response", "signature_invalid", function(s)
  local signed =
    writer.sign(writer.assertion_text(writer.assertion(s.request)), { key = keys.of "other" })
  return writer.sign(around(s, signed))
end)

return list

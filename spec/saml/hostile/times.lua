--- Times, and that an assertion is used once (saml §3.27, §3.28).
local cases = require "spec.support.saml_cases"
local writer = require "spec.support.saml_writer"

local list, add = cases.list()
local at = writer.at

-- Changes of one field: these can be combined (hostile_spec).
local function assertion(name, code, fields, more)
  more = more or {}
  more.combines = true
  add(name, code, cases.assertion(fields), more)
end

local function response(name, code, fields, more)
  more = more or {}
  more.combines = true
  add(name, code, cases.response(fields), more)
end

-- ---- §3.27 times ----

for _, field in ipairs {
  "issue_instant",
  "confirm_until",
  "not_before",
  "not_on_or_after",
  "authn_instant",
  "session_until",
} do
  assertion(
    ("the time %s with a zone"):format(field),
    "bad_time",
    { [field] = "2026-11-30T11:04:00+01:00" }
  )
end
for _, time in ipairs {
  "",
  "2026-11-30",
  "2026-11-30T10:04:00",
  "2026-11-30 10:04:00Z",
  "2026-11-30T10:04Z",
  "2026-11-30T10:04:00z",
  "2026-11-30t10:04:00Z",
  "2026-11-31T10:04:00Z",
  "2026-02-29T10:04:00Z",
  "2026-13-01T10:04:00Z",
  "2026-00-10T10:04:00Z",
  "2026-11-30T25:04:00Z",
  "2026-11-30T10:60:00Z",
  "2026-11-30T10:04:61Z",
  "2026-11-30T10:04:60Z",
  "2016-12-31T23:59:60Z",
  "2026-11-30T24:00:00Z",
  "0000-01-01T00:00:00Z",
  "10000-01-01T00:00:00Z",
  "-0001-01-01T00:00:00Z",
  "2026-11-30T10:04:00-00:00",
  "2026-11-30T10:04:00,5Z",
  "２０26-11-30T10:04:00Z",
  "2026-11-30T10:04:00.Z",
  "+2026-11-30T10:04:00Z",
  "-2026-11-30T10:04:00Z",
  "12026-11-30T10:04:00Z",
  " 2026-11-30T10:04:00Z",
  "2026-11-30T10:04:00Z ",
  "1796033040",
  "tomorrow",
  "2026-11-30T10:04:00ZZ",
} do
  assertion(("the time %q"):format(time), "bad_time", { not_on_or_after = time })
end
for _, fraction in ipairs { ".5Z", ".123456789Z" } do
  local time = at(240):gsub("Z$", fraction)
  assertion("a time that ends in " .. fraction, "accepted", { not_on_or_after = time })
end
response("the response was issued in the future", "issued_early", { issue_instant = at(61) })
assertion("the assertion was issued in the future", "issued_early", { issue_instant = at(61) })
response(
  "the response's time with a zone",
  "bad_time",
  { issue_instant = "2026-11-30T10:00:00+00:00" }
)
response("the response without a time", "bad_time", { issue_instant = false })
assertion("the assertion without a time", "bad_time", { issue_instant = false })
assertion("no AuthnInstant", "bad_time", { authn_instant = false })

-- ---- §3.28 replay ----

local YEARS = 3 * 366 * 86400
assertion("valid for years", "conditions_too_long", {
  not_on_or_after = at(YEARS),
  confirm_until = at(YEARS),
})

add(
  "the same response again, for another request",
  "request_unknown",
  function() end,
  { again = true }
)
add("the same assertion again, unsolicited", "replayed", function(parts)
  parts.response.in_response_to, parts.assertion.in_response_to = false, false
end, { again = true, options = { allow_unsolicited = true } })
add("the same assertion in another response", "replayed", function(parts)
  parts.response.in_response_to, parts.assertion.in_response_to = false, false
end, {
  again = function(parts)
    parts.response.in_response_to, parts.assertion.in_response_to = false, false
    parts.response.id = "_r2"
  end,
  options = { allow_unsolicited = true },
})

local LONG = '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
  .. '<saml:SubjectConfirmationData NotOnOrAfter="%s" Recipient="%s">'
  .. "</saml:SubjectConfirmationData></saml:SubjectConfirmation>"

-- Two confirmations that end at these times, in a response that nobody asked for.
local function confirmed_twice(first, second)
  return function(parts)
    parts.response.in_response_to = false
    parts.assertion.not_on_or_after = at(second)
    parts.assertion.confirmations = LONG:format(at(first), writer.ACS)
      .. LONG:format(at(second), writer.ACS)
  end
end

add(
  "again by its second confirmation, when the first is over",
  "replayed",
  confirmed_twice(60, 7200),
  {
    again = true,
    later = 3600,
    options = { allow_unsolicited = true },
  }
)
add("a second confirmation for years", "conditions_too_long", confirmed_twice(60, YEARS), {
  options = { allow_unsolicited = true },
})
add("a store that fails", "state_failed", function() end, { store = "fails" })
add("a store that is full", "replay_failed", function(parts)
  parts.response.in_response_to, parts.assertion.in_response_to = false, false
end, { store = "full", options = { allow_unsolicited = true } })

return list

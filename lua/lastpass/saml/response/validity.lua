--- For whom an assertion is, how long, and how the user was authenticated (saml §3.23 to §3.25).
-- @module lastpass.saml.response.validity
local checks = require "lastpass.saml.checks"
local names = require "lastpass.saml.names"
local read = require "lastpass.saml.read"

local ASSERTION = names.ns.assertion

local M = {}

-- ---- subject confirmation ----

local function check_recipient(c, data)
  local recipient = data.attributes.Recipient
  return read.same(recipient, c.settings.acs_url, "recipient_missing", "wrong_recipient")
end

local function check_confirmation_bound(_, data)
  if data.attributes.NotOnOrAfter == nil then
    return checks.fail("confirmation_unbounded")
  end
  return true
end

local function check_confirmation_end(c, data)
  local ends, message, err = read.optional_time(data, "NotOnOrAfter")
  if err then
    return nil, message, err
  elseif ends and c.now - c.settings.skew >= ends then
    return read.refuse_time("confirmation_expired", ends, c.now, c.settings.skew)
  end
  return true
end

local function check_confirmation_begin(_, data)
  if data.attributes.NotBefore ~= nil then
    return checks.fail("confirmation_not_before")
  end
  return true
end

local function check_confirmation_request(c, data)
  if data.attributes.InResponseTo ~= (c.request and c.request.id) then
    local detail = "InResponseTo of SubjectConfirmationData"
    return checks.fail("request_mismatch", { detail = detail })
  end
  return true
end

local function check_address(c, data)
  local address = data.attributes.Address
  if c.address and address and address ~= c.address then
    return checks.fail("wrong_address", { detail = ("'%s'"):format(address) })
  end
  return true
end

--- What each bearer confirmation is measured by; one that satisfies all is enough.
M.confirmation_steps = {
  { name = "recipient", check = 23, run = check_recipient },
  { name = "confirmation_bound", check = 23, run = check_confirmation_bound },
  { name = "confirmation_end", check = 23, run = check_confirmation_end },
  { name = "confirmation_begin", check = 23, run = check_confirmation_begin },
  { name = "confirmation_request", check = 22, run = check_confirmation_request },
  { name = "address", check = 23, run = check_address },
}

-- The first reason why a confirmation does not count; nil when it does.
local function problem_of(c, confirmation)
  local data, message, err = read.child(confirmation, ASSERTION, "SubjectConfirmationData")
  if err then
    return message, err
  end
  data = data or { attributes = {} }
  for _, step in ipairs(M.confirmation_steps) do
    local ok
    ok, message, err = step.run(c, data)
    if not ok then
      return message, err
    end
  end
  c.confirmation = data
  return nil
end

local function take_subject(c)
  local message, err
  c.subject, message, err =
    read.required(c.assertion, ASSERTION, "Subject", "confirmation_missing", "there is no Subject")
  return c.subject and true, message, err
end

-- Until when one of them may count, also one that does not count yet, or that was not looked at.
local function last_end(list)
  local latest
  for _, confirmation in ipairs(list) do
    local data = read.child(confirmation, ASSERTION, "SubjectConfirmationData")
    local ends = data and read.optional_time(data, "NotOnOrAfter")
    if ends and ends > (latest or 0) then
      latest = ends
    end
  end
  return latest
end

local function check_confirmations(c)
  local list, message, err = read.children(c.subject, ASSERTION, "SubjectConfirmation")
  if not list then
    return nil, message, err
  end
  for _, confirmation in ipairs(list) do
    if confirmation.attributes.Method == names.confirmation.bearer then
      local problem, reason = problem_of(c, confirmation)
      if not problem then
        c.last_confirmation = last_end(list)
        return true
      elseif not err then
        message, err = problem, reason
      end
    end
  end
  if err then
    return nil, message, err
  end
  return checks.fail("confirmation_missing")
end

-- ---- conditions ----

local function take_conditions(c)
  local conditions, message, err =
    read.required(c.assertion, ASSERTION, "Conditions", "conditions_missing")
  if not conditions then
    return nil, message, err
  end
  c.conditions = conditions
  c.not_before, message, err = read.optional_time(conditions, "NotBefore")
  if not err then
    c.not_on_or_after, message, err = read.optional_time(conditions, "NotOnOrAfter")
  end
  if err then
    return nil, message, err
  end
  return true
end

local function check_bounds(c)
  if not c.not_before or not c.not_on_or_after then
    local name = c.not_before and "NotOnOrAfter" or "NotBefore"
    return checks.fail("conditions_unbounded", { detail = ("there is no %s"):format(name) })
  end
  return true
end

local function check_window(c)
  if c.not_before and c.not_on_or_after and c.not_on_or_after <= c.not_before then
    return checks.fail("conditions_window")
  end
  return true
end

local function check_begin(c)
  if c.not_before and c.not_before > c.now + c.settings.skew then
    return read.refuse_time("conditions_early", c.not_before, c.now, c.settings.skew)
  end
  return true
end

local function check_end(c)
  if c.not_on_or_after and c.now - c.settings.skew >= c.not_on_or_after then
    return read.refuse_time("conditions_expired", c.not_on_or_after, c.now, c.settings.skew)
  end
  return true
end

local function names_us(c, restriction)
  local list, message, err = read.children(restriction, ASSERTION, "Audience")
  if not list then
    return nil, message, err
  end
  local others = {}
  for _, audience in ipairs(list) do
    local text
    text, message, err = read.text(audience)
    if not text then
      return nil, message, err
    elseif text == c.settings.entity_id then
      return true
    end
    others[#others + 1] = ("'%s'"):format(text:sub(1, 200))
  end
  return checks.fail("wrong_audience", {
    detail = ("%s, not '%s'"):format(
      table.concat(others, ", ", 1, math.min(#others, 5)),
      c.settings.entity_id
    ),
  })
end

local function check_audience_present(c)
  local list, message, err = read.children(c.conditions, ASSERTION, "AudienceRestriction")
  if not list then
    return nil, message, err
  elseif not list[1] then
    return checks.fail("audience_missing")
  end
  return true
end

-- Each restriction has to name us; of the audiences of one, one is enough.
local function check_audience(c)
  for _, child in ipairs(c.conditions.children) do
    if read.is(child, ASSERTION, "AudienceRestriction") then
      local ok, message, err = names_us(c, child)
      if not ok then
        return nil, message, err
      end
    end
  end
  return true
end

local understood = { AudienceRestriction = true, OneTimeUse = true, ProxyRestriction = true }

local function check_conditions_known(c)
  for _, child in ipairs(c.conditions.children) do
    if child.ns ~= ASSERTION or not understood[child.name] then
      return checks.fail("unknown_condition", { detail = child.name })
    elseif child.name ~= "AudienceRestriction" then
      c[child.name] = child -- OneTimeUse is kept anyway: each assertion is used once
    end
  end
  return true
end

-- ---- authentication ----

local function take_statement(c)
  local statement, message, err =
    read.required(c.assertion, ASSERTION, "AuthnStatement", "authn_statement_missing")
  if not statement then
    return nil, message, err
  end
  c.statement = statement
  c.auth_time, message, err = read.time(statement, "AuthnInstant")
  if c.auth_time then
    c.session_end, message, err = read.optional_time(statement, "SessionNotOnOrAfter")
  end
  if err then
    return nil, message, err
  end
  local context
  context, message, err = read.child(statement, ASSERTION, "AuthnContext")
  if context then
    c.authn_context, message, err = read.text_of(context, ASSERTION, "AuthnContextClassRef")
  end
  if err then
    return nil, message, err
  end
  return true
end

local function check_session_end(c)
  if c.session_end and c.now - c.settings.skew >= c.session_end then
    return read.refuse_time("session_over", c.session_end, c.now, c.settings.skew)
  end
  return true
end

local function check_authn_begin(c)
  if c.auth_time > c.now + c.settings.skew then
    return read.refuse_time("authn_early", c.auth_time, c.now, c.settings.skew)
  end
  return true
end

-- Asked to authenticate the user anew, an identity provider must not answer with an older authentication.
local function check_authn_age(c)
  local request, skew = c.request, c.settings.skew
  local most = request and request.max_auth_age or c.settings.max_auth_age
  local earliest = most and c.now - most
  if request and request.force_authn then
    earliest = math.max(earliest or 0, request.at)
  end
  if earliest and c.auth_time < earliest - skew then
    return read.refuse_time("authn_too_old", c.auth_time, c.now, skew)
  end
  return true
end

local function check_context(c)
  local wanted = c.request and c.request.authn_context or c.settings.authn_context
  if not wanted then
    return true
  end
  for _, one in ipairs(wanted) do
    if one == c.authn_context then
      return true
    end
  end
  return checks.fail("wrong_authn_context", {
    detail = ("'%s', not '%s'"):format(c.authn_context or "none", table.concat(wanted, "', '")),
  })
end

M.steps = {
  { name = "subject", check = 23, run = take_subject },
  { name = "confirmations", check = 23, run = check_confirmations },
  { name = "conditions", check = 24, run = take_conditions },
  { name = "conditions_bounds", check = 24, run = check_bounds },
  { name = "conditions_window", check = 24, run = check_window },
  { name = "conditions_begin", check = 24, run = check_begin },
  { name = "conditions_end", check = 24, run = check_end },
  { name = "audience_present", check = 24, run = check_audience_present },
  { name = "audience", check = 24, run = check_audience },
  { name = "conditions_known", check = 24, run = check_conditions_known },
  { name = "statement", check = 25, run = take_statement },
  { name = "session_end", check = 25, run = check_session_end },
  { name = "authn_begin", check = 25, run = check_authn_begin },
  { name = "authn_age", check = 25, run = check_authn_age },
  { name = "authn_context", check = 25, run = check_context },
}

return M

--- Who it is: NameID, attributes, that the assertion is used for the first time, and what a program is given
-- (saml §3.26, §3.28, §3.30).
-- @module lastpass.saml.response.identity
local checks = require "lastpass.saml.checks"
local digest = require "lastpass.digest"
local names = require "lastpass.saml.names"
local read = require "lastpass.saml.read"
local relay = require "lastpass.saml.relay"

local ASSERTION = names.ns.assertion

local M = {}

-- Seconds. A used assertion is known for so long after its end, since another node, or the store, may have a clock that
-- is behind; and none is valid for longer than a month.
local AFTERWARDS = 300
local MOST_LIFETIME = 31 * 86400

--- Who was signed in, and what was said about it.
---@class lastpass.saml.Identity
---@field name_id? string
---@field format? string             as it came
---@field name_qualifier? string
---@field sp_name_qualifier? string
---@field attributes table<string, string[]> values in their order; those of a name that comes twice, together
---@field unread_attributes? string[] attributes with values that are not text
---@field session_index? string      for the logout
---@field issuer string
---@field authn_context? string
---@field auth_time number           epoch seconds: when the user was authenticated there
---@field subject table              what `sp:logout` takes: keep it with the session
---@field in_response_to? string
---@field assertion_id string
---@field signed "response"|"assertion"|"both"
---@field encrypted boolean
---@field not_on_or_after number     epoch seconds
---@field session_not_on_or_after? number the session here ends then at the latest
---@field expires? number            the same
---@field relay string               where to go on to; checked
---@field unsolicited boolean
---@field proxy_count? string
---@field xml? string                the verified octets, when they were asked for

-- ---- the user ----

local function take_name_id(c)
  local name_id, message, err = read.child(c.subject, ASSERTION, "NameID")
  if err then
    return nil, message, err
  end
  c.name_id = name_id
  return true
end

local function check_name_id(c)
  if not c.name_id and not c.settings.name_id_attribute then
    return checks.fail("name_id_missing")
  end
  return true
end

local function check_name_id_text(c)
  if not c.name_id then
    return true
  end
  local text, message, err = read.text(c.name_id)
  if not text then
    return nil, message, err
  elseif not text:find "%S" then
    return checks.fail "name_id_empty"
  end
  return true
end

-- LastPass's older samples spell the format of addresses in their own way (saml §1.2).
local function standard_format(format)
  return format == names.LEGACY_EMAIL_FORMAT and names.format.email
    or format
    or names.format.unspecified
end

local function check_format(c)
  local wanted = c.settings.name_id_format
  if not c.name_id or not wanted or wanted == names.format.unspecified then
    return true
  end
  local format = c.name_id.attributes.Format
  if standard_format(format) ~= standard_format(wanted) then
    local detail = ("'%s', not '%s'"):format(format or "none", wanted)
    return checks.fail("wrong_name_id_format", { detail = detail })
  end
  return true
end

local function check_qualifiers(c)
  for option, attribute in pairs {
    name_qualifier = "NameQualifier",
    sp_name_qualifier = "SPNameQualifier",
  } do
    local wanted = c.settings[option]
    local given = c.name_id and c.name_id.attributes[attribute]
    if wanted and given ~= wanted then
      local detail = ("%s is '%s', not '%s'"):format(attribute, given or "none", wanted)
      return checks.fail("wrong_name_qualifier", { detail = detail })
    end
  end
  return true
end

-- ---- attributes ----

-- Text, or a NameID as the only content; nil for anything else.
local function value_of(element)
  local only = element.children[1]
  if not only then
    return element.text
  elseif
    element.children[2]
    or only.children[1]
    or element.text:find "%S"
    or not read.is(only, ASSERTION, "NameID")
  then
    return nil
  end
  return only.text
end

local function add_values(c, name, attribute)
  local list, message, err = read.children(attribute, ASSERTION, "AttributeValue")
  if not list then
    return nil, message, err
  end
  local values = c.attributes[name] or {}
  c.attributes[name] = values
  for _, element in ipairs(list) do
    local value = value_of(element)
    if value then
      values[#values + 1] = value
    elseif c.unread[#c.unread] ~= name then
      c.unread[#c.unread + 1] = name
    end
  end
  return true
end

local function add_statement(c, statement)
  local list, message, err = read.children(statement, ASSERTION, "Attribute")
  if not list then
    return nil, message, err
  end
  for _, attribute in ipairs(list) do
    local name = attribute.attributes.Name
    if name == nil or name == "" then
      return checks.fail("attribute_unnamed")
    elseif c.attributes[name] and c.settings.unique_attributes then
      return checks.fail("duplicate_attribute", { detail = ("'%s'"):format(name:sub(1, 200)) })
    end
    local ok
    ok, message, err = add_values(c, name, attribute)
    if not ok then
      return nil, message, err
    end
  end
  return true
end

local function take_attributes(c)
  c.attributes, c.unread = {}, {}
  local statements, message, err = read.children(c.assertion, ASSERTION, "AttributeStatement")
  if not statements then
    return nil, message, err
  end
  for _, statement in ipairs(statements) do
    local ok
    ok, message, err = add_statement(c, statement)
    if not ok then
      return nil, message, err
    end
  end
  return true
end

local function check_user_attribute(c)
  local name = c.settings.name_id_attribute
  if name and not c.name_id then
    local values = c.attributes[name]
    if not values or values[2] or not (values[1] or ""):find "%S" then
      local detail = ("there is no NameID, and not one value of '%s'"):format(name)
      return checks.fail("name_id_missing", { detail = detail })
    end
  end
  return true
end

-- ---- where to go on to ----

-- What was asked for here was checked when the request was made; RelayState of an unsolicited response is anybody's.
local function choose_target(c)
  local rules = c.settings.relay
  if c.request then
    c.target = c.request.relay
    return true
  elseif not c.relay_state or c.relay_state == "" then
    c.target = rules.default
    return true
  end
  local target, message, err = relay.check(c.relay_state, rules)
  if not target then
    return nil, message, err
  end
  c.target = target
  return true
end

-- ---- once ----

local function earlier(one, other)
  return one and other and math.min(one, other) or one or other
end

-- Until when the assertion is good as it was used.
local function end_of(c)
  local confirmed = c.confirmation and read.optional_time(c.confirmation, "NotOnOrAfter")
  return earlier(c.not_on_or_after, confirmed)
end

-- Until when it could be sent again: another of its confirmations may hold for longer.
local function last_end_of(c)
  return earlier(c.not_on_or_after, c.last_confirmation)
end

local function check_lifetime(c)
  local ends = last_end_of(c)
  if ends and ends - c.now > MOST_LIFETIME then
    local detail = ("%.0f days from now"):format((ends - c.now) / 86400)
    return checks.fail("conditions_too_long", { detail = detail })
  end
  return true
end

local function check_replay(c)
  local left = math.max(0, (last_end_of(c) or c.now) - c.now)
  local key = "saml:used:" .. digest.hex(c.idp.entity_id .. "\0" .. c.assertion.attributes.ID)
  local added, message, err = c.settings.store:add(key, "1", left + c.settings.skew + AFTERWARDS)
  if added then
    return true
  elseif added == nil then
    return checks.fail("replay_failed", { detail = message, cause = err })
  end
  return checks.fail("replayed", { relay = c.target })
end

-- ---- what a program is given ----

local function make_identity(c)
  local name_id = c.name_id
  local attributes = name_id and name_id.attributes or {}
  local subject = {
    name_id = name_id and name_id.text or c.attributes[c.settings.name_id_attribute][1],
    format = attributes.Format,
    name_qualifier = attributes.NameQualifier,
    sp_name_qualifier = attributes.SPNameQualifier,
    session_index = c.statement.attributes.SessionIndex,
    issuer = c.idp.entity_id,
  }
  c.identity = {
    name_id = subject.name_id,
    format = subject.format,
    name_qualifier = subject.name_qualifier,
    sp_name_qualifier = subject.sp_name_qualifier,
    session_index = subject.session_index,
    issuer = subject.issuer,
    subject = subject,
    attributes = c.attributes,
    unread_attributes = c.unread[1] and c.unread or nil,
    authn_context = c.authn_context,
    auth_time = c.auth_time,
    in_response_to = c.request and c.request.id,
    assertion_id = c.assertion.attributes.ID,
    signed = c.response_signed and c.assertion_signed and "both"
      or c.response_signed and "response"
      or "assertion",
    encrypted = c.encrypted > 0,
    not_on_or_after = end_of(c),
    session_not_on_or_after = c.session_end,
    expires = c.session_end,
    relay = c.target,
    unsolicited = c.request == nil,
    proxy_count = c.ProxyRestriction and c.ProxyRestriction.attributes.Count,
    xml = c.wants_xml and c.octets or nil,
  }
  return true
end

M.steps = {
  { name = "name_id", check = 26, run = take_name_id },
  { name = "name_id_present", check = 26, run = check_name_id },
  { name = "name_id_text", check = 26, run = check_name_id_text },
  { name = "name_id_format", check = 26, run = check_format },
  { name = "name_qualifiers", check = 26, run = check_qualifiers },
  { name = "attributes", check = 26, run = take_attributes },
  { name = "user_attribute", check = 26, run = check_user_attribute },
  { name = "target", check = 30, run = choose_target },
  { name = "lifetime", check = 28, run = check_lifetime },
  { name = "replay", check = 28, run = check_replay },
}

M.last = { { name = "identity", check = 30, run = make_identity } }

return M

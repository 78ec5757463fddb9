--- AuthnRequest: what a service provider asks, and how an identity provider reads it (saml §2.1). Where the answer goes
-- is decided by the service provider's metadata alone.
-- @module lastpass.saml.request
local binding = require "lastpass.saml.binding"
local checks = require "lastpass.saml.checks"
local errors = require "lastpass.error"
local lastpass = require "lastpass.saml.lastpass"
local messages = require "lastpass.saml.message"
local names = require "lastpass.saml.names"
local read = require "lastpass.saml.read"
local signature = require "lastpass.signature"
local write = require "lastpass.saml.write"

local M = {}

local element = write.element

-- ---- the service provider's side ----

local known_options = {
  id = "string",
  issuer = "string",
  endpoint = "table",
  now = "number",
  acs_url = "string",
  force_authn = "boolean",
  passive = "boolean",
  name_id_format = "string",
  authn_context = { "string", "table" },
  relay = "string",
  key = { "userdata", "table" },
  certificate = { "userdata", "table" },
  algorithm = "string",
}

local function context_element(contexts)
  if not contexts then
    return nil
  end
  local list = {}
  for position, context in ipairs(type(contexts) == "table" and contexts or { contexts }) do
    list[position] = element("saml:AuthnContextClassRef", nil, context)
  end
  return element("samlp:RequestedAuthnContext", { Comparison = "exact" }, list)
end

--- Writes an AuthnRequest and puts it into an address or a form.
---@param options table `issuer` (the service provider's entity ID), `endpoint` (sso, of metadata), `now`, `acs_url`;
-- `id` (default a new one), `force_authn`, `passive`, `name_id_format`, `authn_context` (one or a list), `relay`; `key`
-- signs, with `certificate` and `algorithm`
---@return table|nil sent `id`, `url` or `form`, `binding`, `location`
---@return string? message
---@return lastpass.Error? err
function M.write(options)
  errors.check_options("saml.request.write", options, known_options)
  local id = options.id or messages.new_id()
  local policy = element("samlp:NameIDPolicy", {
    Format = options.name_id_format or false,
    AllowCreate = true,
  })
  local about = {
    id = id,
    now = options.now,
    issuer = options.issuer,
    destination = options.endpoint.location,
    attributes = {
      AssertionConsumerServiceURL = options.acs_url,
      ProtocolBinding = names.binding.post,
      ForceAuthn = options.force_authn or false,
      IsPassive = options.passive or false,
    },
  }
  local contexts = context_element(options.authn_context)
  return messages.send {
    element = messages.element("AuthnRequest", about, policy, contexts),
    id = id,
    kind = "SAMLRequest",
    endpoint = options.endpoint,
    relay = options.relay,
    key = options.key,
    certificate = options.certificate,
    algorithm = options.algorithm,
  }
end

-- ---- the identity provider's side ----

--- What a service provider asks.
---@class lastpass.saml.Request
---@field id string
---@field issuer string           the service provider's entity ID
---@field sp table                what the identity provider knows of it
---@field acs_url string          where the answer goes: an address of its metadata
---@field relay? string           goes back untouched
---@field force_authn boolean     the user has to authenticate anew
---@field passive boolean         nothing may be shown to the user
---@field name_id_format? string  the format asked for, in its standard spelling; nil when any will do
---@field authn_contexts string[] one of these has to be reached; empty when any will do
---@field subject? string         the NameID of the only user whom the answer may be about
---@field issued integer
---@field signed boolean

local function boolean_of(root, name)
  local value = root.attributes[name]
  if value == nil then
    return false
  elseif value == "true" or value == "1" then
    return true
  elseif value == "false" or value == "0" then
    return false
  end
  return checks.fail("request_incomplete", { detail = name })
end

local function fail_acs(detail)
  return checks.fail("wrong_acs", { detail = detail })
end

-- By address, by index, or the default of the metadata; by POST alone, for an address holds no response (saml §3.1).
local function choose_acs(root, list)
  local attributes = root.attributes
  local url = attributes.AssertionConsumerServiceURL
  local index = attributes.AssertionConsumerServiceIndex
  if attributes.ProtocolBinding and attributes.ProtocolBinding ~= names.binding.post then
    return checks.fail("request_unsupported", { detail = "ProtocolBinding" })
  elseif url and index then
    return checks.fail("request_incomplete", { detail = "an address and an index" })
  end
  local first
  for _, endpoint in ipairs(list or {}) do
    if endpoint.binding == names.binding.post then
      if url and endpoint.location == url then
        return url
      elseif index and endpoint.index and ("%d"):format(endpoint.index) == index then
        return endpoint.location
      end
      if not first or endpoint.default and not first.default then
        first = endpoint
      end
    end
  end
  if url or index then
    return fail_acs(url or "index " .. index)
  elseif not first then
    return fail_acs "the metadata has none by POST"
  end
  return first.location
end

--- The address of a service provider to which a response goes that nobody asked for.
---@param list lastpass.saml.Endpoint[]
---@return string|nil url
---@return string? message
---@return lastpass.Error? err code "wrong_acs"
function M.default_acs(list)
  return choose_acs({ attributes = {} }, list)
end

-- The name that another entity's users have, an affiliation's, is not ours to give.
local function name_id_format(root, issuer)
  local policy, message, err = read.child(root, names.ns.protocol, "NameIDPolicy")
  if err then
    return nil, message, err
  end
  local affiliation = policy and policy.attributes.SPNameQualifier
  if affiliation and affiliation ~= "" and affiliation ~= issuer then
    return checks.fail("request_unsupported", { detail = "SPNameQualifier" })
  end
  local format = policy and policy.attributes.Format
  if format == nil or format == "" or format == names.format.unspecified then
    return nil
  end
  return lastpass.standard_format(format)
end

-- "exact" is what everybody asks; the others compare strengths, of which there is no agreed order.
local function authn_contexts(root)
  local requested, message, err = read.child(root, names.ns.protocol, "RequestedAuthnContext")
  local list = {}
  if not requested then
    return not err and list or nil, message, err
  end
  local comparison = requested.attributes.Comparison
  if comparison and comparison ~= "exact" then
    return checks.fail("request_unsupported", { detail = "Comparison " .. comparison })
  end
  for _, child in ipairs(requested.children) do
    if child.ns ~= names.ns.assertion or child.name ~= "AuthnContextClassRef" then
      return checks.fail("request_unsupported", { detail = child.name })
    end
    list[#list + 1] = child.text
  end
  return list
end

local function subject_of(root)
  local subject, message, err = read.child(root, names.ns.assertion, "Subject")
  if not subject then
    return nil, message, err
  end
  local name_id
  name_id, message, err = read.child(subject, names.ns.assertion, "NameID")
  if err then
    return nil, message, err
  elseif not name_id or name_id.text == "" then
    return checks.fail("request_unsupported", { detail = "a Subject without NameID" })
  end
  return name_id.text
end

local function check_age(opened, options)
  local age = options.now - opened.issued
  if age > options.max_age + options.skew then
    return read.refuse_time("request_old", opened.issued, options.now, options.skew)
  end
  return true
end

-- What must not be ignored, since the answer would be another one.
local function check_supported(root)
  local conditions, message, err = read.child(root, names.ns.assertion, "Conditions")
  if conditions then
    return checks.fail("request_unsupported", { detail = "Conditions" })
  end
  return not err, message, err
end

local function describe(opened, options)
  local root, peer = opened.root, opened.peer
  local request = {
    id = opened.id,
    issuer = opened.issuer,
    sp = peer,
    issued = opened.issued,
    signed = opened.signed,
  }
  local steps = {
    { true, check_age, opened, options },
    { true, check_supported, root },
    { "acs_url", choose_acs, root, peer.entity.sp.acs },
    { "force_authn", boolean_of, root, "ForceAuthn" },
    { "passive", boolean_of, root, "IsPassive" },
    { "name_id_format", name_id_format, root, opened.issuer },
    { "authn_contexts", authn_contexts, root },
    { "subject", subject_of, root },
  }
  for _, step in ipairs(steps) do
    local value, message, err = step[2](step[3], step[4])
    if err then
      return nil, message, err
    elseif step[1] ~= true then
      request[step[1]] = value
    end
  end
  if request.force_authn and request.passive then
    return checks.fail("request_unsupported", { detail = "ForceAuthn with IsPassive" })
  end
  return request
end

--- Reads an AuthnRequest.
---@param source {query: string|nil, form: string|table|nil} the query or the body, as it came
---@param options table `find` (entity ID -> {entity = …}, certificates; or nil, message, err), `destination` (own sso
-- address), `now`, `skew`, `max_age` (seconds), `allow`, `must_sign` (function(peer))
---@return lastpass.saml.Request|nil
---@return string? message
---@return lastpass.Error? err
function M.read(source, options)
  local received, message, err = binding.read(source, "SAMLRequest")
  if not received then
    return nil, message, err
  end
  local opened
  opened, message, err = messages.open(received, {
    roots = { AuthnRequest = true },
    find = options.find,
    destination = options.destination,
    now = options.now,
    skew = options.skew,
    allow = options.allow,
    must_sign = options.must_sign,
  })
  if not opened then
    return nil, message, err
  end
  local request
  request, message, err = describe(opened, options)
  if not request then
    return nil, message, err
  end
  request.relay = received.relay
  return request
end

signature.declare("saml.request.", M, {
  write = "options: table",
  read = "source: table, options: table",
  default_acs = "list: table",
})

return M

--- The SSO apps of a company: what an admin sets for each (saml §1.2), and the identity provider that it makes.
-- @module lastpass.sandbox.saml.apps
local digest = require "lastpass.digest"
local json = require "lastpass.json"
local metadata = require "lastpass.saml.metadata"
local names = require "lastpass.saml.names"
local option_kinds = require "lastpass.option_kinds"
local saml_lastpass = require "lastpass.saml.lastpass"
local schema = require "lastpass.sandbox.schema"
local xmldsig = require "lastpass.xmldsig"

local M = {}

--- The most apps of a company.
M.MOST = 200

local one_of = option_kinds.one_of

local function is_methods(value)
  local ok = schema.is_strings(value) and #value > 0
  for _, one in ipairs(ok and value or {}) do
    ok = ok and (one == "sha1" or one == "sha256")
  end
  return ok, '["sha256"], ["sha1"] or both'
end

local sources = { email = "Email", secondary_email = "Secondary Email", user_id = "User ID" }
sources.groups, sources.roles = "Groups", "Roles"

--- What a custom value is not.
M.sources = sources

-- A custom attribute: filled from one of the sources, or {"custom": text}.
local function is_attributes(value)
  if type(value) ~= "table" then
    return false, "an object"
  end
  for name, source in pairs(value) do
    local is_custom = type(source) == "table" and type(source.custom) == "string"
    if type(name) ~= "string" or not (is_custom or sources[source]) then
      return false, 'an object: name -> "email" (or another source) or {"custom": text}'
    end
  end
  return true
end

--- The settings; names as in the Admin Console.
local known = {
  name = "string",
  entity_id = "string",
  acs_url = "string",
  slo_url = "string",
  metadata = "string",
  role = "string",
  relay = "string",
  identifier = one_of { "email", "secondary_email", "user_id", "groups", "roles", "custom" },
  custom = "string",
  step_up = "boolean",
  signature_method = is_methods,
  sign_assertion = "boolean",
  sign_response = "boolean",
  sign_request = "boolean",
  encrypt_assertion = "boolean",
  certificate = "string",
  attributes = is_attributes,
  generation = one_of { "current", "legacy" },
  cid = "number",
}

-- A number of the form that LastPass's app ids have, the same for the same app.
local function guid(text)
  local hex = digest.hex(text)
  return table.concat({
    hex:sub(1, 8),
    hex:sub(9, 12),
    "4" .. hex:sub(14, 16),
    "8" .. hex:sub(18, 20),
    hex:sub(21, 32),
  }, "-")
end

local function usable(url)
  return type(url) == "string" and url:find "^https?://[^/%s@]+[^%s]*$" ~= nil
end

-- What was typed in, as metadata would say it.
local function typed_entity(app)
  if not app.entity_id or app.entity_id == "" then
    return nil, "an app needs entity_id and acs_url, or metadata"
  elseif not usable(app.acs_url) then
    return nil, "acs_url must be an address"
  elseif app.slo_url and not usable(app.slo_url) then
    return nil, "slo_url must be an address"
  end
  local slo = app.slo_url and { { binding = names.binding.redirect, location = app.slo_url } } or {}
  return {
    entity_id = app.entity_id,
    sp = {
      acs = { { binding = names.binding.post, location = app.acs_url, index = 0, default = true } },
      slo = slo,
      certificates = { signing = {}, encryption = {} },
      name_id_formats = {},
      authn_requests_signed = false,
      want_assertions_signed = false,
    },
  }
end

local function read_entity(app, now)
  if not app.metadata then
    return typed_entity(app)
  elseif app.entity_id or app.acs_url or app.slo_url then
    return nil, "give metadata, or entity_id and addresses, not both"
  end
  local entity, message = metadata.read(app.metadata, { role = "sp", now = now, allow_http = true })
  if not entity then
    return nil, message
  end
  return entity
end

-- The partner certificate serves both uses, before those of the metadata.
local function add_certificate(app, entity)
  if not app.certificate then
    return true
  end
  local certificate, message = xmldsig.certificate(app.certificate)
  if not certificate then
    return nil, "certificate: " .. message
  end
  table.insert(entity.sp.certificates.signing, 1, certificate)
  table.insert(entity.sp.certificates.encryption, 1, certificate)
  return true
end

local function check(app, entity)
  if app.identifier == "custom" and (app.custom or "") == "" then
    return nil, "the identifier custom needs the setting custom"
  elseif not app.sign_assertion and not app.sign_response then
    return nil, "tick sign_assertion or sign_response"
  elseif app.sign_request and not entity.sp.certificates.signing[1] then
    return nil, "sign_request needs the service's certificate"
  elseif app.encrypt_assertion and not entity.sp.certificates.encryption[1] then
    return nil, "encrypt_assertion needs the service's certificate"
  end
  return true
end

-- ---- the apps of a company ----

local function default(value, other)
  if value == nil then
    return other
  end
  return value
end

--- Adds an app, or replaces the one of the same entity ID.
---@param company table
---@param state table `apps`: list
---@param given table see `known`
---@return table|nil app
---@return string? message
function M.add(company, state, given)
  local app, message = schema.options("saml_apps", given, known)
  if not app then
    return nil, message
  end
  local entity
  entity, message = read_entity(app, company.clock:seconds())
  if not entity then
    return nil, message
  end
  app.entity, app.entity_id = entity, entity.entity_id
  app.name = app.name or entity.entity_id
  app.identifier = app.identifier or "email"
  app.signature_method = app.signature_method or { "sha256" }
  app.sign_assertion = default(app.sign_assertion, not app.sign_response)
  app.generation = app.generation or company.settings.saml_generation
  local ok
  ok, message = add_certificate(app, entity)
  if ok then
    ok, message = check(app, entity)
  end
  if not ok then
    return nil, message
  end
  local position = #state.apps + 1
  for at, one in ipairs(state.apps) do
    if one.entity_id == app.entity_id then
      position = at
    end
  end
  if position > M.MOST then
    return nil, ("a company has %d apps at most"):format(M.MOST)
  end
  if not state.apps[position] then
    state.count = state.count + 1
  end
  app.number = state.apps[position] and state.apps[position].number or state.count
  app.id = guid(("%.0f %s"):format(company.cid, app.entity_id))
  app.company, state.apps[position] = company, app
  return app
end

--- Removes an app.
---@return boolean removed
function M.remove(state, id)
  for at, app in ipairs(state.apps) do
    if app.id == id then
      table.remove(state.apps, at)
      return true
    end
  end
  return false
end

local function algorithm(app)
  for _, method in ipairs(app.signature_method) do
    if method == "sha256" then
      return "rsa-sha256"
    end
  end
  return "rsa-sha1"
end

local function attributes(app)
  local list = {}
  for name, source in pairs(app.attributes or {}) do
    list[name] = type(source) == "table" and { value = source.custom } or source
  end
  return list
end

--- What `lastpass.saml.idp` takes for the app.
---@param app table
---@return table settings
function M.settings(app)
  local settings = app.company.settings
  local signs = app.sign_assertion and (app.sign_response and "both" or "assertion") or "response"
  return {
    metadata = app.entity,
    sign = signs,
    algorithm = algorithm(app),
    encrypt = app.encrypt_assertion or false,
    lifetime = settings.saml_lifetime,
    name_id = app.identifier == "custom" and { value = app.custom } or app.identifier,
    attributes = attributes(app),
    relay = app.relay,
    require_signed = app.sign_request or not settings.saml_unsigned_requests,
  }
end

--- The identity provider's side of an app: entity ID and addresses of its generation (saml §1.1).
---@param app table
---@param origin string of this sandbox
---@return table addresses `entity_id`, `sso_url`, `slo_url` (nil when it takes no logout messages), `logout_url`,
-- `launch_url`
function M.addresses(app, origin)
  local generation = saml_lastpass.generations[app.generation]
  local mode = app.company.settings.saml_logout
  local is_legacy = app.generation == "legacy"
  local logout_url = is_legacy and origin .. "/saml/saml.php?logout=1" or origin .. "/Login/Logout"
  local takes = mode == "messages" or mode == "known" and is_legacy
  return {
    entity_id = generation.entity_id,
    sso_url = is_legacy and origin .. "/saml/saml.php" or origin .. "/SAML/SSOService/" .. app.id,
    slo_url = takes and logout_url or nil,
    logout_url = logout_url,
    launch_url = is_legacy and ("%s/saml/launch/cfg/%d"):format(origin, app.number)
      or ("%s/redirect?id=%s"):format(origin, app.id),
  }
end

--- What the control API shows of an app.
---@param app table
---@param origin string
---@return table
function M.describe(app, origin)
  local shown = { id = app.id, addresses = M.addresses(app, origin) }
  for name in pairs(known) do
    if name ~= "metadata" and name ~= "certificate" and name ~= "cid" then
      shown[name] = app[name]
    end
  end
  local acs = json.list()
  for at, endpoint in ipairs(app.entity.sp.acs) do
    acs[at] = endpoint.location
  end
  shown.acs_urls = acs
  shown.page = ("%s/saml/apps/%s"):format(origin, app.id)
  shown.metadata_url = shown.page .. "/metadata"
  shown.certificate_url = shown.page .. "/certificate.pem"
  return shown
end

return M

--- Our service provider and our identity provider, which know each other, without HTTP between them.
local base64 = require "lastpass.text.base64"
local keys = require "spec.support.saml_keys"
local percent = require "lastpass.text.percent"
local saml = require "lastpass.saml"
local secret = require "lastpass.secret"
local state = require "lastpass.state"
local writer = require "spec.support.saml_writer"

local M = {}

M.NOW = 1796032800
M.SP = "https://app.example"
M.ACS = "https://app.example/acs"
M.SLO = "https://app.example/slo"
M.ANN = { email = "ann@acme.example", groups = { "Staff", "Admins" } }

local function certificate(name)
  return assert(require("lastpass.xmldsig").certificate(keys.of(name).certificate))
end

local key_of = { idp = "idp", second = "next" }

local function endpoints(location)
  local binding = saml.names.binding
  return {
    { binding = binding.redirect, location = location },
    { binding = binding.post, location = location },
  }
end

--- The metadata of an identity provider.
---@param name "idp"|"second"
---@return table entity
function M.entity(name)
  local base = ("https://%s.example"):format(name)
  return {
    entity_id = base,
    idp = {
      sso = endpoints(base .. "/sso"),
      slo = endpoints(base .. "/slo"),
      certificates = { signing = { certificate(key_of[name]) }, encryption = {} },
      name_id_formats = {},
      want_authn_requests_signed = false,
    },
  }
end

local function sp_entity()
  return {
    entity_id = M.SP,
    sp = {
      acs = { { binding = saml.names.binding.post, location = M.ACS, index = 0, default = true } },
      slo = endpoints(M.SLO),
      certificates = { signing = { certificate "sp" }, encryption = { certificate "sp" } },
      name_id_formats = {},
      authn_requests_signed = false,
      want_assertions_signed = false,
    },
  }
end

--- An identity provider.
---@param name "idp"|"second"
---@param clock function
---@param options? table of saml.idp.new; `key` is the name of another key
function M.idp(name, clock, options)
  local base = ("https://%s.example"):format(name)
  local own = keys.of(options and options.key or key_of[name])
  local all = {
    entity_id = base,
    sso_url = base .. "/sso",
    slo_url = base .. "/slo",
    sps = { sp_entity() },
    store = state.memory { now = clock },
    clock = clock,
    attributes = { mail = "email", groups = "groups" },
    max_age = 86400,
  }
  for option, value in pairs(options or {}) do
    all[option] = value
  end
  all.key, all.cert = secret.value(own.pem), own.certificate
  return assert(saml.idp.new(all))
end

--- Options of a service provider.
---@param clock function
---@param options? table of saml.sp.new; false leaves one out
function M.sp_options(clock, options)
  local all = {
    entity_id = M.SP,
    acs_url = M.ACS,
    slo_url = M.SLO,
    idp = M.entity "idp",
    key = secret.value(keys.of("sp").pem),
    cert = keys.of("sp").certificate,
    store = state.memory { now = clock },
    clock = clock,
  }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  for name, value in pairs(all) do
    if value == false then
      all[name] = nil
    end
  end
  return all
end

--- A service provider.
function M.sp(clock, options)
  return assert(saml.sp.new(M.sp_options(clock, options)))
end

--- Options of a service provider that has another key now, and still the one before.
function M.rolled_over()
  return {
    key = secret.value(keys.of("other").pem),
    cert = keys.of("other").certificate,
    previous_keys = {
      { key = secret.value(keys.of("sp").pem), cert = keys.of("sp").certificate },
    },
  }
end

--- The metadata of the identity provider whose messages spec.support.saml_writer writes.
---@param certificates? string[] names of keys, default "idp"
---@return table entity
function M.written_entity(certificates)
  local entity = M.entity "idp"
  entity.entity_id = writer.IDP
  entity.idp.sso, entity.idp.slo = endpoints(writer.SSO), endpoints(writer.SLO)
  for index, name in ipairs(certificates or {}) do
    entity.idp.certificates.signing[index] = certificate(name)
  end
  return entity
end

--- Options of a service provider for such messages, which are of the time writer.NOW.
---@param options? table of saml.sp.new
function M.written_options(options)
  local all = M.sp_options(function()
    return writer.NOW
  end, { entity_id = writer.SP, acs_url = writer.ACS, slo_url = writer.SP_SLO })
  all.idp = M.written_entity()
  all.on_event = function() end
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return all
end

--- The query of an address.
function M.query(url)
  return (url:gsub("^[^?]*%?", ""))
end

local entities = { quot = '"', amp = "&", lt = "<", gt = ">", ["#39"] = "'" }

local function fields_of(page)
  local fields = {}
  for input in page:gmatch "<input[^>]*>" do
    local name, value = input:match 'name="([^"]*)"', input:match 'value="([^"]*)"'
    if name then
      fields[name] = value:gsub("&([^;]+);", entities)
    end
  end
  return fields
end

--- The body that a browser posts for a page with a form.
function M.posted(page)
  local parts = {}
  for name, value in pairs(fields_of(page)) do
    parts[#parts + 1] = name .. "=" .. percent.encode(value)
  end
  return table.concat(parts, "&")
end

--- What the identity provider answers for Ann.
function M.answer(idp, url)
  local request, message, err = idp:read_request { query = M.query(url) }
  if not request then
    return nil, message, err
  end
  return idp:respond(request, M.ANN, { want_xml = true })
end

--- The body with an answer.
---@param answer table
---@param relay? string in place of the RelayState that it has
function M.form(answer, relay)
  local fields = fields_of(answer.form)
  return {
    SAMLResponse = fields.SAMLResponse or base64.encode(answer.xml),
    RelayState = relay,
  }
end

return M

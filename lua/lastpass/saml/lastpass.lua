--- LastPass as identity provider: the names and addresses of both of its generations (saml §1.1), and what is logged
-- where SHA-1 is allowed. LastPass may change all of these, so each can be given.
-- @module lastpass.saml.lastpass
local errors = require "lastpass.error"
local names = require "lastpass.saml.names"
local percent = require "lastpass.text.percent"
local signature = require "lastpass.signature"

local M = {}

---@class lastpass.saml.Generation
---@field title string
---@field entity_id string
---@field per_app string     Lua pattern of the entityIDs that single apps have
---@field sso string         where an AuthnRequest goes, by redirect
---@field app_sso? string    the same for one app: format with its id
---@field app_entity_id? string of one app: format with its id
---@field logout string      a plain GET ends the session (saml §1.2)
---@field launch string      starts an app at LastPass: format with its id
---@field metadata string    where an admin finds the metadata

--- Both generations by name: "current" is identity.lastpass.com, "legacy" lastpass.com/saml.
---@type table<string, lastpass.saml.Generation>
M.generations = {
  current = {
    title = "LastPass SSO (identity.lastpass.com)",
    entity_id = "https://identity.lastpass.com",
    per_app = "^https://identity%.lastpass%.com/[%w/_-]+$",
    sso = "https://identity.lastpass.com/SAML/SSOService",
    app_sso = "https://identity.lastpass.com/SAML/SSOService/%s",
    logout = "https://identity.lastpass.com/Login/Logout",
    launch = "https://identity.lastpass.com/redirect?id=%s",
    metadata = "Admin Console, Applications > SSO apps > the app > Set up app: "
      .. "download the metadata",
  },
  legacy = {
    title = "LastPass SAML (lastpass.com)",
    entity_id = "https://lastpass.com/saml/idp",
    per_app = "^https://lastpass%.com/saml/idp/cfg/%d+$",
    sso = "https://lastpass.com/saml/saml.php",
    app_entity_id = "https://lastpass.com/saml/idp/cfg/%s",
    logout = "https://lastpass.com/saml/saml.php?logout=1",
    launch = "https://lastpass.com/saml/launch/cfg/%s",
    metadata = "https://lastpass.com/enterprise_saml.php?metadata, signed in as an admin",
  },
}

--- Which generation an entityID (or Issuer) is of.
---@param entity_id string
---@return "current"|"legacy"|nil generation nil when it is not LastPass
function M.generation_of(entity_id)
  for name, generation in pairs(M.generations) do
    if entity_id == generation.entity_id or entity_id:find(generation.per_app) then
      return name
    end
  end
  return nil
end

--- A NameID format by its standard spelling.
---@param format string|nil a NameID format
---@return string|nil format the standard spelling of the two that LastPass has for e-mail addresses (saml §1.2)
function M.standard_format(format)
  return format == names.LEGACY_EMAIL_FORMAT and names.format.email or format
end

--- Whether two NameID formats mean the same; LastPass's older spelling is that of e-mail addresses.
---@param one string|nil
---@param other string|nil
---@return boolean
function M.same_format(one, other)
  return M.standard_format(one) == M.standard_format(other)
end

--- The address that starts an app at LastPass, for a link of your own.
---@param app string|number its id at LastPass
---@param generation? "current"|"legacy" default current
---@return string url
function M.launch_url(app, generation)
  local known = M.generations[generation or "current"]
  if not known then
    errors.raise(2, "saml.lastpass.launch_url: the generation must be current or legacy")
  end
  return known.launch:format(percent.encode(tostring(app)))
end

-- ------------------------------------------------------------------ SHA-1

local SHA1_ACCEPTED = "a SHA-1 signature of %s was accepted, because the option allow_sha1 is set: "
  .. "such signatures can be forged by whoever can make two documents with the same SHA-1. "
  .. "Tick SHA256 in the LastPass app and remove the option"

--- The line for the log when a SHA-1 signature was accepted.
---@param entity_id string of the identity provider
---@return string
function M.sha1_accepted(entity_id)
  return SHA1_ACCEPTED:format(entity_id)
end

-- ------------------------------------------------------------------ without metadata

local known = {
  generation = "string",
  certificates = { "string", "table", "userdata" },
  app = { "string", "number" },
  entity_id = "string",
  sso_url = "string",
  logout_url = "string",
  name_id_format = "string",
}

local function read_certificates(given)
  local list = {}
  for index, one in ipairs(type(given) == "table" and given or { given }) do
    local certificate, message, code = one, nil, nil
    if type(one) == "string" then
      certificate, message, code = require("lastpass.xmldsig").certificate(one)
    end
    if not certificate then
      message = ("certificate %d: %s"):format(index, message)
      return errors.fail("argument", code, message, {
        hint = "the Admin Console offers it as PEM or DER: Set up app",
      })
    end
    list[index] = certificate
  end
  return list
end

local function check_addresses(entity)
  local locations = require "lastpass.saml.metadata.roles"
  for name, url in pairs {
    sso_url = entity.idp.sso[1].location,
    logout_url = entity.idp.logout_url,
  } do
    local problem = locations.location_problem(url)
    if problem then
      errors.raise(3, "saml.lastpass.idp: option '%s': %s", name, problem)
    end
  end
  return entity
end

--- LastPass as identity provider without its metadata: from the certificate and the published addresses. The app's
-- metadata file (`saml.metadata.load`) is better where there is one, for it has the app's own addresses.
---@param options table certificates (PEM, DER or Base64; a list while one replaces another), generation ("current",
-- the default, or "legacy"), app (its id at LastPass, for an address of its own), entity_id, sso_url, logout_url,
-- name_id_format
---@return lastpass.saml.Entity|nil entity
---@return string? message
---@return lastpass.Error? err kind "argument": a certificate that cannot be read
function M.idp(options)
  errors.check_options("saml.lastpass.idp", options, known)
  local name = options.generation or "current"
  local generation = M.generations[name]
  if not generation then
    errors.raise(2, "saml.lastpass.idp: option 'generation' must be current or legacy")
  elseif
    not options.certificates
    or type(options.certificates) == "table" and #options.certificates == 0
  then
    errors.raise(
      2,
      "saml.lastpass.idp: option 'certificates' is missing: those of the app in the Admin Console"
    )
  end
  local signing, message, err = read_certificates(options.certificates)
  if not signing then
    return nil, message, err
  end
  local app = options.app and percent.encode(tostring(options.app))
  local function of_app(form)
    return app and form and form:format(app)
  end
  return check_addresses {
    entity_id = options.entity_id or of_app(generation.app_entity_id) or generation.entity_id,
    lastpass = name,
    notes = {},
    idp = {
      sso = {
        {
          binding = names.binding.redirect,
          location = options.sso_url or of_app(generation.app_sso) or generation.sso,
        },
      },
      slo = {},
      logout_url = options.logout_url or generation.logout,
      certificates = { signing = signing, encryption = {} },
      name_id_formats = { options.name_id_format or names.format.email },
      want_authn_requests_signed = false,
    },
  }
end

signature.declare("saml.lastpass.", M, {
  generation_of = "entity_id: string",
  standard_format = "format?: string",
  same_format = "one?: string, other?: string",
  launch_url = "app: string|number, generation?: string",
  sha1_accepted = "entity_id: string",
  idp = "options: table",
})

return M

--- An identity provider: reads what service providers ask, answers for a user whom your program has authenticated, and ends
-- sessions (saml §2.1, §6).
--
--    local idp = assert(saml.idp.new{ entity_id = …, sso_url = …, slo_url = …, key = secret, cert = pem,
--      sps = { sp_metadata }, store = state.memory(), attributes = { mail = "email" } })
--    local request = assert(idp:read_request{ query = raw_query })
--    local answer = assert(idp:respond(request, user))   -- answer.form is the page that goes to the browser
-- @module lastpass.saml.idp
local checks = require "lastpass.saml.checks"
local errors = require "lastpass.error"
local lastpass = require "lastpass.saml.lastpass"
local mapping = require "lastpass.saml.idp.mapping"
local messages = require "lastpass.saml.message"
local binding = require "lastpass.saml.binding"
local names = require "lastpass.saml.names"
local options_of = require "lastpass.saml.idp.options"
local requests = require "lastpass.saml.request"
local responses = require "lastpass.saml.idp.response"
local signature = require "lastpass.signature"

local M = {}

---@class lastpass.saml.Idp
local methods = {}
local idp_mt = { __index = methods, __name = "lastpass.saml.Idp" }

for name, method in pairs(require("lastpass.saml.idp.logout").methods) do
  methods[name] = method
end

--- Makes an identity provider.
---@param options table
-- `entity_id`, `sso_url` (or a list: all are answered, the first is published), `slo_url` (without it there is no logout),
-- `bindings` (that are published; default redirect and post); `key` (a secret with PEM), `cert` (PEM, or a list: the first
-- is the key's, others are published for a roll-over);
-- `sps`: a list of metadata (`saml.metadata.read`) or of tables with `metadata` and settings that hold for that one alone, or a
-- function(entity_id) that gives one;
-- `store` (of `lastpass.state`: logouts under way), `clock` (a function, epoch seconds), `skew` (60, at most 300), `max_age`
-- (600: seconds for which a request can be answered);
-- settings, for all or for one service provider: `sign` ("assertion", the default, "response", "both"), `algorithm`
-- ("rsa-sha256"), `encrypt` (false), `encryption_algorithm` ("aes256-gcm"), `lifetime` (300 s), `name_id` ("email",
-- "secondary_email", "user_id", "groups", "roles", another field, {value = …}, or a function(user, sp)), `name_id_format`,
-- `attributes` (table name -> source, or a function(user, sp) that gives names and values), `authn_context`, `relay` (of
-- launches), `require_signed` (requests; default what the metadata says), `allow_sha1` (in signatures of requests),
-- `min_rsa_bits`
---@return lastpass.saml.Idp|nil
---@return string? message
---@return lastpass.Error? err
function M.new(options)
  local self, message, err = options_of.read("saml.idp.new", options)
  if not self then
    return nil, message, err
  end
  return setmetatable(self, idp_mt)
end

--- What is known of a service provider: its metadata and the settings that hold for it.
---@param entity_id string
---@return table|nil settings
---@return string? message
---@return lastpass.Error? err code "unknown_sp"
function methods:sp(entity_id)
  return options_of.sp(self, entity_id)
end

--- Reads an AuthnRequest.
---@param source table `query` (of a GET, as it came) or `form` (of a POST: the body, or its parameters)
---@return lastpass.saml.Request|nil
---@return string? message
---@return lastpass.Error? err
function methods:read_request(source)
  return requests.read(source, {
    find = function(issuer)
      local sp, message, err = self:sp(issuer)
      if not sp then
        return nil, message, err
      end
      return sp, sp.entity.sp.certificates.signing
    end,
    destination = self.sso_url,
    now = self.clock(),
    skew = self.skew,
    max_age = self.max_age,
    allow = self.allow,
    must_sign = function(sp)
      return sp.require_signed and "request_unsigned"
    end,
  })
end

local respond_options = {
  relay = "string",
  authn_context = "string",
  authn_instant = "number",
  session_index = "string",
  session_not_on_or_after = "number",
  want_xml = "boolean",
}

-- What goes to the browser.
local function send(self, about, xml, relay, options)
  local form, message, err = binding.form {
    location = about.acs_url,
    kind = "SAMLResponse",
    xml = xml,
    relay = relay,
  }
  if not form then
    return nil, message, err
  end
  return {
    url = about.acs_url,
    form = form,
    policy = binding.policy(),
    id = about.id,
    issuer = self.entity_id,
    xml = options.want_xml and xml or nil,
  }
end

local function contains(list, value)
  for _, one in ipairs(list) do
    if one == value then
      return true
    end
  end
  return #list == 0
end

-- What was asked for, compared with what there is to say of the user.
local function check_asked(request, name_id, context)
  local format = request.name_id_format
  if format and not lastpass.same_format(format, name_id.format) then
    return checks.fail("invalid_name_id_policy", { detail = format })
  elseif not contains(request.authn_contexts or {}, context) then
    return checks.fail("no_authn_context", { detail = context })
  elseif request.subject and request.subject ~= name_id.value then
    return checks.fail("wrong_subject")
  end
  return true
end

local function answer(self, sp, request, user, options)
  if user.disabled then
    return checks.fail("account_disabled")
  end
  local entity_id, now = sp.entity.entity_id, self.clock()
  local name_id, message, err = mapping.name_id(sp, user, entity_id)
  if not name_id then
    return nil, message, err
  end
  local context = options.authn_context or sp.authn_context
  local ok
  ok, message, err = check_asked(request, name_id, context)
  if not ok then
    return nil, message, err
  end
  local about = {
    issuer = self.entity_id,
    audience = entity_id,
    acs_url = request.acs_url,
    in_response_to = request.id,
    now = now,
    expires = now + sp.lifetime,
    name_id = name_id,
    attributes = mapping.attributes(sp, user, entity_id),
    authn_context = context,
    authn_instant = options.authn_instant or now,
    session_index = options.session_index or messages.new_id(),
    session_not_on_or_after = options.session_not_on_or_after,
    sign = sp.sign,
    key = self.private_key,
    certificate = self.certificates[1],
    algorithm = sp.algorithm,
    encrypt = sp.encrypt,
    encryption_certificates = sp.entity.sp.certificates.encryption,
    encryption_algorithm = sp.encryption_algorithm,
  }
  local xml
  xml, message, err = responses.success(about)
  if not xml then
    return nil, message, err
  end
  local sent
  sent, message, err = send(self, about, xml, options.relay or request.relay, options)
  if not sent then
    return nil, message, err
  end
  sent.assertion_id, sent.session_index = about.assertion_id, about.session_index
  sent.participant = {
    sp = entity_id,
    name_id = name_id,
    session_index = about.session_index,
  }
  return sent
end

--- Answers a request for a user whom your program has authenticated.
---@param request lastpass.saml.Request of `read_request`
---@param user table fields as the settings name them; one with `disabled` is refused
---@param options? table `relay` (default the request's), `authn_context` (how the user was authenticated),
-- `authn_instant` (when; default now), `session_index`, `session_not_on_or_after`, `want_xml`
---@return table|nil answer `form` (HTML for the browser, sent with `policy` as Content-Security-Policy), `url` (where it
-- goes), `id`, `assertion_id`, `session_index`, `participant` (keep it with the user's session: `logout` takes it), `xml`
-- when wanted
---@return string? message
---@return lastpass.Error? err codes "account_disabled", "no_name_id", "invalid_name_id_policy", "no_authn_context",
-- "wrong_subject" (to the service provider, `refuse` says so), "encryption_key_missing"
function methods:respond(request, user, options)
  options = errors.check_options("idp:respond", options, respond_options)
  return answer(self, request.sp, request, user, options)
end

--- Begins at the identity provider: a response that nobody asked for, for service providers that allow it.
---@param sp_entity_id string
---@param user table
---@param options? table as of `respond`; `relay` is the address to go to, default the service provider's setting
---@return table|nil answer as of `respond`
---@return string? message
---@return lastpass.Error? err
function methods:launch(sp_entity_id, user, options)
  options = errors.check_options("idp:launch", options, respond_options)
  local sp, message, err = self:sp(sp_entity_id)
  if not sp then
    return nil, message, err
  end
  local acs_url
  acs_url, message, err = requests.default_acs(sp.entity.sp.acs)
  if not acs_url then
    return nil, message, err
  end
  return answer(self, sp, { acs_url = acs_url, relay = sp.relay }, user, options)
end

local reasons = {
  authn_failed = { names.status.responder, names.status.authn_failed },
  invalid_name_id_policy = { names.status.requester, names.status.invalid_name_id_policy },
  no_authn_context = { names.status.responder, names.status.no_authn_context },
  no_passive = { names.status.responder, names.status.no_passive },
  request_denied = { names.status.responder, names.status.request_denied },
  request_unsupported = { names.status.requester, names.status.request_unsupported },
  unknown_principal = { names.status.responder, names.status.unknown_principal },
}

--- Answers a request with a refusal, so that the service provider can tell the user.
---@param request lastpass.saml.Request
---@param reason string "authn_failed", "request_denied", "no_passive", "no_authn_context", "invalid_name_id_policy",
-- "request_unsupported", "unknown_principal"
---@param text? string for the user
---@return table|nil answer `form`, `policy`, `url`, `id`
---@return string? message
---@return lastpass.Error? err
function methods:refuse(request, reason, text)
  local status = reasons[reason]
  if not status then
    local hint = errors.did_you_mean(reason, errors.names_of(reasons))
    errors.raise(2, "idp:refuse: unknown reason '%s'%s", reason, hint)
  end
  local about = {
    issuer = self.entity_id,
    acs_url = request.acs_url,
    in_response_to = request.id,
    now = self.clock(),
    status = status,
    status_message = text,
    key = self.private_key,
    certificate = self.certificates[1],
    algorithm = request.sp.algorithm,
  }
  local xml, message, err = responses.failure(about)
  if not xml then
    return nil, message, err
  end
  return send(self, about, xml, request.relay, {})
end

--- The metadata of this identity provider.
---@param options? table `valid_until` (epoch seconds), `cache_duration` (seconds), `sign` (true: with the own key)
---@return string|nil xml
---@return string? message
---@return lastpass.Error? err
function methods:metadata(options)
  options = errors.check_options("idp:metadata", options, {
    valid_until = "number",
    cache_duration = "number",
    sign = "boolean",
  })
  local function endpoints(url)
    local list = {}
    for position, name in ipairs(url and self.bindings or {}) do
      list[position] = { binding = names.binding[name], location = url }
    end
    return list
  end
  local sso_url = type(self.sso_url) == "table" and self.sso_url[1] or self.sso_url
  return require("lastpass.saml.metadata").write {
    entity_id = self.entity_id,
    valid_until = options.valid_until,
    cache_duration = options.cache_duration,
    sign = options.sign and { key = self.private_key, certificate = self.certificates[1] } or nil,
    idp = {
      sso = endpoints(sso_url),
      slo = endpoints(self.slo_url),
      certificates = { signing = self.certificates, encryption = {} },
      name_id_formats = { names.format.email },
      want_authn_requests_signed = self.require_signed,
    },
  }
end

signature.declare("lastpass.saml.idp.", M, { new = "options: table" })
signature.declare("idp:", methods, {
  sp = "entity_id: string",
  read_request = "source: table",
  respond = "request: table, user: table|userdata, options?: table",
  launch = "sp_entity_id: string, user: table|userdata, options?: table",
  refuse = "request: table, reason: string, text?: string",
  metadata = "options?: table",
  consume_logout = "source: table",
  answer_logout = "result: table, participants?: table, options?: table",
  logout = "participants: table, options?: table",
})

return M

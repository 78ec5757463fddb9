--- A service provider: sends users to an identity provider, and reads what comes back (saml §3, §5, §6).
--
--    local sp = assert(saml.sp.new{ entity_id = …, acs_url = …, idp = metadata, store = state.memory() })
--    local url, request = assert(sp:login_url{ relay = "/reports" })   -- a cookie keeps request.browser
--    local identity = assert(sp:consume(body, { browser = cookie }))
-- @module lastpass.saml.sp
local checks = require "lastpass.saml.checks"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local lastpass = require "lastpass.saml.lastpass"
local messages = require "lastpass.saml.message"
local names = require "lastpass.saml.names"
local options_of = require "lastpass.saml.sp.options"
local relay = require "lastpass.saml.relay"
local requests = require "lastpass.saml.request"
local response = require "lastpass.saml.response"
local signature = require "lastpass.signature"

---@class lastpass.saml.Sp
local methods = {}
local sp_mt = { __index = methods, __name = "lastpass.saml.Sp" }

local M = { methods = methods }

for name, method in pairs(require("lastpass.saml.sp.logout").methods) do
  methods[name] = method
end

-- Seconds for which a request that is over can still be told from one that never was.
local AFTERGLOW = 300

function sp_mt.__tostring(self)
  return ("lastpass.saml.Sp (%s)"):format(self._settings.entity_id)
end

--- Makes a service provider.
---@param options table
-- `entity_id`; `acs_url` (where responses come, as browsers see it); `slo_url` (logout; needs a key);
-- `idp`: metadata (`saml.metadata.load`), a source of it, a list of such or of {metadata, domains, paths}, or a
-- function(hint) that gives metadata for {entity_id}, {domain} or {path};
-- `store` (of `lastpass.state`: requests under way and assertions that were used; there is no service provider without);
-- `key` (a secret with PEM) and `cert` (PEM), `previous_keys` (secrets, or {key, cert}: they decrypt too);
-- `want` (what must be signed: "either", the default, "assertion", "response", "both"), `want_encrypted`;
-- `skew` (60 s, at most 300), `clock` (a function, epoch seconds), `request_lifetime` (1800 s), `max_auth_age` (seconds),
-- `authn_context` (one or a list: how users must have been authenticated), `name_id_format`, `name_qualifier`,
-- `sp_name_qualifier`, `name_id_attribute` (names the user where there is no NameID), `unique_attributes`;
-- `relay` ({paths, hosts, default}: where users may go on to); `sign_requests`, `algorithm` ("rsa-sha256");
-- `slo` ("saml", "redirect", "none"; default what the metadata offers), `logout_url` (of "redirect");
-- off by default: `allow_unsolicited`, `allow_sha1` (reported at each use), `allow_cbc`, `allow_advice`;
-- `allow_ecdsa` (true), `min_rsa_bits` (2048), `check_certificate_dates` (false); `limits` (of the XML);
-- `on_event` (a function: {kind = "sha1_accepted", message, issuer}; "watch_failed"); `watch` (of `saml.rollover`: records
-- which keys sign)
---@return lastpass.saml.Sp|nil wrong options raise
---@return string? message
---@return lastpass.Error? err a key or certificate that cannot be read
function M.new(options)
  local settings, message, err = options_of.read("saml.sp.new", options)
  if not settings then
    return nil, message, err
  end
  return setmetatable({ _settings = settings }, sp_mt)
end

-- ---- asking ----

local login_options = {
  idp = "string",
  domain = "string",
  path = "string",
  relay = "string",
  force_authn = "boolean",
  passive = "boolean",
  max_auth_age = "number",
  authn_context = { "string", "table" },
  binding = function(value)
    return value == "redirect" or value == "post", '"redirect" or "post"'
  end,
  browser = function(value)
    return type(value) == "string" and #value >= 32, "a token of an earlier request"
  end,
}

local function choose_endpoint(entity, binding)
  local wanted = binding and names.binding[binding]
  local endpoint = messages.endpoint(entity.idp.sso, wanted or names.binding.redirect)
  if not endpoint or wanted and endpoint.binding ~= wanted then
    local detail = ("%s, binding %s"):format(entity.entity_id, binding or "redirect or post")
    return checks.fail("metadata_endpoint", { detail = detail })
  end
  return endpoint
end

local function remember(self, id, options, entity, target, browser)
  local settings = self._settings
  local now = settings.clock()
  local contexts = options.authn_context
  local record = {
    entity_id = settings.entity_id,
    idp = entity.entity_id,
    relay = target,
    browser = digest.hex(browser),
    at = now,
    expires = now + settings.request_lifetime,
    force_authn = options.force_authn or nil,
    max_auth_age = options.max_auth_age,
    authn_context = type(contexts) == "string" and { contexts } or contexts,
  }
  local seconds = settings.request_lifetime + AFTERGLOW
  local added, message, err =
    settings.store:add(response.request_key(id), json.encode(record), seconds)
  if not added then
    return checks.fail("state_failed", { detail = message, cause = err })
  end
  return record
end

local function signing_key(self, entity)
  local settings = self._settings
  if not settings.sign_requests and not entity.idp.want_authn_requests_signed then
    return nil
  elseif not settings.keys[1] then
    local message = ("%s wants signed requests, and there is no key"):format(entity.entity_id)
    return errors.fail(
      "argument",
      "key_missing",
      message,
      { hint = "give the options key and cert" }
    )
  end
  return settings.keys[1]
end

-- Writes the request; the handle of RelayState says nothing, what it stands for stays here.
local function write_request(self, id, options, entity, endpoint)
  local settings = self._settings
  local key, message, err = signing_key(self, entity)
  if err then
    return nil, message, err
  end
  return requests.write {
    id = id,
    issuer = settings.entity_id,
    endpoint = endpoint,
    now = settings.clock(),
    acs_url = settings.acs_url,
    force_authn = options.force_authn,
    passive = options.passive,
    name_id_format = settings.name_id_format,
    authn_context = options.authn_context or settings.authn_context,
    relay = digest.hex(id, 32),
    key = key,
    certificate = key and settings.certificates[1],
    algorithm = settings.algorithm,
  }
end

--- Begins a sign-on: where the browser has to go, and what binds the answer to it.
---@param options? table `idp` (entity ID), `domain` (of the user's address) or `path` say which identity provider; `relay`
-- (where to go on to, checked); `force_authn`, `passive`, `max_auth_age`, `authn_context`; `binding` ("redirect", "post";
-- default what there is); `browser` (the token of a request that this browser has begun already, for all its tabs)
---@return string|nil url for binding "redirect"; that of the form's target for "post"
---@return table|string request `id`, `browser` (keep it in a cookie: __Host-, Secure, HttpOnly, SameSite=None),
-- `form` (HTML that sends itself, for "post"), `binding`, `expires` (epoch seconds); or the message
---@return lastpass.Error? err codes "relay_refused", "unknown_idp", "state_failed", …
function methods:login_url(options)
  options = errors.check_options("sp:login_url", options, login_options)
  local settings = self._settings
  local target, message, err = relay.check(options.relay or settings.relay.default, settings.relay)
  local entity, endpoint
  if target then
    entity, message, err = settings.providers:choose(options)
  end
  if entity then
    endpoint, message, err = choose_endpoint(entity, options.binding)
  end
  if not endpoint then
    return nil, message, err
  end
  local id = messages.new_id()
  local browser = options.browser or digest.to_hex(digest.random(20))
  local sent
  sent, message, err = write_request(self, id, options, entity, endpoint)
  if not sent then
    return nil, message, err
  end
  local record
  record, message, err = remember(self, id, options, entity, target, browser)
  if not record then
    return nil, message, err
  end
  return sent.url or sent.location,
    {
      id = id,
      browser = browser,
      form = sent.form,
      binding = sent.form and "post" or "redirect",
      idp = entity.entity_id,
      expires = record.expires,
    }
end

-- ---- reading the answer ----

local consume_options = {
  browser = { "string", "table" },
  method = "string",
  content_type = "string",
  address = "string",
  xml = "boolean",
  observe = "function",
}

local function report_sha1(settings, c)
  for _, info in ipairs(c.signers) do
    if names.short(info.algorithm):find "sha1$" or names.short(info.digest):find "sha1$" then
      settings.on_event {
        kind = "sha1_accepted",
        issuer = c.idp.entity_id,
        message = lastpass.sha1_accepted(c.idp.entity_id),
      }
      return
    end
  end
end

local function record_key(settings, entity_id, certificate, use)
  local ok, message = settings.watch:saw(entity_id, certificate:fields().sha256, use)
  if ok == nil then
    settings.on_event { kind = "watch_failed", issuer = entity_id, message = message }
  end
end

-- Which keys were used says when an old one may go (lastpass.saml.rollover); a sign-in does not fail for it.
local function record_keys(settings, c)
  for _, info in ipairs(c.signers) do
    record_key(settings, c.idp.entity_id, c.certificates[info.certificate], "signing")
  end
  for _, certificate in ipairs(c.decrypted_by and settings.certificates or {}) do
    if c.decrypted_by:matches(certificate) then
      record_key(settings, settings.entity_id, certificate, "decryption")
    end
  end
end

--- Reads the response that a browser brought. It is good once.
---@param form string|table the body of the POST as it came, or its parameters by name
---@param options? table `browser` (the token that the cookie had; a list where there are several), `method` and
-- `content_type` of the HTTP request, `address` of the browser (then an Address in the assertion has to be it), `xml` (true:
-- the identity has the verified octets), `observe` (function(step, ok, err), for a report of all checks)
---@return lastpass.saml.Identity|nil
---@return string? message for the admin's log
---@return lastpass.Error? err a code of `lastpass.saml.checks`; `err.browser` is what the browser is shown
function methods:consume(form, options)
  options = errors.check_options("sp:consume", options, consume_options)
  local settings = self._settings
  local c = {
    settings = settings,
    form = form,
    now = settings.clock(),
    browsers = type(options.browser) == "table" and options.browser or { options.browser },
    method = options.method,
    content_type = options.content_type,
    address = options.address,
    wants_xml = options.xml,
  }
  local identity, message, err = response.read(c, options.observe)
  if identity and settings.allow.sha1 then
    report_sha1(settings, c)
  end
  if identity and settings.watch then
    record_keys(settings, c)
  end
  return identity, message, err
end

--- The metadata of this service provider.
---@param options? table `valid_until` (epoch seconds), `cache_duration` (seconds), `sign` (true: with the first key)
---@return string|nil xml
---@return string? message
---@return lastpass.Error? err
function methods:metadata(options)
  options = errors.check_options("sp:metadata", options, {
    valid_until = "number",
    cache_duration = "number",
    sign = "boolean",
  })
  local settings = self._settings
  if options.sign and not settings.keys[1] then
    errors.raise(2, "sp:metadata: 'sign' needs a service provider with 'key' and 'cert'")
  end
  local slo = {}
  for _, name in ipairs(settings.slo_url and { "redirect", "post" } or {}) do
    slo[#slo + 1] = { binding = names.binding[name], location = settings.slo_url }
  end
  return require("lastpass.saml.metadata").write {
    entity_id = settings.entity_id,
    valid_until = options.valid_until,
    cache_duration = options.cache_duration,
    sign = options.sign and { key = settings.keys[1], certificate = settings.certificates[1] }
      or nil,
    sp = {
      acs = {
        { binding = names.binding.post, location = settings.acs_url, index = 0, default = true },
      },
      slo = slo,
      certificates = { signing = settings.certificates, encryption = { settings.certificates[1] } },
      name_id_formats = { settings.name_id_format },
      authn_requests_signed = settings.sign_requests or false,
      want_assertions_signed = settings.want == "assertion" or settings.want == "both",
    },
  }
end

--- An identity provider of this service provider, as its metadata says now.
---@param entity_id string
---@return lastpass.saml.Entity|nil
---@return string? message
---@return lastpass.Error? err code "unknown_idp"
function methods:idp(entity_id)
  return self._settings.find_idp(entity_id)
end

signature.declare("saml.sp.", M, { new = "options: table" })
signature.declare("sp:", methods, {
  login_url = "options?: table",
  consume = "form: string|table, options?: table",
  logout = "identity: table, options?: table",
  consume_logout = "source: table",
  metadata = "options?: table",
  idp = "entity_id: string",
})

return M

--- Logout of a service provider: the session here ends first, whatever the identity provider answers (saml §6).
-- @module lastpass.saml.sp.logout
local checks = require "lastpass.saml.checks"
local errors = require "lastpass.error"
local logout = require "lastpass.saml.logout"
local messages = require "lastpass.saml.message"
local names = require "lastpass.saml.names"
local relay = require "lastpass.saml.relay"

local M = { methods = {} }

---@class lastpass.saml.Sp
local methods = M.methods

-- What an identity provider offers: messages where it has an address for them and we can sign, else LastPass's plain address.
local function kind_of(settings, entity)
  if settings.slo then
    return settings.slo
  elseif entity.idp.slo[1] and settings.slo_url then
    return "saml"
  end
  return (settings.logout_url or entity.idp.logout_url) and "redirect" or "none"
end

local function own_key(settings)
  return { key = settings.keys[1], certificate = settings.certificates[1] }
end

local function redirect(settings, entity, target)
  local url = settings.logout_url or entity.idp.logout_url
  if not url then
    return checks.fail("logout_not_supported", {
      detail = entity.entity_id,
      hint = "give the option logout_url",
    })
  end
  return url, { kind = "redirect", relay = target }
end

local function ask(settings, entity, identity, target)
  local endpoint = messages.endpoint(entity.idp.slo, names.binding.redirect)
  if not endpoint then
    return checks.fail("logout_not_supported", { detail = entity.entity_id })
  end
  local own = own_key(settings)
  local sent, message, err = logout.write_request {
    issuer = settings.entity_id,
    peer = entity.entity_id,
    endpoint = endpoint,
    now = settings.clock(),
    name_id = {
      value = identity.name_id,
      format = identity.format,
      name_qualifier = identity.name_qualifier,
      sp_name_qualifier = identity.sp_name_qualifier,
    },
    session_index = identity.session_index,
    store = settings.store,
    note = { relay = target },
    key = own.key,
    certificate = own.certificate,
    algorithm = settings.algorithm,
  }
  if not sent then
    return nil, message, err
  end
  return sent.url or sent.location,
    { kind = "saml", id = sent.id, form = sent.form, relay = target }
end

--- Ends the session at the identity provider. End the session here before, and send the browser there after.
---@param identity table an identity, or its `subject`: `issuer`, `name_id`, `format`, `name_qualifier`,
-- `sp_name_qualifier`, `session_index`, as they came
---@param options? table `relay`: where to go on to at the end
---@return string|nil url where the browser has to go
---@return table|string details `kind`: "saml" (`form`, where it is one, and `id`; the answer comes to slo_url), "redirect"
-- (nobody comes back), "none" (the identity provider takes no logout: the address is `relay`); or the message
---@return lastpass.Error? err codes "relay_refused", "unknown_idp", "logout_not_supported", "state_failed"
function methods:logout(identity, options)
  options = errors.check_options("sp:logout", options, { relay = "string" })
  local settings = self._settings
  if type(identity.issuer) ~= "string" or type(identity.name_id) ~= "string" then
    errors.raise(2, "sp:logout: needs an identity, with issuer and name_id")
  end
  local entity
  local target, message, err = relay.check(options.relay or settings.relay.default, settings.relay)
  if target then
    entity, message, err = settings.find_idp(identity.issuer)
  end
  if not entity then
    return nil, message, err
  end
  local kind = kind_of(settings, entity)
  if kind == "redirect" then
    return redirect(settings, entity, target)
  elseif kind == "saml" then
    return ask(settings, entity, identity, target)
  end
  return target, { kind = "none", relay = target }
end

-- The answer to a request, which is given whether there was a session or not: an unknown one ends nothing.
local function reply(settings, result)
  local entity = result.peer
  local endpoint = messages.endpoint(entity.idp.slo, names.binding.redirect)
  if not endpoint then
    return checks.fail("logout_not_supported", { detail = entity.entity_id })
  end
  local own = own_key(settings)
  return logout.write_response {
    issuer = settings.entity_id,
    endpoint = endpoint,
    now = settings.clock(),
    in_response_to = result.id,
    status = "success",
    relay = result.relay,
    key = own.key,
    certificate = own.certificate,
    algorithm = settings.algorithm,
  }
end

--- Reads a message of logout that a browser brought: a request of the identity provider, or its answer to one of ours.
---@param source {query: string|nil, form: string|table|nil} the query of a GET or the body of a POST, as it came
---@return table|nil result of a request: `kind` = "request", `issuer`, `name_id`, `format`, `name_qualifier`,
-- `sp_name_qualifier`, `session_index` (a list; nil: all sessions of that user), `reply_url`, `form`: end the sessions, then
-- send the browser there (by the form, where there is one). Of a response: `kind` = "response", `partial` (some sessions
-- elsewhere go on), `status`, `relay` (where to go on to)
---@return string? message
---@return lastpass.Error? err codes "logout_unsigned", "logout_expired", "logout_replayed", "logout_unknown", …
function methods:consume_logout(source)
  local settings = self._settings
  if not settings.slo_url then
    errors.raise(2, "sp:consume_logout: needs a service provider with 'slo_url'")
  end
  local result, message, err = logout.read(source, {
    own_entity_id = settings.entity_id,
    find = function(issuer)
      local entity, reason, problem = settings.find_idp(issuer)
      if not entity then
        return nil, reason, problem
      end
      return entity, entity.idp.certificates.signing
    end,
    destination = settings.slo_url,
    store = settings.store,
    now = settings.clock(),
    skew = settings.skew,
    allow = settings.allow,
  })
  if not result then
    return nil, message, err
  elseif result.kind == "response" then
    local note = result.note or {}
    return {
      kind = "response",
      issuer = result.issuer,
      partial = result.partial,
      status = result.status,
      relay = note.relay or settings.relay.default,
    }
  end
  local sent
  sent, message, err = reply(settings, result)
  if not sent then
    return nil, message, err
  end
  local name_id = result.name_id
  return {
    kind = "request",
    issuer = result.issuer,
    name_id = name_id.value,
    format = name_id.format,
    name_qualifier = name_id.name_qualifier,
    sp_name_qualifier = name_id.sp_name_qualifier,
    session_index = result.session_indexes[1] and result.session_indexes or nil,
    reason = result.reason,
    reply_url = sent.url or sent.location,
    form = sent.form,
  }
end

return M

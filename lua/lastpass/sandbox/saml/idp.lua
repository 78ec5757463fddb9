--- The identity provider that plays LastPass: sign-on, launch, MFA, logout, metadata, for all apps of all companies.
-- @module lastpass.sandbox.saml.idp
local digest = require "lastpass.digest"
local forms = require "lastpass.sandbox.pages"
local pages = require "lastpass.sandbox.saml.pages"
local people = require "lastpass.sandbox.saml.people"
local site = require "lastpass.sandbox.saml.site"
local states = require "lastpass.sandbox.saml.state"
local xmldsig = require "lastpass.xmldsig"

local M = {}

-- ---- sign-on ----

local function fail(title, message, err, status)
  return pages.refused(title, message, err, status)
end

local function expired()
  return fail("Sign on", "this sign-on is over, or is not known here; begin again", nil, 400)
end

local function foreign_form()
  return fail("Sign on", "the form is of another site")
end

local function needs_mfa(app)
  return app.step_up or app.company.settings.saml_mfa
end

-- The answer to a request, or to nobody's, for who is signed on.
local function respond(server, origin, pending, session, headers)
  local app = pending.app
  if not site.has_app(server, app) then
    return expired()
  end
  local person = app.company:user(session.mail)
  if not person or person.fields.disabled then
    return fail("Sign on", ("%s is not an enabled user"):format(session.mail))
  end
  local idp = site.make_idp(server, origin, app)
  local user = people.user(app.company, app, person)
  local options = {
    authn_context = session.has_mfa and app.company.settings.saml_mfa_context or nil,
    authn_instant = session.since,
    session_index = session.index,
    relay = pending.relay,
  }
  local sent, message, err
  if pending.request then
    sent, message, err = idp:respond(pending.request, user, options)
    local reason = err and (err.code == "invalid_name_id_policy" or err.code == "no_authn_context")
    if reason then
      sent, message, err = idp:refuse(pending.request, err.code, message)
    end
  else
    sent, message, err = idp:launch(app.entity_id, user, options)
  end
  if not sent then
    return fail("Sign on", message, err)
  elseif sent.participant then
    session.participants[app.id] = sent.participant
  end
  local reply = pages.send(sent, headers)
  reply.class = sent.participant and "signed_on" or "refused"
  return reply
end

local function people_page(handle, pending, query)
  local company = pending.app.company
  return pages.people {
    app = pending.app,
    handle = handle,
    company_name = company.seeded.name,
    people = people.list(company, query),
    total = company:count(),
    query = query,
  }
end

-- Begins a sign-on: answered at once where somebody is signed on, else after the pages.
local function begin(server, origin, request, pending)
  local shared, now = states.shared(server), server.clock:seconds()
  local session = site.session_of(server, request)
  local asked = pending.request
  local usable = session
    and session.cid == pending.app.company.cid
    and not (asked and asked.force_authn)
    and (session.has_mfa or not needs_mfa(pending.app))
  if usable then
    return respond(server, origin, pending, session)
  elseif asked and asked.passive then
    local idp = site.make_idp(server, origin, pending.app)
    local sent, message, err = idp:refuse(asked, "no_passive", "nobody is signed on")
    return sent and pages.send(sent) or fail("Sign on", message, err)
  end
  return people_page(shared.pending:add(pending, now), pending)
end

--- An AuthnRequest.
---@param id? string of the app whose own address was used
function M.sso(server, request, origin, id)
  local source = site.read_source(request)
  local app, message, err = site.app_of(server, source, id)
  if not app then
    return fail("Sign on", message, err, 400)
  elseif id and app.id ~= id then
    return fail("Sign on", "this is the address of another app", nil, 400)
  elseif source.form and not app.company.settings.saml_post_requests then
    return fail("Sign on", "requests by POST are switched off (saml_post_requests)", nil, 405)
  end
  local asked
  asked, message, err = site.make_idp(server, origin, app):read_request(source)
  if not asked then
    return fail("Sign on", message, err, 400)
  end
  return begin(server, origin, request, { app = app, request = asked, relay = asked.relay })
end

--- Starts an app at the identity provider.
function M.launch(server, request, origin, holds)
  local app = states.find(server, holds)
  if not app then
    return fail("Start an app", "there is no such app", nil, 404)
  end
  return begin(server, origin, request, { app = app, relay = request.query.RelayState })
end

-- Ends the pages: a session, and the answer.
local function finish(server, origin, request, handle, pending, has_mfa)
  local shared, now = states.shared(server), server.clock:seconds()
  shared.pending:remove(handle)
  shared.sessions:remove(site.cookie_of(request))
  local session = {
    cid = pending.app.company.cid,
    mail = pending.mail,
    since = now,
    has_mfa = has_mfa,
    index = "_" .. digest.to_hex(digest.random(16)),
    participants = {},
  }
  local cookie = site.set_cookie(server, shared.sessions:add(session, now), states.SESSION)
  return respond(server, origin, pending, session, cookie)
end

--- The page with the people: GET looks somebody up, POST signs on as somebody.
function M.sign_on(server, request, origin)
  local shared, now = states.shared(server), server.clock:seconds()
  local fields = request.method == "POST" and forms.read_form(request) or request.query
  local pending = shared.pending:get(fields.request, now)
  if not pending or not site.has_app(server, pending.app) then
    return expired()
  elseif not forms.is_own_form(request, origin) then
    return foreign_form()
  elseif request.method ~= "POST" then
    return people_page(fields.request, pending, fields.q)
  end
  local person = pending.app.company:user(fields.email or "")
  if not person then
    return fail("Sign on", "there is no such user in this company", nil, 404)
  elseif person.fields.disabled then
    return fail("Sign on", ("the account of %s is disabled"):format(person.fields.username))
  end
  pending.mail = person.fields.username
  if needs_mfa(pending.app) then
    return pages.mfa { handle = fields.request, person = people.describe(person) }
  end
  return finish(server, origin, request, fields.request, pending, false)
end

--- The decision on the telephone.
function M.mfa(server, request, origin)
  local shared, now = states.shared(server), server.clock:seconds()
  local fields = forms.read_form(request)
  local pending = shared.pending:get(fields.request, now)
  if not pending or not pending.mail or not site.has_app(server, pending.app) then
    return expired()
  elseif not forms.is_own_form(request, origin) then
    return foreign_form()
  elseif fields.decision == "approve" then
    return finish(server, origin, request, fields.request, pending, true)
  end
  shared.pending:remove(fields.request)
  if pending.request then
    local idp = site.make_idp(server, origin, pending.app)
    local sent = idp:refuse(pending.request, "authn_failed", "LastPass MFA was denied")
    if sent then
      return pages.send(sent)
    end
  end
  return fail("LastPass MFA", "the push was denied")
end

-- ---- what an admin downloads ----

--- The metadata of an app's identity provider.
---@return string|nil xml
---@return string? message
---@return lastpass.Error? err
function M.metadata(server, origin, app)
  return site.make_idp(server, origin, app):metadata()
end

--- The certificate of a company as PEM, and its fields.
---@return string pem
---@return table fields
function M.certificate(server, company)
  local pem = states.key(server, company.cid).certificate
  return pem, assert(xmldsig.certificate(pem)):fields()
end

return M

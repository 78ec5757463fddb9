--- The identity provider of the sandbox as browsers and services meet it: which app, which key, which session.
-- @module lastpass.sandbox.saml.site
local apps = require "lastpass.sandbox.saml.apps"
local binding = require "lastpass.saml.binding"
local checks = require "lastpass.saml.checks"
local names = require "lastpass.saml.names"
local read = require "lastpass.saml.read"
local saml_idp = require "lastpass.saml.idp"
local states = require "lastpass.sandbox.saml.state"
local xmldsig = require "lastpass.xmldsig"

local M = {}

local COOKIE = "lastpass_sandbox_session"

-- ---- the identity provider of an app ----

--- The app of a service provider. Several companies can have one for the same service, and its id tells them apart.
---@param server table
---@param entity_id string
---@param id? string of the app; default the first company's
---@return table|nil app
function M.find_app(server, entity_id, id)
  return states.find(server, function(app)
    return app.entity_id == entity_id and (id == nil or app.id == id)
  end)
end

--- Whether an app is still what it was when a sign-on began: it can be removed or set up anew meanwhile.
function M.has_app(server, app)
  return M.find_app(server, app.entity_id, app.id) == app
end

-- Addresses of both generations are answered; the metadata has the app's own first.
local function sso_addresses(app, origin)
  return {
    apps.addresses(app, origin).sso_url,
    origin .. "/SAML/SSOService/" .. app.id,
    origin .. "/SAML/SSOService",
    origin .. "/saml/saml.php",
    origin .. "/saml.php",
  }
end

--- The identity provider of an app.
function M.make_idp(server, origin, app)
  local pair = states.key(server, app.company.cid)
  local addresses = apps.addresses(app, origin)
  local settings = app.company.settings
  return assert(saml_idp.new {
    entity_id = addresses.entity_id,
    sso_url = sso_addresses(app, origin),
    slo_url = addresses.slo_url,
    bindings = settings.saml_post_requests and { "redirect", "post" } or { "redirect" },
    require_signed = app.sign_request or not settings.saml_unsigned_requests,
    key = pair.key,
    cert = pair.certificate,
    sps = function(entity_id)
      local found = states.find_of(app.company, function(one)
        return one.entity_id == entity_id
      end)
      return found and apps.settings(found)
    end,
    store = states.shared(server).store,
    clock = function()
      return server.clock:seconds()
    end,
    skew = 300,
  })
end

--- The message of a request, as it came.
function M.read_source(request)
  if request.method == "POST" then
    return { form = request.body }
  end
  return { query = request.target:match "%?(.*)$" or "" }
end

--- The app that a message claims to be of; whether it is, the app's identity provider finds out.
---@param server table
---@param source table
---@param id? string of the app whose own address was used
---@return table|nil app
---@return string? message
---@return lastpass.Error? err
function M.app_of(server, source, id)
  local received, message, err = binding.read(source)
  if not received then
    return nil, message, err
  end
  local document, text, code = xmldsig.parse(received.xml)
  if not document then
    return checks.fail_xml(code, text)
  end
  local issuer = read.text_of(document:tree(1), names.ns.assertion, "Issuer")
  document:close()
  local app = issuer and (M.find_app(server, issuer, id) or M.find_app(server, issuer))
  if not app then
    return checks.fail("unknown_sp", {
      detail = issuer or "none is named",
      hint = "add the app: POST /_sandbox/saml_apps, or sandbox:saml_app{ … }",
    })
  end
  return app
end

-- ---- sessions ----

--- The name of the session that a browser has.
function M.cookie_of(request)
  return (";" .. (request.headers.cookie or "")):match(";%s*" .. COOKIE .. "=(%x+)")
end

--- The session of a browser, and its name.
function M.session_of(server, request)
  local name = M.cookie_of(request)
  return states.shared(server).sessions:get(name, server.clock:seconds()), name
end

--- Headers that give a browser a session, or take it away.
function M.set_cookie(server, name, seconds)
  local secure = server.scheme == "https" and "; Secure" or ""
  return {
    ["Set-Cookie"] = ("%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s"):format(
      COOKIE,
      name,
      seconds,
      secure
    ),
  }
end

return M

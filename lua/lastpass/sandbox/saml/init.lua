--- SAML over the same company as its other surfaces: LastPass as identity provider, in both of its generations
-- (saml §1.1), and a service provider to try another identity provider. What is not known of LastPass is a setting of the
-- company (sandbox/saml/assumptions.lua).
-- @module lastpass.sandbox.saml
local json = require "lastpass.json"

local M = {}

-- A sandbox whose SAML nobody asks for loads nothing of it.
local loaders = {
  apps = function()
    return require "lastpass.sandbox.saml.apps"
  end,
  idp = function()
    return require "lastpass.sandbox.saml.idp"
  end,
  logout = function()
    return require "lastpass.sandbox.saml.logout"
  end,
  pages = function()
    return require "lastpass.sandbox.saml.pages"
  end,
  sp = function()
    return require "lastpass.sandbox.saml.sp"
  end,
  states = function()
    return require "lastpass.sandbox.saml.state"
  end,
}

local parts = setmetatable({}, {
  __index = function(self, name)
    local part = loaders[name]()
    self[name] = part
    return part
  end,
})

-- ---- for the control API ----

local function describe(server, origin, app)
  local shown = parts.apps.describe(app, origin)
  shown.metadata_xml = assert(parts.idp.metadata(server, origin, app))
  shown.certificate_pem = parts.idp.certificate(server, app.company)
  return shown
end

--- The apps of a company.
function M.list_apps(company, origin)
  local list = json.list()
  for at, app in ipairs(parts.states.of(company).apps) do
    list[at] = parts.apps.describe(app, origin)
  end
  return { apps = list }
end

--- Adds an app, or replaces the one of the same entity ID.
function M.add_app(server, company, given, origin)
  local app, message = parts.states.add_app(company, given)
  return app and describe(server, origin, app), message
end

--- Removes an app.
function M.remove_app(company, id, origin)
  if not parts.states.remove_app(company, id) then
    return nil, "there is no app of that id"
  end
  return M.list_apps(company, origin)
end

--- Shows what the service provider's page tries, or sets it before.
function M.set_sp(server, given, origin)
  if given then
    return parts.sp.set(server, given, origin)
  end
  return parts.sp.describe(server, origin)
end

-- ---- routes ----

local function app_of_id(id)
  return function(app)
    return app.id == id
  end
end

local function app_of_number(number)
  return function(app)
    return app.generation == "legacy" and ("%d"):format(app.number) == number
  end
end

local function not_found()
  return parts.pages.refused("Not found", "there is nothing at this address", nil, 404)
end

local function download(body, media_type, name)
  return {
    status = 200,
    class = "download",
    headers = {
      ["Content-Type"] = media_type,
      ["Content-Disposition"] = ('attachment; filename="%s"'):format(name),
      ["Cache-Control"] = "no-store",
    },
    body = body,
  }
end

-- What an admin sees of an app: its page, its metadata, the certificate as PEM and DER.
local function app_page(server, _, origin, id, what)
  local app = parts.states.find(server, app_of_id(id))
  if not app then
    return not_found()
  elseif what == "metadata" then
    local xml, message, err = parts.idp.metadata(server, origin, app)
    return xml and download(xml, "application/samlmetadata+xml", "lastpass-metadata.xml")
      or parts.pages.refused("Metadata", message, err, 500)
  elseif what and what ~= "certificate.pem" and what ~= "certificate.der" then
    return not_found()
  end
  local pem, fields = parts.idp.certificate(server, app.company)
  if what == "certificate.pem" then
    return download(pem, "application/x-pem-file", "lastpass.pem")
  elseif what == "certificate.der" then
    local der = require("lastpass.text.base64").decode((fields.base64:gsub("%s", "")))
    return download(der, "application/pkix-cert", "lastpass.der")
  end
  return parts.pages.app(parts.apps.describe(app, origin), fields)
end

local function overview(server, _, origin)
  local companies = {}
  for at, company in ipairs(server.made_list) do
    companies[at] = { name = company.seeded.name, apps = M.list_apps(company, origin).apps }
  end
  return parts.pages.overview(companies)
end

local function enterprise_saml(server, request, origin)
  local app = parts.states.find(server, function(one)
    return one.generation == "legacy"
  end)
  if request.query.metadata == nil or not app then
    return not_found()
  end
  return app_page(server, request, origin, app.id, "metadata")
end

-- Legacy addresses serve sign-on and logout, told apart by "logout=1" (saml §1.1).
local function legacy(server, request, origin)
  if request.query.logout then
    return parts.logout.logout(server, request, origin, "legacy")
  end
  return parts.idp.sso(server, request, origin)
end

-- Pattern of the whole path, name for faults and the journal, methods, and the handler, or the
-- part that has it and its name.
local routes = {
  { "/SAML/SSOService", "sso", "GET POST", "idp", "sso" },
  { "/SAML/SSOService/([%x-]+)", "sso", "GET POST", "idp", "sso" },
  { "/saml/saml%.php", "sso", "GET POST", legacy },
  { "/saml%.php", "sso", "GET POST", legacy },
  {
    "/Login/Logout",
    "logout",
    "GET POST",
    function(server, request, origin)
      return parts.logout.logout(server, request, origin, "current")
    end,
  },
  {
    "/redirect",
    "launch",
    "GET",
    function(server, request, origin)
      return parts.idp.launch(server, request, origin, app_of_id(request.query.id))
    end,
  },
  {
    "/saml/launch/cfg/(%d+)",
    "launch",
    "GET",
    function(server, request, origin, number)
      return parts.idp.launch(server, request, origin, app_of_number(number))
    end,
  },
  { "/enterprise_saml%.php", "metadata", "GET", enterprise_saml },
  { "/saml/sign%-on", "sign_on", "GET POST", "idp", "sign_on" },
  { "/saml/mfa", "mfa", "POST", "idp", "mfa" },
  { "/saml/style%.css", "style", "GET", "pages", "style" },
  { "/saml/?", "apps", "GET", overview },
  { "/saml/apps/([%x-]+)", "app", "GET", app_page },
  { "/saml/apps/([%x-]+)/([%l.]+)", "metadata", "GET", app_page },
  { "/saml/sp", "sp", "GET POST", "sp", "page" },
  { "/saml/sp/(%l+)", "sp", "GET POST", "sp", "serve" },
}

local function run(server, request, route)
  if not (" " .. route[3] .. " "):find(" " .. request.method .. " ", 1, true) then
    return parts.pages.refused("Not possible", route[3]:gsub(" ", ", ") .. " only", nil, 405)
  end
  local origin = server:origin(request)
  local handle = route[5] and parts[route[4]][route[5]] or route[4]
  return handle(server, request, origin, select(3, request.path:find("^" .. route[1] .. "$")))
end

local function answer(server, request, route)
  local headers = {}
  return server:answer(request, {
    headers = headers,
    command = "saml:" .. route[2],
    rows = 1,
    run = function()
      local reply = run(server, request, route)
      for name, value in pairs(reply.headers) do
        headers[name] = value
      end
      return { status = reply.status, body = reply.body, class = reply.class or "ok" }
    end,
  })
end

local function too_large()
  return parts.pages.refused("Too large", "the form is larger than this server takes", nil, 413)
end

--- Adds the routes to a server.
---@param server table of lastpass.sandbox.server
function M.register(server)
  for _, route in ipairs(routes) do
    server:route(route[1], function(_, request)
      return answer(server, request, route)
    end, too_large)
  end
end

return M

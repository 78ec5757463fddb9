--- A service provider to try an identity provider of yours: it shows who was signed on, or which check refused the
-- response and what to do. Without metadata of another one it uses the sandbox's own identity provider.
-- @module lastpass.sandbox.saml.sp
local apps = require "lastpass.sandbox.saml.apps"
local components = require "lastpass.html.components"
local html = require "lastpass.html"
local idp = require "lastpass.sandbox.saml.idp"
local metadata = require "lastpass.saml.metadata"
local forms = require "lastpass.sandbox.pages"
local pages = require "lastpass.sandbox.saml.pages"
local percent = require "lastpass.text.percent"
local saml_sp = require "lastpass.saml.sp"
local schema = require "lastpass.sandbox.schema"
local site = require "lastpass.sandbox.saml.site"
local states = require "lastpass.sandbox.saml.state"
local time = require "lastpass.time"

local M = {}

local REQUEST, SESSION = "lastpass_sandbox_request", "lastpass_sandbox_sp"

-- ---- what is tried ----

local flags = { "allow_unsolicited", "allow_sha1", "allow_cbc", "sign_requests" }

local function is_want(value)
  return value == "either" or value == "assertion" or value == "response" or value == "both",
    "either, assertion, response or both"
end

local known = { metadata = "string", want = is_want, entity_id = "string", cid = "number" }
for _, name in ipairs(flags) do
  known[name] = "boolean"
end

local function state_of(server)
  local shared = states.shared(server)
  shared.sp = shared.sp or { options = { allow_unsolicited = true }, sessions = states.kept() }
  return shared.sp
end

-- The sandbox's own identity provider gets this service as an app when nobody has made one.
local function own_idp(server, origin, own)
  local app = site.find_app(server, own.entity_id)
  if not app then
    local message
    app, message = states.add_app(server.first, {
      name = "The sandbox's service provider",
      entity_id = own.entity_id,
      acs_url = own.acs_url,
      slo_url = own.slo_url,
      certificate = own.cert,
      attributes = { email = "email", groups = "groups" },
    })
    if not app then
      return nil, message
    end
  end
  -- refused where the page was asked for by a name that is not this machine's, without TLS
  local entity, message = metadata.read(assert(idp.metadata(server, origin, app)), {
    role = "idp",
    now = server.clock:seconds(),
    allow_http = true,
  })
  if not entity then
    return nil, message
  end
  -- by its entity ID it would be the address of LastPass itself
  entity.idp.logout_url = apps.addresses(app, origin).logout_url
  return entity
end

local function make_sp(server, origin)
  local state, pair = state_of(server), states.key(server, "sp")
  local base = origin .. "/saml/sp"
  local own = {
    entity_id = base,
    acs_url = base .. "/acs",
    slo_url = base .. "/slo",
    key = pair.key,
    cert = pair.certificate,
    store = states.shared(server).store,
    skew = 300,
    clock = function()
      return server.clock:seconds()
    end,
  }
  for name, value in pairs(state.options) do
    own[name] = value
  end
  local message, sp
  own.idp = state.entity
  if not own.idp then
    own.idp, message = own_idp(server, origin, own)
  end
  if not own.idp then
    return nil, message
  end
  sp, message = saml_sp.new(own)
  return sp, sp and own or message
end

--- Sets the identity provider that is tried, and options of the service provider.
---@param server table
---@param given table `metadata` (XML; empty: the sandbox's own), `entity_id` (of several in it), `want`,
-- `allow_unsolicited`, `allow_sha1`, `allow_cbc`, `sign_requests`
---@param origin string
---@return table|nil shown
---@return string? message
function M.set(server, given, origin)
  local options, message = schema.options("saml_sp", given, known)
  if not options then
    return nil, message
  end
  local state, entity = state_of(server), nil
  if options.metadata and options.metadata:find "%S" then
    entity, message = metadata.read(options.metadata, {
      role = "idp",
      entity_id = options.entity_id,
      now = server.clock:seconds(),
      allow_http = true,
    })
    if not entity then
      return nil, message
    end
  end
  state.entity = entity
  state.options = { want = options.want }
  for _, name in ipairs(flags) do
    state.options[name] = options[name]
  end
  return M.describe(server, origin)
end

--- What the control API shows.
function M.describe(server, origin)
  local sp, own = make_sp(server, origin)
  if not sp then
    return nil, own
  end
  return {
    entity_id = own.entity_id,
    acs_url = own.acs_url,
    login_url = origin .. "/saml/sp/login",
    page = origin .. "/saml/sp",
    metadata_xml = assert(sp:metadata()),
    idp = own.idp.entity_id,
  }
end

-- ---- pages ----

local function cookie_of(request, name)
  return (";" .. (request.headers.cookie or "")):match(";%s*" .. name .. "=(%x+)")
end

-- A foreign site posts the response: over TLS the cookie says that it may come along; on plain loopback all is one site.
local function cookie(server, name, value, seconds)
  local rest = server.scheme == "https" and "SameSite=None; Secure" or "SameSite=Lax"
  return ("%s=%s; Path=/saml/sp; HttpOnly; Max-Age=%d; %s"):format(name, value, seconds, rest)
end

local function fact_list(identity)
  local at = identity.auth_time
  local list = {
    { "NameID", html.code(identity.name_id) },
    { "Format", identity.format and html.code(identity.format) },
    { "Issuer", html.code(identity.issuer) },
    { "Signed", identity.signed },
    { "Encrypted", identity.encrypted and "yes" or "no" },
    { "Authenticated by", identity.authn_context and html.code(identity.authn_context) },
    { "At", at and components.time(at, time.iso(at)) },
    { "Session", identity.session_index and html.code(identity.session_index) },
    { "Asked for", identity.unsolicited and "no" or "yes" },
  }
  local names = {}
  for name in pairs(identity.attributes) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    list[#list + 1] = { "Attribute " .. name, table.concat(identity.attributes[name], ", ") }
  end
  return list
end

local function session_of(server, request)
  local state, name = state_of(server), cookie_of(request, SESSION)
  return state.sessions:get(name, server.clock:seconds()), name
end

local function identity_section(identity)
  if not identity then
    return html.section(
      html.p("Nobody is signed on."),
      html.p(
        html.a({ class = "button", href = "/saml/sp/login" }, "Sign on"),
        " ",
        html.a(
          { class = "button", href = "/saml/sp/login?binding=post" },
          "Sign on, request by POST"
        )
      )
    )
  end
  return components.section(
    "who",
    "Signed on",
    components.facts(fact_list(identity), true),
    html.form(
      { method = "post", action = "/saml/sp/logout" },
      html.button({ type = "submit" }, "Sign out")
    )
  )
end

local function option(name, is_on)
  return html.p(
    html.label(
      html.input { type = "checkbox", name = name, value = "true", checked = is_on or false },
      " ",
      html.code(name)
    )
  )
end

local function settings_section(state, own)
  local boxes = {}
  for position, name in ipairs(flags) do
    boxes[position] = option(name, state.options[name])
  end
  return components.section(
    "idp",
    "The identity provider to try",
    html.p("Now: ", html.code(own.idp.entity_id)),
    html.form(
      { method = "post", action = "/saml/sp" },
      html.p(html.label({ ["for"] = "metadata" }, "Its metadata; empty for the sandbox's own")),
      html.textarea { id = "metadata", name = "metadata", rows = 8, cols = 80 },
      boxes,
      html.button({ type = "submit" }, "Use it")
    ),
    html.p(
      "For it: ",
      html.a({ href = "/saml/sp/metadata" }, "the metadata of this service provider"),
      ", entity ID ",
      html.code(own.entity_id),
      ", ACS ",
      html.code(own.acs_url)
    )
  )
end

local function show(server, request, origin, identity)
  local sp, own = make_sp(server, origin)
  if not sp then
    return pages.refused("Service provider", own)
  end
  return pages.page {
    title = "Service provider",
    lead = "Try an identity provider: who is signed on, or why not.",
    class = identity and "identity" or "sp",
    main = html.join(
      identity_section(identity or (session_of(server, request))),
      settings_section(state_of(server), own)
    ),
  }
end

local function read_settings(request)
  local given = {}
  for _, one in ipairs(percent.form(request.body) or {}) do
    given[one.name] = one.name == "metadata" and one.value or one.value == "true"
  end
  return given
end

--- The page: GET shows it, POST sets what is tried.
function M.page(server, request, origin)
  if request.method ~= "POST" then
    return show(server, request, origin)
  elseif not forms.is_own_form(request, origin) then
    return pages.refused("Service provider", "the form is of another site")
  end
  local ok, message = M.set(server, read_settings(request), origin)
  if not ok then
    return pages.refused("Metadata", message, nil, 400)
  end
  return pages.redirect "/saml/sp"
end

local actions = {}

--- Begins a sign-on.
function actions.login(server, request, origin)
  local sp, own = make_sp(server, origin)
  if not sp then
    return pages.refused("Sign on", own)
  end
  local url, asked, err = sp:login_url {
    relay = "/saml/sp",
    binding = request.query.binding,
    force_authn = request.query.force_authn ~= nil or nil,
    passive = request.query.passive ~= nil or nil,
    browser = cookie_of(request, REQUEST),
  }
  if not url then
    return pages.refused("Sign on", asked, err)
  end
  local headers = { ["Set-Cookie"] = cookie(server, REQUEST, asked.browser, 3600) }
  return asked.form and pages.send({ form = asked.form }, headers) or pages.redirect(url, headers)
end

--- Reads a response, and shows who it is or which check refused it.
function actions.acs(server, request, origin)
  local sp, own = make_sp(server, origin)
  if not sp then
    return pages.refused("Sign on", own)
  end
  local identity, message, err = sp:consume(request.body, {
    browser = cookie_of(request, REQUEST),
    method = request.method,
    content_type = request.headers["content-type"],
  })
  if not identity then
    return pages.refused("The response is refused", message, err)
  end
  local state, now = state_of(server), server.clock:seconds()
  local name = state.sessions:add(identity, now)
  local reply = show(server, request, origin, identity)
  reply.headers["Set-Cookie"] = cookie(server, SESSION, name, states.SESSION)
  return reply
end

--- Ends the session, here and at the identity provider.
function actions.logout(server, request, origin)
  local identity, name = session_of(server, request)
  if request.method ~= "POST" or not forms.is_own_form(request, origin) then
    return pages.refused("Sign out", "only the form of this site signs out", nil, 405)
  end
  state_of(server).sessions:remove(name)
  local sp, own = make_sp(server, origin)
  if not sp or not identity then
    return sp and pages.redirect "/saml/sp" or pages.refused("Sign out", own)
  end
  local url, details, err = sp:logout(identity, { relay = "/saml/sp" })
  if not url then
    return pages.refused("Sign out", details, err)
  end
  return pages.send { url = url, form = details.form }
end

--- Reads messages of logout.
function actions.slo(server, request, origin)
  local sp, own = make_sp(server, origin)
  if not sp then
    return pages.refused("Sign out", own)
  end
  local source = request.method == "POST" and { form = request.body }
    or { query = request.target:match "%?(.*)$" or "" }
  local result, message, err = sp:consume_logout(source)
  if not result then
    return pages.refused("The logout message is refused", message, err)
  elseif result.kind == "response" then
    return pages.redirect(result.relay or "/saml/sp")
  end
  local identity, name = session_of(server, request)
  if identity and identity.issuer == result.issuer and identity.name_id == result.name_id then
    state_of(server).sessions:remove(name)
  end
  return pages.send { url = result.reply_url, form = result.reply_form }
end

--- The metadata of the service provider.
function actions.metadata(server, _, origin)
  local sp, own = make_sp(server, origin)
  if not sp then
    return pages.refused("Metadata", own)
  end
  return {
    status = 200,
    class = "download",
    headers = { ["Content-Type"] = "application/samlmetadata+xml" },
    body = assert(sp:metadata()),
  }
end

--- The other addresses of the service provider.
---@param name string the last part of the path
function M.serve(server, request, origin, name)
  local action = actions[name]
  if not action then
    return pages.refused("Not found", "there is nothing at this address", nil, 404)
  end
  return action(server, request, origin)
end

return M

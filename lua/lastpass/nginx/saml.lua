--- The SAML guard: who may pass a location of nginx, asked of an identity provider.
--
--     init_by_lua_block {
--       local lastpass = require "lastpass"
--       require("lastpass.nginx.saml").setup {
--         url = "https://app.acme.example",
--         idp = "/etc/lastpass/lastpass-idp.xml",
--         cookie_keys = { { id = "2026-11", secret = assert(lastpass.secret.file "/etc/lastpass/cookie.key") } },
--       }
--     }
--     init_worker_by_lua_block { require("lastpass.nginx.saml").start() }
--     location / {
--       access_by_lua_block { require("lastpass.nginx.saml").guard() }
--       proxy_pass http://127.0.0.1:3000;
--     }
--
-- Sessions are in a sealed cookie, and are lost when the account is disabled or removed.
-- @module lastpass.nginx.saml
local dicts = require "lastpass.nginx.dicts"
local errors = require "lastpass.error"
local feeds = require "lastpass.nginx.guard.feed"
local guards = require "lastpass.nginx.saml.guard"
local logins = require "lastpass.nginx.saml.logins"
local gateway_tokens = require "lastpass.nginx.gateway.tokens"
local posts = require "lastpass.nginx.guard.posts"
local providers = require "lastpass.nginx.saml.provider"
local registries = require "lastpass.nginx.guard.registry"
local report = require "lastpass.nginx.saml.report"
local revocations = require "lastpass.nginx.guard.revoked"
local saml_options = require "lastpass.nginx.saml.options"
local servers = require "lastpass.nginx.saml.server"
local sessions = require "lastpass.nginx.saml.session"
local signature = require "lastpass.signature"
local watches = require "lastpass.nginx.saml.watch"

local M = {}

local REVOKED = "lastpass_saml_revoked"

-- The tokens of the gateway that may pass.
local function tokens_of(settings, site, level)
  local allowed, tenant = settings.tokens, settings.tenant
  if not allowed then
    return nil
  elseif not site or not site.options.tokens then
    errors.raise(level + 1, "saml: 'tokens' needs the option 'tokens' of lastpass.nginx.setup")
  end
  local list, unknown = {}, errors.set_of(allowed ~= true and allowed or nil)
  for _, token in ipairs(gateway_tokens.read(site.options.tokens, site.tenants, level + 1)) do
    local is_ours = not tenant or not token.tenants or token.tenants[tenant.name]
    if is_ours and token.scopes.read and (allowed == true or unknown[token.name]) then
      list[#list + 1] = token
    elseif unknown[token.name] then
      local text = "saml: tokens: '%s' %s"
      local why = is_ours and "may not read" or "is not for the tenant of this guard"
      errors.raise(level + 1, text, token.name, why)
    end
    unknown[token.name] = nil
  end
  if next(unknown) then
    errors.raise(level + 1, "saml: tokens: there is no token '%s'", tostring(next(unknown)))
  end
  return list
end

-- The watch over the keys that sign, where there is a journal.
local function watch_of(feed)
  local journal = feed:journal()
  return journal
    and watches.new(journal, function(message)
      feed:complain("keys", message)
    end)
end

local registry
registry = registries.new("saml", function(given, site, level)
  local settings = saml_options.read(given, level + 1)
  registry:check(settings, level + 1)
  dicts.check_part("saml", level + 1)
  local problem = settings.check_server and servers.check(settings)
  if problem then
    errors.raise(level + 1, "saml: %s", problem)
  end
  settings.tenant = registry:tenant(settings, site, level + 1)
  local keys, purpose = settings.keys, settings.entity_id
  local revoked =
    revocations.new(dicts.get(REVOKED, level + 1), REVOKED, settings.lifetime, settings.name)
  local feed = feeds.new("saml", settings, revoked)
  if settings.state == "journal" and not feed:journal() then
    local text = "saml: state = \"journal\" needs the option 'journal', or a tenant that has one"
    errors.raise(level + 1, text)
  end
  local under_way = logins.new {
    keys = keys,
    purpose = "login " .. purpose,
    state = feed:state(dicts.get("lastpass_saml", level + 1)),
  }
  return guards.new({
    settings = settings,
    tokens = tokens_of(settings, site, level + 1),
    revoked = revoked,
    sessions = sessions.new {
      keys = keys,
      purpose = "session " .. purpose,
      lifetime = settings.lifetime,
      idle = settings.idle,
      revoked = revoked,
    },
    logins = under_way,
    posts = posts.new {
      keys = keys,
      dict = dicts.get("lastpass_saml_posts", level + 1),
      cookie = sessions.PREFIX .. "_post",
      url = settings.url,
      most = settings.post_max,
      behind_proxy = settings.behind_proxy,
    },
    feed = feed,
  }, providers.new(settings, under_way:store(), watch_of(feed), level + 1))
end)

--- Makes a guard. For init_by_lua: wrong settings raise, so that `nginx -t` finds them.
---@param given table see `lastpass.nginx.saml.options`
---@return lastpass.nginx.saml.Guard
function M.setup(given)
  local guard = registry:setup(given, 2)
  return guard
end

--- Makes the guards of a site: its option `saml`, one guard or a list of several.
---@param site lastpass.nginx.Site
---@param level integer whose line an error names
function M.of_site(site, level)
  registry:of_site(site, level + 1)
end

--- Starts the timers of a worker, of all guards. For init_worker_by_lua; the `start` of a site does it too.
function M.start()
  registry:start()
end

--- The state of guards, for /healthz, /metrics and the dashboard.
---@param tenant? string a company: its guards alone, with what was counted
---@return table[]
function M.report(tenant)
  local reports = {}
  for name, self in registry:each() do
    local company = self.settings.tenant
    if not tenant or company and company.name == tenant then
      local one = report.of(self, ngx.now())
      one.counts = tenant and report.counts(name) or nil
      reports[#reports + 1] = one
    end
  end
  return reports
end

--- The guard of a name; the only one need not be named.
---@param name? string
---@return lastpass.nginx.saml.Guard
function M.of(name)
  local guard = registry:of(name, 2)
  return guard
end

local of_location = {
  name = "string",
  authn_context = { "string", "table" },
  max_age = "number",
  idp = "string",
}

--- Guards a location. For access_by_lua.
---@param given? table name (of the guard, where there are several), authn_context, max_age, idp
function M.guard(given)
  local requirement
  if given then
    errors.check_options("saml: guard", given, of_location, 2)
    if given.authn_context or given.max_age or given.idp then
      requirement = saml_options.requirement("guard", given, 2)
    end
  end
  return M.of(given and given.name):guard(requirement)
end

--- Answers the guard's own locations. For content_by_lua.
---@param name? string of the guard, where there are several
function M.serve(name)
  return M.of(name):serve()
end

signature.declare("lastpass.nginx.saml.", M, {
  setup = "options: table",
  start = "",
  report = "tenant?: string",
  guard = "options?: table",
  serve = "name?: string",
  of = "name?: string",
})

return M

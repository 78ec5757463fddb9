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
local feeds = require "lastpass.nginx.saml.feed"
local guards = require "lastpass.nginx.saml.guard"
local logins = require "lastpass.nginx.saml.logins"
local posts = require "lastpass.nginx.saml.posts"
local providers = require "lastpass.nginx.saml.provider"
local revocations = require "lastpass.nginx.saml.revoked"
local saml_options = require "lastpass.nginx.saml.options"
local sessions = require "lastpass.nginx.saml.session"
local signature = require "lastpass.signature"

local M = {}

local by_name, names = {}, {}

-- ---- set-up ----

local function state_of()
  return require("lastpass.state").dict(dicts.get("lastpass_saml", 3))
end

--- Makes a guard. For init_by_lua: wrong settings raise, so that `nginx -t` finds them.
---@param given table see `lastpass.nginx.saml.options`
---@param level? integer whose line an error names
---@return lastpass.nginx.saml.Guard
function M.setup(given, level)
  level = (level or 1) + 1
  if not rawget(_G, "ngx") then
    errors.raise(level, "lastpass.nginx.saml.setup: this is not nginx; it is for init_by_lua")
  end
  local settings = saml_options.read(given, level)
  if by_name[settings.name] then
    errors.raise(level, "saml: there is a guard '%s' already: give each a name", settings.name)
  end
  dicts.check({ saml = true }, level)
  local keys = settings.keys
  local revoked = revocations.new(dicts.get(revocations.DICT, level), settings.lifetime)
  local self = guards.new {
    settings = settings,
    revoked = revoked,
    sessions = sessions.new {
      keys = keys,
      purpose = "session " .. settings.entity_id,
      lifetime = settings.lifetime,
      idle = settings.idle,
      revoked = revoked,
    },
    logins = logins.new {
      keys = keys,
      purpose = "login " .. settings.entity_id,
      state = state_of(),
    },
    posts = posts.new {
      keys = keys,
      dict = dicts.get(posts.DICT, level),
      url = settings.url,
      most = settings.post_max,
    },
    feed = feeds.new(settings, revoked),
  }
  self._providers = providers.new(settings, self.logins:store(), level)
  by_name[settings.name] = self
  names[#names + 1] = settings.name
  return self
end

--- The guard of a name; the only one need not be named.
---@param name? string
---@return lastpass.nginx.saml.Guard
function M.of(name)
  local self = by_name[name or names[1] or ""]
  if not self or not name and #names > 1 then
    local text = self and "saml: there are several guards: which one? (%s)"
      or "saml: there is no guard '%s'; it is made by setup, in init_by_lua"
    errors.raise(2, text, self and table.concat(names, ", ") or name or "default")
  end
  return self
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
  setup = "options: table, level?: integer",
  guard = "options?: table",
  serve = "name?: string",
  of = "name?: string",
})

return M

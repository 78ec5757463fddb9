--- The second-factor guard: a location of nginx that asks those who are signed in for an answer of their phone, or a code.
--
--     init_by_lua_block {
--       local lastpass = require "lastpass"
--       require("lastpass.nginx.mfa").setup {
--         url = "https://app.acme.example",
--         cookie_keys = { { id = "2026-11", secret = assert(lastpass.secret.file "/etc/lastpass/cookie.key") } },
--         push = { api_key = assert(lastpass.secret.file "/etc/lastpass/mfa.key"), mode = "plain" },
--       }
--     }
--     init_worker_by_lua_block { require("lastpass.nginx.mfa").start() }
--     location / {
--       access_by_lua_block {
--         require("lastpass.nginx.saml").guard()
--         require("lastpass.nginx.mfa").guard()
--       }
--       proxy_pass http://127.0.0.1:3000;
--     }
--
-- It asks nobody who they are: the SAML guard before it does, or another one.
-- @module lastpass.nginx.mfa
local challenges = require "lastpass.nginx.mfa.challenge"
local dicts = require "lastpass.nginx.dicts"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local factor_stores = require "lastpass.nginx.mfa.factors"
local feeds = require "lastpass.nginx.guard.feed"
local guards = require "lastpass.nginx.mfa.guard"
local json = require "lastpass.json"
local metrics = require "lastpass.nginx.metrics"
local mfa_codes = require "lastpass.nginx.mfa.codes"
local mfa_options = require "lastpass.nginx.mfa.options"
local posts = require "lastpass.nginx.guard.posts"
local proofs = require "lastpass.nginx.mfa.proof"
local registries = require "lastpass.nginx.guard.registry"
local revocations = require "lastpass.nginx.guard.revoked"
local signature = require "lastpass.signature"

local M = {}

local REVOKED = "lastpass_mfa_revoked"

-- The client that asks phones; one that is made here has its limits where the guard has its own.
local function client_of(settings, get_state)
  local given, made = settings.push, nil
  if given.challenge then
    made = given
  end
  return function()
    if not made then
      local options = {}
      for name, value in pairs(given) do
        options[name] = value
      end
      options.state = options.state or get_state()
      options.clock = options.clock or ngx.now
      made = assert(require("lastpass.mfa.client").new(options))
    end
    return made
  end
end

local function check_journal(settings, feed, level)
  local needs = settings.factors == "journal" and "factors"
    or settings.state == "journal" and "state"
  if needs and not feed:journal() then
    local text = "mfa: %s = \"journal\" needs the option 'journal', or a tenant that has one"
    errors.raise(level + 1, text, needs)
  end
end

local function parts_of(settings, level)
  local dict = dicts.get("lastpass_mfa", level + 1)
  local revoked =
    revocations.new(dicts.get(REVOKED, level + 1), REVOKED, settings.lifetime, settings.name)
  local feed = feeds.new("mfa", settings, revoked)
  check_journal(settings, feed, level + 1)
  local get_state = feed:state(dict)
  local store = settings.factors
  if store == "journal" then
    store = factor_stores.new { keys = settings.factor_keys, journal = feed:journal() }
  end
  return {
    settings = settings,
    revoked = revoked,
    feed = feed,
    state = get_state,
    proofs = proofs.new {
      keys = settings.keys,
      purpose = "proof " .. settings.url,
      lifetime = settings.lifetime,
      bound = settings.remember,
      revoked = revoked,
    },
    challenges = settings.push and challenges.new {
      settings = settings,
      keys = settings.keys,
      client = client_of(settings, get_state),
      dict = dict,
    },
    codes = store and mfa_codes.new { settings = settings, factors = store, state = get_state },
    posts = posts.new {
      keys = settings.keys,
      dict = dicts.get("lastpass_mfa_posts", level + 1),
      cookie = proofs.PREFIX .. "_post",
      url = settings.url,
      most = settings.post_max,
      behind_proxy = settings.behind_proxy,
    },
  }
end

local registry
registry = registries.new("mfa", function(given, site, level)
  local settings = mfa_options.read(given, level + 1)
  registry:check(settings, level + 1)
  dicts.check_part("mfa", level + 1)
  settings.tenant = registry:tenant(settings, site, level + 1)
  return guards.new(parts_of(settings, level + 1))
end)

--- Makes a guard. For init_by_lua: wrong settings raise, so that `nginx -t` finds them.
---@param given table see `lastpass.nginx.mfa.options`
---@return lastpass.nginx.mfa.Guard
function M.setup(given)
  local guard = registry:setup(given, 2)
  return guard
end

--- Makes the guards of a site: its option `mfa`, one guard or a list of several.
---@param site lastpass.nginx.Site
---@param level integer whose line an error names
function M.of_site(site, level)
  registry:of_site(site, level + 1)
end

--- Starts the timers of a worker, of all guards. For init_worker_by_lua; the `start` of a site does it too.
function M.start()
  registry:start()
end

--- The guard of a name; the only one need not be named.
---@param name? string
---@return lastpass.nginx.mfa.Guard
function M.of(name)
  local guard = registry:of(name, 2)
  return guard
end

--- Guards a location. For access_by_lua, after whatever signs people in.
---@param given? table name (of the guard, where there are several), max_age (seconds since the proof), by (list of "push",
-- "code", "recovery"), methods (what the phone is to be asked for, such as "fingerprint")
function M.guard(given)
  local requirement = given and mfa_options.requirement("guard", given, 2)
  return M.of(given and given.name):guard(requirement)
end

--- Answers the guard's own locations. For content_by_lua, behind whatever signs people in.
---@param name? string of the guard, where there are several
function M.serve(name)
  return M.of(name):serve()
end

--- Answers what `push.callback_url` names: LastPass may report there that a phone has answered, and whoever waits for it is asked
-- about at once. For content_by_lua, of a location of its own that asks nobody who they are.
---@param name? string of the guard, where there are several
function M.callback(name)
  return M.of(name):callback()
end

--- The second factor that let the current request pass; nil where no guard has. For `identify` of the dashboard, and for what
-- an application in nginx wants to know.
---@return {account: string, by: string, at: number}|nil
function M.proof()
  local proof = ngx.ctx.lastpass_mfa_proof
  return proof and { account = proof.account, by = proof.by, at = proof.at }
end

local of_revoke = { name = "string", account = "string", device = "string" }

--- Ends the proofs of a person: all of them, or those of one device. On all machines, where there is a journal.
---@param given table account, device (its id, as the log has it), name (of the guard)
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.revoke(given)
  errors.check_options("mfa: revoke", given, of_revoke, 2)
  if not given.account then
    errors.raise(2, "mfa: revoke: needs 'account'")
  end
  local account = email.fold(given.account)
  local key = given.device and proofs.device_key(account, given.device)
    or proofs.person_key(account)
  return M.of(given.name):revoke({ key }, ngx.now())
end

--- The state of guards, for /healthz and /metrics.
---@return table[]
function M.report()
  local list = {}
  for name, self in registry:each() do
    local feed = {}
    for what, lag in pairs(self.feed:lag(ngx.now())) do
      feed[what] = lag < math.huge and { lag = math.floor(lag * 10) / 10 } or json.null
    end
    list[#list + 1] = {
      name = name,
      url = self.settings.url,
      by = errors.names_of(self.settings.by),
      feeds = feed,
      late = self.feed:is_late(ngx.now()) or nil,
    }
  end
  return list
end

--- Sets the gauges of a report.
---@param report table
function M.measure(report)
  for what, known in pairs(report.feeds) do
    if type(known) == "table" then
      metrics.set("lastpass_mfa_feed_lag_seconds", { guard = report.name, feed = what }, known.lag)
    end
  end
end

signature.declare("lastpass.nginx.mfa.", M, {
  setup = "options: table",
  start = "",
  guard = "options?: table",
  serve = "name?: string",
  callback = "name?: string",
  proof = "",
  of = "name?: string",
  revoke = "options: table",
  report = "",
  measure = "report: table",
})

return M

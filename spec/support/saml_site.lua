--- A service provider of ours whose identity provider is a key: what spec/saml/hostile is tried on.
local hostile = require "spec.saml.hostile"
local keys = require "spec.support.saml_keys"
local lastpass = require "lastpass"
local names = require "lastpass.saml.names"
local state = require "lastpass.state"
local writer = require "spec.support.saml_writer"

local M = {}

local function certificates(list)
  local all = {}
  for index, name in ipairs(list) do
    all[index] = assert(require("lastpass.xmldsig").certificate(keys.of(name).certificate))
  end
  return all
end

--- The identity provider's metadata, as lastpass.saml.metadata reads them.
---@param signing? string[] names of keys, default "idp"
---@return table entity
function M.idp(signing)
  local function endpoints(location)
    return {
      { binding = names.binding.redirect, location = location },
      { binding = names.binding.post, location = location },
    }
  end
  return {
    entity_id = writer.IDP,
    idp = {
      sso = endpoints(writer.SSO),
      slo = endpoints(writer.SLO),
      certificates = {
        signing = certificates(signing or { "idp" }),
        encryption = certificates { "next" },
      },
      name_id_formats = {},
    },
  }
end

local function failing(message, code)
  local function fail()
    return nil, message, { kind = "guard", code = code, message = message }
  end
  return { add = fail, put = fail, get = fail, take = fail, advance = fail }
end

-- A store of requests and assertions. One that fails does so when the response comes.
local function new_store(clock, kind)
  local broken = failing(
    kind == "full" and "no room is left" or "the store does not answer",
    kind == "full" and "state_full" or "store_failed"
  )
  local store, real = { is_broken = false }, nil
  function store.clear()
    real = state.memory { max = 10000, now = clock }
  end
  store.clear()
  for _, name in ipairs { "add", "put", "get", "take", "advance" } do
    store[name] = function(self, ...)
      if self.is_broken then
        return broken[name]()
      end
      return real[name](real, ...)
    end
  end
  return store
end

--- A service provider.
---@param options? table of saml.sp.new, beside the usual ones
---@param more? table `certificates` (names of keys of the identity provider), `no_key`, `previous_key`
---@return table site `sp`, `store`, `advance(seconds)`
function M.new(options, more)
  more = more or {}
  local site = { later = 0 }
  local function clock()
    return writer.NOW + site.later
  end
  local all = {
    entity_id = writer.SP,
    acs_url = writer.ACS,
    slo_url = writer.SP_SLO,
    idp = M.idp(more.certificates),
    clock = clock,
  }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  if more.no_key then
    all.slo_url = nil
  else
    all.key, all.cert = lastpass.secret.value(keys.of("sp").pem), keys.of("sp").certificate
    if more.previous_key then
      local pair = keys.of(more.previous_key)
      all.previous_keys = { { key = lastpass.secret.value(pair.pem), cert = pair.certificate } }
    end
  end
  site.store = new_store(clock, more.store)
  all.store = site.store
  site.sp = assert(require("lastpass.saml.sp").new(all))
  return site
end

-- Providers of the same options serve many cases.
local sites = {}

local function site_of(case)
  local is_usual = not (
    case.options
    or case.certificates
    or case.no_key
    or case.previous_key
    or case.store
  )
  if is_usual and sites.usual then
    return sites.usual
  end
  local site = M.new(case.options, case)
  if is_usual then
    sites.usual = site
  end
  return site
end

--- A scenario: a request that is open.
---@param site table
---@param login? table options of login_url
---@return table scenario
function M.scenario(site, login)
  local url, request = site.sp:login_url(login)
  assert(url, request)
  return { request = request.id, browser = request.browser, url = url }
end

--- Sends the message of a case.
---@param case table of spec.saml.hostile
---@return table|nil identity
---@return string? message
---@return table? err
---@return table scenario
function M.try(case)
  local site = site_of(case)
  site.later = 0
  site.store.is_broken = false
  site.store.clear()
  local scenario = M.scenario(site, case.login)
  if case.browser == "other" then
    scenario.browser = M.scenario(site).browser
  elseif case.browser == "none" then
    scenario.browser = nil
  end
  local form, context = hostile.message(case, scenario)
  if case.answered or case.again then
    local parts = writer.parts(scenario.request, case.sign)
    case.change(parts, scenario)
    if case.answered then
      parts.assertion.id = "_before"
    end
    assert(site.sp:consume(writer.form(writer.build(parts)), context))
    if type(case.again) == "function" then
      case.again(parts)
      form = writer.form(writer.build(parts))
    end
  end
  site.later = case.later or 0
  site.store.is_broken = case.store ~= nil
  local identity, message, err = site.sp:consume(form, context)
  site.later = 0
  return identity, message, err, scenario
end

return M

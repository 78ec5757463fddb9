--- The service provider of a guard, made of its settings. Metadata comes from sources, which read it again and keep the
-- last good copy, so that nothing has to be started again when an identity provider changes its keys.
-- @module lastpass.nginx.saml.provider
local errors = require "lastpass.error"
local saml = require "lastpass.saml"
local zlib = require "lastpass.zlib"

---@class lastpass.nginx.saml.Providers
---@field sp lastpass.saml.Sp
local methods = {}
local providers_mt = { __name = "lastpass.nginx.saml.Providers", __index = methods }

local M = {}

local REQUEST_LIFETIME = 600 -- as long as the cookie of a sign-on lives

local function is_entity(value)
  return type(value) == "table" and type(value.idp) == "table" and type(value.entity_id) == "string"
end

local function as_source(entity)
  return {
    entity = function()
      return entity
    end,
  }
end

-- A path, an address, or options of a source.
local function new_source(settings, given, level)
  local options = { role = "idp", allow_http = settings.scheme == "http" }
  if type(given) == "string" then
    options[given:find "^https?://" and "url" or "path"] = given
  elseif type(given) == "table" then
    for name, value in pairs(given) do
      options[name] = value
    end
  else
    errors.raise(level + 1, "saml: 'idp' must be metadata, a path, or options of a source")
  end
  options.warn_days = options.warn_days or settings.warn_days
  options.on_event = options.on_event
    or function(event)
      ngx.log(ngx.WARN, "lastpass saml: ", settings.name, ": metadata: ", event.message)
    end
  local source = saml.metadata.source(options)
  if options.path then -- a file is read now, so that `nginx -t` finds what is wrong with it
    local entity, message = source:entity()
    if not entity then
      errors.raise(level + 1, "saml: idp: %s", message)
    end
  end
  return source
end

local function source_of(settings, given, level)
  if is_entity(given) then
    return as_source(given)
  elseif type(given) == "table" and type(given.entity) == "function" then
    return given
  end
  return new_source(settings, given, level + 1)
end

-- An entry may say for which domains and paths it is.
local function entry_of(settings, given, level)
  if type(given) == "table" and given.metadata then
    return {
      metadata = source_of(settings, given.metadata, level + 1),
      domains = given.domains,
      paths = given.paths,
    }
  end
  return { metadata = source_of(settings, given, level + 1) }
end

local function is_list(given)
  return type(given) == "table" and given[1] ~= nil
end

--- Makes the service provider of a guard; what is wrong with files and keys raises.
---@param settings table of `lastpass.nginx.saml.options`
---@param store lastpass.state.State
---@param watch lastpass.nginx.saml.Watch|nil
---@param level integer whose line an error names
---@return lastpass.nginx.saml.Providers
function M.new(settings, store, watch, level)
  local entries, given = {}, settings.idp
  for position, one in ipairs(is_list(given) and given or { given }) do
    entries[position] = entry_of(settings, one, level + 1)
  end
  local options = {
    entity_id = settings.entity_id,
    acs_url = settings.acs_url,
    idp = entries,
    store = store,
    watch = watch,
    clock = ngx.now,
    request_lifetime = REQUEST_LIFETIME,
    on_event = function(event)
      ngx.log(ngx.WARN, "lastpass saml: ", settings.name, ": ", event.message)
    end,
  }
  for name, value in pairs(settings.provider) do
    options[name] = value
  end
  options.slo_url = options.key and settings.slo_url or nil -- logout is signed
  zlib.load() -- now, and not in the first request: it writes a global
  local sp, message = saml.sp.new(options)
  if not sp then
    errors.raise(level + 1, "saml: %s", message)
  end
  return setmetatable({ sp = sp, _entries = entries }, providers_mt)
end

--- The identity providers, as they are now. One whose metadata cannot be had is left out.
---@return lastpass.saml.Entity[]
function methods:entities()
  local list = {}
  for _, entry in ipairs(self._entries) do
    list[#list + 1] = entry.metadata:entity()
  end
  return list
end

--- What ends soon: certificates and metadata.
---@return table[] warnings {text, …}
function methods:warnings()
  local list = {}
  for _, entry in ipairs(self._entries) do
    local source = entry.metadata
    for _, warning in ipairs(source.warnings and source:warnings() or {}) do
      list[#list + 1] = warning
    end
  end
  return list
end

return M

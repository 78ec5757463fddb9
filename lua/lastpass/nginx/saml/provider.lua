--- The service provider of a guard, made of its settings and of the metadata as it is now: when a source has read a new
-- copy, the next request gets a provider that knows it, and nothing has to be started again.
-- @module lastpass.nginx.saml.provider
local errors = require "lastpass.error"
local saml = require "lastpass.saml"

---@class lastpass.nginx.saml.Providers
local methods = {}
local providers_mt = { __name = "lastpass.nginx.saml.Providers", __index = methods }

local M = {}

local function is_entity(value)
  return type(value) == "table" and type(value.idp) == "table" and type(value.entity_id) == "string"
end

-- What gives an entity: one that is given as it is, or a source.
local function source_of(self, given, level)
  if is_entity(given) then
    return {
      entity = function()
        return given
      end,
    }
  end
  local options = { role = "idp", allow_http = self._settings.scheme == "http" }
  if type(given) == "string" then
    options[given:find "^https?://" and "url" or "path"] = given
  elseif type(given) == "table" then
    for name, value in pairs(given) do
      options[name] = value
    end
  else
    errors.raise(level + 1, "saml: 'idp' must be metadata, a path, or options of a source")
  end
  options.warn_days = options.warn_days or self._settings.warn_days
  options.on_event = options.on_event
    or function(event)
      ngx.log(ngx.WARN, "lastpass saml: metadata: ", event.message)
    end
  local source = saml.metadata.source(options)
  if options.path then
    local entity, message = source:entity()
    if not entity then
      errors.raise(level + 1, "saml: idp: %s", message)
    end
  end
  return source
end

local function is_one(given)
  return type(given) ~= "table" or is_entity(given) or given[1] == nil
end

--- Makes the providers of a guard; what is wrong with files and keys raises.
---@param settings table of `lastpass.nginx.saml.options`
---@param store lastpass.state.State
---@param level integer whose line an error names
---@return lastpass.nginx.saml.Providers
function M.new(settings, store, level)
  local self = setmetatable({ _settings = settings, _store = store, _sources = {} }, providers_mt)
  for position, given in ipairs(is_one(settings.idp) and { settings.idp } or settings.idp) do
    self._sources[position] = source_of(self, given, level + 1)
  end
  return self
end

local function make(self, entities)
  local options = {
    entity_id = self._settings.entity_id,
    acs_url = self._settings.acs_url,
    slo_url = self._settings.slo_url,
    idp = #entities == 1 and entities[1] or entities,
    store = self._store,
    clock = ngx.now,
  }
  for name, value in pairs(self._settings.provider) do
    options[name] = value
  end
  return saml.sp.new(options)
end

-- All that can be had; one that fails does not stop the others.
local function entities_of(self)
  local list, first_message, first_err = {}, nil, nil
  for _, source in ipairs(self._sources) do
    local entity, message, err = source:entity()
    if entity then
      list[#list + 1] = entity
    else
      first_message, first_err = first_message or message, first_err or err
    end
  end
  return list, first_message, first_err
end

local function are_same(list, other)
  if not other or #list ~= #other then
    return false
  end
  for position, entity in ipairs(list) do
    if entity ~= other[position] then
      return false
    end
  end
  return true
end

--- The provider for the metadata as it is now.
---@return lastpass.saml.ServiceProvider|nil
---@return string? message
---@return lastpass.Error? err
function methods:get()
  local list, message, err = entities_of(self)
  if #list == 0 then
    return nil, message, err
  elseif not are_same(list, self._entities) then
    self._provider, self._entities = make(self, list), list
  end
  return self._provider
end

--- The entities as they are now.
---@return lastpass.saml.Entity[]
function methods:entities()
  return (entities_of(self))
end

--- What ends soon: certificates and metadata.
---@return table[] warnings {text, …}
function methods:warnings()
  local list = {}
  for _, source in ipairs(self._sources) do
    for _, warning in ipairs(source.warnings and source:warnings() or {}) do
      list[#list + 1] = warning
    end
  end
  return list
end

return M

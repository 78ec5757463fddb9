--- Profiles: which company, with which hash, in which zone.
--
-- One JSON file, `~/.config/lastpass/config.json`:
--
--     {"default": "acme",
--      "profiles": {"acme": {"cid": 8771312, "timezone": "Europe/Berlin",
--                            "provhash": {"file": "~/.config/lastpass/acme.hash"}}}}
--
-- A value is taken from the first of: flags; the environment; `./.lastpass.json`; the user's file
-- ($LASTPASS_CONFIG, or $XDG_CONFIG_HOME/lastpass/config.json); `/etc/lastpass/config.json`.
-- @module lastpass.config
local errors = require "lastpass.error"
local keys = require "lastpass.config.keys"
local sources = require "lastpass.config.layers"

local M = {}

local OPTIONS = {
  flags = "table",
  environment = "table",
  directory = "string",
  system = "string",
}

-- Flags come from a person: their values are checked later, and only their names are a mistake.
local FLAGS = { profile = "string" }
for _, name in ipairs(keys.names) do
  FLAGS[name] = function()
    return true
  end
end

---@class lastpass.Configuration
---@field profiles table<string, table> each profile's values, all layers applied
---@field default? string the profile used when none is named
local methods = {}
local configuration_mt = { __index = methods, __name = "lastpass.configuration" }

local function fail(code, message, hint)
  return errors.fail("argument", code, message, { hint = hint })
end

local function check_options(options)
  options = errors.check_options("config", options, OPTIONS, 3)
  errors.check_options("config, flags", options.flags, FLAGS, 3)
  return options
end

local function check_name(name)
  if name ~= nil and type(name) ~= "string" then
    errors.raise(3, "config: a profile's name must be a string, not a %s", type(name))
  end
end

-- What one layer says of a profile.
local function values_in(layer, name)
  return layer.values or name and layer.profiles[name] or {}
end

-- Whom one layer protects no other can expose.
local function join_protected(values, list)
  local joined, seen = {}, {}
  for _, one in ipairs { values.protect or {}, list } do
    for _, address in ipairs(one) do
      if not seen[address] then
        seen[address], joined[#joined + 1] = true, address
      end
    end
  end
  values.protect = joined
end

local function resolve(layers, name)
  local values = {}
  for index = #layers, 1, -1 do
    for key, value in pairs(values_in(layers[index], name)) do
      if key == "protect" then
        join_protected(values, value)
      else
        values[key] = value
      end
    end
  end
  -- The only other table among the values: callers may change theirs.
  if values.provhash then
    values.provhash = { kind = values.provhash.kind, value = values.provhash.value }
  end
  return values
end

local function choose_default(layers, profiles)
  for _, layer in ipairs(layers) do
    if layer.default then
      return layer.default, layer
    end
  end
  -- A company given by flags or environment alone must not get another one's settings.
  local names = errors.names_of(profiles)
  if #names == 1 and not layers.flags.values.cid and not layers.environment.values.cid then
    return names[1]
  end
  return nil
end

local function read_all(options)
  local layers, message, err = sources.read(options)
  if not layers then
    return nil, message, err
  end
  local profiles = {}
  for _, layer in ipairs(layers) do
    for name in pairs(layer.profiles or {}) do
      profiles[name] = profiles[name] or resolve(layers, name)
    end
  end
  local default, default_layer = choose_default(layers, profiles)
  return setmetatable({
    profiles = profiles,
    default = default,
    default_layer = default_layer,
    layers = layers,
  }, configuration_mt)
end

--- Reads all layers.
---@param options? table flags: values by key, and profile; environment: variables by name (default:
-- the process's own); directory: where `.lastpass.json` is looked for (default "."); system: the
-- system's file (default /etc/lastpass/config.json)
---@return lastpass.Configuration|nil configuration
---@return string? message
---@return lastpass.Error? err kind "argument"; code unreadable_config, bad_config, unknown_key or
-- not_in_project; file, and line and column where they are known
function M.load(options)
  return read_all(check_options(options))
end

--- Where a value comes from.
---@param name string|nil the profile
---@param key string
---@return string|nil layer "flags", "environment", "project", "user" or "system"
---@return string|nil where the flag, the variable or the file
function methods:origin(name, key)
  for _, layer in ipairs(self.layers) do
    if values_in(layer, name)[key] ~= nil then
      return layer.name, layer.sources and layer.sources[key] or layer.where
    end
  end
  return nil
end

local function unknown_profile(configuration, name, source)
  local names = errors.names_of(configuration.profiles)
  local nearest = errors.nearest(name, names)
  local advice = nearest and ('did you mean "' .. nearest .. '"?')
    or #names > 0 and ("known are: " .. table.concat(names, ", "))
    or "no file has one"
  local shown = name:gsub("%c", "?")
  local message = ('%sunknown profile "%s" (%s)'):format(source, shown, advice)
  return fail("unknown_profile", message)
end

local function no_profile(configuration)
  local names = errors.names_of(configuration.profiles)
  if #names > 0 then
    local message = "no profile is named and there is no default: name one of "
      .. table.concat(names, ", ")
    return fail("no_profile", message, 'set "default" in the configuration, or LASTPASS_PROFILE')
  end
  local path = configuration.layers.user_path or sources.SYSTEM_FILE
  local hint = ("write %s, or set LASTPASS_CID and LASTPASS_PROVHASH_FILE"):format(path)
  return fail("no_profile", "there is no configuration: no profile, and no LASTPASS_CID", hint)
end

-- A variable left over in a shell must not turn one company's name into another's account.
local function check_company(configuration, name)
  local layers = configuration.layers
  local from_environment = layers.environment.values.cid
  if layers.flags.values.cid or not from_environment then
    return true
  end
  for _, layer in ipairs(layers) do
    local own = layer.profiles and values_in(layer, name).cid
    if own then
      if own == from_environment then
        return true
      end
      local message = ('profile "%s" is account %d in %s, but LASTPASS_CID says %d'):format(
        name,
        own,
        layer.where,
        from_environment
      )
      return errors.fail("conflict", "other_company", message, { hint = "unset LASTPASS_CID" })
    end
  end
  return true
end

local function missing(configuration, name, key, entry, variable)
  local hint = "set " .. variable
  if name then
    local path = configuration.layers.user_path or sources.SYSTEM_FILE
    hint = ("write %s into %s, or %s"):format(entry, path, hint)
  end
  local subject = name and ('profile "%s"'):format(name) or "the environment"
  return fail("no_" .. key, ("%s has no %s: %s"):format(subject, key, hint), hint)
end

--- One profile as options for `lastpass.new`.
---@param name? string default: the default profile
---@return table|nil options provhash is still a description: {kind = "file"|"env"|"command", value}
---@return string? message
---@return lastpass.Error? err kind "argument" (unknown_profile, no_profile, no_cid, no_provhash) or
-- "conflict" (other_company: the profile was named, and LASTPASS_CID is of another company)
function methods:profile(name)
  check_name(name)
  local named = name or self.layers.flags.default
  local chosen = name or self.default
  if chosen and not self.profiles[chosen] then
    local source = not name and self.default_layer and self.default_layer.where .. ": " or ""
    return unknown_profile(self, chosen, source)
  end
  if named then
    local ok, message, err = check_company(self, named)
    if not ok then
      return nil, message, err
    end
  end
  local values = resolve(self.layers, chosen)
  if not chosen and not values.cid then
    return no_profile(self)
  elseif not values.cid then
    return missing(self, chosen, "cid", '"cid": NUMBER', "LASTPASS_CID")
  elseif not values.provhash then
    local entry = '"provhash": {"file": PATH}'
    return missing(self, chosen, "provhash", entry, "LASTPASS_PROVHASH_FILE")
  end
  return values
end

--- Reads the configuration and returns one profile of it.
---@param name? string default: the default profile
---@param options? table as of `load`
---@return table|nil options for `lastpass.new`, as of `configuration:profile`
---@return string? message
---@return lastpass.Error? err as of `load` and `configuration:profile`
function M.profile(name, options)
  check_name(name)
  local configuration, message, err = read_all(check_options(options))
  if not configuration then
    return nil, message, err
  end
  return configuration:profile(name)
end

return M

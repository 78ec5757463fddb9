--- Profiles: which company, with which hash, in which zone.
--
-- One JSON file, `~/.config/lastpass/config.json`:
--
--     {"default": "acme",
--      "profiles": {"acme": {"cid": 8771312, "timezone": "Europe/Berlin",
--                            "provhash": {"file": "~/.config/lastpass/acme.hash"}}}}
--
-- A value is taken from the first of: flags; the environment; `./.lastpass.json`; the user's file
-- ($LASTPASS_CONFIG, or $XDG_CONFIG_HOME/lastpass/config.json); `/etc/lastpass/config.json`. But a
-- profile that was named is one unit: nothing of the environment comes into it but LASTPASS_JOURNAL, and
-- that only where no file has a journal for it. A hash could else go to what a variable left over says.
-- @module lastpass.config
local address = require "lastpass.transport.address"
local client_options = require "lastpass.config.client_options"
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
---@field profiles table<string, table> each profile's values, all layers applied, as of a default profile
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
    for _, person in ipairs(one) do
      if not seen[person] then
        seen[person], joined[#joined + 1] = true, person
      end
    end
  end
  values.protect = joined
end

-- A profile that was named takes from the environment only what says nothing of the company, and only
-- where its own files are silent.
local function is_used(layer, key, named)
  return not named or layer.name ~= "environment" or key == "journal"
end

-- The layers from the weakest on.
local function order(layers, named)
  local list = { named and layers.environment or nil }
  for index = #layers, 1, -1 do
    if not named or layers[index] ~= layers.environment then
      list[#list + 1] = layers[index]
    end
  end
  return list
end

local function copy_of(value)
  local copy = {}
  for key, item in pairs(value) do
    copy[key] = item
  end
  return copy
end

-- The values, and the layer that each is of. `named`: by a flag, or by the caller.
local function resolve(layers, name, named)
  local values, origins = {}, {}
  for _, layer in ipairs(order(layers, named)) do
    for key, value in pairs(values_in(layer, name)) do
      if key == "protect" then
        join_protected(values, value)
        origins[key] = layer
      elseif is_used(layer, key, named) then
        values[key], origins[key] = value, layer
      end
    end
  end
  for key, value in pairs(values) do
    values[key] = type(value) == "table" and copy_of(value) or value -- callers may change theirs
  end
  -- LASTPASS_PROXY is for the way to LastPass; a sandbox on this machine is reached without it.
  if values.proxy and origins.proxy == layers.environment then
    if address.proxy_refusal(values.url or "https:") then
      values.proxy, origins.proxy = nil, nil
    end
  end
  return values, origins
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

-- A configuration of layers.
local function configuration_of(layers)
  local profiles = {}
  for _, layer in ipairs(layers) do
    for name in pairs(layer.profiles or {}) do
      profiles[name] = profiles[name] or (resolve(layers, name))
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

local function read_all(options)
  local layers, message, err = sources.read(options)
  if not layers then
    return nil, message, err
  end
  return configuration_of(layers)
end

--- Reads all layers.
---@param options? table flags: values by key, and profile; environment: variables by name (default:
-- the process's own); directory: where `.lastpass.json` is looked for (default "."); system: the
-- system's file (default /etc/lastpass/config.json)
---@return lastpass.Configuration|nil configuration
---@return string? message
---@return lastpass.Error? err kind "argument"; code unreadable_config, bad_config, unknown_key,
-- not_in_project or unsafe_config; file, and line and column where they are known
function M.load(options)
  return read_all(check_options(options))
end

-- Which profile is meant, and whether it was named by a flag or the caller.
local function choose(configuration, name)
  local named = name or configuration.layers.flags.default
  return named or configuration.default, named ~= nil
end

local function source_of(layer, key)
  return layer.sources and layer.sources[key] or layer.where
end

--- Where a value comes from.
---@param name string|nil the profile; one that a flag names is a unit (see above)
---@param key string
---@return string|nil layer "flags", "environment", "project", "user" or "system"
---@return string|nil where the flag, the variable or the file
function methods:origin(name, key)
  local named = name ~= nil and name == self.layers.flags.default
  local _, origins = resolve(self.layers, name, named)
  local layer = origins[key]
  if layer then
    return layer.name, source_of(layer, key)
  end
  return nil
end

--- The values of the profile that is meant, complete or not.
---@param name? string default: the one of the flags, or the default profile
---@return table values
function methods:values(name)
  check_name(name)
  local chosen, named = choose(self, name)
  return (resolve(self.layers, chosen, named))
end

--- The variables of the environment that count for nothing, because the profile was named, or because
-- what is reached without TLS is reached without a proxy.
---@param name? string as of `values`
---@return table[] ignored {key, where = the variable, value, reason}, sorted; those that say the same
-- as what counts are left out
function methods:ignored(name)
  check_name(name)
  local chosen, named = choose(self, name)
  local values, origins = resolve(self.layers, chosen, named)
  local environment, list = self.layers.environment, {}
  for _, key in ipairs(keys.names) do
    local value = environment.values[key]
    local is_same = value == values[key]
    if type(value) == "table" and value.kind and values[key] then
      is_same = value.kind == values[key].kind and value.value == values[key].value
    end
    local is_below = origins[key] == self.layers.flags -- a flag is stronger, as everybody expects
    if value ~= nil and origins[key] ~= environment and not is_same and not is_below then
      local reason = named and ("the profile %s was named"):format(chosen)
        or "what goes to this machine without TLS goes through no proxy"
      list[#list + 1] =
        { key = key, where = environment.sources[key], value = value, reason = reason }
    end
  end
  return list
end

--- The groups of companies that files name; of one that several name, the strongest counts.
---@return table<string, string[]> groups name to expressions
function methods:groups()
  local groups = {}
  for _, layer in ipairs(self.layers) do
    for name, list in pairs(layer.groups or {}) do
      groups[name] = groups[name] or list
    end
  end
  return groups
end

--- The file in which a profile is; of several the strongest.
---@param name string
---@return string|nil
function methods:file_of(name)
  for _, layer in ipairs(self.layers) do
    if layer.profiles and layer.profiles[name] then
      return layer.where
    end
  end
  return nil
end

--- The profiles of one file alone, under the same flags and environment.
---@param path string of the configuration's form, or what `read_as` makes of it
---@param read_as? fun(path: string, data: string): any as of the files of the configuration
---@return lastpass.Configuration|nil
---@return string? message
---@return lastpass.Error? err as of `load`
function methods:of_file(path, read_as)
  local layers, message, err = sources.with_file(self.layers, path, read_as)
  if not layers then
    return nil, message, err
  end
  return configuration_of(layers)
end

--- Files that others can change, although they name nothing that matters yet.
---@return table[] unsafe {file, reason, hint}
function methods:unsafe_files()
  local list = {}
  for _, layer in ipairs(self.layers) do
    if layer.unsafe then
      list[#list + 1] = { file = layer.where, reason = layer.unsafe, hint = layer.hint }
    end
  end
  return list
end

-- Which keys say where a secret goes to, and whose it is.
local UNITS = {
  { secret = "provhash", word = "hash", url = "address", cid = "account number" },
  { secret = "scim_token", word = "SCIM token", scim_url = "SCIM address", cid = "account number" },
  { secret = "rest_key", word = "REST key", rest_url = "REST address", cid = "account number" },
  { secret = "mfa_key", word = "MFA key", mfa_url = "MFA address" },
}

local function where_of(layer, key, chosen)
  return layer.profiles and ("profile %s (%s)"):format(chosen, layer.where) or source_of(layer, key)
end

--- What a person should hear before the hash is used: variables that count for nothing, and an address or
-- an account number that comes from elsewhere than the hash.
---@param name? string as of `values`
---@return string[] notes
function methods:notes(name)
  check_name(name)
  local notes, chosen, named = {}, choose(self, name)
  local _, origins = resolve(self.layers, chosen, named)
  for _, ignored in ipairs(self:ignored(name)) do
    notes[#notes + 1] = ("%s is not used: %s"):format(ignored.where, ignored.reason)
  end
  for _, unit in ipairs(UNITS) do
    local secret = origins[unit.secret]
    for _, key in ipairs { "url", "scim_url", "rest_url", "mfa_url", "cid" } do
      local layer = unit[key] and origins[key]
      -- among themselves the files are one configuration
      if secret and layer and layer ~= secret and not (layer.profiles and secret.profiles) then
        notes[#notes + 1] = ("the %s is that of %s, but the %s is that of %s"):format(
          unit.word,
          where_of(secret, unit.secret, chosen),
          unit[key],
          where_of(layer, key, chosen)
        )
      end
    end
  end
  return notes
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

local function missing(configuration, name, named, key, entry, variable)
  local hint = "set " .. variable
  if name then
    local path = configuration.layers.user_path or sources.SYSTEM_FILE
    local write = ("write %s into %s"):format(entry, path)
    hint = named and write or ("%s, or %s"):format(write, hint)
  end
  local subject = name and ('profile "%s"'):format(name) or "the environment"
  return fail("no_" .. key, ("%s has no %s: %s"):format(subject, key, hint), hint)
end

--- One profile as options for `lastpass.new`.
---@param name? string default: the default profile
---@return table|nil options provhash is still a description: {kind = "file"|"env"|"command", value}; `scim`
-- has url, token and dialect; `rest` url and key; `mfa` what `lastpass.mfa.new` takes, its keys as {file = …}; `approval`
-- as of `lastpass.new`
---@return string? message
---@return lastpass.Error? err kind "argument" (unknown_profile, no_profile, no_cid, no_provhash,
-- no_scim_token, no_rest_key, no_mfa_key)
function methods:profile(name)
  check_name(name)
  local chosen, named = choose(self, name)
  if chosen and not self.profiles[chosen] then
    local source = not name and self.default_layer and self.default_layer.where .. ": " or ""
    return unknown_profile(self, chosen, source)
  end
  local values = resolve(self.layers, chosen, named)
  if not chosen and not values.cid then
    return no_profile(self)
  elseif not values.cid then
    return missing(self, chosen, named, "cid", '"cid": NUMBER', "LASTPASS_CID")
  elseif not values.provhash then
    local entry = '"provhash": {"file": PATH}'
    return missing(self, chosen, named, "provhash", entry, "LASTPASS_PROVHASH_FILE")
  elseif not values.scim_token and (values.scim_url or values.scim_dialect) then
    local entry = '"scim_token": {"file": PATH}'
    return missing(self, chosen, named, "scim_token", entry, "LASTPASS_SCIM_TOKEN_FILE")
  elseif not (values.rest_key or values.rest_parent_key) and values.rest_url then
    local entry = '"rest_key": {"file": PATH}'
    return missing(self, chosen, named, "rest_key", entry, "LASTPASS_REST_KEY_FILE")
  elseif not values.mfa_key and (values.mfa_url or values.mfa_private_key) then
    local entry = '"mfa_key": {"file": PATH}'
    return missing(self, chosen, named, "mfa_key", entry, "LASTPASS_MFA_KEY_FILE")
  end
  return client_options.fold(values)
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

--- The places a configuration is read from: flags, environment, and three files.
-- @module lastpass.config.layers
local errors = require "lastpass.error"
local config_file = require "lastpass.config.file"
local keys = require "lastpass.config.keys"

local M = {}

local VARIABLES = {
  LASTPASS_CID = "cid",
  LASTPASS_PROVHASH_FILE = "provhash",
  LASTPASS_URL = "url",
  LASTPASS_TIMEZONE = "timezone",
  LASTPASS_CA_FILE = "ca_file",
  LASTPASS_PROXY = "proxy",
  LASTPASS_JOURNAL = "journal",
  LASTPASS_SCIM_URL = "scim_url",
  LASTPASS_SCIM_TOKEN_FILE = "scim_token",
  LASTPASS_REST_URL = "rest_url",
  LASTPASS_REST_KEY_FILE = "rest_key",
  LASTPASS_REST_PARENT_KEY_FILE = "rest_parent_key",
  LASTPASS_MFA_URL = "mfa_url",
  LASTPASS_MFA_KEY_FILE = "mfa_key",
  LASTPASS_MFA_PRIVATE_KEY_FILE = "mfa_private_key",
}

--- The file of the whole machine.
M.SYSTEM_FILE = "/etc/lastpass/config.json"
local PROJECT_FILE = ".lastpass.json"

-- Reads variables; an empty one counts as not set.
local function variable_reader(environment)
  return function(name)
    local value
    if environment then
      value = environment[name]
    else
      value = os.getenv(name)
    end
    return value ~= "" and value or nil
  end
end

-- The values of flags or of the environment hold for every profile.
local function overlay(name, given, home)
  local layer = { name = name, values = {}, sources = {} }
  local origin = { home = home, numbers_as_text = true }
  for source, pair in pairs(given) do
    local key, value = pair[1], pair[2]
    local checked, reason = keys.check(key, value, origin)
    if checked == nil then
      return errors.fail("argument", "bad_config", source .. " " .. reason)
    end
    layer.values[key], layer.sources[key] = checked, source
  end
  return layer
end

local function environment_layer(variable, home)
  local given = {}
  for name, key in pairs(VARIABLES) do
    local value = variable(name)
    if value and name:find "_FILE$" and key ~= "ca_file" then
      value = { file = value }
    end
    given[name] = value and { key, value }
  end
  local layer, message, err = overlay("environment", given, home)
  if layer then
    layer.default = variable "LASTPASS_PROFILE"
    layer.where = "LASTPASS_PROFILE"
  end
  return layer, message, err
end

local function flags_layer(flags, home)
  local given = {}
  for key, value in pairs(flags) do
    if key ~= "profile" then
      given["--" .. key:gsub("_", "-")] = { key, value }
    end
  end
  local layer, message, err = overlay("flags", given, home)
  if layer then
    layer.default = flags.profile
    layer.where = "--profile"
  end
  return layer, message, err
end

local function user_file(variable, home)
  local own = variable "LASTPASS_CONFIG"
  if own then
    if own:sub(1, 2) == "~/" and home then
      own = home .. own:sub(2)
    end
    return own, true
  end
  local folder = variable "XDG_CONFIG_HOME"
  -- The XDG specification has relative paths ignored.
  if not folder or folder:sub(1, 1) ~= "/" then
    folder = home and home .. "/.config"
  end
  return folder and folder .. "/lastpass/config.json", false
end

--- Reads all layers.
---@param options table as of `config.load`
---@return table|nil layers the strongest first, and by name; each has name and either values (for
-- every profile) with sources, or profiles with where; user_path: the user's file
---@return string? message
---@return lastpass.Error? err
function M.read(options)
  local variable = variable_reader(options.environment)
  local home = variable "HOME"
  local user_path, must_exist = user_file(variable, home)
  local makers = {
    function()
      return flags_layer(options.flags or {}, home)
    end,
    function()
      return environment_layer(variable, home)
    end,
    function()
      return config_file.layer("project", (options.directory or ".") .. "/" .. PROJECT_FILE, home)
    end,
    function()
      if user_path then
        return config_file.layer("user", user_path, home, must_exist)
      end
      return { name = "user", where = "no HOME", profiles = {} }
    end,
    function()
      return config_file.layer("system", options.system or M.SYSTEM_FILE, home)
    end,
  }
  local layers = {}
  for index, make in ipairs(makers) do
    local layer, message, err = make()
    if not layer then
      return nil, message, err
    end
    layers[index] = layer
    layers[layer.name] = layer
  end
  layers.user_path, layers.home = user_path, home
  return layers
end

--- The layers of flags and environment with one file below them.
---@param layers table as of `read`
---@param path string
---@param read_as? fun(path: string, data: string): any as of `config.file`
---@return table|nil layers
---@return string? message
---@return lastpass.Error? err
function M.with_file(layers, path, read_as)
  local home = layers.home
  if path:sub(1, 2) == "~/" and home then
    path = home .. path:sub(2)
  end
  local layer, message, err = config_file.layer("file", path, home, true, read_as)
  if not layer then
    return nil, message, err
  end
  return {
    layers.flags,
    layers.environment,
    layer,
    flags = layers.flags,
    environment = layers.environment,
    home = home,
  }
end

return M

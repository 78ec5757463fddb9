--- `lastpass config show`.
-- @module lastpass.cli.commands.config.show
local address = require "lastpass.transport.address"
local keys = require "lastpass.config.keys"
local views = require "lastpass.cli.views"

local function defaults()
  local values = {}
  for _, option in ipairs(require("lastpass.enterprise.options").list) do
    values[option[1]] = option[3]
  end
  return values
end

-- The hash itself is never shown, only where it comes from; nor is a password in an address.
local function shown(key, value)
  if key == "provhash" then
    return ("%s %s"):format(value.kind, value.value)
  end
  return type(value) == "string" and address.without_password(value) or value
end

local function rows_of(configuration, options)
  local name, values = configuration.default, configuration:values()
  local rows, known = {}, defaults()
  if name then
    local layer = configuration.default_layer
    rows[1] = {
      key = "profile",
      value = name,
      origin = layer and layer.name or "only one",
      where = layer and layer.where,
    }
  end
  for _, key in ipairs(keys.names) do
    local origin, where = configuration:origin(name, key)
    if origin then
      rows[#rows + 1] =
        { key = key, value = shown(key, values[key]), origin = origin, where = where }
    elseif options.all and known[key] ~= "required" then
      rows[#rows + 1] = { key = key, value = known[key] or "none", origin = "default" }
    end
  end
  for _, ignored in ipairs(options.origin and configuration:ignored() or {}) do
    rows[#rows + 1] = {
      key = ignored.key,
      value = shown(ignored.key, ignored.value),
      origin = "not used",
      where = ("%s: %s"):format(ignored.where, ignored.reason),
    }
  end
  return rows
end

return {
  name = "config show",
  summary = "Show the settings in force",
  description = "Flags go before the environment, it before ./.lastpass.json, that before your "
    .. "file, that before /etc/lastpass/config.json. A profile that --profile names is one unit: "
    .. "the environment counts for nothing, but for a journal that no file names. The hash and "
    .. "passwords are never shown.",
  connects = true,
  rows = true,
  options = {
    { "--origin", "say where each value comes from" },
    { "--all", "defaults as well" },
  },
  examples = { { "lastpass config show --origin", "and which file or variable says so" } },
  topics = { "profiles" },
  run = function(session, options)
    local configuration, message, err = session:configuration()
    if not configuration then
      return nil, message, err
    end
    local name = configuration.default
    if name and not configuration.profiles[name] then
      local _
      _, message, err = configuration:profile(name)
      if err then
        return nil, message, err
      end
    end
    if not options.origin and not options.fields and not session:for_programs() then
      options.fields = "key,value"
    end
    session:show(views.settings, rows_of(configuration, options))
    return 0
  end,
}

--- Where the companies of a set come from: the profiles of the configuration, a file, or the managed companies of a
-- parent. No secret is among what they say; it is where the secret is.
-- @module lastpass.tenants.sources
local companies = require "lastpass.tenants.company"
local config = require "lastpass.config"
local errors = require "lastpass.error"

local M = {}

-- A profile with `managed` and no account of its own stands for companies below it.
local function is_company(values)
  return values.cid ~= nil or not values.managed
end

local function company_of(configuration, name, connect)
  local values = configuration:values(name)
  local settings, message, err = configuration:profile(name)
  return companies.new {
    name = name,
    cid = values.cid,
    groups = values.groups,
    where = configuration:file_of(name),
    settings = settings,
    problem = not settings and { message, err } or nil,
    connect = connect,
  }
end

local function of_profiles(configuration, connect)
  local list = {}
  for _, name in ipairs(errors.names_of(configuration.profiles)) do
    if is_company(configuration:values(name)) then
      list[#list + 1] = company_of(configuration, name, connect)
    end
  end
  return list, configuration:groups()
end

--- Reads the companies.
---@param options table of `tenants.load`
---@param connect fun(settings: table): lastpass.Client
---@return lastpass.tenants.Company[]|nil companies by name
---@return table<string, string[]>|string groups names to expressions; or what is wrong
---@return lastpass.Error? err
function M.read(options, connect)
  local configuration, message, err = options.configuration, nil, nil
  if not configuration then
    configuration, message, err = config.load()
  end
  if configuration and options.file then
    local is_csv = options.file:lower():find "%.csv$"
    local read_as = is_csv and require("lastpass.tenants.csv_file").read or nil
    configuration, message, err = configuration:of_file(options.file, read_as)
  end
  if not configuration then
    return nil, message, err
  elseif options.parent then
    return require("lastpass.tenants.managed").read(configuration, options.parent, connect)
  end
  return of_profiles(configuration, connect)
end

return M

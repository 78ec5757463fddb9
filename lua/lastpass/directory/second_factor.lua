--- The second factor of a company's admins, which the options `mfa` and `approval` of its client name: a client of
-- LastPass MFA, `client:mfa()`, and the rule by which plans need another admin's yes.
-- @module lastpass.directory.second_factor
local email = require "lastpass.email"
local errors = require "lastpass.error"
local journals = require "lastpass.store"
local secret = require "lastpass.secret"
local states = require "lastpass.state"

local M = {}

-- By the option's table: the client that it leads to. A client made by `with` shares it.
local clients = setmetatable({}, { __mode = "k" })

-- How this machine reaches other ones is the same for both.
local INHERITED = { "ca_file", "proxy", "connect_timeout" }

-- Options that may say where a secret is.
local SECRETS = { "api_key", "private_key" }

local function text(value)
  return type(value) == "string" and value:find "%S" ~= nil, "a string that is not empty"
end

local approval_options = {
  operator = function(value)
    return type(value) == "string" and email.check(value) ~= nil, "an e-mail address"
  end,
  by = function(value)
    if type(value) ~= "table" or #value == 0 then
      return false, "a list of addresses that is not empty"
    end
    local entry, reason = email.list_problem(value)
    return entry == nil,
      ("a list of addresses ('%s': %s)"):format(tostring(entry), tostring(reason))
  end,
  from = function(value)
    return type(value) == "number" and value >= 1 and value == math.floor(value),
      "an integer from 1 on"
  end,
  ip = text,
  ask = "function",
}

--- Checks both options; raises at the caller's line. What `mfa` says is checked by `lastpass.mfa.new`, when it is
-- asked for.
---@param options table of `lastpass.new`, complete
---@param level integer 1 is the caller of `check`
function M.check(options, level)
  if options.approval then
    local where = "lastpass.new: option 'approval'"
    errors.check_options(where, options.approval, approval_options, level + 1)
  end
  for _, name in ipairs(SECRETS) do
    local given = options.mfa and options.mfa[name]
    if given ~= nil and not secret.is_known(given) then
      local form = "lastpass.new: option 'mfa': '%s' must be made by lastpass.secret, "
        .. "or be {file = …}, {env = …} or {command = …}; a string would stay in memory"
      errors.raise(level + 1, form, name)
    end
  end
end

--- Makes a client of LastPass MFA from settings, which may say where secrets are.
---@param settings table of `lastpass.mfa.new`; api_key and private_key also as {file = …}, {env = …}, {command = …}
---@return lastpass.mfa.Client|nil
---@return string? message
---@return lastpass.Error? err those of reading a secret; code "bad_option"
function M.open(settings)
  local options = {}
  for name, value in pairs(settings) do
    options[name] = value
  end
  for _, name in ipairs(SECRETS) do
    if options[name] ~= nil then
      local opened, message, err = secret.open(options[name])
      if not opened then
        return nil, message, err
      end
      options[name] = opened
    end
  end
  local ok, made, message, err = pcall(require("lastpass.mfa").new, options)
  if ok then
    return made, message, err
  end
  local shown = tostring(made):gsub("^[^:]*:%d+: ", ""):gsub("^lastpass%.mfa%.new: ", "")
  return errors.fail("argument", "bad_option", "option 'mfa': " .. shown)
end

--- The client of LastPass MFA, made on first use from the option `mfa`.
---@return lastpass.mfa.Client|nil
---@return string? message
---@return lastpass.Error? err code "no_mfa" without that option; those of reading its secrets
function M.mfa(client)
  local given = client:option "mfa"
  if not given then
    return errors.fail("argument", "no_mfa", "this client has no LastPass MFA", {
      hint = "give it the option mfa = { api_key = … }, or write into the profile "
        .. '"mfa_key": {"file": PATH}',
    })
  end
  if not clients[given] then
    local settings = {}
    for _, name in ipairs(INHERITED) do
      settings[name] = client:option(name)
    end
    settings.clock = client:option "now"
    for name, value in pairs(given) do
      settings[name] = value
    end
    if not settings.state then
      local journal, message, err = journals.of(client)
      if not journal then
        return nil, message, err
      end
      -- requests to phones are counted over all programs that share the journal
      settings.state = states.database(journal)
    end
    local made, message, err = M.open(settings)
    if not made then
      return nil, message, err
    end
    clients[given] = made
  end
  return clients[given]
end

return M

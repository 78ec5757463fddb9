--- What the commands about LastPass MFA share: the client that the command line or the profile means, and results.
-- @module lastpass.cli.mfa
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local values = require "lastpass.cli.values"

local M = {}

local must = failure.must

--- Where requests to phones, and wrong codes, are counted.
---@type lastpass.cli.Option
M.journal_option = {
  "--journal",
  "file or postgresql:// address where requests to phones are counted",
  value = "PLACE",
}

--- Which LastPass MFA, and how it is reached. Keys are never taken from the command line.
---@type lastpass.cli.Option[]
M.options = {
  { "--profile", "profile of the configuration", value = "NAME" },
  {
    "--url",
    "address of LastPass MFA; default the profile's, else LastPass's own",
    value = "URL",
  },
  {
    "--mode",
    "plain with the Login key, secured with the Generic key; default as the profile's keys are",
    value = "MODE",
    choices = { "plain", "secured" },
  },
  { "--key-file", "file with the API key, mode 600", value = "FILE" },
  { "--key-command", "command that prints the API key", value = "COMMAND" },
  { "--key-env", "environment variable with the API key", value = "NAME" },
  {
    "--private-key-file",
    "PEM of the RSA key that signs, mode 600: of the secured mode",
    value = "FILE",
  },
  { "--ca-file", "certificates to trust", value = "FILE" },
  { "--proxy", "proxy to go through", value = "URL" },
  M.journal_option,
}

local KINDS = { "file", "command", "env" }

-- Where the API key is, as the command line says; nil when it says nothing.
local function key_of(options)
  local key
  for _, kind in ipairs(KINDS) do
    local value = options["key_" .. kind]
    if value and key then
      must(values.usage(("--key-%s and --key-%s do not go together"):format(next(key), kind)))
    end
    key = value and { [kind] = value } or key
  end
  return key
end

-- What the command line says, with the names of `mfa.new`.
local function given_of(options)
  local key = key_of(options)
  local signs = options.private_key_file and { file = options.private_key_file }
  return {
    base_url = options.url,
    api_key = key,
    private_key = signs,
    mode = options.mode or key and (signs and "secured" or "plain") or nil,
    ca_file = options.ca_file,
    proxy = options.proxy,
  }
end

-- What the profile says of LastPass MFA, and of the rest. A command about MFA needs no account number and no hash.
local function of_profile(session)
  local configuration = must(session:configuration())
  local given = session.options.profile or configuration.default
  if session.options.profile and not configuration.profiles[given] then
    must(configuration:profile()) -- names the nearest
  end
  local profile = configuration:values()
  local mfa_ip = profile.mfa_ip
  profile = require("lastpass.config.client_options").fold(profile)
  profile.mfa_ip = mfa_ip
  return profile.mfa, profile
end

local function no_key(profile)
  local errors = require "lastpass.error"
  return errors.fail("argument", "no_mfa_key", "there is no key for LastPass MFA", {
    hint = profile and 'write "mfa_key": {"file": PATH} into the profile, or use --key-file'
      or "use --key-file, --key-command or --key-env",
  })
end

--- The options of `mfa.new` that the command line and the profile mean, secrets as {file = …} and the like.
---@param session lastpass.cli.Session
---@return table settings
---@return table profile its other settings
function M.settings(session)
  local options = session.options
  local given = given_of(options)
  local settings, profile = of_profile(session)
  if given.api_key or given.base_url then
    if not given.api_key then
      must(
        values.usage(
          "--url needs a key of its own: the profile's goes to the profile's address",
          "use --key-file, --key-command or --key-env"
        )
      )
    end
    settings = given
  else
    settings = settings or must(no_key(true))
    for name, value in pairs(given) do
      settings[name] = value
    end
  end
  for _, name in ipairs { "ca_file", "proxy" } do
    settings[name] = settings[name] or profile[name]
  end
  return settings, profile
end

local function journal_place(options, profile)
  return options.journal
    or profile.journal
    or must(require("lastpass.store.location").default_path())
end

--- Where used codes and requests to phones are counted: for all programs that share the journal.
---@param session lastpass.cli.Session
---@param profile? table default: read now
---@return lastpass.state.State
function M.state(session, profile)
  profile = profile or select(2, of_profile(session))
  return require("lastpass.state").database(journal_place(session.options, profile))
end

--- The client that the command line means; what is wrong is raised.
---@param session lastpass.cli.Session
---@return lastpass.mfa.Client
---@return table profile
function M.client(session)
  local settings, profile = M.settings(session)
  settings.state = M.state(session, profile)
  require("lastpass.cli.interrupt").watch()
  return must(failure.call(require("lastpass.directory.second_factor").open, settings)), profile
end

--- A state in a journal, as Lua.
---@param place string
---@return table
function M.state_lua(place)
  return lua_text.raw(('require("lastpass.state").database(%s)'):format(lua_text.value(place)))
end

local function secret_lua(description)
  local kind, value = next(description)
  return lua_text.raw(
    ('assert(require("lastpass").secret.%s(%s))'):format(kind, lua_text.value(value))
  )
end

--- The line of Lua that makes the client.
---@param options table of the command line
---@return string
function M.lua(options)
  local given = given_of(options)
  if not given.api_key then
    local profile = options.profile and lua_text.value(options.profile) or ""
    return ('local mfa = assert(assert(require("lastpass").connect(%s)):mfa())'):format(profile)
  end
  given.api_key = secret_lua(given.api_key)
  given.private_key = given.private_key and secret_lua(given.private_key)
  if options.journal then
    given.state = M.state_lua(options.journal)
  end
  return ('local mfa = assert(require("lastpass").mfa.new %s)'):format(lua_text.value(given))
end

-- ------------------------------------------------------------------ results

local by_outcome = {
  approved = exit.done,
  pending = exit.guard,
  throttled = exit.throttled,
  unreachable = exit.unreachable,
  error = exit.failed,
}

--- The exit code of a result: 0 is an approval and nothing else; what nobody decided is no refusal.
---@param result lastpass.mfa.Result
---@return integer
function M.exit_code(result)
  return by_outcome[result.outcome] or exit.guard
end

--- Shows a result, and when the next attempt may be made.
---@param session lastpass.cli.Session
---@param result lastpass.mfa.Result
---@param view? table default `views.mfa_result`
---@param meaning? string default the outcome's
---@return integer code
function M.show_result(session, result, view, meaning)
  local row = {}
  for name, value in pairs(result) do
    row[name] = value
  end
  row.meaning = meaning or require("lastpass").mfa.outcomes.for_log(result.outcome)
  session:show(view or require("lastpass.cli.views").mfa_result, { row })
  session.streams:flush()
  if result.retry_after and not result.ok then
    session:say("the next attempt is possible in %d seconds", math.ceil(result.retry_after))
  end
  if result.err then
    session:say("%s", failure.text(result.err.message, result.err))
  end
  return M.exit_code(result)
end

return M

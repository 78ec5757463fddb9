--- Which SCIM server a command talks to, and with which token: an address and a token of the command line, or those
-- of the profile.
-- @module lastpass.cli.scim_server
local errors = require "lastpass.error"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local values = require "lastpass.cli.values"

local M = {}

local must = failure.must

--- Where the token comes from; it is never taken from the command line.
---@type lastpass.cli.Option[]
M.token_options = {
  { "--token-file", "file with the server's token, mode 600", value = "FILE" },
  { "--token-command", "command that prints the token", value = "COMMAND" },
  { "--token-env", "environment variable with the token", value = "NAME" },
  { "--token-fd", "open descriptor the token is read from", value = "NUMBER", number = true },
  { "--token-prompt", "ask for the token, without echo; as without any of these" },
}

--- How the server is reached.
---@type lastpass.cli.Option[]
M.way_options = {
  { "--ca-file", "certificates to trust", value = "FILE" },
  { "--proxy", "proxy to go through", value = "URL" },
  { "--timeout", "seconds for one request", value = "SECONDS", number = true },
  { "--retries", "how often a read is tried again", value = "COUNT", number = true },
}

--- Options of every command that reads a SCIM server.
---@type lastpass.cli.Option[]
M.options = values.join(
  {
    { "--profile", "profile of the configuration", value = "NAME" },
    { "--url", "address of the server; default the profile's SCIM endpoint", value = "URL" },
  },
  M.token_options,
  {
    {
      "--dialect",
      "what the server does: lastpass for what little LastPass documents, rfc for all of SCIM 2.0",
      value = "NAME",
      choices = { "lastpass", "rfc" },
    },
    { "--rate", "requests per second at most", value = "COUNT", number = true },
  },
  M.way_options
)

local KINDS = { "file", "command", "env", "fd", "prompt" }

-- The one source that is named, if one is.
local function source_of(options)
  local kind
  for _, name in ipairs(KINDS) do
    if options["token_" .. name] then
      if kind then
        return values.usage(("--token-%s and --token-%s do not go together"):format(kind, name))
      end
      kind = name
    end
  end
  return kind or "none"
end

--- Reads the token of the command line, or asks for it.
---@param session lastpass.cli.Session
---@return userdata secret
function M.token(session)
  local options = session.options
  local kind = must(source_of(options))
  local secret = require "lastpass.secret"
  if kind == "fd" then
    return must(secret.descriptor(options.token_fd))
  elseif kind ~= "prompt" and kind ~= "none" then
    return must(secret[kind](options["token_" .. kind]))
  elseif options.no_input or kind == "none" and not session.streams.input_is_terminal then
    return must(errors.fail("guard", "no_terminal", "the token would have to be asked for", {
      hint = "use --token-file, --token-command, --token-env or --token-fd",
    }))
  end
  return must(require("lastpass.cli.session").ask_secret "Token: ")
end

-- What the profile says of its SCIM endpoint.
local function of_profile(session)
  local settings = must(must(session:configuration()):profile())
  if not settings.scim and source_of(session.options) == "none" then
    must(errors.fail("argument", "no_scim_token", "the profile has no token for SCIM", {
      hint = 'write "scim_token": {"file": PATH} into it, or use --token-file or --url',
    }))
  end
  local scim = settings.scim or {}
  settings.url, settings.dialect, settings.scim_token = scim.url, scim.dialect, scim.token
  return settings
end

local function token_of(session, settings)
  local kind, value = next(settings.scim_token or {})
  if kind and source_of(session.options) == "none" then
    return must(require("lastpass.secret")[kind](value))
  end
  return M.token(session)
end

-- An address that cannot be one is found before a token is asked for.
local function check_url(url)
  local parsed, message, err =
    require("lastpass.transport.address").parse((url:gsub("[?#].*$", "")))
  if not parsed then
    must(errors.fail("argument", err.code, ("%s: %s"):format(url, message), { hint = err.hint }))
  end
end

local SHARED = { "url", "dialect", "timeout", "retries", "rate", "ca_file", "proxy" }

--- A client of the server that the command line means; what is wrong is raised.
---@param session lastpass.cli.Session
---@return lastpass.scim.Client
function M.client(session)
  local options = session.options
  if options.url then
    check_url(options.url)
  end
  local settings = options.url and {} or of_profile(session)
  require("lastpass.cli.interrupt").watch()
  local given = { token = token_of(session, settings) }
  for _, name in ipairs(SHARED) do
    given[name] = options[name] or settings[name]
  end
  given.cid = not given.url and settings.cid or nil
  return must(failure.call(require("lastpass").scim.new, given))
end

local SOURCES =
  { file = "file(%s)", command = "command(%s)", env = "env(%s)", fd = "descriptor(%s)" }

--- The lines of Lua that make the client.
---@param options table of the command line
---@return string
function M.lua(options)
  if not options.url then
    local profile = options.profile and lua_text.value(options.profile) or ""
    return ('local scim = assert(assert(require("lastpass").connect(%s)):scim())'):format(profile)
  end
  local kind = must(source_of(options))
  local form = SOURCES[kind]
  local source = form and form:format(lua_text.value(options["token_" .. kind]))
    or 'prompt "Token: "'
  local given = { token = lua_text.raw(('assert(require("lastpass").secret.%s)'):format(source)) }
  for _, name in ipairs(SHARED) do
    given[name] = options[name]
  end
  return 'local scim = require("lastpass").scim.new ' .. lua_text.value(given)
end

return M

--- What one command works with: its flags, the streams, and a client that is made when it is used.
-- @module lastpass.cli.session
local errors = require "lastpass.error"
local streams_module = require "lastpass.cli.streams"

---@class lastpass.cli.Session
---@field options table  as they were read from the command line
---@field streams lastpass.cli.Streams
---@field rest string[]  what a script gets
local methods = {}
local session_mt = { __name = "lastpass.cli.Session", __index = methods }

local M = {}

--- Makes a session. Nothing is read or sent.
---@param options table of the command line
---@param streams? lastpass.cli.Streams
---@param rest? string[]
---@return lastpass.cli.Session
function M.new(options, streams, rest)
  if options.provhash_env and options.provhash_env ~= "" then
    -- before an editor, a pager or a command that prints a hash could inherit it
    require("lastpass.secret").env(options.provhash_env)
  end
  return setmetatable({
    options = options,
    streams = streams or streams_module.new(),
    rest = rest or {},
  }, session_mt)
end

--- Asks for a secret without echo. A signal ends the question, and the terminal is as it was.
---@param text string
---@return userdata|nil secret
---@return string? message
---@return lastpass.Error? err
function M.ask_secret(text)
  require("lastpass.cli.interrupt").watch()
  return require("lastpass.secret").prompt(text)
end

-- Secrets that are asked for, or come by a descriptor.
local function own_secret(options)
  local secret = require "lastpass.secret"
  if options.provhash_fd then
    return secret.descriptor(options.provhash_fd)
  elseif options.provhash_prompt then
    if options.no_input then
      return errors.fail("guard", "no_terminal", "the hash would have to be asked for (--no-input)")
    end
    return M.ask_secret "Provisioning hash: "
  end
  return nil
end

--- The flags as a layer of the configuration.
---@return table
function methods:flags()
  local options = self.options
  local flags = { profile = options.profile }
  for _, option in ipairs(require("lastpass.cli.options").connection) do
    if option.config then
      flags[option.config] = options[option.config]
    end
  end
  for _, kind in ipairs { "file", "command", "env" } do
    local value = options["provhash_" .. kind]
    if value then
      flags.provhash = { [kind] = value }
    end
  end
  if options.provhash_fd or options.provhash_prompt then
    -- never read: the secret is asked for, or comes by a descriptor
    flags.provhash = { env = "LASTPASS_PROVHASH" }
  end
  return flags
end

--- All layers of the configuration.
---@return lastpass.Configuration|nil
---@return string? message
---@return lastpass.Error? err
function methods:configuration()
  return require("lastpass.config").load { flags = self:flags() }
end

local QUIET = 10 -- seconds between two reports of waits

--- What reports waits that a person could take for a program that hangs: the first of many.
---@param session table
---@return fun(wait: table) on_wait as of `lastpass.new`
function M.wait_reporter(session)
  local said = -math.huge
  return function(wait)
    local now = require("lastpass.transport.scheduler").now()
    if wait.seconds > 1 and now - said > QUIET then
      said = now
      session:say("waiting %.0f s: %s", wait.seconds, wait.reason)
    end
  end
end

-- What lastpass.new raises is a mistake in what a person has set.
local function make_client(settings)
  if settings.rate and not settings.journal then
    -- where processes share the rate
    settings.journal = require("lastpass.store.location").default_path()
  end
  local lastpass = require "lastpass"
  local ok, client = pcall(lastpass.new, settings)
  if ok then
    return client
  end
  local message = tostring(client):gsub("^[^:]*:%d+: ", ""):gsub("^lastpass%.new: ", "")
  return errors.fail("argument", "bad_option", message, { hint = "lastpass config show --origin" })
end

local function connect(self)
  local configuration, message, err = self:configuration()
  if not configuration then
    return nil, message, err
  end
  self._profile = self.options.profile or configuration.default
  local settings
  settings, message, err = configuration:profile()
  if not settings then
    return nil, message, err
  end
  for _, note in ipairs(configuration:notes()) do
    self:say("note: %s", note)
  end
  local secret = require "lastpass.secret"
  local description = settings.provhash
  settings.provhash, message, err = own_secret(self.options)
  if not settings.provhash and not message then
    local layer, where = configuration:origin(self._profile, "provhash")
    if layer == "flags" then
      where = "--provhash-" .. description.kind
    end
    self._hash = { layer = layer, where = where }
    settings.provhash, message, err = secret[description.kind](description.value)
  end
  if not settings.provhash then
    return nil, message, err
  end
  settings.on_wait = M.wait_reporter(self)
  return make_client(settings)
end

--- The client of this company; a failure is raised, and reported by the program.
---@return lastpass.Client
function methods:client()
  if not self._client then
    local client, _, err = connect(self)
    if not client then
      error(err, 0)
    end
    require("lastpass.cli.interrupt").watch()
    self._client = client
  end
  return self._client
end

--- The journal of this company and what the company is called in it, without a request: no hash is read.
---@return lastpass.store.Journal|nil journal
---@return string? tenant or what is wrong
---@return lastpass.Error? err
function methods:journal()
  local configuration, message, err = self:configuration()
  local settings
  if configuration then
    settings, message, err = configuration:profile()
  end
  if not settings then
    return nil, message, err
  end
  settings.url = settings.url or require("lastpass.enterprise.options").DEFAULT_URL
  -- all that a journal needs to know of a client
  local client = {
    option = function(_, name)
      return settings[name]
    end,
  }
  local store = require "lastpass.store"
  local journal
  journal, message, err = store.of(client)
  if not journal then
    return nil, message, err
  end
  return journal, store.tenant(client)
end

--- What corrects a hash that was refused: the command, where a profile has it; else where it came from.
---@param err lastpass.Error
---@return string|nil hint nil when the failure is not about the hash
function methods:correction(err)
  -- failures of the REST API and of SCIM have a method: there the key was refused, or the token
  local is_hash = err.code == "authorization_error" and not err.method
    or err.code == "bad_option" and tostring(err.message):find("'provhash'", 1, true)
  local hash, name = self._hash, self._profile
  if not is_hash or not hash then
    return nil
  end
  local advice = "the hash came from " .. tostring(hash.where)
  if hash.layer == "user" and name and require("lastpass.cli.user_file").is_name(name) then
    advice = ("lastpass profile add %s --replace --provhash-prompt corrects the hash"):format(name)
  end
  return err.hint and err.hint .. "; " .. advice or advice
end

--- What the configuration calls the company.
---@return string|nil name nil before the client is made, and of a company without a profile
function methods:profile_name()
  return self._profile
end

--- The company that this is about, as a question names it.
---@return string "acme (8771312 at lastpass.com)"
function methods:company()
  local client = self:client()
  local host = client:option("url"):match "^%a+://([^/?#]+)"
  local where = ("%.0f at %s"):format(tonumber(client:option "cid"), host)
  if self._profile then
    return require("lastpass.text").clean(("%s (%s)"):format(self._profile, where))
  end
  return "account " .. where
end

--- Shows rows, in the form that the options ask for.
---@param view lastpass.cli.View
---@param rows table[]|fun(): any
function methods:show(view, rows)
  require("lastpass.cli.output").rows(self, view, rows)
end

--- Shows one object.
---@param view lastpass.cli.View
---@param object any
function methods:show_one(view, object)
  require("lastpass.cli.output").one(self, view, object)
end

--- Writes a line to standard output.
---@param text string
function methods:print(text)
  self.streams:write(text, "\n")
end

--- Writes a message to standard error.
---@param format string as of string.format
function methods:say(format, ...)
  self.streams:say(select("#", ...) > 0 and format:format(...) or format)
end

--- Whether the output is for a program.
---@return boolean
function methods:for_programs()
  local options = self.options
  return options.json or options.ndjson or options.csv or options.template ~= nil or false
end

return M

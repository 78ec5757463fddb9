--- The commands that run Lua: scripts, the prompt, and a sandbox to try them with.
-- @module lastpass.cli.commands.scripts
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"

local must = failure.must

-- ------------------------------------------------------------------ scripts

-- "run 12" and "run sohw" are not scripts, and deserve a better answer.
local function missing_script(path, reason)
  local hint
  if path:find "^%d+$" then
    hint = ("a run of a plan: lastpass run show %s"):format(path)
  elseif not path:find "[./]" then
    local nearest = errors.nearest(path, { "show", "resume", "undo" })
    hint = nearest and ("did you mean 'lastpass run %s'?"):format(nearest)
  end
  local message = ("there is no script %s"):format(reason or path)
  return errors.fail("argument", "no_script", message, { hint = hint })
end

local function load_script(path)
  local file, reason = io.open(path, "rb")
  if not file then
    return missing_script(path, reason)
  end
  local text = file:read "*a"
  file:close()
  if not text then
    return missing_script(path, path .. ": it cannot be read")
  end
  local fn, message = (loadstring or load)((text:gsub("^#[^\n]*", "")), "@" .. path)
  if not fn then
    return errors.fail("argument", "bad_script", message)
  end
  return fn
end

-- What the script finds: `client` (made when it is used), `lastpass`, `arg`.
local function set_globals(session, path)
  local arguments = { [0] = path }
  for position, word in ipairs(session.rest) do
    arguments[position] = word
  end
  _G.arg = arguments
  _G.lastpass = require "lastpass"
  local before = getmetatable(_G) or {}
  setmetatable(_G, {
    __index = function(_, name)
      if name == "client" then
        local client = require("lastpass").strict(session:client())
        rawset(_G, "client", client)
        return client
      end
      return type(before.__index) == "function" and before.__index(_G, name)
        or type(before.__index) == "table" and before.__index[name]
        or nil
    end,
    __newindex = before.__newindex,
  })
end

local function run_script(session, options)
  local fn = must(load_script(options.script))
  set_globals(session, options.script)
  local result = fn((table.unpack or unpack)(session.rest))
  if type(result) == "number" then
    return result
  end
  return result == false and exit.failed or exit.done
end

-- ------------------------------------------------------------------ the prompt

local function sandbox_settings(options)
  return { users = options.users or 50, seed = options.seed or 1 }
end

local function prompt_of_sandbox(options)
  local settings = sandbox_settings(options)
  local box = must(failure.call(require("lastpass.sandbox").start, settings))
  return {
    box = box,
    sandbox = settings,
    name = "sandbox",
    connect = function()
      return box:client()
    end,
  }
end

-- What is wrong with the configuration is reported when the client is used.
local function prompt_of_company(session, options)
  local configuration = session:configuration()
  local profile = options.profile or configuration and configuration.default
  return {
    name = profile,
    profile = profile,
    connect = function()
      return session:client()
    end,
  }
end

local function run_prompt(session, options)
  local settings = options.sandbox and prompt_of_sandbox(options)
    or prompt_of_company(session, options)
  if options.no_history then
    settings.history = false
  end
  local err, signal = require("lastpass.cli.repl").run(settings)
  if settings.box then
    settings.box:stop()
  end
  return signal and exit.interrupted or err and exit.of_error(err) or exit.done
end

-- ------------------------------------------------------------------ the sandbox

local function box_settings(options)
  local settings = sandbox_settings(options)
  settings.port = options.port or 0
  settings.cid, settings.latency = options.cid, options.latency
  settings.tls = options.tls or nil
  settings.saml_keys = options.saml_keys
  settings.assumptions = options.mfa_everybody and { mfa_enrolled = "everybody" } or nil
  settings.phones = options.phones and { action = options.phones } or nil
  for _, name in ipairs { "tenants", "slow", "broken", "delay", "large" } do
    settings[name] = options[name]
  end
  settings.users = options.users or not options.tenants and 50 or nil
  return settings
end

return {
  {
    name = "run",
    summary = "Run a Lua script that acts at once",
    description = "It finds `client` (a strict one: failures are raised), `lastpass`, and its own "
      .. "arguments in `arg` and `...`. A file whose name is show, resume or undo is run as "
      .. "./show. Runs of plans are another matter: run show, run resume, run undo.",
    connects = true,
    arguments = { { "script", "Lua file; what follows it is the script's" } },
    rest = true,
    examples = {
      { "lastpass run offboard.lua bob@acme.com", "a script and its argument" },
      { "lastpass --profile acme run report.lua", "for another company" },
    },
    topics = { "playbooks" },
    lua = function(options)
      return ('client = require("lastpass").strict(client)\ndofile(%s)'):format(
        lua_text.value(options.script)
      )
    end,
    run = run_script,
  },
  {
    name = "repl",
    summary = "Lua with the company in scope",
    description = "client, users, groups, folders, events, plan, sandbox and lastpass are given; "
      .. "an expression is shown without return; Tab completes, Ctrl-C drops the line or "
      .. "interrupts what runs; :help says the rest. Input that is not a terminal is read and "
      .. "run, and the first failure ends it.",
    options = {
      { "--sandbox", "work with a LastPass on this machine instead of a company" },
      { "--users", "people in the sandbox; default 50", value = "COUNT", number = true },
      { "--seed", "same seed, same sandbox; default 1", value = "NUMBER", number = true },
      { "--no-history", "store nothing of what is typed" },
    },
    connects = true,
    examples = {
      { "lastpass repl --sandbox", "try everything, with no account" },
      { "echo 'users{ disabled = true }' | lastpass repl", "one expression from a script" },
    },
    run = run_prompt,
  },
  {
    name = "sandbox",
    summary = "Run a LastPass on this machine, until Ctrl-C or Ctrl-D",
    description = "It prints one line of JSON: its address, its account number, and the file with "
      .. "its hash; for SCIM another address, and the file with its token; for SAML the pages of "
      .. "its identity provider and its service provider; for LastPass MFA its address, the files "
      .. "with its keys, and the page on which people answer for their phones. Commands work with "
      .. "it when LASTPASS_URL, LASTPASS_CID and LASTPASS_PROVHASH_FILE say so, and those of SCIM "
      .. "when LASTPASS_SCIM_URL and LASTPASS_SCIM_TOKEN_FILE do. With --tenants it is many "
      .. "companies, which the first one manages: the line has the file for --tenants-file too; "
      .. "/_sandbox/tenants shows and switches which of them are slow or broken. It runs until "
      .. "Ctrl-C, SIGTERM or the end of its terminal, and where standard input is a pipe or the "
      .. "terminal, until that ends. With /dev/null or a file as standard input, as in the "
      .. "background of a script, a "
      .. "signal ends it.",
    options = {
      {
        "--users",
        "people in a company; default 50, in many 5 to 40",
        value = "NUMBER",
        number = true,
      },
      { "--seed", "same seed, same company; default 1", value = "NUMBER", number = true },
      { "--port", "port to listen on; default a free one", value = "PORT", number = true },
      { "--cid", "account number", value = "NUMBER", number = true },
      { "--latency", "seconds added to every answer", value = "SECONDS", number = true },
      { "--tls", "speak TLS with a certificate made for the occasion" },
      { "--tenants", "so many companies more", value = "NUMBER", number = true },
      { "--slow", "so many of them never answer", value = "NUMBER", number = true },
      {
        "--broken",
        "so many answer 500, nothing, a web page, a refusal, by turns",
        value = "NUMBER",
        number = true,
      },
      { "--delay", "seconds that each of their answers takes", value = "SECONDS", number = true },
      { "--large", "one of them has so many people", value = "NUMBER", number = true },
      { "--saml-keys", "keep SAML's keys here, for the next time", value = "FOLDER" },
      {
        "--mfa-everybody",
        "all users have a phone of LastPass MFA; default those whose multifactor is lastpassauth",
      },
      {
        "--phones",
        "what phones do by themselves; default nothing, until somebody answers on the page",
        value = "ACTION",
        choices = { "approve", "deny", "ignore" },
      },
    },
    examples = {
      { "lastpass sandbox --users 200", "a company of 200 people, until Ctrl-C" },
      {
        "lastpass sandbox --tenants 500 --slow 3 --broken 5",
        "500 companies, 8 of them slow or broken",
      },
      { "lastpass sandbox </dev/null >where.json &", "in the background, until kill $!" },
    },
    lua = function(options)
      return ('local box = assert(require("lastpass").sandbox.start%s)'):format(
        lua_text.options(box_settings(options))
      )
    end,
    run = function(_, options)
      must(failure.call(require("lastpass.sandbox").run, box_settings(options)))
      return exit.done
    end,
  },
}

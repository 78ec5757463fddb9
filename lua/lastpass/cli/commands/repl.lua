--- `lastpass repl`: Lua with a company in scope.
-- @module lastpass.cli.commands.repl
local exit = require "lastpass.cli.exit"

local function start_sandbox(options)
  local settings = { users = options.users or 50, seed = options.seed or 1 }
  local box, message, err = require("lastpass.sandbox").start(settings)
  if not box then
    return nil, message, err
  end
  return {
    box = box,
    sandbox = settings,
    name = "sandbox",
    connect = function()
      return box:client()
    end,
  }
end

-- What is wrong with the configuration is told when the client is used.
local function company(session, options)
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

local function code_of(err, signal)
  if signal then
    return exit.interrupted
  elseif err then
    return exit.of_error(err)
  end
  return exit.done
end

return {
  name = "repl",
  summary = "Lua with the company in scope",
  description = "client, users, groups, folders, events, plan, sandbox and lastpass are there; an "
    .. "expression is shown without return; Tab completes, Ctrl-C drops the line or interrupts "
    .. "what runs; :help tells the rest. Input that is no terminal is read and run, and the first "
    .. "failure ends it.",
  options = {
    { "--sandbox", "work with a LastPass on this machine instead of a company" },
    { "--users", "people in the sandbox; default 50", value = "COUNT", number = true },
    { "--seed", "same seed, same sandbox; default 1", value = "NUMBER", number = true },
    { "--no-history", "keep nothing of what is typed" },
  },
  connects = true,
  examples = {
    { "lastpass repl --sandbox", "try everything, with no account" },
    { "echo 'users{ disabled = true }' | lastpass repl", "one expression from a script" },
  },
  run = function(session, options)
    local settings, message, err
    if options.sandbox then
      settings, message, err = start_sandbox(options)
      if not settings then
        return nil, message, err
      end
    else
      settings = company(session, options)
    end
    if options.no_history then
      settings.history = false
    end
    local failure, signal = require("lastpass.cli.repl").run(settings)
    if settings.box then
      settings.box:stop()
    end
    return code_of(failure, signal)
  end,
}

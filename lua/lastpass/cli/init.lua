--- The program `lastpass`: finds the command, reads its options, runs it, and reports what went wrong.
-- What the commands do is in `lastpass.cli.commands`, and can be done from Lua as well.
-- @module lastpass.cli
local exit = require "lastpass.cli.exit"

local M = {}

-- `run` is {as_json, session}; there is a session once the options are read.
local function report(streams, message, err, run)
  local code = exit.of_error(err)
  pcall(streams.flush, streams) -- rows come before it
  local hint = run.session and type(err) == "table" and run.session:correction(err) or nil
  local text = require("lastpass.cli.failure").text(message, err, {
    json = run.as_json,
    code = code,
    hint = hint,
  })
  pcall(streams.say, streams, text)
  return code
end

local OURS = {
  hint = "please report it; LASTPASS_TRACEBACK=1 shows where it happened",
}

-- An error that was raised: a failure, a closed pipe, or a mistake of this program.
local function report_raised(streams, raised, run)
  if raised == require("lastpass.cli.streams").CLOSED then
    return exit.done
  elseif type(raised) == "table" and raised.kind then
    return report(streams, raised.message, raised, run)
  end
  local failure = require "lastpass.cli.failure"
  if failure.is_interrupt(raised) then
    return exit.interrupted
  end
  -- what has a position in a program was raised there: in a script of a person, or here
  local text = tostring(raised)
  local is_script = run.session and run.session.options.script
  if is_script or failure.without_position(text) == text then
    return report(streams, text, nil, run)
  end
  return report(streams, "a mistake in this program: " .. text, OURS, run)
end

-- The traceback is for those who fix the program; it shows names and lines, no values.
local function on_error(raised)
  if type(raised) == "string" and os.getenv "LASTPASS_TRACEBACK" then
    return debug.traceback(raised, 2)
  end
  return raised
end

local function print_lua(session, command)
  local lua_text = require "lastpass.cli.lua_text"
  local code, message, err = command.lua, nil, nil
  local is_many = require("lastpass.cli.tenants").is_asked(session.options, command)
  if is_many and command.tenants then
    code = require("lastpass.cli.tenants").lua(command, session.options)
  elseif type(code) == "function" then
    code, message, err = code(session.options)
  end
  if not code then
    return nil, message, err
  end
  local lines = { command.connects and not is_many and lua_text.preamble(session.options) or nil }
  lines[#lines + 1] = code
  lines[#lines + 1] = lua_text.left_out(table.concat(lines, "\n"), command, session.options)
  session:print(table.concat(lines, "\n"))
  session.streams:flush()
  return exit.done
end

-- Whether anything that was said is about companies; what understands it is loaded only then.
local function is_about_companies(command, options)
  if command.tenants.is_meant then
    return true
  end
  for _, option in ipairs(require("lastpass.cli.options").companies) do
    local name = option[1]:sub(3):gsub("%-", "_")
    if options[name] ~= nil then
      return true
    end
  end
  return false
end

-- One company, or all that the options name.
local function execute(command, session, options)
  if command.tenants and is_about_companies(command, options) then
    local tenants = require "lastpass.cli.tenants"
    local is_asked, by_workers =
      tenants.is_asked(options, command), options.queue or options.processes
    if is_asked and by_workers and not command.tenants.run then
      return require("lastpass.cli.tenant_workers").run(session, command)
    elseif is_asked then
      return tenants.run(session, command)
    end
    local ok, message, err = tenants.check_single(options, command)
    if not ok then
      return nil, message, err
    end
  end
  return command.run(session, options)
end

local function run_command(route, streams, run)
  local command = require("lastpass.cli.commands").load(route.name)
  local options, message, err = require("lastpass.cli.grammar").parse(command, route.words)
  if not options then
    return nil, message, err
  end
  streams.ends_with_reader = command.ends_with_reader
  local session = require("lastpass.cli.session").new(options, streams, route.rest)
  run.session = session
  if options.print_lua then
    return print_lua(session, command)
  end
  local code
  code, message, err = execute(command, session, options)
  session.streams:flush()
  return code, message, err
end

local function wants_json(arguments)
  for _, word in ipairs(arguments) do
    if word == "--" then
      return false
    elseif word == "--json" then
      return true
    end
  end
  return false
end

local function run_line(arguments, streams, run)
  local route, message, err = require("lastpass.cli.grammar").route(arguments)
  if not route then
    return nil, message, err
  elseif route.help or route.name == "" then
    local text = require("lastpass.cli.help").text(route.name)
    if not route.help then
      streams.err:write(text)
      return exit.usage
    end
    streams:write(text)
    streams:flush()
    return exit.done
  end
  return run_command(route, streams, run)
end

--- Runs the program.
---@param arguments string[] as of the global `arg`
---@param given? table streams, for specs
---@return integer exit code
function M.main(arguments, given)
  local streams = require("lastpass.cli.streams").new(given)
  local run = { as_json = wants_json(arguments) }
  local ok, code, message, err = xpcall(function()
    return run_line(arguments, streams, run)
  end, on_error)
  if not ok then
    return report_raised(streams, code, run)
  elseif code == nil then
    return report(streams, message, err, run)
  end
  return code
end

return M

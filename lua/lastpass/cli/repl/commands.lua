--- The prompt's own commands: lines that begin with a colon.
-- @module lastpass.cli.repl.commands
local display = require "lastpass.cli.repl.display"
local errors = require "lastpass.error"
local scope = require "lastpass.cli.repl.scope"
local sessions = require "lastpass.cli.repl.session"
local text = require "lastpass.text"

local M = {}

--- Name, argument, what it does.
M.list = {
  { ":help", "", "this list" },
  { ":doc", "[NAME]", "what a function or an API command does, as in :doc client.users" },
  { ":save", "FILE", "write what was done as a script; :save! replaces a file" },
  { ":time", "EXPRESSION", "run it and report how long it took" },
  { ":set", "strict on|off", "let the client raise its failures, or return them" },
  { ":quit", "", "end; so does Ctrl-D" },
}

local handlers = {}

handlers[":help"] = function()
  local lines = { "Any Lua. An expression is shown without `return`. In scope:" }
  for _, name in ipairs(scope.names) do
    lines[#lines + 1] = ("  %-10s %s"):format(name[1], name[2])
  end
  lines[#lines + 1] = "Commands:"
  for _, command in ipairs(M.list) do
    lines[#lines + 1] = ("  %-18s %s"):format(command[1] .. " " .. command[2], command[3])
  end
  lines[#lines + 1] = "Tab completes names, and addresses and groups inside quotes. Ctrl-C drops"
  lines[#lines + 1] = "the line, or interrupts what runs."
  return { text = table.concat(lines, "\n") }
end

local function failed(message, err)
  return { text = display.failure(message, err), failed = true, err = err }
end

handlers[":doc"] = function(_, argument)
  local found, message, err = require("lastpass.cli.repl.reference").of(argument)
  if not found then
    return failed(message, err)
  end
  return { text = found }
end

local function save(session, path, replace)
  if path == "" then
    return failed(":save needs the name of a file", { hint = ":save playbook.lua" })
  end
  local ok, message, err = require("lastpass.cli.repl.history").save(session, path, replace)
  if not ok then
    return failed(message, err)
  end
  return { text = "wrote " .. text.clean(path) }
end

handlers[":save"] = function(session, argument)
  return save(session, argument, false)
end

handlers[":save!"] = function(session, argument)
  return save(session, argument, true)
end

handlers[":time"] = function(session, argument, width)
  local chunk, message = sessions.compile(argument, session.environment)
  if not chunk then
    return failed(message)
  end
  local loop = require "lastpass.transport.loop"
  local began = loop.now()
  local outcome = session:execute(chunk, width)
  local took = "took " .. text.duration(loop.now() - began)
  outcome.text = outcome.text and outcome.text .. "\n" .. took or took
  return outcome
end

handlers[":set"] = function(session, argument)
  local name, value = argument:match "^(%S+)%s+(%S+)$"
  if name ~= "strict" or value ~= "on" and value ~= "off" then
    return failed("settings are: strict on, strict off")
  end
  session:set_strict(value == "on")
  return { text = "strict is " .. value }
end

handlers[":quit"] = function()
  return { quit = true }
end

--- The names, for completion.
---@return string[]
function M.names()
  local names = {}
  for position, command in ipairs(M.list) do
    names[position] = command[1]
  end
  return names
end

--- Runs a line that begins with a colon.
---@param session table
---@param line string
---@param width? integer
---@return lastpass.repl.Outcome|table outcome `quit` ends the session
function M.run(session, line, width)
  local name, argument = line:match "^%s*(:%a*!?)%s*(.-)%s*$"
  local handler = handlers[name]
  if not handler then
    local nearest = errors.nearest(name or line, M.names())
    return failed(("unknown command '%s'"):format(text.clean(name or line)), {
      hint = nearest and ("did you mean %s?"):format(nearest) or ":help lists them",
    })
  end
  return handler(session, argument, width)
end

return M

--- `lastpass repl`: Lua with a company in scope.
-- @module lastpass.cli.repl
local commands = require "lastpass.cli.repl.commands"
local core = require "lastpass.core"
local sessions = require "lastpass.cli.repl.session"

local M = {}

local INPUT, OUTPUT = 0, 1 -- the descriptors

local STDIN = "=stdin" -- the name of its chunks

local function write_error(output, line, text)
  text = text:gsub("^error: ", "")
  local position = text:find "^stdin:%d+:" and "" or ("stdin:%d: "):format(line)
  output.errors:write("lastpass: ", position, text, "\n")
end

-- Shows an outcome; gives the error when it is one.
local function show(output, line, outcome)
  if outcome.failed then
    write_error(output, line, outcome.text)
    return outcome.err or true
  elseif outcome.text then
    output.data:write(outcome.text, "\n")
    output.data:flush()
  end
  return nil
end

--- Runs input that is not a terminal, without a prompt. The first failure ends it, and so does a signal.
---@param session table
---@param input file
---@param output table data, errors: files
---@return any|nil err what ended it: an error object or true; nil when all went well
---@return string|nil signal that ended it
function M.run_batch(session, input, output)
  local pending, first, number = nil, 1, 0
  for line in input:lines() do
    number = number + 1
    if not pending and line:find "^%s*:%a" then
      local outcome = commands.run(session, line)
      local err = show(output, number, outcome)
      if err or outcome.signal then
        return err, outcome.signal
      elseif outcome.quit then
        return nil
      end
    else
      first = pending and first or number
      local text = pending and pending .. "\n" .. line or line
      local chunk, message, incomplete =
        sessions.compile(text, session.environment, { name = STDIN, line = first })
      pending = incomplete and text or nil
      if chunk then
        local outcome = session:execute(chunk)
        local err = show(output, first, outcome)
        if err or outcome.signal then
          return err, outcome.signal
        end
      elseif not incomplete then
        write_error(output, number, message)
        return true
      end
    end
  end
  if pending then
    write_error(output, first, "the input ends before this is complete")
    return true
  end
  return nil
end

local function banner(options)
  local where = options.box and "sandbox at " .. options.box.origin or options.name
  return ("lastpass %s%s. :help lists what there is."):format(
    require "lastpass.version",
    where and ", " .. where or ""
  )
end

--- Runs it on standard input and output.
---@param options table connect: function that gives the client, or nil, message, err; name: for the
-- prompt; profile: for what is saved; box: a sandbox that runs; sandbox: its options; history: path
-- (default: in the state folder), false for none
---@return any|nil err what ended it, when it was not a terminal and something failed
---@return string|nil signal "SIGINT" or "SIGTERM", when one ended it
function M.run(options)
  local session = sessions.new(options)
  if not core.is_terminal(INPUT) or not core.is_terminal(OUTPUT) then
    return M.run_batch(session, io.stdin, { data = io.stdout, errors = io.stderr })
  end
  local history = options.history
  if history == nil then
    history = require("lastpass.cli.repl.history").default_path()
  end
  local signal = require("lastpass.cli.repl.interactive").run(session, {
    prompt = (options.name or "lastpass") .. "> ",
    banner = banner(options),
    history = history or nil,
  })
  return nil, signal
end

return M

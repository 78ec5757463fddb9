--- `lastpass repl`: Lua with a company in scope.
-- @module lastpass.cli.repl
local core = require "lastpass.core"

local M = {}

local INPUT, OUTPUT = 0, 1 -- the descriptors

local function banner(options)
  local where = options.box and "sandbox at " .. options.box.origin or options.name
  return ("lastpass %s%s. :help tells what there is."):format(
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
  local session = require("lastpass.cli.repl.session").new(options)
  if not core.is_terminal(INPUT) or not core.is_terminal(OUTPUT) then
    return require("lastpass.cli.repl.batch").run(session, io.stdin, {
      data = io.stdout,
      errors = io.stderr,
    })
  end
  local history = options.history
  if history == nil then
    history = require("lastpass.cli.repl.history").default_path()
  end
  return nil,
    require("lastpass.cli.repl.interactive").run(session, {
      prompt = (options.name or "lastpass") .. "> ",
      banner = banner(options),
      history = history or nil,
    })
end

return M

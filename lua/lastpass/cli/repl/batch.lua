--- Input that is no terminal: read, run, shown without a prompt; the first failure ends it.
-- @module lastpass.cli.repl.batch
local chunks = require "lastpass.cli.repl.chunk"
local commands = require "lastpass.cli.repl.commands"

local M = {}

local NAME = "=stdin"

local function complain(output, line, text)
  text = text:gsub("^error: ", "")
  local place = text:find "^stdin:%d+:" and "" or ("stdin:%d: "):format(line)
  output.errors:write("lastpass: ", place, text, "\n")
end

-- Shows an outcome; the error when it is one.
local function show(output, line, outcome)
  if outcome.failed then
    complain(output, line, outcome.text)
    return outcome.err or true
  elseif outcome.text then
    output.data:write(outcome.text, "\n")
    output.data:flush()
  end
  return nil
end

--- Runs everything. A signal ends it.
---@param session table
---@param input file
---@param output table data, errors: files
---@return any|nil err what ended it: an error object or true; nil when all went well
---@return string|nil signal that ended it
function M.run(session, input, output)
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
        chunks.compile(text, session.environment, { name = NAME, line = first })
      pending = incomplete and text or nil
      if chunk then
        local outcome = session:execute(chunk)
        local err = show(output, first, outcome)
        if err or outcome.signal then
          return err, outcome.signal
        end
      elseif not incomplete then
        complain(output, number, message)
        return true
      end
    end
  end
  if pending then
    complain(output, first, "the input ends before this is complete")
    return true
  end
  return nil
end

return M

--- What specs do at the prompt without a terminal: run a text, look at what is shown.
local commands = require "lastpass.cli.repl.commands"
local sessions = require "lastpass.cli.repl.session"

local M = {}

local methods = {}

--- Runs a line, as the prompt does it.
function methods:run(text)
  if text:find "^:" then
    return commands.run(self.session, text, 100)
  end
  return self.session:execute(assert(sessions.compile(text, self.session.environment)), 100)
end

--- It must go well, and show something with `wanted` in it; gives what is shown.
function methods:shown(text, wanted)
  local outcome = self:run(text)
  assert(not outcome.failed, outcome.text)
  local found = (outcome.text or ""):find(wanted, 1, true)
  assert(found, ("'%s' is not in: %s"):format(wanted, tostring(outcome.text)))
  return outcome.text
end

--- It must fail, and say so with `wanted`; gives the outcome.
function methods:fails(text, wanted)
  local outcome = self:run(text)
  assert(outcome.failed, "it did not fail: " .. tostring(outcome.text))
  local found = outcome.text:find(wanted, 1, true)
  assert(found, ("'%s' is not in: %s"):format(wanted, outcome.text))
  return outcome
end

--- A session; `box` is the sandbox, `connect` stands in for its client.
function M.new(box, connect)
  local session = sessions.new {
    connect = connect or function()
      return box:client()
    end,
    box = box,
    sandbox = { users = 30, seed = 3 },
  }
  return setmetatable({ session = session }, { __index = methods })
end

return M

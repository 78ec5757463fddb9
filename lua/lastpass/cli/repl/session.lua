--- A session at the prompt: what is in scope, what was run, and how a result becomes text.
-- @module lastpass.cli.repl.session
local display = require "lastpass.cli.repl.display"
local interrupts = require "lastpass.cli.repl.interrupts"
local listing = require "lastpass.cli.repl.listing"
local scope = require "lastpass.cli.repl.scope"

local M = {}

local methods = {}
local session_mt = { __name = "lastpass.repl.Session", __index = methods }

---@class lastpass.repl.Outcome
---@field text string|nil    what is to be shown
---@field failed boolean     it raised, or gave nil, message, err
---@field err any            the error, when there is an object
---@field signal string|nil  "SIGINT" or "SIGTERM", when one came

--- Makes a session.
---@param options table connect, box (as of `scope.new`); profile: its name, for what is saved;
-- sandbox: the options of the box, likewise
---@return table session
function M.new(options)
  return setmetatable({
    environment = scope.new(options),
    profile = options.profile,
    sandbox = options.sandbox,
    done = {},
  }, session_mt)
end

--- The client in scope, if one was made.
---@return lastpass.Client|nil
function methods:client()
  local client = rawget(self.environment, "client")
  local metatable = type(client) == "table" and getmetatable(client)
  if metatable and metatable.__name == "lastpass.strict" then
    return rawget(client, "_target")
  end
  return metatable and metatable.__name == "lastpass.Client" and client or nil
end

--- The client for completion: made when somebody presses Tab inside quotes.
---@return lastpass.Client|nil
function methods:any_client()
  pcall(function()
    return self.environment.client
  end)
  return self:client()
end

-- A hash that came back in a message or a reply is not shown.
local function redact(session, text)
  local client = session:client()
  return text and client and client:redact(text) or text
end

local function pack(...)
  return { n = select("#", ...), ... }
end

-- Errors that are objects stay what they are; others become text.
local function on_error(message)
  if type(message) == "string" or type(message) == "table" then
    return message
  end
  return tostring(message)
end

--- Runs a chunk and makes its results text.
---@param chunk lastpass.repl.Chunk
---@param width? integer the terminal's columns
---@return lastpass.repl.Outcome
function methods:execute(chunk, width)
  local results
  local run, signal = interrupts.run(function()
    results = pack(chunk.run())
    return display.results(results, width)
  end, on_error)
  local outcome = { signal = signal, failed = not run[1] }
  if run[1] then
    outcome.text, outcome.failed = run[2], run[3] or false
    outcome.err = outcome.failed and results[3] or nil
  else
    outcome.err = run[2]
    if signal and tostring(run[2]):find "interrupted$" then
      outcome.text = "interrupted" -- where it was does not matter
    else
      outcome.text = display.failure(tostring(run[2]), run[2], width)
    end
  end
  outcome.text = redact(self, outcome.text)
  if not outcome.failed then
    self.done[#self.done + 1] = {
      text = chunk.text,
      is_expression = chunk.is_expression,
      is_list = listing.is_many(results[1]),
    }
  end
  return outcome
end

--- Makes the client raise its failures, or return them again.
---@param on boolean
function methods:set_strict(on)
  local client = self:any_client()
  if client then
    rawset(self.environment, "client", on and require "lastpass.strict"(client) or client)
  end
  self.strict = on
end

return M

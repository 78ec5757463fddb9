--- A session at the prompt: compiles what was typed, runs it, and makes its results text.
-- @module lastpass.cli.repl.session
local display = require "lastpass.cli.repl.display"
local interrupts = require "lastpass.cli.repl.interrupts"
local scope = require "lastpass.cli.repl.scope"

local M = {}

-- ------------------------------------------------------------------ chunks

local NAME = "=repl" -- the name of the prompt's chunks in messages

local function load_chunk(text, name, environment)
  if text:find "^%s*\27" then
    return nil, "bytecode is not run" -- load of 5.1 has no mode
  elseif rawget(_G, "setfenv") then
    local chunk, message = loadstring(text, name)
    return chunk and setfenv(chunk, environment), message
  end
  return load(text, name, "t", environment)
end

local function pass(...)
  return ...
end

-- The parser met the end of the input where it expected more (lua.c asks the same). A string in quotes
-- cannot continue in the next line.
local function is_cut_off(message)
  return message:find "<eof>'?$" ~= nil and not message:find "unfinished string"
end

---@class lastpass.repl.Chunk
---@field run function
---@field text string
---@field is_expression boolean

--- Compiles what was typed.
---@param text string
---@param environment table what its globals are
---@param options? table name: of the chunk (default `NAME`); line: the number of its first line
---@return lastpass.repl.Chunk|nil
---@return string? message
---@return boolean? incomplete more lines could make it complete
function M.compile(text, environment, options)
  local name = options and options.name or NAME
  local before = ("\n"):rep((options and options.line or 1) - 1)
  if load_chunk("return " .. text, name, environment) then
    -- not as a tail call, which would hide the chunk from messages that blame its line
    local call = before .. "return (...)(" .. text
    -- the bracket in a line of its own is not part of a comment, but shifts lines in messages
    local run = load_chunk(call .. ")", name, environment)
      or load_chunk(call .. "\n)", name, environment)
    return {
      run = function()
        return run(pass)
      end,
      text = text,
      is_expression = text:find "%S" ~= nil,
    }
  end
  local run, message = load_chunk(before .. text, name, environment)
  if run then
    return { run = run, text = text, is_expression = false }
  end
  return nil, message, is_cut_off(message)
end

--- Whether a string is a statement by itself, as a script needs it.
---@param text string
---@return boolean
function M.is_statement(text)
  return load_chunk(text, NAME, {}) ~= nil
end

-- ------------------------------------------------------------------ sessions

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
      is_list = scope.is_many(results[1]),
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

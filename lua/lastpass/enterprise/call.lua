--- One call of the API: body, rate, send, read the reply, and again when that is safe.
-- @module lastpass.enterprise.call
local core = require "lastpass.core"
local errors = require "lastpass.error"
local limiter = require "lastpass.limiter"
local loop = require "lastpass.transport.scheduler"
local reply = require "lastpass.enterprise.reply"

local M = {}

--- Names in circulation that are no commands of the server (enterprise-api §10).
M.aliases = { batchchange = "batchchangegrp", getreport = "reporting", getevents = "reporting" }

--- The names of the commands.
---@return string[]
function M.names()
  local names = {}
  for position, command in ipairs(core.commands) do
    names[position] = command.name
  end
  return names
end

--- The command of that name or alias, or nil.
---@param name string
---@return table|nil
function M.find(name)
  return core.commands[M.aliases[name] or name]
end

-- The same; raises for any other name.
local function resolve(name, level)
  local command = M.find(name)
  if type(name) ~= "string" or not command then
    local nearest = errors.did_you_mean(name, M.names())
    errors.raise(level + 1, "unknown command '%s'%s", tostring(name), nearest)
  end
  return command
end

-- A reply that breaks off leaves it open whether a write was made.
local function complete_error(call, err)
  err.command = call.command
  if call.writes and err.sent and err.uncertain == nil then
    err.uncertain = true
  end
  return err
end

local function http_request(client, call, sink)
  local options = client._options
  return {
    method = "POST",
    url = options.url,
    headers = client._headers,
    body = call.body,
    repeatable = not call.writes,
    timeout = options.timeout,
    max_bytes = options.max_bytes,
    sink = sink,
  }
end

local function send_once(client, call, sink)
  local options = client._options
  if options.on_request then
    options.on_request { command = call.command, attempt = call.attempt }
  end
  local response, message, err = client._transport:send(http_request(client, call, sink))
  if not response then
    message = call.provhash:redact(call.command .. ": " .. message)
    err.message = message
    return nil, message, complete_error(call, err)
  end
  return response
end

--- Makes what describes one call; raises when the data do not fit the command.
---@param level integer 1 is the caller of `prepare`
---@return table|nil call
---@return string? message
---@return lastpass.Error? err code "bad_address": something that names an account cannot be sent
function M.prepare(client, name, data, level)
  local command = resolve(name, level + 1)
  local body, message, code = core[command.name](client._options, data)
  if code then
    return errors.fail("argument", code, message, { command = command.name })
  elseif not body then
    errors.raise(level + 1, "%s", message)
  end
  return {
    command = command.name,
    writes = command.writes,
    data = data,
    body = body,
    provhash = client._options.provhash,
  }
end

--- Starts a prepared call that only reads and does not wait for its reply: no retries.
---@param sink userdata takes the reply's body while it comes
---@return table|nil transfer of the transport, which must have `start`
---@return string? message
---@return lastpass.Error? err
function M.start(client, call, sink)
  local options = client._options
  local _, refusal, reason = client._limiter:acquire(call.command, options.rate, options.on_wait)
  if refusal then
    return nil, refusal, reason
  end
  return client._transport:start(http_request(client, call, sink))
end

--- Executes a prepared call, with its slot in time, its retries and its hooks.
---@param read fun(call: table, response: table): any what makes a value of a response
---@param sink? userdata takes a successful reply's body; `reset` before each attempt
function M.perform(client, call, read, sink)
  local options = client._options
  call.attempt = 0
  while true do
    call.attempt = call.attempt + 1
    local _, refusal, reason = client._limiter:acquire(call.command, options.rate, options.on_wait)
    if refusal then
      return nil, refusal, reason
    end
    if sink then
      sink:reset()
    end
    local begun = options.on_reply and loop.now()
    local response, message, err = send_once(client, call, sink)
    local value
    if response then
      value, message, err = read(call, response)
    end
    if options.on_reply then
      options.on_reply {
        command = call.command,
        attempt = call.attempt,
        seconds = loop.now() - begun,
        code = value == nil and err.code or nil,
      }
    end
    if value ~= nil then
      return value
    end
    if err.kind == "throttled" and (err.retry_after or 0) <= limiter.LONGEST_WAIT then
      client._limiter:back_off(err.retry_after or 0, options.rate)
    end
    -- what failed before a byte was sent can always be tried again; what was sent only when it reads
    local may_repeat = not call.writes or limiter.is_unsent(err)
    if call.attempt > options.retries or not may_repeat or not limiter.is_passing(err) then
      return nil, message, err
    end
    local pause = err.retry_after or limiter.pause(call.attempt)
    if options.on_retry then
      options.on_retry {
        command = call.command,
        attempt = call.attempt,
        message = message,
        code = err.code,
        seconds = pause,
      }
    end
    loop.sleep(pause)
  end
end

--- Sends a command and gives its reply.
---@param level integer whose line is blamed for wrong data
---@return any|nil value
---@return string? message
---@return lastpass.Error? err
function M.call(client, name, data, level)
  local call, message, err = M.prepare(client, name, data, level + 1)
  if not call then
    return nil, message, err
  end
  return M.perform(client, call, reply.read)
end

return M

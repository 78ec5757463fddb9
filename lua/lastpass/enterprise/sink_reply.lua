--- The end of a reply that a sink of the core (a snapshot, events) has swallowed while it came.
-- @module lastpass.enterprise.sink_reply
local errors = require "lastpass.error"
local reply = require "lastpass.enterprise.reply"

local M = {}

local function fail(command, code, message)
  return errors.fail("protocol", code, command .. ": " .. message, { command = command })
end

-- What the sink could not take for what it reads is judged as any other reply is.
local function judge(sink, expected, request, response)
  if response.status ~= 200 then
    return reply.judge(request, response)
  end
  local finished, message, code = sink:finish()
  if not finished then
    return fail(request.command, code, message)
  end
  local refusal = sink:refusal()
  if not refusal then
    return sink
  end
  response.body = refusal
  local texts, text, err = reply.judge(request, response)
  if not texts then
    return nil, text, err
  end
  return fail(request.command, "unexpected_shape", "the reply is not " .. expected)
end

--- What `call.perform` reads a response with.
---@param sink userdata
---@param expected string what a good reply is, for messages: "a directory"
---@return fun(request: table, response: lastpass.Response): userdata|nil, string?, lastpass.Error?
function M.reader(sink, expected)
  return function(request, response)
    return judge(sink, expected, request, response)
  end
end

--- libcurl stops when the sink refuses bytes; why it did is in the sink.
---@param sink userdata
---@param message string
---@param err lastpass.Error
---@return nil
---@return string message
---@return lastpass.Error err
function M.explain(sink, message, err)
  if err.code == "bad_reply" then
    local _, text, code = sink:finish()
    if text then
      return fail(err.command, code, text)
    end
  end
  return nil, message, err
end

return M

--- The end of a getuserdata reply that a snapshot of the core has swallowed while it came.
-- @module lastpass.enterprise.sink_reply
local errors = require "lastpass.error"
local reply = require "lastpass.enterprise.reply"

local M = {}

local function fail(code, message)
  return errors.fail("protocol", code, "getuserdata: " .. message, { command = "getuserdata" })
end

-- What the sink could not take for a directory is judged as any other reply is.
local function judge(sink, request, response)
  if response.status ~= 200 then
    return reply.judge(request, response)
  end
  local finished, message, code = sink:finish()
  if not finished then
    return fail(code, message)
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
  return fail("unexpected_shape", "the reply is not a directory")
end

--- What `call.perform` reads a response with.
---@param sink userdata
---@return fun(request: table, response: lastpass.Response): userdata|nil, string?, lastpass.Error?
function M.reader(sink)
  return function(request, response)
    return judge(sink, request, response)
  end
end

--- libcurl stops when the sink refuses bytes; why it did is in the sink.
---@return nil
---@return string message
---@return lastpass.Error err
function M.explain(sink, message, err)
  if err.code == "bad_reply" then
    local _, text, code = sink:finish()
    if text then
      return fail(code, text)
    end
  end
  return nil, message, err
end

return M

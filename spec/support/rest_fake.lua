--- A REST API as a transport: answers in their order, and the requests as they came.
local json = require "lastpass.json"
local lastpass = require "lastpass"

local M = {}

M.KEY = "lpkey_000000000000_specs4711"

--- A client of it.
---@param options? table further options of the client
---@return lastpass.business.Client
---@return table server requests (a list), answers (a list: {status, body (a table or text), headers}, or functions)
function M.new(options)
  local server = { requests = {}, answers = {} }
  function server.send(_, request)
    server.requests[#server.requests + 1] = request
    local answer = table.remove(server.answers, 1)
    assert(answer, "nothing is left to answer with")
    if type(answer) == "function" then
      return answer(request)
    end
    local body = answer[2]
    return {
      status = answer[1],
      headers = answer[3] or {},
      body = type(body) == "table" and json.encode(body) or body or "",
    }
  end
  return M.client_of(server, options), server
end

--- A client of a transport.
---@param transport table
---@param options? table further options of the client
---@return lastpass.business.Client
function M.client_of(transport, options)
  local complete = { key = lastpass.secret.value(M.KEY), transport = transport }
  for name, value in pairs(options or {}) do
    complete[name] = value
  end
  return lastpass.business.new(complete)
end

return M

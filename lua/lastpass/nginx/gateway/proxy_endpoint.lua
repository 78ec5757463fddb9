--- The endpoint of the proxy: methods, scopes, and the form of its answers.
-- @module lastpass.nginx.gateway.proxy_endpoint
local access = require "lastpass.nginx.gateway.access"
local problems = require "lastpass.unified.problems"
local proxy = require "lastpass.nginx.gateway.proxy"

local M = {}

local ALLOW = "POST, OPTIONS"

--- What is refused whatever a command would do: there is no such command, or the method or the token is
-- not for it.
---@param request lastpass.unified.Request
---@param token lastpass.nginx.gateway.Token
---@param name string of the command, as the path has it
---@return lastpass.unified.Response|nil
function M.refusal(request, token, name)
  local command, problem = proxy.find(name)
  local _
  if command and request.method ~= "POST" then
    _, problem = problems.fail(405, "a command is sent with POST", { headers = { allow = ALLOW } })
  elseif command and not token.scopes.proxy then
    _, problem = access.missing_scope "proxy"
  elseif command and command.writes and not token.scopes.write then
    _, problem = access.missing_scope "write"
  end
  return problem and problems.response(problem, request) or nil
end

--- Answers a request to the proxy.
---@param request lastpass.unified.Request
---@param tenant table
---@param token lastpass.nginx.gateway.Token
---@param name string of the command, as the path has it
---@param writer lastpass.nginx.gateway.Writer|nil nil for methods that write nothing
---@return lastpass.unified.Response
function M.respond(request, tenant, token, name, writer)
  local command = proxy.find(name)
  if command and request.method == "OPTIONS" then
    return { status = 204, headers = { allow = ALLOW }, body = "" }
  end
  local refused = M.refusal(request, token, name)
  if refused then
    return refused
  end
  local answer, problem = proxy.handle(request, tenant, command, writer)
  if not answer then
    return problems.response(problem, request)
  end
  answer.headers["content-type"] = "application/json"
  answer.headers["cache-control"] = "no-store"
  return answer
end

--- Whether what a path names may change something: commands that read are sent with POST as well.
---@param name string of the command
---@return boolean
function M.writes(name)
  local command = proxy.find(name)
  return not command or command.writes
end

return M

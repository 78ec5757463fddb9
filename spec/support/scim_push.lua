--- Many requests of an identity provider under way at once, each over a connection of its own.
local json = require "lastpass.json"
local socket = require "socket"

local M = {}

local WITHIN = 60 -- seconds for an answer

--- Sends a request; the answer is waited for by `receive`.
---@param port integer
---@param token string
---@param method string
---@param path string
---@param body table
---@return table pending
function M.send(port, token, method, path, body)
  local one = assert(socket.connect("127.0.0.1", port))
  one:settimeout(WITHIN)
  local text = json.encode(body)
  local head = "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    .. "Content-Type: application/scim+json\r\n"
    .. "Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n"
  assert(one:send(head:format(method, path, token, #text) .. text))
  return one
end

--- The answer to a request.
---@param pending table
---@return integer|nil status nil: none came
---@return table|nil document
function M.receive(pending)
  local text = pending:receive "*a" or ""
  pending:close()
  local body = text:match "\r\n\r\n(.*)$"
  local status = tonumber(text:match "^HTTP/1%.1 (%d+)")
  return status, body and body ~= "" and json.decode(body) or nil
end

return M

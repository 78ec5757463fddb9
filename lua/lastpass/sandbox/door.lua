--- The caller's side of the control door: sends a request to /_sandbox/… and reads the answer.
-- @module lastpass.sandbox.door
local errors = require "lastpass.error"
local json = require "lastpass.json"

local M = {}

-- One transport a box, so that its connection is kept.
local function transport_of(box)
  if not box.transport then
    box.transport = require("lastpass.transport").open("curl", { ca_file = box.ca_file })
  end
  return box.transport
end

local function refused(response, decoded)
  local text = type(decoded) == "table" and decoded.error
    or ("the sandbox answered HTTP %d"):format(response.status)
  local kind = response.status == 400 and "argument" or "refused"
  return errors.fail(kind, "sandbox_refused", tostring(text), { status = response.status })
end

--- Sends one request.
---@param box table `origin`: the address without a path; `ca_file`; `transport`
---@param method string
---@param path string "state" or "/_sandbox/state"
---@param body? table|string
---@return any|nil decoded
---@return string? message
---@return lastpass.Error? err
function M.ask(box, method, path, body)
  if not path:find("^/") then
    path = "/_sandbox/" .. path
  end
  local response, message, err = transport_of(box):send({
    method = method,
    url = box.origin .. path,
    headers = { ["Content-Type"] = "application/json" },
    body = type(body) == "table" and json.encode(body) or body,
    timeout = 60,
  })
  if not response then
    return nil, message, err
  end
  local decoded
  decoded, message, err = json.decode(response.body)
  if response.status ~= 200 then
    return refused(response, decoded)
  elseif decoded == nil then
    return nil, message, err
  end
  return decoded
end

return M

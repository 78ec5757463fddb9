--- Reads a response: the checks of saml §3 in their order. Cheap limits come first, then signatures, and what a message
-- means is read from the octets that were signed and from nothing else.
-- @module lastpass.saml.response
local identity = require "lastpass.saml.response.identity"
local received = require "lastpass.saml.response.received"
local request = require "lastpass.saml.response.request"
local sender = require "lastpass.saml.response.sender"
local signature = require "lastpass.signature"
local validity = require "lastpass.saml.response.validity"
local verified = require "lastpass.saml.response.verified"

local M = {}

--- A step of reading. It refuses with one of the codes of `lastpass.saml.checks`.
---@class lastpass.saml.Step
---@field name string
---@field check integer of saml §3
---@field run fun(c: table): true|nil, string?, lastpass.Error?

--- All steps in their order.
---@type lastpass.saml.Step[]
M.steps = {}

--- What each bearer confirmation of the subject is measured by.
---@type lastpass.saml.Step[]
M.confirmation_steps = validity.confirmation_steps

--- The key of a request in the store of a service provider.
M.request_key = request.key

for _, steps in ipairs {
  received.steps,
  request.before,
  verified.steps,
  sender.steps,
  request.after,
  validity.steps,
  identity.steps,
  request.last,
  identity.last,
} do
  for _, step in ipairs(steps) do
    M.steps[#M.steps + 1] = step
  end
end

local function run(c, observe)
  for _, step in ipairs(M.steps) do
    local ok, message, err = step.run(c)
    if observe then
      observe(step, ok == true, err)
    end
    if not ok then
      return nil, message, err
    end
  end
  return c.identity
end

--- Runs the steps, until one of them refuses.
---@param c table `settings` (of `lastpass.saml.sp`), `form`, `now`; `method`, `content_type`, `browser`, `address`,
-- `wants_xml`, where they are known
---@param observe? fun(step: lastpass.saml.Step, ok: boolean, err: lastpass.Error?) is called after each step
---@return lastpass.saml.Identity|nil
---@return string? message
---@return lastpass.Error? err
function M.read(c, observe)
  c.signers, c.documents = {}, {}
  local who, message, err = run(c, observe)
  for _, document in ipairs(c.documents) do
    document:close()
  end
  return who, message, err
end

signature.declare("saml.response.", M, {
  read = "c: table, observe?: function",
  request_key = "id: string",
})

return M

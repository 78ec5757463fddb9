--- Who says it, and to whom: status, issuer, destination (saml §3.19 to §3.21, §3.27).
-- @module lastpass.saml.response.sender
local checks = require "lastpass.saml.checks"
local names = require "lastpass.saml.names"
local read = require "lastpass.saml.read"

local ASSERTION, PROTOCOL = names.ns.assertion, names.ns.protocol

local M = {}

-- The codes of a status from the outermost on, and its message, for the log.
local function describe(status, code)
  local parts = {}
  while code and #parts < 4 do
    parts[#parts + 1] = names.short(code.attributes.Value) or "?"
    code = read.child(code, PROTOCOL, "StatusCode")
  end
  local text = table.concat(parts, ", ")
  local message = read.text_of(status, PROTOCOL, "StatusMessage")
  return message and ("%s ('%s')"):format(text, message:sub(1, 300)) or text
end

--- Refuses unless the status is success.
---@param response lastpass.saml.Element
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "status", with `status`, the codes' last parts
function M.check_status(response)
  local status, message, err = read.child(response, PROTOCOL, "Status")
  local code
  if status then
    code, message, err = read.child(status, PROTOCOL, "StatusCode")
  end
  if err then
    return nil, message, err
  elseif not code then
    return checks.fail("status_missing")
  elseif code.attributes.Value ~= names.status.success then
    local inner = read.child(code, PROTOCOL, "StatusCode")
    return checks.fail("status", {
      detail = describe(status, code),
      status = names.short((inner or code).attributes.Value),
    })
  end
  return true
end

local function check_status(c)
  return M.check_status(c.response)
end

local function check_assertion_version(c)
  local attributes = c.assertion.attributes
  if attributes.Version ~= "2.0" then
    return checks.fail("wrong_version", { detail = attributes.Version })
  elseif not attributes.ID then
    return checks.fail("bad_id", { detail = "Assertion has no ID" })
  end
  return true
end

local function issuer_of(element)
  local issuer, message, err = read.child(element, ASSERTION, "Issuer")
  if not issuer then
    return nil, message, err
  end
  local text
  text, message, err = read.text(issuer)
  if not text then
    return nil, message, err
  end
  local format = issuer.attributes.Format
  if format and format ~= names.format.entity then
    return checks.fail("issuer_format", { detail = format })
  end
  return text
end

local function check_issuer(c)
  local issuer, message, err = issuer_of(c.assertion)
  if err then
    return nil, message, err
  end
  issuer = issuer ~= "" and issuer or nil
  return read.same(issuer, c.idp.entity_id, "issuer_missing", "wrong_issuer")
end

local function check_response_issuer(c)
  local issuer, message, err = issuer_of(c.response)
  if err then
    return nil, message, err
  end
  return read.same(issuer, c.idp.entity_id, nil, "wrong_issuer", "Response is of ")
end

local function check_destination_present(c)
  local destination = c.response.attributes.Destination
  if c.response_signed and destination == nil then
    return checks.fail("destination_missing")
  end
  return true
end

local function check_destination(c)
  local destination = c.response.attributes.Destination
  return read.same(destination, c.settings.acs_url, nil, "wrong_destination")
end

local function check_issued(c)
  for _, element in ipairs { c.response, c.assertion } do
    local issued, message, err = read.time(element, "IssueInstant")
    if not issued then
      return nil, message, err
    elseif issued > c.now + c.settings.skew then
      return read.refuse_time("issued_early", issued, c.now, c.settings.skew)
    end
  end
  return true
end

M.steps = {
  { name = "status", check = 19, run = check_status },
  { name = "assertion_version", check = 7, run = check_assertion_version },
  { name = "issuer", check = 20, run = check_issuer },
  { name = "response_issuer", check = 20, run = check_response_issuer },
  { name = "destination_present", check = 21, run = check_destination_present },
  { name = "destination", check = 21, run = check_destination },
  { name = "issued", check = 27, run = check_issued },
}

return M

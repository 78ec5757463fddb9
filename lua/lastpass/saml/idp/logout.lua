--- Logout at the identity provider: one service provider after the other is asked by way of the browser, then whoever began
-- it is answered (saml §6).
-- @module lastpass.saml.idp.logout
local checks = require "lastpass.saml.checks"
local errors = require "lastpass.error"
local logout = require "lastpass.saml.logout"
local messages = require "lastpass.saml.message"
local names = require "lastpass.saml.names"

local M = { methods = {} }

local methods = M.methods

--- The most sessions that one logout can end.
M.MOST = 50

-- ---- one after the other ----

local function endpoint_of(sp)
  return messages.endpoint(sp.entity.sp.slo, names.binding.redirect)
end

local function sender(self, sp, endpoint)
  return {
    issuer = self.entity_id,
    endpoint = endpoint,
    now = self.clock(),
    key = self.private_key,
    certificate = self.certificates[1],
    algorithm = sp.algorithm,
  }
end

-- The end of a logout: an answer to the service provider that began it, or nothing when it began here.
local function finish(self, chain)
  local origin = chain.origin
  if not origin then
    return { done = true, partial = chain.partial, relay = chain.relay }
  end
  local sp, message, err = self:sp(origin.sp)
  if not sp then
    return nil, message, err
  end
  local endpoint = endpoint_of(sp)
  if not endpoint then
    return { done = true, partial = true }
  end
  local options = sender(self, sp, endpoint)
  options.in_response_to, options.relay = origin.id, origin.relay
  options.status = origin.status or chain.partial and "partial_logout" or "success"
  local sent
  sent, message, err = logout.write_response(options)
  if not sent then
    return nil, message, err
  end
  sent.done, sent.partial = true, chain.partial
  return sent
end

-- A request to a service provider, for the browser; nil where it takes none, or none can be made for it.
local function ask(self, chain, participant)
  local sp = self:sp(participant.sp)
  local endpoint = sp and endpoint_of(sp)
  if not endpoint then
    return nil
  end
  local options = sender(self, sp, endpoint)
  options.peer, options.store = participant.sp, self.store
  options.name_id, options.session_index = participant.name_id, participant.session_index
  options.note = chain
  return logout.write_request(options)
end

-- Asks the next service provider. One that cannot be asked keeps its session, which is reported; the others are asked all
-- the same, and whoever began is answered.
local function step(self, chain)
  local message, err
  while chain.rest[1] do
    local sent, text, problem = ask(self, chain, table.remove(chain.rest, 1))
    if sent then
      sent.done = false
      return sent
    end
    chain.partial = true
    message, err = text or message, problem or err
  end
  if err and not chain.origin then
    return nil, message, err
  end
  return finish(self, chain)
end

local function check_participants(where, participants)
  if #participants > M.MOST then
    errors.raise(3, "%s: %d sessions, at most %d", where, #participants, M.MOST)
  end
  local list = {}
  for position, one in ipairs(participants) do
    if type(one) ~= "table" or not one.sp or not one.name_id then
      errors.raise(3, "%s: session %d is none that idp:respond gave", where, position)
    end
    list[position] = one
  end
  return list
end

local function has_logout(self, where)
  if not self.slo_url then
    errors.raise(3, "%s: needs the options 'slo_url' and 'store' of saml.idp.new", where)
  end
end

--- Ends sessions at service providers, after your program has ended the user's here.
---@param participants table[] what `respond` and `launch` gave as `participant`
---@param options? table `relay` (comes back when all is done), `partial` (true: there are sessions that no message ends)
---@return table|nil sent `url` or `form` (of the next message for the browser), or `done` with `partial` and `relay`
---@return string? message
---@return lastpass.Error? err
function methods:logout(participants, options)
  options = errors.check_options("idp:logout", options, { relay = "string", partial = "boolean" })
  has_logout(self, "idp:logout")
  local rest = check_participants("idp:logout", participants)
  return step(self, { rest = rest, relay = options.relay, partial = options.partial or nil })
end

--- Reads what came to `slo_url`. After a request (`kind` "request") end the session of `name_id` and `session_indexes`, then call
-- `answer_logout`. After a response (`kind` "response") send `next` to the browser, or, when it is done, show that.
---@param source table `query` (of a GET, as it came) or `form` (of a POST: the body, or its parameters)
---@return lastpass.saml.Logout|nil result with `sp` (entity ID); of a response `next` ({url, form}), `done`, `partial`, `relay`
---@return string? message
---@return lastpass.Error? err
function methods:consume_logout(source)
  has_logout(self, "idp:consume_logout")
  local result, message, err = logout.read(source, {
    own_entity_id = self.entity_id,
    find = function(issuer)
      local sp, text, problem = self:sp(issuer)
      if not sp then
        return nil, text, problem
      end
      return sp, sp.entity.sp.certificates.signing
    end,
    destination = self.slo_url,
    store = self.store,
    now = self.clock(),
    skew = self.skew,
    allow = self.allow,
  })
  if not result then
    return nil, message, err
  end
  result.sp, result.peer = result.issuer, nil
  if result.kind == "request" then
    return result
  end
  local chain = result.note
  chain.partial = chain.partial or result.partial
  local sent
  sent, message, err = step(self, chain)
  if not sent then
    return nil, message, err
  end
  result.note = nil
  result.next = (sent.url or sent.form) and sent or nil
  result.done, result.partial, result.relay = sent.done, sent.partial or false, sent.relay
  return result
end

--- Goes on after a service provider's logout request: the user's other service providers are asked, then this one is answered.
---@param result lastpass.saml.Logout of `consume_logout`
---@param participants? table[] the user's other sessions; nil when the session is not known here, which is what the answer says
---@param options? table `partial` (true: there are sessions that no message ends)
---@return table|nil sent `url` or `form` for the browser
---@return string? message
---@return lastpass.Error? err
function methods:answer_logout(result, participants, options)
  options = errors.check_options("idp:answer_logout", options, { partial = "boolean" })
  has_logout(self, "idp:answer_logout")
  if result.kind ~= "request" then
    errors.raise(2, "idp:answer_logout: this is not a logout request")
  end
  local rest = {}
  for _, one in ipairs(check_participants("idp:answer_logout", participants or {})) do
    if one.sp ~= result.sp then
      rest[#rest + 1] = one
    end
  end
  local sp, message, err = self:sp(result.sp)
  if not sp then
    return nil, message, err
  elseif not endpoint_of(sp) then
    return checks.fail("logout_not_supported", { detail = result.sp, hint = "see its metadata" })
  end
  return step(self, {
    rest = rest,
    partial = options.partial or nil,
    origin = {
      sp = result.sp,
      id = result.id,
      relay = result.relay,
      status = participants == nil and "unknown_principal" or nil,
    },
  })
end

return M

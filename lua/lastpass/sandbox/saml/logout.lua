--- Logout at the sandbox's identity provider: by messages, or by a plain GET.
-- @module lastpass.sandbox.saml.logout
local apps = require "lastpass.sandbox.saml.apps"
local checks = require "lastpass.saml.checks"
local pages = require "lastpass.sandbox.saml.pages"
local site = require "lastpass.sandbox.saml.site"
local states = require "lastpass.sandbox.saml.state"

local M = {}

local function end_session(server, request)
  local session, name = site.session_of(server, request)
  states.shared(server).sessions:remove(name)
  return session
end

-- The services of a session that take logout messages from the identity provider of that generation, and whether there
-- are others, whose sessions go on.
local function participants_of(server, origin, session, generation)
  local list, are_all = {}, true
  for id, participant in pairs(session and session.participants or {}) do
    local app = site.find_app(server, participant.sp, id)
    if app and app.generation == generation and apps.addresses(app, origin).slo_url then
      list[#list + 1] = participant
    else
      are_all = false
    end
  end
  table.sort(list, function(one, other)
    return one.sp < other.sp
  end)
  return list, not are_all
end

local function send_logout(server, sent)
  local gone = site.set_cookie(server, "", 0)
  if sent.url or sent.form then
    return pages.send(sent, gone)
  end
  return pages.signed_out(sent.partial, gone)
end

-- The session that a logout request is about; without SessionIndex all of that user's.
local function find_session(server, request, result, app)
  local session = site.session_of(server, request)
  local participant = session and session.participants[app.id]
  if not participant or participant.name_id.value ~= result.name_id.value then
    return nil
  end
  for _, index in ipairs(result.session_indexes) do
    if index == participant.session_index then
      return session
    end
  end
  return #result.session_indexes == 0 and session or nil
end

local function read_logout(server, request, origin, source)
  local app, message, err = site.app_of(server, source)
  if not app then
    return pages.refused("Sign out", message, err, 400)
  elseif not apps.addresses(app, origin).slo_url then
    return pages.refused("Sign out", checks.fail("logout_not_supported"))
  end
  local idp = site.make_idp(server, origin, app)
  local result
  result, message, err = idp:consume_logout(source)
  if not result then
    return pages.refused("Sign out", message, err, 400)
  elseif result.kind == "response" then
    return send_logout(server, result.next or result)
  end
  local session = find_session(server, request, result, app)
  local others, partial
  if session then
    others, partial = participants_of(server, origin, session, app.generation)
    end_session(server, request)
  end
  local sent
  sent, message, err = idp:answer_logout(result, others, { partial = partial })
  if not sent then
    return pages.refused("Sign out", message, err, 400)
  end
  return send_logout(server, sent)
end

--- The logout address of a generation: for messages, and for a plain GET.
---@param generation "current"|"legacy"
function M.logout(server, request, origin, generation)
  local source = site.read_source(request)
  if (source.query or source.form):find("SAML", 1, true) then
    return read_logout(server, request, origin, source)
  end
  local session = end_session(server, request)
  local list, partial = participants_of(server, origin, session, generation)
  if not list[1] then
    return send_logout(server, { done = true, partial = partial })
  end
  local app = states.find_of(server:company(session.cid), function(one)
    return one.entity_id == list[1].sp
  end)
  local sent, message, err = site.make_idp(server, origin, app):logout(list, { partial = partial })
  return sent and send_logout(server, sent) or pages.refused("Sign out", message, err, 400)
end

return M

--- Which request a response answers, in which browser it was begun, and whose answer it has to be (saml §3.22). The
-- request is only looked at here; it is used up when everything else is right.
-- @module lastpass.saml.response.request
local checks = require "lastpass.saml.checks"
local digest = require "lastpass.digest"
local json = require "lastpass.json"

local M = {}

-- Ours have 41 characters; a key of the store has a limit.
local LONGEST = 128

--- The key of a request in the store.
---@param id string
---@return string
function M.key(id)
  return "saml:request:" .. id
end

local function find_record(c, id)
  if #id > LONGEST then
    return nil
  end
  local text, message, err = c.settings.store:get(M.key(id))
  if message then
    return checks.fail("state_failed", { detail = message, cause = err })
  elseif text == nil then
    return nil
  end
  local record = json.decode(text)
  if type(record) ~= "table" then
    return checks.fail(
      "state_failed",
      { detail = "the store gave something else than it was given" }
    )
  end
  return record
end

-- The message says which request it answers; what it says must be true (present and unknown is refused always).
local function find_request(c)
  local id = c.claimed_request
  if id == nil then
    return true
  end
  local record, message, err = find_record(c, id)
  if err then
    return nil, message, err
  elseif not record or record.entity_id ~= c.settings.entity_id then
    return checks.fail("request_unknown")
  end
  record.id = id
  c.request = record
  return true
end

local function check_solicited(c)
  if not c.request and not c.settings.allow_unsolicited then
    return checks.fail("unsolicited")
  end
  return true
end

-- Whoever makes somebody else's browser send a response of their own (login CSRF) does not have its cookie.
local function check_browser(c)
  local request, known = c.request, false
  for _, token in ipairs(request and c.browsers or {}) do
    known = digest.same(digest.hex(token), request.browser) or known
  end
  if request and not known then
    return checks.fail("other_browser", { relay = request.relay, request_id = request.id })
  end
  return true
end

local function check_request_time(c)
  local request = c.request
  if request and c.now >= request.expires then
    return checks.fail("request_expired", {
      detail = ("it was begun %.0f s ago, and %.0f s are allowed"):format(
        c.now - request.at,
        request.expires - request.at
      ),
      relay = request.relay,
    })
  end
  return true
end

-- Of several identity providers the one that was asked, not the one that the message names.
local function choose_idp(c)
  local wanted = c.request and c.request.idp or c.claimed_issuer
  if not wanted then
    return checks.fail("issuer_missing")
  end
  local entity, message, err = c.settings.find_idp(wanted)
  if not entity then
    return nil, message, err
  end
  c.idp = entity
  return true
end

-- What the verified message says has to be the request that was looked up.
local function check_match(c)
  local id = c.request and c.request.id
  if c.response.attributes.InResponseTo ~= id then
    return checks.fail("request_mismatch", { detail = "InResponseTo of Response" })
  end
  return true
end

--- Uses a request up: of several that come with an answer to it one gets it.
local function use_request(c)
  if not c.request then
    return true
  end
  local text, message, err = c.settings.store:take(M.key(c.request.id))
  if text then
    return true
  elseif message then
    return checks.fail("state_failed", { detail = message, cause = err })
  end
  return checks.fail("request_unknown")
end

M.before = {
  { name = "request", check = 22, run = find_request },
  { name = "solicited", check = 22, run = check_solicited },
  { name = "browser", check = 22, run = check_browser },
  { name = "request_time", check = 22, run = check_request_time },
  { name = "idp", check = 20, run = choose_idp },
}
M.after = { { name = "request_match", check = 22, run = check_match } }
M.last = { { name = "use_request", check = 22, run = use_request } }

return M

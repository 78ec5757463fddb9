--- Single logout, of both sides: LogoutRequest and LogoutResponse, written and read (saml §6). A message is acted on
-- only when it is signed; each is used once; an answer has to be to a request of ours.
-- @module lastpass.saml.logout
local binding = require "lastpass.saml.binding"
local checks = require "lastpass.saml.checks"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local messages = require "lastpass.saml.message"
local names = require "lastpass.saml.names"
local read = require "lastpass.saml.read"
local signature = require "lastpass.signature"
local time = require "lastpass.time"
local write = require "lastpass.saml.write"

local M = {}

local element = write.element

-- Seconds: how long a request is valid, and how long its answer is waited for.
local LIFETIME, WAIT = 300, 3600

-- Bytes that a store takes.
local MOST_NOTE = 60000

--- Whose session ends.
---@class lastpass.saml.NameId
---@field value string
---@field format? string
---@field name_qualifier? string
---@field sp_name_qualifier? string

-- ---- writing ----

local common_options = {
  issuer = "string",
  endpoint = "table",
  now = "number",
  relay = "string",
  key = { "userdata", "table" },
  certificate = { "userdata", "table" },
  algorithm = "string",
}

local function known(more)
  for name, kind in pairs(common_options) do
    more[name] = kind
  end
  return more
end

local request_options = known {
  name_id = "table",
  session_index = { "string", "table" },
  reason = "string",
  store = "table",
  note = "table",
  peer = "string",
}

local response_options = known { in_response_to = "string", status = "string" }

local function session_elements(indexes)
  local list = {}
  for position, index in ipairs(type(indexes) == "table" and indexes or { indexes }) do
    list[position] = element("samlp:SessionIndex", nil, index)
  end
  return list
end

local function send(options, id, root, kind)
  return messages.send {
    element = root,
    id = id,
    kind = kind,
    endpoint = options.endpoint,
    relay = options.relay,
    key = options.key,
    certificate = options.certificate,
    algorithm = options.algorithm,
  }
end

-- With the peer in it, so that nobody else's answer uses it up.
local function pending_key(issuer, peer, id)
  local parts = table.concat({ issuer, peer, id }, "\0")
  return "saml:logout:asked:" .. require("lastpass.digest").hex(parts)
end

--- Writes a LogoutRequest. It is remembered in the store, so that its answer is known.
---@param options table `issuer`, `peer` (entity ID of whom it is for), `endpoint` (slo, of metadata), `now`, `name_id`,
-- `session_index` (one or a list), `reason` (default that the user asked for it), `relay`, `store`, `note` (comes back with
-- the answer); `key` signs, with `certificate` and `algorithm`
---@return table|nil sent `id`, `url` or `form`, `binding`, `location`
---@return string? message
---@return lastpass.Error? err
function M.write_request(options)
  errors.check_options("saml.logout.write_request", options, request_options)
  local id, name_id = messages.new_id(), options.name_id
  local about = {
    id = id,
    now = options.now,
    issuer = options.issuer,
    destination = options.endpoint.location,
    attributes = {
      NotOnOrAfter = time.iso(options.now + LIFETIME),
      Reason = options.reason or names.logout_reason.user,
    },
  }
  local subject = element("saml:NameID", {
    Format = name_id.format,
    NameQualifier = name_id.name_qualifier,
    SPNameQualifier = name_id.sp_name_qualifier,
  }, name_id.value)
  local root =
    messages.element("LogoutRequest", about, subject, session_elements(options.session_index))
  local note = json.encode { note = options.note }
  if #note > MOST_NOTE then
    local message = ("what belongs to this logout has %d bytes, more than %d"):format(
      #note,
      MOST_NOTE
    )
    return errors.fail("argument", "logout_too_large", message)
  end
  local ok, message, err =
    options.store:put(pending_key(options.issuer, options.peer, id), note, WAIT)
  if not ok then
    return checks.fail("state_failed", { detail = message, cause = err })
  end
  return send(options, id, root, "SAMLRequest")
end

local statuses = {
  success = { names.status.success },
  partial_logout = { names.status.success, names.status.partial_logout },
  unknown_principal = { names.status.requester, names.status.unknown_principal },
  failed = { names.status.responder },
}

--- Writes a LogoutResponse.
---@param options table `issuer`, `endpoint`, `now`, `in_response_to`, `status` ("success", "partial_logout",
-- "unknown_principal", "failed"), `relay` (as it came), `key`, `certificate`, `algorithm`
---@return table|nil sent `id`, `url` or `form`, `binding`, `location`
---@return string? message
---@return lastpass.Error? err
function M.write_response(options)
  errors.check_options("saml.logout.write_response", options, response_options)
  local id, codes = messages.new_id(), statuses[options.status]
  if not codes then
    errors.raise(2, "saml.logout.write_response: unknown status '%s'", tostring(options.status))
  end
  local about = {
    id = id,
    now = options.now,
    issuer = options.issuer,
    destination = options.endpoint.response_location or options.endpoint.location,
    attributes = { InResponseTo = options.in_response_to },
  }
  local second = codes[2] and element("samlp:StatusCode", { Value = codes[2] })
  local status =
    element("samlp:Status", nil, element("samlp:StatusCode", { Value = codes[1] }, second))
  return send(options, id, messages.element("LogoutResponse", about, status), "SAMLResponse")
end

-- ---- reading ----

--- What was received.
---@class lastpass.saml.Logout
---@field kind "request"|"response"
---@field id string
---@field issuer string
---@field peer table              what `find` gave for it
---@field relay? string           of a request: goes back untouched with the response
---@field binding "redirect"|"post"
---@field name_id? lastpass.saml.NameId of a request
---@field session_indexes? string[] of a request: empty means all sessions of that user
---@field reason? string          of a request
---@field partial? boolean        of a response: some sessions go on
---@field status? string          of a response: the innermost code's last part
---@field note? table             of a response: what was noted with the request

local function name_id_of(root)
  local name_id, message, err = read.child(root, names.ns.assertion, "NameID")
  local encrypted
  if not err then
    encrypted, message, err = read.child(root, names.ns.assertion, "EncryptedID")
  end
  if err then
    return nil, message, err
  elseif encrypted then
    return checks.fail("encrypted_part")
  elseif not name_id then
    return checks.fail("name_id_missing")
  elseif name_id.text == "" then
    return checks.fail("name_id_empty")
  end
  return {
    value = name_id.text,
    format = name_id.attributes.Format,
    name_qualifier = name_id.attributes.NameQualifier,
    sp_name_qualifier = name_id.attributes.SPNameQualifier,
  }
end

-- The id is remembered for as long as the request could be sent again.
local function check_once(opened, options, expires)
  local until_then = math.max(expires - options.now + options.skew, LIFETIME)
  local key = "saml:logout:seen:"
    .. require("lastpass.digest").hex(opened.issuer .. "\0" .. opened.id)
  local added, message = options.store:add(key, "1", until_then)
  if added == nil then
    return checks.fail("replay_failed", { detail = message })
  elseif not added then
    return checks.fail("logout_replayed")
  end
  return true
end

-- Until when a request holds; without NotOnOrAfter for a while after it was issued.
local function check_expiry(opened, options)
  local expires, message, err = read.optional_time(opened.root, "NotOnOrAfter")
  if err then
    return nil, message, err
  end
  expires = expires or opened.issued + LIFETIME
  if options.now >= expires + options.skew then
    return read.refuse_time("logout_expired", expires, options.now, options.skew)
  end
  return expires
end

local function read_request(opened, options)
  local expires, message, err = check_expiry(opened, options)
  if not expires then
    return nil, message, err
  end
  local name_id
  name_id, message, err = name_id_of(opened.root)
  if not name_id then
    return nil, message, err
  end
  local indexes = {}
  for _, child in ipairs(opened.root.children) do
    if child.ns == names.ns.protocol and child.name == "SessionIndex" then
      indexes[#indexes + 1] = child.text
    end
  end
  local ok
  ok, message, err = check_once(opened, options, expires)
  if not ok then
    return nil, message, err
  end
  return {
    kind = "request",
    name_id = name_id,
    session_indexes = indexes,
    reason = opened.root.attributes.Reason,
  }
end

-- The codes of a status, outermost first.
local function status_of(root)
  local codes = {}
  local node, message, err = read.child(root, names.ns.protocol, "Status")
  if node then
    node, message, err = read.child(node, names.ns.protocol, "StatusCode")
  end
  while node and #codes < 4 do
    codes[#codes + 1] = node.attributes.Value or ""
    node, message, err = read.child(node, names.ns.protocol, "StatusCode")
  end
  if err then
    return nil, message, err
  elseif not codes[1] then
    return checks.fail("status_missing")
  end
  return codes
end

local function read_response(opened, options)
  local asked = opened.root.attributes.InResponseTo
  if not asked then
    return checks.fail("logout_unknown")
  end
  local codes, message, err = status_of(opened.root)
  if not codes then
    return nil, message, err
  end
  local value
  value, message = options.store:take(pending_key(options.own_entity_id, opened.issuer, asked))
  if message then
    return checks.fail("state_failed", { detail = message })
  end
  local noted = value and json.decode(value)
  if not noted then
    return checks.fail("logout_unknown")
  end
  local succeeded = codes[1] == names.status.success
  return {
    kind = "response",
    in_response_to = asked,
    status = names.short(codes[#codes]),
    partial = not succeeded or codes[2] == names.status.partial_logout,
    note = noted.note,
  }
end

--- Reads a message of logout: signed, to us, in time, for the first time.
---@param source {query: string|nil, form: string|table|nil} the query or the body, as it came
---@param options table `own_entity_id`, `find` (entity ID -> peer, certificates; or nil, message, err), `destination` (own slo
-- address, or a list), `store`, `now`, `skew`, `allow`
---@return lastpass.saml.Logout|nil
---@return string? message
---@return lastpass.Error? err
function M.read(source, options)
  local received, message, err = binding.read(source)
  if not received then
    return nil, message, err
  end
  local is_request = received.kind == "SAMLRequest"
  local opened
  opened, message, err = messages.open(received, {
    roots = is_request and { LogoutRequest = true } or { LogoutResponse = true },
    find = options.find,
    destination = options.destination,
    now = options.now,
    skew = options.skew,
    allow = options.allow,
    must_sign = function()
      return "logout_unsigned"
    end,
  })
  if not opened then
    return nil, message, err
  end
  local result
  result, message, err = (is_request and read_request or read_response)(opened, options)
  if not result then
    return nil, message, err
  end
  result.id, result.issuer, result.peer = opened.id, opened.issuer, opened.peer
  result.relay, result.binding = received.relay, received.binding
  return result
end

signature.declare("saml.logout.", M, {
  write_request = "options: table",
  write_response = "options: table",
  read = "source: table, options: table",
})

return M

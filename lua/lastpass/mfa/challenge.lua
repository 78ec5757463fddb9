--- Sending a request to a phone: what it says, whether it may be sent, and that it is sent once.
-- @module lastpass.mfa.challenge
local answers = require "lastpass.mfa.answer"
local call = require "lastpass.mfa.call"
local characters = require "lastpass.text.characters"
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local fail_open = require "lastpass.mfa.fail_open"
local handles = require "lastpass.mfa.handle"
local limiter = require "lastpass.limiter"
local limits = require "lastpass.mfa.limits"
local outcomes = require "lastpass.mfa.outcomes"
local scheduler = require "lastpass.transport.scheduler"

local M = {}

local known = {
  user = "string",
  ip = "string",
  device = "string",
  browser_id = "string",
  methods = "table",
  first_name = "string",
  last_name = "string",
  fail_open = "table",
}

local function bad(where, name, what)
  local message = ("%s: '%s' %s"):format(where, name, what)
  return errors.fail("argument", "bad_" .. name, message)
end

local function is_address(text)
  return #text <= 45
    and (
      text:find "^%d+%.%d+%.%d+%.%d+$" ~= nil
      or text:find "^[%x:.]+$" ~= nil and text:find(":", 1, true) ~= nil
    )
end

local most_bytes = { device = 200, browser_id = 128, first_name = 100, last_name = 100 }

local MOST_METHODS = 8

local function check_methods(where, list)
  for position, name in pairs(list) do
    local is_place = type(position) == "number" and position <= math.min(#list, MOST_METHODS)
    if not is_place or type(name) ~= "string" or not name:find "^%a+$" or #name > 32 then
      return bad(where, "methods", 'must be a list of at most 8 words, such as "fingerprint"')
    end
  end
  return true
end

-- What comes from a browser or a form is data: a failure, and nothing is counted or sent.
local function check_challenge(where, given)
  local user, reason = email.check(given.user or "")
  if not user then
    return bad(where, "user", "is not an e-mail address: " .. reason)
  elseif not is_address(given.ip or "") then
    return bad(where, "ip", "must be the user's IP address, which the phone shows as a place")
  end
  for name, most in pairs(most_bytes) do
    local text = given[name]
    if text and not characters.is_line(text, most) then
      return bad(where, name, ("must be one line of UTF-8 with at most %d bytes"):format(most))
    end
  end
  local ok, message, err = check_methods(where, given.methods or {})
  if not ok then
    return nil, message, err
  end
  return user
end

-- The API has no field for the application: its name stands before the device's (mfa §2.1).
local function device_of(client, given)
  local app_name = client:option "app_name"
  return app_name and given.device and app_name .. ", " .. given.device or app_name or given.device
end

local function inner_of(client, given, record)
  local back = client:option "callback_url"
  return {
    Username = record.user,
    IPAddress = given.ip,
    BrowserId = given.browser_id,
    DeviceName = device_of(client, given),
    FirstName = given.first_name,
    LastName = given.last_name,
    AuthenticationMethods = given.methods and given.methods[1] and given.methods or nil,
    CallbackUrl = back and back .. "?handle=" .. record.id or nil,
  }
end

-- ---- asking ----

local paths = {
  plain = { [true] = "login_async", [false] = "login" },
  secured = { [true] = "s_login_async", [false] = "s_login" },
}

-- A request that nobody can have got does not count against the user.
local function after_failure(client, handle, err, slots)
  if limiter.is_unsent(err) or err.kind == "argument" then
    limits.give_back(client, slots)
  end
  return handles.finish(handle, answers.of_failure(err, handle:user()))
end

local function send(client, given, handle, record, is_async)
  local slots, refusal = limits.take(client, record.user)
  if not slots then
    limits.release(client, record, given.browser_id)
    client:record(refusal, record.id)
    return refusal
  end
  if client:option "callback_url" then
    client:option("state"):put("mfa:callback:" .. record.id, "", client:option "timeout")
  end
  local mode = client:option "mode"
  client:report { event = "asked", user = record.user, id = record.id, ip = given.ip }
  local answer, _, err = call.send(client, {
    path = client:option("endpoints")[paths[mode][is_async]],
    inner = inner_of(client, given, record),
    secured = mode == "secured",
    timeout = not is_async and math.max(record.ends - client:now(), 0.1) or nil,
  })
  if not answer then
    return after_failure(client, handle, err, slots)
  end
  local result, token = answers.read(answer, record.user)
  if result.outcome == "unknown_user" or result.outcome == "not_enrolled" then
    limits.give_back(client, slots) -- no phone has rung
  end
  if result.outcome ~= "pending" then
    return handles.finish(handle, result)
  elseif is_async and not token then
    result = { code = "no_token", user = record.user, raw = result.raw }
    return handles.finish(handle, outcomes.result("error", result))
  elseif not is_async then
    result = { raw = result.raw, user = record.user, evidence = "asked" }
    return handles.finish(handle, outcomes.result("timeout", result))
  end
  record.token = token
  limits.publish(client, record, given.browser_id)
  return nil
end

--- Sends a request, unless one is under way or a limit holds it back.
---@param client lastpass.mfa.Client
---@param where string who asks, for messages
---@param given table of `mfa:challenge`
---@param is_async boolean come back as soon as the server has it
---@return lastpass.mfa.Handle|nil
---@return string? message
---@return lastpass.Error? err kind "argument": nothing was sent or counted
function M.start(client, where, given, is_async)
  errors.check_options(where, given, known, 3)
  fail_open.check(client, where, given.fail_open, 3)
  local user, message, err = check_challenge(where, given)
  if not user then
    return nil, message, err
  elseif scheduler.is_serving() and not scheduler.yields() then
    message = ("%s: cannot wait in the phase %s of nginx"):format(where, scheduler.phase())
    local hint = "access, content and timers can"
    return errors.fail("argument", "would_block", message, { hint = hint })
  end
  local record = {
    id = digest.to_hex(digest.random(16)),
    user = user,
    ends = client:now() + client:option "timeout",
    asked_method = given.methods and given.methods[1] and table.concat(given.methods, ",") or nil,
  }
  local claimed, refusal = limits.claim(client, record, given.browser_id)
  if not claimed then
    client:record(refusal)
    return handles.new(client, record, { result = refusal })
  elseif claimed ~= record then
    local more = { joined = true, fail_open = given.fail_open }
    return handles.new(client, claimed, more)
  end
  local handle = handles.new(client, record, { fail_open = given.fail_open })
  local result = send(client, given, handle, record, is_async)
  return result and handles.new(client, record, { result = result }) or handle
end

return M

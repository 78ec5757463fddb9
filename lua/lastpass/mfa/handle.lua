--- A request to a phone that is under way: asked about, waited for, given up, handed to another process. What came of it is
-- written down once, so that all who ask about it learn the same.
-- @module lastpass.mfa.handle
local answers = require "lastpass.mfa.answer"
local base64 = require "lastpass.text.base64"
local call = require "lastpass.mfa.call"
local core = require "lastpass.core"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local fail_open = require "lastpass.mfa.fail_open"
local json = require "lastpass.json"
local limits = require "lastpass.mfa.limits"
local loop = require "lastpass.transport.scheduler"
local outcomes = require "lastpass.mfa.outcomes"
local signature = require "lastpass.signature"

---@class lastpass.mfa.Handle
local methods = {}
local handle_mt = { __name = "lastpass.mfa.Handle", __index = methods }

local M = { methods = methods }

function handle_mt.__tostring(handle)
  local result = handle._result
  return ("lastpass.mfa.Handle (%s: %s)"):format(
    handle._record.user,
    result and result.outcome or "pending"
  )
end

--- Makes one.
---@param client lastpass.mfa.Client
---@param record lastpass.mfa.Record
---@param more? table result (what came at once), fail_open, joined (true: another call has sent it)
---@return lastpass.mfa.Handle
function M.new(client, record, more)
  more = more or {}
  return setmetatable({
    _client = client,
    _record = record,
    _result = more.result,
    _fail_open = more.fail_open,
    joined = more.joined or false,
  }, handle_mt)
end

--- Whom it asks.
---@return string
function methods:user()
  return self._record.user
end

--- What a callback names it by (`mfa:callback`).
---@return string
function methods:id()
  return self._record.id
end

--- When no answer counts any more.
---@return number epoch seconds
function methods:ends()
  return self._record.ends
end

local stored_fields = { "outcome", "raw", "code", "user", "log_id", "evidence", "retry_after" }

local function stored(result)
  local fields = {}
  for _, name in ipairs(stored_fields) do
    fields[name] = result[name]
  end
  return json.encode(fields)
end

local function read_stored(self, text)
  local fields = type(text) == "string" and json.decode(text)
  if type(fields) ~= "table" or type(fields.outcome) ~= "string" then
    return nil
  end
  fields.asked_method = self._record.asked_method
  return outcomes.result(fields.outcome, fields)
end

-- An unreachable service may be passed over, where this call says so.
local function settle(self, result)
  local client, record = self._client, self._record
  if result.outcome == "unreachable" and self._fail_open then
    result.failed_open = fail_open.use(client, record.user, self._fail_open, result.code) or nil
    result = outcomes.result("unreachable", result)
  end
  self._result = result
  return result
end

-- The first answer stays; one that comes after it is reported.
local function finish(self, result)
  local client, record = self._client, self._record
  local state = client:option "state"
  result.asked_method = record.asked_method
  local key = limits.answer_key(record.id)
  local added, _, err = state:add(key, stored(result), limits.seconds_kept(client, record))
  if added == nil then
    result = outcomes.result("error", { code = err.code, user = record.user, err = err })
    client:record(result, record.id)
    return settle(self, result)
  elseif not added then
    local first = read_stored(self, (state:get(key)))
    if first and first.outcome ~= result.outcome then
      M.report_late(client, record, result)
    end
    local forgotten = { code = "forgotten", user = record.user }
    return settle(self, first or outcomes.result("error", forgotten))
  end
  if result.outcome == "denied" and not result.code then
    limits.rest(client, record.user)
  end
  result.first = true
  settle(self, result)
  client:record(self._result, record.id)
  return self._result
end

--- Writes down what came of a request.
M.finish = finish

--- Reports an answer that counts no more.
---@param client lastpass.mfa.Client
---@param record lastpass.mfa.Record
---@param result lastpass.mfa.Result
function M.report_late(client, record, result)
  client:report {
    event = "late_answer",
    user = record.user,
    outcome = result.outcome,
    raw = result.raw,
    id = record.id,
  }
end

local function pending(self, fields)
  fields.user, fields.asked_method = self._record.user, self._record.asked_method
  fields.evidence = "asked"
  return outcomes.result("pending", fields)
end

local function failure_key(self)
  return "mfa:failed:" .. self._record.id
end

-- What became of the last question, for whoever asks the next one, or finds that it is too late for one.
local function note_failure(self, err)
  local client = self._client
  local state = client:option "state"
  if not err then
    state:take(failure_key(self))
    return
  end
  local result = answers.of_failure(err, self._record.user)
  local text = json.encode { outcome = result.outcome, code = result.code }
  state:put(failure_key(self), text, limits.seconds_kept(client, self._record))
end

-- When the last question was not answered, it is not known that nobody has.
local function out_of_time(self, code)
  local failed = code ~= "cancelled" and self._client:option("state"):get(failure_key(self))
  local result = read_stored(self, failed)
  if not result then
    result = outcomes.result("timeout", { code = code, evidence = "asked" })
  end
  result.user = self._record.user
  return finish(self, result)
end

local function ask(self, seconds)
  local client, record = self._client, self._record
  local is_secured = client:option "mode" == "secured"
  return call.send(client, {
    path = client:option("endpoints")[is_secured and "s_check" or "check"],
    inner = is_secured and record.token or { AsyncLoginToken = record.token },
    secured = is_secured,
    keyless = not is_secured,
    timeout = math.min(client:option "request_timeout", seconds),
  })
end

-- Of all who wait for one request one asks the server, once a second.
local function may_ask(self)
  if self._client:option("poll").every < 1 then
    return true
  end
  return self._client:option("state"):add("mfa:asked:" .. self._record.id, "", 1) ~= false
end

--- Asks once, unless it is known already.
---@return lastpass.mfa.Result result with "pending" there is no answer yet; `first` is true for the one call, of all
-- processes, that learnt the answer
function methods:poll()
  if self._result then
    return self._result
  end
  local client, record = self._client, self._record
  local known, _, err = client:option("state"):get(limits.answer_key(record.id))
  if err then
    return pending(self, { code = err.code, err = err })
  end
  local result = read_stored(self, known)
  if result then
    return settle(self, result)
  end
  local left = record.ends - client:now()
  if left <= 0 then
    return out_of_time(self, "deadline")
  elseif not may_ask(self) then
    return pending(self, {})
  end
  local answer
  answer, _, err = ask(self, left)
  result = answer and answers.read(answer, record.user)
  if record.ends <= client:now() then
    if result and result.outcome ~= "pending" then
      M.report_late(client, record, result)
    end
    return out_of_time(self, "deadline")
  elseif result then
    local is_final = result.outcome ~= "pending"
    if is_final then
      return finish(self, result)
    end
    note_failure(self, nil)
    return pending(self, { raw = result.raw })
  elseif err.kind == "cancelled" or answers.may_pass(err) then
    if err.kind ~= "cancelled" then
      note_failure(self, err)
    end
    return pending(self, { code = err.code, err = err, retry_after = err.retry_after })
  end
  return finish(self, answers.of_failure(err, record.user))
end

local WAKE = 0.5 -- seconds between two looks whether a callback has come

-- A callback ends the wait before the next question.
local function sleep(self, seconds)
  local client = self._client
  if not client:option "callback_url" then
    return loop.sleep(seconds)
  end
  local key = "mfa:wake:" .. self._record.id
  while seconds > 0 and not loop.is_interrupted() do
    if client:option("state"):take(key) then
      return
    end
    loop.sleep(math.min(WAKE, seconds))
    seconds = seconds - WAKE
  end
end

local function pause_after(self, result)
  local every = self._client:option("poll").every
  if result.err then
    return result.retry_after or every * (0.75 + math.random() / 2)
  end
  return every
end

--- Waits for the answer: asks, sleeps, asks again. Nothing but a wait in nginx's own way or libcurl's is used, so that others
-- go on.
---@param options? table deadline: epoch seconds, after which it comes back with "pending" when there is no answer yet; the
-- request's own end is the latest anyway
---@return lastpass.mfa.Result
function methods:wait(options)
  options = errors.check_options("handle:wait", options, { deadline = "number" })
  local client, poll = self._client, self._client:option "poll"
  local ends = math.min(options.deadline or math.huge, self._record.ends)
  -- a clock that is set back, or stands still, does not make a wait longer
  local began, most = loop.now(), client:option "timeout"
  local pause = poll.first
  for _ = 1, poll.max do
    if self._result then
      return self._result
    end
    local left = math.min(ends - client:now(), most - (loop.now() - began))
    sleep(self, math.max(0, math.min(pause, left)))
    if left <= pause and ends == self._record.ends then
      return self._result or out_of_time(self, "deadline")
    end
    local result = self:poll()
    if left <= pause or outcomes.is_final(result.outcome) or loop.is_interrupted() then
      return result
    end
    pause = pause_after(self, result)
  end
  return self._result or out_of_time(self, "too_many_questions")
end

--- Gives it up, here: there is no call that takes it off the phone. What the user answers later counts no more.
---@return lastpass.mfa.Result
function methods:cancel()
  if self._result then
    return self._result
  end
  return out_of_time(self, "cancelled")
end

-- ---- in another process ----

local function key_of(client, secret)
  local hex, message = core.hmac(secret, "lastpass mfa handle\0" .. client:identity())
  if not hex then
    return errors.fail("argument", "bad_secret", "the secret of a handle: " .. message)
  end
  return (hex:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

--- Seals it, so that another process with the same secret, server and mode can go on (`mfa:import`).
---@param secret userdata of lastpass.secret
---@return string|nil text of letters, digits, - and _
---@return string? message
---@return lastpass.Error? err code "finished": there is nothing to go on with
function methods:export(secret)
  if not self._record.token then
    local message = "the request is over: there is nothing to go on with"
    return errors.fail("conflict", "finished", message)
  end
  local key, message, err = key_of(self._client, secret)
  if not key then
    return nil, message, err
  end
  return base64.url.encode(digest.seal(key, json.encode(self._record)))
end

--- Opens what `export` made.
---@param client lastpass.mfa.Client
---@param text string
---@param secret userdata
---@param user? string whom it has to be for
---@param budget? lastpass.mfa.FailOpen
---@return lastpass.mfa.Handle|nil
---@return string? message
---@return lastpass.Error? err code "not_sealed_here", "wrong_user", "expired"
function M.import(client, text, secret, user, budget)
  local key, message, err = key_of(client, secret)
  if not key then
    return nil, message, err
  end
  local bytes = #text <= 8192 and base64.url.decode(text)
  local opened = bytes and digest.unseal(key, bytes)
  local record = opened and limits.read_record(opened)
  if not record then
    message = "the text was not sealed with this secret for this server, or was changed"
    return errors.fail("refused", "not_sealed_here", message)
  elseif user and user ~= record.user then
    return errors.fail("refused", "wrong_user", "the request is for another user")
  elseif record.ends + client:option "timeout" <= client:now() then
    return errors.fail("refused", "expired", "the request ended long ago")
  end
  return M.new(client, record, { fail_open = budget })
end

signature.declare("handle:", methods, {
  user = "",
  id = "",
  ends = "",
  poll = "",
  wait = "options?: table",
  cancel = "",
  export = "secret: userdata",
})

return M

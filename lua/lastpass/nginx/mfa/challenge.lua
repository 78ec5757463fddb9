--- Requests to phones. What is under way is kept by the browser that has asked, in a sealed cookie, so that any worker and
-- any machine can go on with it. LastPass is asked for its state by one worker at a time, whoever waits for it (see
-- `lastpass.nginx.mfa.questions`): the result is in the dict, for every tab, until the request's time is over.
-- @module lastpass.nginx.mfa.challenge
local cookies = require "lastpass.nginx.guard.cookies"
local dicts = require "lastpass.nginx.dicts"
local digest = require "lastpass.digest"
local json = require "lastpass.json"
local metrics = require "lastpass.nginx.metrics"
local outcomes = require "lastpass.mfa.outcomes"
local proofs = require "lastpass.nginx.mfa.proof"
local questions = require "lastpass.nginx.mfa.questions"
local text = require "lastpass.text"

---@class lastpass.nginx.mfa.Challenges
local methods = {}
local challenges_mt = { __name = "lastpass.nginx.mfa.Challenges", __index = methods }

local M = {}

local COOKIE = proofs.PREFIX .. "_push"
local AFTERWARDS = 60 -- seconds for which a result is known when the time is over
local LONGEST = 30 -- seconds that a request of the waiting page may stay
local PAGE = 10 -- seconds until a page without script has come back

local function log(self, result, level, request)
  local reason = result.err and result.err.message or result.code or result.raw
  reason = reason and "; " .. text.clean(reason) or ""
  ngx.log(
    level or ngx.NOTICE,
    "lastpass mfa: ",
    self._settings.name,
    ": push: ",
    result.outcome,
    " (",
    outcomes.for_log(result.outcome),
    reason,
    "); request ",
    request
  )
end

local function count(self, result)
  local labels = { guard = self._settings.name, by = "push", outcome = result.outcome }
  metrics.count("lastpass_mfa_results_total", labels)
  if result.failed_open then
    metrics.count("lastpass_mfa_failed_open_total", { guard = self._settings.name })
  end
end

-- What an application may say of a browser on a phone: nothing that came from outside word for word.
local browsers = { "Edg", "OPR", "Firefox", "Chrome", "Safari" }
local titles = { Edg = "Edge", OPR = "Opera" }
local systems = { "Windows", "iPhone", "iPad", "Android", "Mac OS X", "Linux" }

local function first_of(list, agent)
  for _, word in ipairs(list) do
    if agent:find(word, 1, true) then
      return titles[word] or word
    end
  end
end

local function device_name(agent)
  local browser, system = first_of(browsers, agent), first_of(systems, agent)
  return browser and system and browser .. ", " .. system or browser or "a browser"
end

-- ---- what is under way in a browser ----

local function open(self, present, person, device, now)
  local sealed = present[COOKIE]
  local opened = sealed and self._keys:open(self._purpose, sealed)
  local pending = opened and json.decode(opened)
  if
    not pending
    or pending.account ~= person.account
    or pending.session ~= person.session
    or pending.device ~= device
    or now > pending.ends + AFTERWARDS
  then
    return nil
  end
  pending.request = ngx.var.request_id
  return pending
end

--- What was under way lately for a person in this browser.
---@param present table<string, string> cookies
---@param person lastpass.nginx.mfa.Person
---@param device string
---@param now number
---@return table|nil pending
function methods:pending(present, person, device, now)
  return open(self, present, person, device, now)
end

--- The header that has the browser forget it.
---@return string
function methods.forget()
  return cookies.forget(COOKIE, "Lax")
end

local function result_of(self, pending)
  local kept = self._dict:get("result " .. pending.id)
  return kept and json.decode(kept)
end

-- For all tabs and workers. Whoever comes first counts it.
local function keep_result(self, pending, result, now)
  local kept = json.encode {
    ok = result.ok,
    outcome = result.outcome,
    evidence = result.evidence,
    at = now,
  }
  local seconds = math.max(pending.ends - now, 1) + AFTERWARDS
  local added, reason = dicts.add(self._dict, "result " .. pending.id, kept, seconds)
  if added then
    count(self, result)
    log(self, result, ngx.NOTICE, pending.request)
    questions.tell(self._dict, pending.id)
  elseif reason ~= "exists" then
    result = outcomes.result "error" -- no room: nobody passes by what cannot be written down
    log(self, result, ngx.ERR, pending.request)
    return result
  end
  return result_of(self, pending)
end

--- Asks a phone. While it is being asked by this browser already, that request goes on and nothing rings.
---@param person lastpass.nginx.mfa.Person
---@param device string
---@param asked string[]|nil methods
---@param now number
---@return table|nil result when it is over already: a limit, a server that cannot be reached, and so on
---@return string? header Set-Cookie, when something is under way
function methods:begin(person, device, asked, now)
  local handle, message, err = self._client():challenge {
    user = person.account,
    ip = ngx.var.remote_addr,
    device = device_name(ngx.var.http_user_agent or ""),
    browser_id = digest.hex("browser " .. device, 32),
    methods = asked,
    fail_open = self._settings.fail_open,
  }
  local exported = handle and handle:export(self._keys:secrets()[1])
  if not exported then
    local result = handle and handle:poll()
      or outcomes.result("error", { err = err or { message = tostring(message) } })
    count(self, result)
    log(self, result, ngx.WARN, ngx.var.request_id)
    return result
  end
  if not handle.joined then
    metrics.count("lastpass_mfa_challenges_total", { guard = self._settings.name })
  end
  local pending = {
    id = handle:id(),
    handle = exported,
    account = person.account,
    session = person.session,
    device = device,
    asked = asked and table.concat(asked, ",") or nil,
    began = math.floor(now),
    ends = math.floor(math.max(handle:ends(), now)),
  }
  return nil, cookies.set(COOKIE, self._keys:seal(self._purpose, json.encode(pending)), "Lax")
end

--- Asks a phone and waits for it, as long as the client's time is. Nobody else waits for the same.
---@param person table account
---@return lastpass.mfa.Result
function methods:ask_and_wait(person)
  local handle, message, err = self._client():challenge {
    user = person.account,
    ip = ngx.var.remote_addr,
    device = device_name(ngx.var.http_user_agent or ""),
  }
  local result = handle and handle:wait()
    or outcomes.result("error", { err = err or { message = tostring(message) } })
  count(self, result)
  log(self, result, ngx.NOTICE, ngx.var.request_id)
  return result
end

-- ---- waiting ----

local function import(self, pending)
  local handle, message, err
  for _, secret in ipairs(self._keys:secrets()) do
    handle, message, err = self._client():import(pending.handle, secret, pending.account)
    if handle then
      return handle
    end
  end
  return nil, message, err
end

-- The last question got no answer: then it is not known that nobody has approved it.
local function note_failure(self, pending, failed)
  if failed then
    dicts.set(self._dict, "failed " .. pending.id, true, AFTERWARDS)
  else
    self._dict:delete("failed " .. pending.id)
  end
end

local function ask(self, pending)
  local handle, message, err = pending.opened, nil, nil
  if not handle then
    handle, message, err = import(self, pending)
    pending.opened = handle
  end
  if not handle then
    local outcome = err and err.code == "expired" and "timeout" or "error"
    return outcomes.result(outcome, { err = err or { message = message } })
  end
  local result = handle:poll()
  if result.outcome == "pending" then
    note_failure(self, pending, result.err ~= nil)
    return nil
  elseif result.outcome == "timeout" and self._dict:get("failed " .. pending.id) then
    return outcomes.result("unreachable", { user = result.user, code = result.code })
  end
  return result
end

local function learn(self, pending)
  local result = ask(self, pending)
  ngx.update_time()
  return result and keep_result(self, pending, result, ngx.now())
end

-- What is known, or what LastPass says, unless another worker has just asked it; news are worth a question before it is time.
local function ask_in_turn(self, pending, is_news)
  local known = result_of(self, pending)
  if known then
    return known
  end
  local now = ngx.now()
  local added = dicts.add(self._dict, "poll " .. pending.id, true, self:every())
  if not added and not is_news then
    return nil
  end
  dicts.set(self._dict, "asked " .. pending.id, now, math.max(pending.ends - now, 1))
  return learn(self, pending)
end

--- Seconds between two questions about one request, when nothing holds them up.
---@return number
function methods:every()
  return self._client():option("poll").every
end

local function watch(self, pending, wanted_until)
  local asked_at = self._dict:get("asked " .. pending.id) or pending.began or ngx.now()
  return self._questions:watch(pending, asked_at, wanted_until)
end

--- What has become of a request, as far as it is known. LastPass is asked in its turn.
---@param pending table
---@param now number
---@return table|nil result nil: it is under way
function methods:look(pending, now)
  local known = result_of(self, pending)
  if known then
    return known
  elseif now >= pending.ends then
    return learn(self, pending)
  end
  watch(self, pending, math.min(now + PAGE, pending.ends))
end

--- The same, as late as possible: as soon as there is a result, and after some seconds without one.
---@param pending table
---@return table|nil result
function methods:wait(pending)
  local now = ngx.now()
  if now < pending.ends then
    local seconds = math.min(LONGEST, pending.ends - now)
    local entry = watch(self, pending, now + seconds)
    local result = result_of(self, pending) or self._questions:wait(entry, seconds)
    if result then
      return result
    end
    ngx.update_time()
  end
  return self:look(pending, ngx.now())
end

--- LastPass says that there is something to learn of a request: it is asked at once. What else a callback says is not looked at.
---@param parameters table of the request's address
---@return boolean known
function methods:callback(parameters)
  local known = self._client():callback(parameters)
  if known then
    questions.tell(self._dict, parameters.handle)
  end
  return known
end

--- Gives up what is under way: a later approval is ignored, everywhere.
---@param pending table
function methods:cancel(pending)
  local handle = import(self, pending)
  if handle then
    handle:cancel()
  end
end

--- Makes the requests of a guard.
---@param options table settings, keys, client (fun(): client), dict
---@return lastpass.nginx.mfa.Challenges
function M.new(options)
  local self = setmetatable({
    _settings = options.settings,
    _keys = options.keys,
    _purpose = "push " .. options.settings.url,
    _client = options.client,
    _dict = options.dict,
  }, challenges_mt)
  self._questions = questions.new {
    dict = options.dict,
    per_second = options.settings.polls_per_second,
    at_once = function()
      return math.ceil(options.settings.polls_at_once / ngx.worker.count())
    end,
    every = function()
      return self:every()
    end,
    ask = function(pending, is_news)
      return ask_in_turn(self, pending, is_news)
    end,
  }
  return self
end

return M

--- Requests to phones. What is under way is kept by the browser that has asked, in a sealed cookie, so that any worker and
-- any machine can go on with it. LastPass is asked for its state by one request at a time, whoever waits for it: the result
-- is in the dict, for every tab, until the request's time is over.
-- @module lastpass.nginx.mfa.challenge
local cookies = require "lastpass.nginx.guard.cookies"
local dicts = require "lastpass.nginx.dicts"
local digest = require "lastpass.digest"
local json = require "lastpass.json"
local metrics = require "lastpass.nginx.metrics"
local outcomes = require "lastpass.mfa.outcomes"
local proofs = require "lastpass.nginx.mfa.proof"
local text = require "lastpass.text"

---@class lastpass.nginx.mfa.Challenges
local methods = {}
local challenges_mt = { __name = "lastpass.nginx.mfa.Challenges", __index = methods }

local M = {}

local COOKIE = proofs.PREFIX .. "_push"
local AFTERWARDS = 60 -- seconds for which a result is known when the time is over
local LONGEST = 20 -- seconds that a request of the waiting page may stay
local STEP = 1 -- seconds between looks at the dict, at most

--- Makes the requests of a guard.
---@param options table settings, keys, client (fun(): client), dict
---@return lastpass.nginx.mfa.Challenges
function M.new(options)
  return setmetatable({
    _settings = options.settings,
    _keys = options.keys,
    _purpose = "push " .. options.settings.url,
    _client = options.client,
    _dict = options.dict,
    _waiting = 0,
  }, challenges_mt)
end

local function log(self, result, level)
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
    ngx.var.request_id
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
    log(self, result, ngx.NOTICE)
  elseif reason ~= "exists" then
    result = outcomes.result "error" -- no room: nobody passes by what cannot be written down
    log(self, result, ngx.ERR)
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
    log(self, result, ngx.WARN)
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
  log(self, result, ngx.NOTICE)
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
  local handle, message, err = import(self, pending)
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

-- So many seconds between two questions about one request: more when many are waiting.
local function pace(self)
  local every = self._client():option("poll").every
  return math.max(every, self._waiting / self._settings.polls_per_second)
end

--- What has become of a request, now. LastPass is asked unless somebody else has just done so.
---@param pending table
---@param now number
---@return table|nil result nil: it is under way
function methods:look(pending, now)
  local known = result_of(self, pending)
  if known then
    return known
  elseif now < pending.ends then
    local added = dicts.add(self._dict, "poll " .. pending.id, true, pace(self))
    if not added then
      return nil
    end
  end
  local result = ask(self, pending)
  ngx.update_time()
  return result and keep_result(self, pending, result, ngx.now())
end

--- The same, as late as possible: as soon as there is a result, and after some seconds without one.
---@param pending table
---@return table|nil result
function methods:wait(pending)
  local ends = ngx.now() + LONGEST
  self._waiting = self._waiting + 1
  local ok, result
  repeat
    ok, result = pcall(self.look, self, pending, ngx.now())
    if not ok or result or ngx.worker.exiting() then
      break
    end
    ngx.sleep(math.min(STEP, pace(self)))
    ngx.update_time()
  until ngx.now() >= ends
  self._waiting = self._waiting - 1
  if not ok then
    error(result, 0)
  end
  return result
end

--- Gives up what is under way: a later approval is ignored, everywhere.
---@param pending table
function methods:cancel(pending)
  local handle = import(self, pending)
  if handle then
    handle:cancel()
  end
end

return M

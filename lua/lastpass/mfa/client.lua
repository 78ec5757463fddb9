--- A client of LastPass MFA: asks a person's phone, over the plain or the secured API (mfa §2). A request to a phone is sent
-- once, whatever happens to its answer.
-- @module lastpass.mfa.client
local challenge = require "lastpass.mfa.challenge"
local client_options = require "lastpass.mfa.options"
local errors = require "lastpass.error"
local fail_open = require "lastpass.mfa.fail_open"
local handles = require "lastpass.mfa.handle"
local outcomes = require "lastpass.mfa.outcomes"
local signature = require "lastpass.signature"
local transport = require "lastpass.transport"

---@class lastpass.mfa.Client
---@field directory lastpass.mfa.Directory the users, groups and roles of LastPass MFA; with the mode "secured"
local methods = {}
local client_mt = { __name = "lastpass.mfa.Client" }

local M = { methods = methods }

function client_mt.__index(client, name)
  local method = methods[name]
  if method == nil and name == "directory" then
    method = require("lastpass.mfa.directory").new(client)
    rawset(client, name, method)
  end
  return method
end

function client_mt.__tostring(client)
  local options = client._options
  return ("lastpass.mfa.Client (%s, %s)"):format(options.base_url, options.mode)
end

--- Makes a client. Nothing is sent.
---@param options table api_key and others: `lastpass.mfa.options`, docs/mfa.md
---@param level? integer whose line is blamed for mistakes; default the caller
---@return lastpass.mfa.Client|nil client wrong options raise
---@return string? message the private key cannot be used
---@return lastpass.Error? err kind "argument"
function M.new(options, level)
  local complete = client_options.complete(options, (level or 1) + 1)
  local self = setmetatable({
    _options = complete,
    _counts = {},
    _transport = transport.open(complete.transport, {
      ca_file = complete.ca_file,
      proxy = complete.proxy,
      connect_timeout = complete.connect_timeout,
    }),
  }, client_mt)
  if complete.mode == "secured" then
    local envelope, message, err =
      require("lastpass.mfa.envelope").new(complete.api_key, complete.private_key, complete.clock)
    if not envelope then
      return nil, message, err
    end
    self._envelope = envelope
  end
  return self
end

--- An option the client was made with, or its default.
---@param name string see `lastpass.mfa.options`; an unknown name raises
---@return any value nil for an option without a default that was not given
function methods:option(name)
  client_options.check_name("mfa:option", name, 2)
  return self._options[name]
end

--- The client's clock.
---@return number seconds UTC, since 1970
function methods:now()
  return self._options.clock()
end

--- A string without the key: what came from elsewhere may repeat it.
---@param text string
---@return string
function methods:redact(text)
  return self._options.api_key:redact(text)
end

--- What carries the client's requests.
---@return table transport with `send`
function methods:transport()
  return self._transport
end

--- What wraps requests in the mode "secured".
---@return lastpass.mfa.Envelope|nil
---@return string? message
---@return lastpass.Error? err
function methods:envelope()
  if not self._envelope then
    local message = 'this needs the mode "secured", with the Generic API key and a private key'
    return errors.fail("argument", "unsupported", message)
  end
  return self._envelope
end

--- Which server and mode this is: what is sealed for another one cannot be opened here.
---@return string
function methods:identity()
  return self._options.mode .. " " .. self._options.base_url
end

--- Tells `on_event`.
---@param event table event: what has happened; user and others
function methods:report(event)
  if self._options.on_event then
    event.at = self:now()
    self._options.on_event(event)
  end
end

--- Counts a result, and reports it.
---@param result lastpass.mfa.Result
---@param id? string of the request
function methods:record(result, id)
  local counts = self._counts
  counts[result.outcome] = (counts[result.outcome] or 0) + 1
  if result.failed_open then
    counts.failed_open = (counts.failed_open or 0) + 1
  end
  self:report {
    event = "result",
    user = result.user,
    outcome = result.outcome,
    code = result.code,
    raw = result.raw,
    id = id,
    log_id = result.log_id,
    failed_open = result.failed_open,
  }
end

--- How often each outcome came, of requests that this client learnt the end of; and how often users were let in without an
-- answer ("failed_open").
---@return table<string, integer>
function methods:counts()
  local copy = { failed_open = self._counts.failed_open or 0 }
  for _, name in ipairs(outcomes.list) do
    copy[name] = self._counts[name] or 0
  end
  copy.pending = nil
  return copy
end

-- ---- asking ----

--- Asks a person's phone, and comes back with a handle as soon as the server has the request. When another request for the same
-- user and browser is under way, its handle comes and no phone rings; without a `browser_id` nobody gets another's answer, and
-- the second request is held back. What a limit or the server refuses is the handle's
-- result: `poll` and `wait` give it at once.
---@param given table user (e-mail address), ip (the user's), device (such as "Windows, Chrome"), browser_id, methods (asked for,
-- such as {"fingerprint"}; never proved), first_name, last_name, fail_open (`lastpass.mfa.FailOpen`)
---@return lastpass.mfa.Handle|nil handle `handle.joined`: it is another call's
---@return string? message
---@return lastpass.Error? err kind "argument": nothing was sent or counted
function methods:challenge(given)
  return challenge.start(self, "mfa:challenge", given, true)
end

--- Asks a person's phone in one HTTP request that takes as long as the user does, at most the client's timeout.
---@param given table as of `challenge`
---@return lastpass.mfa.Result|nil
---@return string? message
---@return lastpass.Error? err kind "argument"
function methods:authenticate(given)
  local handle, message, err = challenge.start(self, "mfa:authenticate", given, false)
  if not handle then
    return nil, message, err
  end
  return handle:wait()
end

--- A handle out of what `handle:export` made.
---@param text string
---@param secret userdata the one it was sealed with
---@param user? string whom it has to be for
---@param options? table fail_open (`lastpass.mfa.FailOpen`): it is not sealed, whoever goes on says it again
---@return lastpass.mfa.Handle|nil
---@return string? message
---@return lastpass.Error? err code "not_sealed_here", "wrong_user", "expired"
function methods:import(text, secret, user, options)
  options = errors.check_options("mfa:import", options, { fail_open = "table" })
  fail_open.check(self, "mfa:import", options.fail_open, 2)
  return handles.import(self, text, secret, user, options.fail_open)
end

--- For the address that is the option `callback_url`: lets who waits for a request ask at once. What else a callback says is not
-- looked at, since nobody proves who sent it (mfa §3).
---@param parameters table of the request's address: handle
---@return boolean known whether such a request is under way
function methods:callback(parameters)
  local id, state = parameters.handle, self._options.state
  if type(id) ~= "string" or not id:find "^%x+$" or #id ~= 32 then
    return false
  elseif not state:get("mfa:callback:" .. id) then
    return false
  end
  return state:put("mfa:wake:" .. id, "", self._options.timeout) == true
end

-- ---- by way of the browser ----

--- Begins a sign-in on a page of LastPass. Send the browser there, and keep the token in its session: it is for the same
-- session alone that `web_check` may be asked with it. With the mode "plain", and `endpoints.web_start` set.
---@param given table user, success_url, not_registered_url, cancel_url (where the browser comes back to), workstation (true:
-- it is no browser of the user's own)
---@return {url: string, token: string, user: string}|nil
---@return string? message
---@return lastpass.Error? err
function methods:web_start(given)
  return require("lastpass.mfa.web").start(self, given)
end

--- What came of it, when the browser is back. With the mode "plain", and `endpoints.web_check` set.
---@param token string
---@param user string whom it was begun for: another one's answer is nobody's
---@return lastpass.mfa.Result|nil
---@return string? message
---@return lastpass.Error? err kind "argument"
function methods:web_check(token, user)
  return require("lastpass.mfa.web").check(self, token, user)
end

-- ---- without a phone ----

--- Whether the server can be reached: TLS and HTTP, no more. No phone rings, and no key is sent.
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:ping()
  local response, message, err = self._transport:send {
    method = "GET",
    url = self._options.base_url .. "/",
    timeout = self._options.request_timeout,
    max_bytes = self._options.max_bytes,
  }
  if not response and err.code ~= "reply_too_large" then
    return nil, message, err
  end
  return true
end

--- Whether LastPass MFA knows a user; with the mode "secured".
---@param address string
---@return "known"|"unknown_user"|nil
---@return string? message
---@return lastpass.Error? err
function methods:user(address)
  local known, message, err = self.directory:exists(address)
  if known == nil then
    return nil, message, err
  end
  return known and "known" or "unknown_user"
end

signature.declare("mfa:", methods, {
  option = "name: string",
  now = "",
  redact = "text: string",
  transport = "",
  envelope = "",
  identity = "",
  report = "event: table",
  record = "result: table, id?: string",
  counts = "",
  challenge = "given: table",
  authenticate = "given: table",
  import = "text: string, secret: userdata, user?: string, options?: table",
  callback = "parameters: table",
  web_start = "given: table",
  web_check = "token: string, user: string",
  ping = "",
  user = "address: string",
})

return signature.declare("mfa.client.", M, { new = "options: table, level?: integer" })

--- The commands that ask for a second factor: a person's phone, over LastPass MFA.
-- @module lastpass.cli.commands.mfa
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local mfa = require "lastpass.cli.mfa"
local values = require "lastpass.cli.values"

local must = failure.must

-- ------------------------------------------------------------------ ask

local function challenge_of(options, profile)
  return {
    user = options.user,
    ip = options.ip or profile.mfa_ip or "127.0.0.1",
    device = options.device,
    methods = values.list(options.method),
  }
end

local function ask(session, options)
  require("lastpass.cli.output").check(session, require("lastpass.cli.views").mfa_result)
  local client, profile = mfa.client(session)
  local handle = must(failure.call(client.challenge, client, challenge_of(options, profile)))
  local result = handle:poll()
  if result.outcome == "pending" and not options.no_wait then
    session:say("waiting for %s to answer on their phone; Ctrl-C gives up", handle:user())
    result = handle:wait()
  end
  if require("lastpass.cli.interrupt").has_come() then
    handle:cancel()
    session:say "given up; an answer that comes now counts no more"
    return exit.interrupted
  end
  return mfa.show_result(session, result)
end

local function ask_lua(options)
  local given = challenge_of(options, {})
  return table.concat({
    mfa.lua(options),
    "local handle = assert(mfa:challenge " .. lua_text.value(given) .. ")",
    options.no_wait and "local result = handle:poll()" or "local result = handle:wait()",
    "print(result.ok, result.outcome, result.raw)",
  }, "\n")
end

-- ------------------------------------------------------------------ ping and user

local function ping(session)
  local client = mfa.client(session)
  must(client:ping())
  session:say("%s answers; no phone has rung, and no key was sent", client:option "base_url")
  return exit.done
end

local function user(session, options)
  local client = mfa.client(session)
  local known = must(client:user(options.user))
  if session.options.json then
    session:print(require("lastpass.json").shown { user = options.user, known = known == "known" })
  else
    session:print(known == "known" and "known" or "unknown")
  end
  return known == "known" and exit.done or exit.findings
end

return {
  groups = {
    mfa = "LastPass MFA: a second factor, and the directory of those who have one.",
    ["mfa code"] = "One-time codes, as apps show them.",
    ["mfa radius"] = "A second factor by RADIUS, as the Universal Proxy speaks it.",
    ["mfa user"] = "A user of LastPass MFA.",
    ["mfa group"] = "A group of LastPass MFA.",
    ["mfa role"] = "A role of LastPass MFA.",
  },
  {
    name = "mfa ask",
    summary = "Ask a person's phone, and wait for the answer",
    description = "Ends with 0 when the person has approved, with 4 when not, with 75 when a limit "
      .. "holds the request back, with 69 when LastPass cannot be reached. A request is sent once. "
      .. "Which method the person used is never said: LastPass does not say it.",
    rows = true,
    arguments = { { "user", "the person's address", names = "users" } },
    options = values.join({
      {
        "--method",
        "ask for this method: fingerprint, face, pattern; repeat it for several",
        value = "NAME",
        many = true,
      },
      { "--device", "what the phone shows: 'Windows, Chrome'", value = "TEXT" },
      {
        "--ip",
        "the person's address, which the phone shows as a place; default the profile's mfa_ip",
        value = "ADDRESS",
      },
      { "--no-wait", "send the request, look once, and do not wait" },
    }, mfa.options),
    examples = {
      { "lastpass mfa ask ann@acme.com", "rings Ann's phone" },
      {
        "lastpass mfa ask ann@acme.com --device 'door 3' && open-door",
        "in a script: only an approval is 0",
      },
    },
    topics = { "mfa", "output", "exit-codes" },
    lua = ask_lua,
    run = ask,
  },
  {
    name = "mfa ping",
    summary = "See whether LastPass MFA can be reached",
    description = "TLS and HTTP, and no more: there is no call for it. No phone rings, and no key "
      .. "is sent.",
    options = mfa.options,
    examples = { { "lastpass mfa ping", "before the first request" } },
    topics = { "mfa" },
    lua = function(options)
      return mfa.lua(options) .. "\nassert(mfa:ping())"
    end,
    run = ping,
  },
  {
    name = "mfa known",
    summary = "Say whether LastPass MFA knows a user",
    description = "Ends with 7 when it does not. With the secured mode; no phone rings.",
    arguments = { { "user", "the person's address", names = "users" } },
    options = mfa.options,
    examples = { { "lastpass mfa known ann@acme.com", "is she to be added?" } },
    topics = { "mfa", "exit-codes" },
    lua = function(options)
      return ("%s\nprint(assert(mfa:user(%s)))"):format(
        mfa.lua(options),
        lua_text.value(options.user)
      )
    end,
    run = user,
  },
}

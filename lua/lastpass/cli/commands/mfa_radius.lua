--- The command that asks a RADIUS server.
-- @module lastpass.cli.commands.mfa_radius
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local mfa = require "lastpass.cli.mfa"
local mfa_radius = require "lastpass.cli.mfa_radius"
local values = require "lastpass.cli.values"

local must = failure.must

local function ask_line(session, question)
  local streams = session.streams
  if streams.input_is_terminal then
    if session.options.no_input then
      must(values.usage(question .. " is asked for, and --no-input forbids it"))
    end
    streams.err:write(question, ": ")
    streams.err:flush()
  end
  return (streams.input:read "*l" or ""):match "^%s*(.-)%s*$"
end

local function password_of(options)
  local secret = require "lastpass.secret"
  if options.password_file then
    return must(secret.file(options.password_file))
  elseif options.password_prompt then
    return must(require("lastpass.cli.session").ask_secret "Password: ")
  end
  return nil
end

local function test(session, options)
  require("lastpass.cli.output").check(session, require("lastpass.cli.views").mfa_result)
  local client = must(failure.call(require("lastpass").mfa.radius.new, {
    servers = mfa_radius.servers(options),
    mode = options.mode,
    server_mode = options.server_mode,
    timeout = options.timeout,
    nas_identifier = options.nas_identifier,
    state = mfa.state(session), -- phones and wrong codes are counted, over all programs
  }))
  local given = {
    user = options.user,
    method = options.method,
    password = password_of(options),
    code = options.method == "code" and ask_line(session, "Code") or nil,
    ip = options.ip,
  }
  if options.method ~= "code" then
    session:say "waiting for the answer; Ctrl-C gives up"
  end
  require("lastpass.cli.interrupt").watch()
  local result, message, err = failure.call(client.authenticate, client, given)
  if err and err.code == "no_password" then
    err.hint = "use --password-prompt or --password-file"
  end
  must(result, message, err)
  while result.outcome == "pending" and result.challenge do
    session:say("the server asks: %s", result.challenge.message or "for a code")
    result =
      must(failure.call(client.answer, client, result.challenge, ask_line(session, "Answer")))
  end
  local code = mfa.show_result(session, result)
  local counters = client:counters()
  for _, name in ipairs { "radius_forged", "malformed", "stray", "retransmitted", "failed_over" } do
    if (counters[name] or 0) > 0 then
      session:say("note: %s: %d", name:gsub("_", " "), counters[name])
    end
  end
  return code
end

local function test_lua(options)
  local made = {
    servers = mfa_radius.servers_lua(options),
    mode = options.mode,
    server_mode = options.server_mode,
    timeout = options.timeout,
    nas_identifier = options.nas_identifier,
    state = options.journal and mfa.state_lua(options.journal),
  }
  local given =
    {
      user = options.user,
      method = options.method,
      ip = options.ip,
      password = options.password_file and lua_text.raw(
        ('assert(require("lastpass").secret.file(%s))'):format(
          lua_text.value(options.password_file)
        )
      ) or nil,
      code = options.method == "code" and lua_text.raw "io.read()" or nil,
    }
  return table.concat({
    'local radius = require("lastpass").mfa.radius.new ' .. lua_text.value(made),
    "local result = assert(radius:authenticate " .. lua_text.value(given) .. ")",
    "print(result.ok, result.outcome, result.raw)",
  }, "\n")
end

return {
  {
    name = "mfa radius test",
    summary = "Ask a RADIUS server, such as the Universal Proxy, for a second factor",
    description = "A request to a phone rings it. Codes and answers are typed, or read from "
      .. "standard input. Ends with 0 when the user may come in, with 4 when not, with 69 when no "
      .. "server gave an answer that counts.",
    rows = true,
    arguments = { { "user", "the user's name, as the server knows it" } },
    options = values.join(mfa_radius.options, {
      {
        "--method",
        "default as the server is set up",
        value = "NAME",
        choices = { "push", "call", "code" },
      },
      { "--password-file", "file with the user's password, mode 600", value = "FILE" },
      { "--password-prompt", "ask for the password, without echo" },
      { "--mode", "how the password is sent", value = "MODE", choices = { "pap", "chap" } },
      {
        "--server-mode",
        "how the proxy is set up; default sfa",
        value = "MODE",
        choices = { "sfa", "plp", "lp" },
      },
      { "--ip", "the user's address, for the server's log", value = "ADDRESS" },
      { "--timeout", "seconds for the whole; default 65", value = "SECONDS", number = true },
      { "--nas-identifier", "what this client calls itself", value = "TEXT" },
      { "--profile", "profile of the configuration, whose journal is used", value = "NAME" },
    }, { mfa.journal_option }),
    examples = {
      {
        "lastpass mfa radius test ann --server proxy.acme.com --secret-file radius.secret "
          .. "--method push --password-prompt",
        "rings Ann's phone by the proxy",
      },
    },
    topics = { "mfa", "output", "exit-codes" },
    lua = test_lua,
    run = test,
  },
}

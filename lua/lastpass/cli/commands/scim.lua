--- The commands about the SCIM endpoint: its connections, their tokens, and what was pushed.
-- @module lastpass.cli.commands.scim
local connections = require "lastpass.cli.connections"
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local values = require "lastpass.cli.values"

local must = failure.must

local DAY = 86400

local function tokens_of()
  return require "lastpass.inbound.tokens"
end

-- ------------------------------------------------------------------ new tokens

-- When a new token expires: epoch seconds, or nil for never.
local function expiry_of(options, now)
  if options.expires_in == "never" then
    return nil
  end
  local seconds = must(values.duration("expires-in", options.expires_in))
  if seconds and seconds < DAY then
    must(values.usage "--expires-in: a day at least, or never")
  end
  return now + (seconds or tokens_of().DAYS * DAY)
end

local function until_when(expires, now)
  if not expires then
    return "until it is revoked"
  end
  local days = math.floor((expires - now) / DAY)
  return ("for %d days, until %s"):format(days, require("lastpass.time").iso(expires))
end

local MOST_LABEL = 80

local function label_of(options, now)
  local label = options.label or require("lastpass.time").iso(now):sub(1, 10)
  if not label:find "%S" or label:find "%c" or #label > MOST_LABEL then
    must(values.usage(("--label: one line of 1 to %d characters"):format(MOST_LABEL)))
  end
  return label
end

-- Into a new file that only its owner can read, or onto standard output.
local function hand_out(session, text, row)
  local path = session.options.output
  if path then
    local secret = must(require("lastpass.secret").value(text))
    local ok, reason = require("lastpass.core").save_secret(secret, path)
    secret:close()
    if not ok then
      return errors.fail("argument", "cannot_write", ("%s: %s"):format(path, reason))
    end
  end
  if session.options.json then
    row.token, row.file = not path and text or nil, path
    session:print(require("lastpass.json").shown(row))
  elseif not path then
    session:print(text)
  end
  session.streams:flush()
  if not path and session.streams:is_closed() then
    return errors.fail("argument", "cannot_write", "nobody has read the token: it was revoked")
  end
  return true
end

-- A token that did not reach anybody opens nothing.
local function hand_out_or_revoke(session, journal, row, text)
  local id = row.id
  local ok, given, message, err = pcall(hand_out, session, text, row)
  if ok and given then
    return
  end
  must(journal:revoke_scim_token(id))
  if not ok then
    error(given, 0)
  end
  must(given, message, err)
end

local function new_token(session, options)
  local time = require "lastpass.time"
  local now = time.now()
  local expires = expiry_of(options, now)
  local journal, connection = connections.open(session, options.connection)
  local others = connections.live_tokens(journal, connection.name, now)
  local label = label_of(options, now)
  local what = ("%s: a token '%s', good %s"):format(
    connection.name,
    label,
    until_when(expires, now)
  )
  if options.dry_run then
    session:say("%s; nothing was written", what)
    return exit.done
  end
  local text, hash = tokens_of().new()
  local id = must(journal:add_scim_token {
    connection = connection.name,
    hash = hash,
    label = label,
    expires = expires,
  })
  hand_out_or_revoke(session, journal, {
    id = id,
    connection = connection.name,
    label = label,
    expires = expires and time.iso(expires) or nil,
  }, text)
  session:say("%s; its number is %d", what, id)
  if connection.state == "closed" then
    session:say("%s was closed; it is open again", connection.name)
  end
  if options.output then
    session:say(
      "%s: the token, for you alone; remove the file when the provider has it",
      options.output
    )
  else
    session:say "it is shown this once; the journal has only its SHA-256"
  end
  if others[1] then
    session:say(
      "token %d stays good: once the provider uses the new one, lastpass scim token revoke %d",
      others[1].id,
      others[1].id
    )
  end
  return exit.done
end

-- ------------------------------------------------------------------ revoking

local function token_named(session, id)
  for _, token in ipairs(connections.tokens(session)) do
    if token.id == id then
      return token
    end
  end
  return errors.fail("argument", "no_such_token", ("there is no token %d"):format(id), {
    hint = "lastpass scim token list shows their numbers",
  })
end

local function revoke_question(journal, token, now)
  local live = connections.live_tokens(journal, token.connection, now)
  local is_last = #live == 1 and live[1].id == token.id
  local used = token.last_used and "last used " .. require("lastpass.time").iso(token.last_used)
    or "never used"
  return ("revoke the token %d '%s' of %s, %s%s"):format(
    token.id,
    token.label,
    token.connection,
    used,
    is_last and "; it is the only one: the identity provider will be refused" or ""
  )
end

local function revoke_token(session, options)
  local journal = must(session:journal())
  local token = must(token_named(session, options.token))
  if token.state == "revoked" then
    session:say("token %d of %s is revoked already", token.id, token.connection)
    return exit.done
  end
  local question = revoke_question(journal, token, require("lastpass.time").now())
  if options.dry_run then
    session:say("would %s; nothing was written", question)
    return exit.done
  end
  must(require("lastpass.cli.confirm").ask(session, question .. "?"))
  must(journal:revoke_scim_token(token.id))
  session:say("token %d of %s is revoked", token.id, token.connection)
  return exit.done
end

-- ------------------------------------------------------------------ the log

-- A time as the account's clock shows it, as everywhere.
local function moment(session, text)
  local time = require "lastpass.time"
  local zone = must(time.zone(must(session:configuration()):values().timezone))
  return (must(time.parse(text, zone, time.now())))
end

local function log_filter(session, options)
  if options.status and options.failed then
    must(values.usage "--status and --failed do not go together")
  end
  return {
    since = options.since and moment(session, options.since),
    status = options.status,
    failed = options.failed,
    limit = options.limit,
  }
end

local connection_argument =
  { "connection", "name of the connection, the end of its address", names = "connections" }
local connection_option = { "--connection", "only of this connection", value = "NAME" }

return {
  groups = {
    scim = "SCIM 2.0: the endpoint that identity providers push to.",
    ["scim token"] = "Tokens that identity providers push with.",
    ["scim shadow"] = "Connections that only answer as if things were done.",
    ["scim held"] = "Writes of identity providers that wait for a decision.",
  },
  {
    name = "scim connections",
    summary = "List connections of identity providers",
    description = "What SCIM endpoints have reported: which identity provider, live or as a "
      .. "shadow, its tokens and the days they have left, how many users and groups it has linked, "
      .. "how many of its writes are held, and when it was heard of last.",
    connects = true,
    rows = true,
    examples = {
      { "lastpass scim connections", "is everything all right?" },
      {
        "lastpass scim connections --where '(u.days_left or 999) < 14' --csv",
        "whose token has to be changed",
      },
    },
    topics = { "output" },
    lua = connections.lua(
      "journal:scim_connections{ tenant = tenant }",
      "one.name, one.provider, one.mode"
    ),
    view = "scim_connections",
    list = connections.list,
  },
  {
    name = "scim token new",
    summary = "Make a token, and show it once",
    description = "An identity provider pushes with it. It goes to standard output, or into a "
      .. "file; the journal has only its SHA-256. A connection has two tokens at most, so that one "
      .. "can be exchanged for another without an outage. "
      .. "With --json its number, label and end come along.",
    connects = true,
    writes = true,
    arguments = { connection_argument },
    options = {
      { "--label", "what it is called in lists; default today's date", value = "TEXT" },
      {
        "--expires-in",
        "how long it is good for: 90d, 52w, never; default 365d",
        value = "TIME",
      },
      { "-o --output", "write it into this new file, which only you can read", value = "FILE" },
    },
    examples = {
      { "lastpass scim token new entra", "paste it into Entra's Secret Token" },
      {
        "lastpass scim token new okta --label rotation-2026 --expires-in 180d -o okta.token",
        "into a file",
      },
    },
    topics = { "exit-codes" },
    lua = function(options)
      return ([[
local journal = assert(require("lastpass.store").of(client))
local token, hash = require("lastpass.inbound.tokens").new()
assert(journal:add_scim_token%s)
print(token)]]):format(lua_text.options {
        connection = options.connection,
        hash = lua_text.raw "hash",
        label = options.label or "by a script",
      })
    end,
    run = new_token,
  },
  {
    name = "scim token list",
    summary = "List tokens, and how long they are good",
    connects = true,
    rows = true,
    arguments = {
      { "connection", "only of this connection", args = "?", names = "connections" },
    },
    examples = {
      { "lastpass scim token list entra", "which one does Entra use?" },
      { "lastpass scim token list --where 'u.state == \"live\"' --json", "for a monitor" },
    },
    topics = { "output" },
    lua = function(options)
      return connections.lua(
        ("journal:scim_tokens(%s)"):format(
          options.connection and lua_text.value(options.connection) or ""
        ),
        "one.id, one.connection, one.label, one.last_used"
      )
    end,
    view = "scim_tokens",
    list = function(session, options)
      return connections.tokens(session, options.connection)
    end,
  },
  {
    name = "scim token revoke",
    summary = "Revoke a token: from now on it opens nothing",
    description = "Endpoints notice within seconds.",
    connects = true,
    writes = true,
    harm = "ask",
    arguments = { { "token", "its number, as `scim token list` shows it", number = "whole" } },
    examples = { { "lastpass scim token revoke 3", "the old one, once the new one is used" } },
    lua = function(options)
      return ([[
local journal = assert(require("lastpass.store").of(client))
assert(journal:revoke_scim_token(%d))]]):format(options.token)
    end,
    run = revoke_token,
  },
  {
    name = "scim log",
    summary = "List what was pushed, and what was answered",
    description = "The newest first. No address and no value is in it: the target is the id that "
      .. "the identity provider knows, and run and job lead to the journal.",
    connects = true,
    rows = true,
    ends_with_reader = true,
    options = {
      connection_option,
      { "--since", "since when: -24h, 2026-11-30, …; default all", value = "TIME" },
      { "--status", "only with this status", value = "NUMBER", number = "whole" },
      { "--failed", "only what was refused, held or failed: status 400 and above" },
      { "--limit", "how many are read; default 100", value = "COUNT", number = "whole" },
    },
    examples = {
      { "lastpass scim log --failed --since -24h", "what went wrong since yesterday" },
      {
        "lastpass scim log --connection entra --where 'u.action == \"patch_user\"'",
        "changes of people",
      },
    },
    topics = { "output", "where" },
    lua = function(options)
      local filter = {
        connection = options.connection,
        since = options.since
          and lua_text.raw(
            ('require("lastpass").time.parse(%s)'):format(lua_text.value(options.since))
          ),
        status = options.status,
        failed = options.failed,
        limit = options.limit,
      }
      return connections.lua(
        ("journal:scim_requests%s"):format(lua_text.options(filter)),
        "one.at, one.connection, one.action, one.status"
      )
    end,
    view = "scim_requests",
    list = function(session, options)
      return connections.requests(session, options.connection, log_filter(session, options))
    end,
  },
}

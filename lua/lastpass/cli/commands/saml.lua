--- The commands about SAML messages and keys: what something is, why it is refused, and which keys are in use.
-- @module lastpass.cli.commands.saml
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local saml = require "lastpass.cli.saml"
local values = require "lastpass.cli.values"

local must = failure.must

local MOST_SKEW = 300

local REQUIRE = 'local saml = require("lastpass").saml'

-- ------------------------------------------------------------------ inspect

-- A federation's file is streamed: with an entity ID, no more than that entity is looked at.
local function describe(session, options)
  local words = require "lastpass.saml.inspect.words"
  local word = options.source
  if options.entity and not saml.is_address(word) and word ~= "-" then
    local entity = saml.metadata(word, options, { now = -math.huge })
    return words.of_entity(entity, nil, require("lastpass.time").now())
  end
  return must(failure.call(require("lastpass.saml.inspect").describe, saml.text(session, word), {
    entity_id = options.entity,
    allow_http = options.allow_http,
  }))
end

local function run_inspect(session, options)
  local view = require("lastpass.cli.views").saml_words
  require("lastpass.cli.output").check(session, view)
  local report = describe(session, options)
  if not session:for_programs() then
    session:print(session.streams:shown(report.what))
  end
  session:show(view, report.rows)
  session.streams:flush()
  for _, warning in ipairs(report.warnings) do
    session:say("note: %s", warning)
  end
  return exit.done
end

local function text_lua(word)
  if word == "-" then
    return 'io.read "*a"'
  elseif saml.is_address(word) then
    local request = ('{ method = "GET", url = %s }'):format(lua_text.value(word))
    return ('assert(require("lastpass.transport").open():send %s).body'):format(request)
  elseif word:find "^https?://" then
    return lua_text.value(word)
  end
  return ('assert(require("lastpass.files").read(%s))'):format(lua_text.value(word))
end

-- ------------------------------------------------------------------ verify

local function time_of(text)
  local times = require "lastpass.time"
  return text and must(times.parse(text, times.zone "UTC"))
end

local function verification_of(session, options)
  for _, name in ipairs { "metadata", "acs", "entity_id" } do
    if not options[name] then
      return must(
        values.usage(
          ("--%s is needed"):format(name:gsub("_", "-")),
          "lastpass saml verify --help says what it is"
        )
      )
    end
  end
  if (options.key == nil) ~= (options.cert == nil) then
    return must(values.usage "--key and --cert go together")
  elseif not require("lastpass.transport.address").parse(options.acs) then
    return must(values.usage("--acs: an address with https is expected (http on loopback)"))
  elseif options.skew and (options.skew < 0 or options.skew > MOST_SKEW) then
    return must(values.usage(("--skew: from 0 to %d seconds"):format(MOST_SKEW)))
  end
  local at = time_of(options.at)
  return {
    idp = saml.metadata(
      options.metadata,
      { entity = options.entity, pin = options.pin, allow_http = options.allow_http },
      {
        role = "idp",
        now = at,
      }
    ),
    entity_id = options.entity_id,
    acs_url = options.acs,
    key = options.key and must(require("lastpass.secret").file(options.key)),
    cert = options.cert and must(require("lastpass.files").read(options.cert, saml.MOST)),
    allow_unsolicited = options.allow_unsolicited,
    at = at,
    skew = options.skew,
    want = options.want,
    request_id = options.request,
    allow_sha1 = options.allow_sha1,
    allow_cbc = options.allow_cbc,
    text = saml.text(session, options.response),
  }
end

local function run_verify(session, options)
  local view = require("lastpass.cli.views").saml_checks
  require("lastpass.cli.output").check(session, view)
  local given = verification_of(session, options)
  local result = must(failure.call(require("lastpass.saml.verify").run, given))
  session:show(view, result.rows)
  session.streams:flush()
  if session:for_programs() then
    return result.ok and exit.done or exit.findings
  elseif result.ok then
    session:say("accepted: %s", result.summary)
    for _, note in ipairs(result.notes) do
      session:say("note: %s", note)
    end
    return exit.done
  end
  session:say("refused (%s): %s", result.err.code, result.message)
  if result.err.hint then
    session:say("  %s", failure.in_commands(result.err.hint))
  end
  return exit.findings
end

local function verify_lua(options)
  local given = {
    idp = lua_text.raw(saml.metadata_lua(tostring(options.metadata), options)),
    entity_id = options.entity_id,
    acs_url = options.acs,
    at = time_of(options.at),
    skew = options.skew,
    want = options.want,
    request_id = options.request,
    allow_unsolicited = options.allow_unsolicited,
    allow_sha1 = options.allow_sha1,
    allow_cbc = options.allow_cbc,
    text = lua_text.raw(text_lua(options.response)),
  }
  if options.key then
    local form = 'assert(require("lastpass").secret.file(%s))'
    given.key = lua_text.raw(form:format(lua_text.value(options.key)))
    given.cert = saml.contents({ options.cert })[1]
  end
  return table.concat({
    REQUIRE,
    "local result = assert(saml.verify.run " .. lua_text.value(given) .. ")",
    "for _, row in ipairs(result.rows) do print(row.state, row.check, row.detail) end",
  }, "\n")
end

-- ------------------------------------------------------------------ rollover

local function own_or_theirs(entity)
  return entity.idp and "signing" or "decryption"
end

local function state_place(options)
  if options.state == "" then
    must(values.usage("--state is empty", "a file, or an address postgresql://…"))
  end
  return options.state or must(require("lastpass.store.location").default_path())
end

-- A journal that does not exist yet would be made, and say that no key was ever used.
local function existing_state(options)
  local place = state_place(options)
  if not place:find "^%a[%w+.-]*://" and not require("lastpass.files").is_readable(place) then
    must(errors.fail("argument", "no_state", ("%s: nothing was recorded there"):format(place), {
      file = place,
      hint = "--state names the journal that the service provider's watch records in",
    }))
  end
  return place
end

local function run_rollover(session, options)
  local view = require("lastpass.cli.views").saml_keys
  require("lastpass.cli.output").check(session, view)
  local entity = saml.metadata(options.metadata, options)
  local watch = require("lastpass").saml.rollover.watch {
    store = require("lastpass.state").database(existing_state(options)),
  }
  local rows = must(watch:report(entity, {
    use = own_or_theirs(entity),
    quiet_days = options.quiet_days,
  }))
  session:show(view, rows)
  session.streams:flush()
  local is_due = false
  for _, row in ipairs(rows) do
    is_due = is_due or row.state == "may go"
  end
  for _, warning in ipairs(require("lastpass").saml.metadata.warnings(entity, options.warn_days)) do
    session:say("note: %s", warning.text)
    is_due = is_due or not warning.is_followed
  end
  return is_due and exit.findings or exit.done
end

return {
  groups = {
    saml = "Single sign-on by SAML 2.0: messages, metadata, keys.",
    ["saml metadata"] = "What providers say of themselves: their addresses and keys.",
  },
  {
    name = "saml inspect",
    summary = "Say in words what metadata or a SAML message is",
    description = "A file, an address, or - for standard input: metadata, or a "
      .. "request or response as the "
      .. "browser's network view shows it (XML, Base64, the body of a form, an "
      .. "address with a query). Nothing is "
      .. "verified. Parts of keys are not shown.",
    rows = true,
    ends_with_reader = true,
    arguments = { { "source", "file, address, or - for standard input" } },
    options = values.join({
      { "--entity", "the entity ID to take out of the metadata of many", value = "ID" },
      { "--allow-http", "take http on loopback, for trying things out" },
    }, saml.way_options),
    examples = {
      { "lastpass saml inspect idp.xml", "metadata that LastPass's Admin Console offers" },
      { "lastpass saml inspect - < form.txt", "a form body, pasted from the browser" },
      {
        "lastpass saml inspect edugain.xml --entity https://idp.acme.com/idp",
        "one of thousands, in a second",
      },
    },
    topics = { "output" },
    lua = function(options)
      local reading = { entity_id = options.entity, allow_http = options.allow_http }
      return table.concat({
        REQUIRE,
        ("local report = assert(saml.inspect.describe(%s%s))"):format(
          text_lua(options.source),
          lua_text.further(reading)
        ),
        "print(report.what)",
        "for _, row in ipairs(report.rows) do print(row.name, row.value) end",
      }, "\n")
    end,
    run = run_inspect,
  },
  {
    name = "saml verify",
    summary = "Say of each check whether a response passes it, and what to click",
    description = "As a service provider with these settings would check it. Every "
      .. "check is listed as passed, "
      .. "failed or not reached, and for the one that failed what to do in LastPass's "
      .. "Admin Console. Ends with 7 "
      .. "when the response is refused. Whether the response was used before, and "
      .. "whether the same browser asked for "
      .. "it, cannot be known here.",
    rows = true,
    arguments = {
      { "response", "file, or - for standard input: XML, Base64 or the body of the form" },
    },
    options = values.join({
      { "--metadata", "the identity provider's metadata", value = "FILE" },
      { "--acs", "the address of yours that responses go to", value = "URL" },
      { "--entity-id", "your entity ID", value = "ID" },
      { "--key", "private key to decrypt with, mode 600", value = "FILE" },
      { "--cert", "the certificate of that key", value = "FILE" },
      {
        "--request",
        "the ID of the request that it must answer; default whichever it says",
        value = "ID",
      },
      { "--at", "check it as of this time; default now", value = "TIME" },
      { "--skew", "seconds that clocks may differ; default 60", value = "SECONDS", number = true },
      {
        "--want",
        "what must be signed",
        value = "WHAT",
        choices = { "assertion", "response", "either", "both" },
      },
      {
        "--allow-unsolicited",
        "take a response that nobody asked for, as the start " .. "of an app at LastPass makes it",
      },
      { "--allow-sha1", "take SHA-1 signatures, as old LastPass apps make them" },
      { "--allow-cbc", "take AES-CBC encryption" },
    }, saml.reading_options),
    examples = {
      {
        "lastpass saml verify response.xml --metadata idp.xml --acs https://app.acme.com/saml/acs "
          .. "--entity-id https://app.acme.com",
        "why is it refused?",
      },
      {
        "lastpass saml verify form.txt --metadata idp.xml --acs https://app.acme.com/saml/acs "
          .. "--entity-id https://app.acme.com --at 2026-11-30T10:02:00Z",
        "one of this morning, as if it were now",
      },
    },
    topics = { "output", "exit-codes" },
    lua = verify_lua,
    run = run_verify,
  },
  {
    name = "saml rollover",
    summary = "Say which keys are in use, and when an old one may go",
    description = "Of the keys of an identity provider: which ones signed real "
      .. "responses. Of your own metadata: "
      .. "which ones real responses were encrypted for. The service provider records "
      .. "that in the state that it "
      .. "shares with this command. Ends with 7 when something is to be done.",
    rows = true,
    arguments = { { "metadata", "the identity provider's metadata, or your own" } },
    options = values.join({
      { "--state", "file or postgresql:// address of the journal", value = "PLACE" },
      {
        "--quiet-days",
        "how long a key must not have been used; default 7",
        value = "DAYS",
        number = "whole",
      },
      {
        "--warn-days",
        "note certificates that end within so many days; default 30",
        value = "DAYS",
        number = "whole",
      },
    }, saml.reading_options),
    examples = { { "lastpass saml rollover idp.xml", "may the old certificate go?" } },
    topics = { "output", "exit-codes" },
    lua = function(options)
      local place = lua_text.value(state_place(options))
      return table.concat({
        REQUIRE,
        ("local entity = %s"):format(saml.metadata_lua(options.metadata, options)),
        ('local state = require("lastpass.state").database(%s)'):format(place),
        "local watch = saml.rollover.watch { store = state }",
        (
          "for _, key in ipairs(assert(watch:report(entity%s))) do print(key.sha256, "
          .. "key.state, key.text) end"
        ):format(lua_text.further { quiet_days = options.quiet_days }),
      }, "\n")
    end,
    run = run_rollover,
  },
}

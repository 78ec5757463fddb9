--- The commands about metadata of SAML: comparing two versions, bringing a file up to date.
-- @module lastpass.cli.commands.saml_metadata
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local saml = require "lastpass.cli.saml"
local values = require "lastpass.cli.values"

local REQUIRE = 'local saml = require("lastpass").saml'

-- ------------------------------------------------------------------ diff

local function run_diff(session, options)
  local view = require("lastpass.cli.views").saml_changes
  require("lastpass.cli.output").check(session, view)
  -- a version that is over is compared all the same
  local ever = { now = -math.huge }
  local before = saml.metadata(options.before, options, ever)
  local after = saml.metadata(options.after, options, ever)
  local difference = require("lastpass").saml.metadata.diff(before, after)
  session:show(view, difference.changes)
  session.streams:flush()
  if not session:for_programs() then
    session:say("%s", (difference.text:match "^[^\n]*"))
  end
  return difference.risky > 0 and exit.findings or exit.done
end

-- ------------------------------------------------------------------ refresh

local function say_all(session, result, options)
  local difference = result.difference
  if difference and #difference.changes > 0 then
    session:say("%s", difference.text)
  end
  for _, note in ipairs(result.entity.notes) do
    session:say("note: %s", note)
  end
  for _, warning in ipairs(result.warnings) do
    session:say("note: %s", warning.text)
  end
  if not result.changed then
    session:say("%s is up to date", options.file)
  else
    session:say("%s %s", options.dry_run and "would write" or "wrote", options.file)
  end
end

local function refresh_settings(options)
  return {
    from = options.from,
    to = options.file,
    entity_id = options.entity,
    pin = saml.certificates(options.pin),
    allow_http = options.allow_http,
    hold_risky = options.hold_risky,
    warn_days = options.warn_days,
    dry_run = options.dry_run,
    ca_file = options.ca_file,
    proxy = options.proxy,
    timeout = options.timeout,
  }
end

local function run_refresh(session, options)
  require("lastpass.cli.interrupt").watch()
  local settings = refresh_settings(options)
  local result, message, err = failure.call(require("lastpass").saml.metadata.refresh, settings)
  if not result then
    if err.difference then
      session:say("%s", err.difference.text)
      err.hint = "compare with the other side, then refresh without --hold-risky"
    end
    return nil, message, err
  end
  say_all(session, result, options)
  return exit.done
end

local function refresh_lua(options)
  local settings = {
    from = options.from,
    to = options.file,
    entity_id = options.entity,
    allow_http = options.allow_http,
    hold_risky = options.hold_risky,
    warn_days = options.warn_days,
    dry_run = options.dry_run,
    ca_file = options.ca_file,
    proxy = options.proxy,
    timeout = options.timeout,
    pin = #options.pin > 0 and saml.contents(options.pin) or nil,
  }
  return table.concat({
    REQUIRE,
    "local result = assert(saml.metadata.refresh " .. lua_text.value(settings) .. ")",
    "print(result.changed, result.difference and result.difference.text)",
  }, "\n")
end

return {
  {
    name = "saml metadata diff",
    summary = "Say in words what differs between two versions of metadata, and what is risky",
    description = "Risky is what could end sign-on, or let somebody else sign users "
      .. "in. Ends with 7 when "
      .. "something is.",
    rows = true,
    arguments = {
      { "before", "file with the older version" },
      { "after", "file with the newer one" },
    },
    options = saml.reading_options,
    examples = {
      {
        "lastpass saml metadata diff idp.xml idp-new.xml",
        "before the new one is installed",
      },
    },
    topics = { "output", "exit-codes" },
    lua = function(options)
      return table.concat({
        REQUIRE,
        ("local before = %s"):format(saml.metadata_lua(options.before, options)),
        ("local after = %s"):format(saml.metadata_lua(options.after, options)),
        "print(saml.metadata.diff(before, after).text)",
      }, "\n")
    end,
    run = run_diff,
  },
  {
    name = "saml metadata refresh",
    summary = "Bring a file with metadata up to date",
    description = "Reads the metadata from an address or a file, checks it, says what "
      .. "changed, and replaces the "
      .. "file in one step. What cannot be read, is over or is of another entity does "
      .. "not replace it. Notes "
      .. "certificates that end soon. For a timer.",
    arguments = {
      { "from", "address (https), or file" },
      { "file", "the file to bring up to date" },
    },
    options = values.join(saml.reading_options, {
      { "--hold-risky", "take no change that is risky; ends with 4 then" },
      {
        "--warn-days",
        "note certificates that end within so many days; default 30",
        value = "DAYS",
        number = "whole",
      },
      { "--dry-run", "say what would change, and write nothing" },
    }, saml.way_options),
    examples = {
      {
        "lastpass saml metadata refresh https://idp.acme.com/metadata "
          .. "/etc/lastpass/idp.xml --hold-risky",
        "every hour, by a timer",
      },
      {
        "lastpass saml metadata refresh edugain.xml idp.xml --entity "
          .. "https://idp.acme.com/idp --pin edugain.pem",
        "one entity out of a federation's signed file",
      },
    },
    topics = { "exit-codes" },
    lua = refresh_lua,
    run = run_refresh,
  },
}

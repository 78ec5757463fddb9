--- `lastpass evidence write`.
-- @module lastpass.cli.commands.evidence.write
local errors = require "lastpass.error"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"
local reporting = require "lastpass.cli.reporting"

local REPORTS = { "admins", "folders", "inactive", "invitations", "mfa" }

local function settings_of(options)
  return {
    key = options.key_file,
    events = options.events,
    to = options.to,
    keep_attributes = reporting.list(options.keep_attribute),
  }
end

local function check(options)
  if not options.key_file then
    return errors.fail("argument", "usage", "--key-file is needed: what signs the evidence", {
      hint = "lastpass evidence key FILE makes one",
    })
  elseif options.to and not options.events then
    return errors.fail("argument", "usage", "--to needs --events")
  end
  return true
end

local function make_reports(client, names)
  local list = {}
  for place, name in ipairs(names) do
    local report, message, err = mistakes.call(require("lastpass").report[name], client)
    if not report then
      return nil, message, err
    end
    list[place] = report
  end
  return list
end

return {
  name = "evidence write",
  summary = "Write a signed folder: what LastPass answered, the same as tables, reports",
  description = "Secrets are taken out of the replies. The manifest has the SHA-256 of every file "
    .. "and is signed; `evidence verify` checks it.",
  connects = true,
  arguments = { { "folder", "must be empty or not there yet" } },
  options = {
    { "--key-file", "private key of `evidence key`, mode 600", value = "FILE" },
    { "--events", "audit events since then; none without it", value = "TIME" },
    { "--to", "until when events; default now", value = "TIME" },
    {
      "--report",
      "a report to put in",
      value = "NAME",
      many = true,
      choices = REPORTS,
    },
    {
      "--keep-attribute",
      "a custom attribute whose values are no secret",
      value = "NAME",
      many = true,
    },
  },
  examples = {
    {
      "lastpass evidence write 2026-q2 --key-file evidence.key --events 2026-04-01 --report mfa",
      "a quarter",
    },
  },
  topics = { "report-forms" },
  lua = function(options)
    local ok, message, err = check(options)
    if not ok then
      return nil, message, err
    end
    local settings = settings_of(options)
    if #options.report > 0 then
      settings.reports = {}
      for place, name in ipairs(options.report) do
        settings.reports[place] =
          lua_text.raw(('assert(require("lastpass").report.%s(client))'):format(name))
      end
    end
    return ('assert(require("lastpass").report.evidence.write(client, %s, %s))'):format(
      lua_text.value(options.folder),
      lua_text.value(settings)
    )
  end,
  run = function(session, options)
    local ok, message, err = check(options)
    if not ok then
      return nil, message, err
    end
    local client, settings = session:client(), settings_of(options)
    settings.reports, message, err = make_reports(client, options.report)
    if not settings.reports then
      return nil, message, err
    end
    local room = require("lastpass").report.evidence
    local manifest
    manifest, message, err = mistakes.call(room.write, client, options.folder, settings)
    if not manifest then
      return nil, message, err
    end
    if options.json then
      session:print(require("lastpass.json").encode(manifest))
    else
      session:say("%s: %d files, read at %s", options.folder, #manifest.files, manifest.read_at)
    end
    return 0
  end,
}

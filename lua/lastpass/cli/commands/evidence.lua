--- The commands about evidence for an auditor.
-- @module lastpass.cli.commands.evidence
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local values = require "lastpass.cli.values"

local must = failure.must

local function evidence()
  return require("lastpass").report.evidence
end

-- The reports that need nothing but the company.
local function reports_without_roster()
  local report_options, report = require "lastpass.cli.report_options", require("lastpass").report
  local names = {}
  for _, name in ipairs(report.names()) do
    if report.has_command(name) and not report_options.needs_roster(report[name]) then
      names[#names + 1] = name
    end
  end
  return names
end

local function evidence_settings(options)
  if not options.key_file then
    must(
      values.usage(
        "--key-file is needed: the key that signs the evidence",
        "lastpass evidence key FILE makes one"
      )
    )
  elseif options.to and not options.events then
    must(values.usage "--to needs --events")
  end
  return {
    key = options.key_file,
    events = options.events,
    to = options.to,
    keep_attributes = values.list(options.keep_attribute),
  }
end

local function report_written(session, folder, manifest)
  if session.options.json then
    session:print(require("lastpass.json").encode(manifest))
  else
    session:say("%s: %d files, read at %s", folder, #manifest.files, manifest.read_at)
  end
end

local function write_evidence(session, options)
  local settings, client = evidence_settings(options), session:client()
  settings.reports = {}
  for position, name in ipairs(options.report) do
    settings.reports[position] = must(failure.call(require("lastpass").report[name], client))
  end
  local write = evidence().write
  local manifest = must(failure.call(write, client, options.folder, settings))
  report_written(session, options.folder, manifest)
  return exit.done
end

-- What is asked of each company, and what is done with it here.
local function settings_of_companies(options)
  local settings = evidence_settings(options)
  settings.reports = #options.report > 0 and options.report or nil
  return settings
end

local evidence_of_companies = {
  kind = "evidence",
  settings = function(_, options)
    return require("lastpass.tenants.evidence").settings(settings_of_companies(options))
  end,
  show = function(session, run)
    local writer, options = require "lastpass.tenants.evidence", session.options
    local state = must(writer.begin(options.folder, settings_of_companies(options)))
    report_written(session, options.folder, must(writer.take(state, run)))
  end,
  run_lua = function(options, limits)
    return ("assert(set:evidence(%s, %s%s))"):format(
      lua_text.value(options.folder),
      lua_text.value(settings_of_companies(options)),
      lua_text.further(limits)
    )
  end,
}

local function verify_evidence(session, options)
  if not options.public_key then
    return values.usage(
      "--public-key is needed: the key of the person who signed",
      "--public-key evidence.key.pub"
    )
  end
  local manifest = must(evidence().verify(options.folder, options.public_key))
  if options.json then
    session:print(require("lastpass.json").encode(manifest))
  else
    session:print(
      ("%s: %d files are as they were signed; %s, read at %s"):format(
        options.folder,
        #manifest.files,
        manifest.account,
        manifest.read_at
      )
    )
    if manifest.missing then
      local sentence = require("lastpass.report.companies").sentence
      local text = sentence(manifest.companies, manifest.missing)
      session:print(require("lastpass.text").clean(text))
    end
  end
  return exit.done
end

return {
  groups = { evidence = "A signed folder for an auditor." },
  {
    name = "evidence key",
    summary = "Make the pair of keys that evidence is signed with",
    description = "The private key is in the file, mode 600; the public one beside it, with .pub "
      .. "at the end, is for the auditor.",
    arguments = { { "file", "where the private key goes; must not exist yet" } },
    examples = {
      { "lastpass evidence key evidence.key", "once; then give away evidence.key.pub" },
    },
    lua = function(options)
      return ('assert(require("lastpass").report.evidence.new_key(%s))'):format(
        lua_text.value(options.file)
      )
    end,
    run = function(session, options)
      must(evidence().new_key(options.file))
      session:say("%s: the private key, for you alone", options.file)
      session:say("%s.pub: the public key, for the auditor", options.file)
      return exit.done
    end,
  },
  {
    name = "evidence write",
    summary = "Write a signed folder: what LastPass answered, the same as tables, reports",
    description = "Secrets are taken out of the replies. The manifest has the SHA-256 of every "
      .. "file and is signed; `evidence verify` checks it.",
    connects = true,
    arguments = { { "folder", "must be empty or not exist yet" } },
    options = function()
      return {
        { "--key-file", "private key of `evidence key`, mode 600", value = "FILE" },
        { "--events", "audit events since then; none without it", value = "TIME" },
        { "--to", "until when events; default now", value = "TIME" },
        {
          "--report",
          "a report to include",
          value = "NAME",
          many = true,
          choices = reports_without_roster(),
        },
        {
          "--keep-attribute",
          "a custom attribute whose values are not secret",
          value = "NAME",
          many = true,
        },
      }
    end,
    examples = {
      {
        "lastpass evidence write 2026-q2 --key-file evidence.key --events 2026-04-01 --report mfa",
        "a quarter",
      },
    },
    topics = { "report-forms", "tenants" },
    tenants = evidence_of_companies,
    lua = function(options)
      local settings = evidence_settings(options)
      for position, name in ipairs(options.report) do
        settings.reports = settings.reports or {}
        settings.reports[position] =
          lua_text.raw(('assert(require("lastpass").report.%s(client))'):format(name))
      end
      return ('assert(require("lastpass").report.evidence.write(client, %s, %s))'):format(
        lua_text.value(options.folder),
        lua_text.value(settings)
      )
    end,
    run = write_evidence,
  },
  {
    name = "evidence verify",
    summary = "Check that evidence is as it was signed",
    description = "Ends with 7, and names the files, when any was changed, added or removed. Needs "
      .. "no account.",
    arguments = { { "folder", "as `evidence write` made it" } },
    options = {
      {
        "--public-key",
        "the public key, known from elsewhere than the folder",
        value = "FILE",
      },
    },
    examples = {
      {
        "lastpass evidence verify 2026-q2 --public-key evidence.key.pub",
        "what an auditor does",
      },
    },
    topics = { "exit-codes" },
    lua = function(options)
      return ('assert(require("lastpass").report.evidence.verify(%s, %s))'):format(
        lua_text.value(options.folder),
        lua_text.value(options.public_key or "evidence.key.pub")
      )
    end,
    run = verify_evidence,
  },
}

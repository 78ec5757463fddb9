--- `lastpass review export`.
-- @module lastpass.cli.commands.review.export
local errors = require "lastpass.error"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"
local report_output = require "lastpass.cli.report_output"
local reviewing = require "lastpass.cli.reviewing"
local roster = require "lastpass.cli.roster"

local KINDS = { "account", "admin", "group", "folder" }

local function what_of(text)
  if not text then
    return nil
  end
  local list = {}
  for word in text:gmatch "[^%s,]+" do
    local is_known = false
    for _, kind in ipairs(KINDS) do
      is_known = is_known or kind == word
    end
    if not is_known then
      return errors.fail(
        "argument",
        "usage",
        ("--what: there is no '%s'%s"):format(word, errors.did_you_mean(word, KINDS)),
        { hint = "--what " .. table.concat(KINDS, ",") }
      )
    end
    list[#list + 1] = word
  end
  return list
end

local function settings_of(options)
  local what, message, err = what_of(options.what)
  local exclude
  if not err then
    exclude, message, err = roster.exclusions(options.exclude)
  end
  if err then
    return nil, message, err
  end
  return { manager = roster.field(options.manager or "manager"), what = what, exclude = exclude }
end

local own = {
  {
    "--manager",
    "the roster's column with the manager's address; default manager",
    value = "FIELD",
  },
  { "--what", "only these: account,admin,group,folder", value = "KINDS" },
  roster.exclude_option,
  report_output.table_option { "managers" },
  report_output.options[1],
  report_output.options[2],
}
local options = {}
for _, list in ipairs { roster.options, own } do
  for _, option in ipairs(list) do
    options[#options + 1] = option
  end
end

return {
  name = "review export",
  summary = "Write a CSV file for each manager: what their people have, to be decided",
  description = "Managers fill in the column decision (keep or remove) and may comment. What has "
    .. "no manager is in unassigned.csv.",
  connects = true,
  rows = true,
  arguments = { { "folder", "folder for the files; must be empty or not there yet" } },
  options = options,
  examples = {
    {
      "lastpass review export review-2026-q2 --roster hr.csv --manager 'Manager e-mail'",
      "everything",
    },
    { "lastpass review export q2 --roster hr.csv --what group,folder", "groups and folders only" },
  },
  topics = { "rosters", "report-forms" },
  lua = function(given)
    local settings, message, err = settings_of(given)
    if not settings then
      return nil, message, err
    end
    settings.roster = roster.lua(given)
    return 'local review = require("lastpass").report.access_review\n'
      .. ("print(assert(review.export(client, %s, %s)))"):format(
        lua_text.value(given.folder),
        lua_text.value(settings)
      )
  end,
  run = function(session, given)
    local settings, message, err = settings_of(given)
    local source
    if settings then
      source, message, err =
        roster.open(given, { { option = "manager", field = settings.manager } })
    end
    if not source then
      return nil, message, err
    end
    settings.roster = source
    local report, files
    report, files, err = roster.judge(
      source,
      mistakes.call(reviewing.room().export, session:client(), given.folder, settings)
    )
    if not report then
      return nil, files, err
    end
    if not report_output.asks_for_rows(given) and not given.html then
      given.table = "managers" -- hundreds of things to decide are for the files
    end
    local code
    code, message, err = report_output.finish(session, report)
    if code and not given.quiet then
      session:say("%s: %d files", given.folder, #files)
    end
    return code, message, err
  end,
}

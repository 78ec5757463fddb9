--- `lastpass doctor`.
-- @module lastpass.cli.commands.doctor
local doctor = require "lastpass.cli.doctor"
local exit = require "lastpass.cli.exit"
local views = require "lastpass.cli.views"

return {
  name = "doctor",
  summary = "Check the set-up, and say what to do",
  description = "Versions, configuration and rights of files, the way to LastPass and its clock, "
    .. "account number and hash, the account's time zone, odd values in the directory, the "
    .. "journal. Nothing is written. Ends with 7 when a check fails.",
  connects = true,
  rows = true,
  examples = { { "lastpass doctor --where 'u.state ~= \"ok\"'", "only what needs attention" } },
  topics = { "profiles", "exit-codes" },
  run = function(session)
    local rows, failed = doctor.check(session), false
    for _, row in ipairs(rows) do
      failed = failed or row.state == "fail"
    end
    session:show(views.checks, rows)
    return failed and exit.findings or exit.done
  end,
}

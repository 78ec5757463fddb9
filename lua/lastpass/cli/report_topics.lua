--- Topics of help about events that are handed on, rosters, reports and rules.
-- @module lastpass.cli.report_topics

---@type lastpass.cli.Topic[]
return {
  {
    name = "sinks",
    title = "where events go, and what is promised",
    text = [[
"events --follow" and "export" are one thing: the one writes lines for people to standard output,
the other goes wherever the options say:

    lastpass export --file PATH          with --cursor it grows; --rotate 100M --keep 10
    lastpass export --syslog tls://HOST  RFC 5425; tcp:// and udp:// as well
    lastpass export --webhook URL        --kind splunk, elastic or generic

A cursor is kept in the journal and moves only when the events before it are safe. So nothing is
lost, and whoever is killed goes on where it was. A file holds every event once; other places may
get some a second time after a crash. Each follower needs a cursor of its own; "lastpass cursors"
lists them and forgets one.

A token for a webhook comes from --token-file (mode 600) or --token-env, the key of
--pseudonymise-key-file from a file; neither is ever given on the command line. People keep their
pseudonym as long as the key stays the same. Passwords and keys in events are replaced always.

While it follows, what cannot be reached is tried again; Ctrl-C ends it with 130. As a service:

    [Service]
    ExecStart=lastpass export --cursor siem --follow --format ecs --file /var/log/lastpass.json
    Restart=on-failure]],
  },
  {
    name = "rosters",
    title = "whom the personnel department knows: --roster",
    text = [[
A roster is a CSV file with a row for everybody, and a column email. The title of a column makes
the name of its field: "Last day" is last_day, "E-mail" is email. --column says it otherwise:

    lastpass report coverage --roster hr.csv --column email=Mail --column fullname=Person

--delimiter ';' and --encoding windows-1252 are for files as spreadsheets write them; a line
"sep=;" and a byte order mark are seen. --header 4 passes over title rows. --expect-rows 150-200
and --expect-trailer '^TOTAL;(%d+)' say when the file is whole; what the parentheses hold is the
number of its rows. --date last_day=DD/MM/YYYY says how a column writes its dates.
"lastpass bulk" has the same options but for the last, "lastpass review" the first two.

    --left status=terminated,resigned    these rows are of people who have left
    --exclude 'svc-*@acme.com=service'   left aside, with the reason
    --last-day 'Last day'                for report leavers
    --manager manager_email              for review export

Rows that cannot be used are counted, and the report is not complete then (code 3). A file that
breaks off makes no report at all (code 6).]],
  },
  {
    name = "report-forms",
    title = "numbers that add up, and their forms",
    text = [[
Every report says whom it is about, what was asked, when, whether anything is missing, and that its
classes come to the number they divide. The table has all of it. --json has the whole report as one
object, --csv its rows, and the statement on standard error (-q leaves it out). --html FILE writes
one page that needs nothing else, for a browser or a printer.

--table NAME shows one table of the report alone, such as classes, or groups of report mfa. --where,
--fields, --sort, --ndjson and --template work on the rows of that table:

    lastpass report coverage --roster hr.csv --table classes --csv
    lastpass report mfa --where 'u.admin' --fields email,findings

Fields are those that --json shows. A report of which something is missing ends with 3.]],
  },
  {
    name = "rules",
    title = "what `lastpass check` asks",
    text = [[
Without a file all built-in rules are used; "lastpass check --list" names them. A file of rules is
Lua with three words:

    use "admin_without_mfa"
    use("inactive_account", { days = 60, severity = "error" })

    rule "finance_has_mfa" {
      title = "Finance has a second factor", severity = "error", each = "user",
      applies = function(user) return user:is_in "Finance" and user.status == "active" end,
      holds = function(user) return user.mfa ~= nil end,
    }

    waive { rule = "admin_without_mfa", subject = "breakglass@acme.com",
            expires = "2026-12-31", reason = "hardware key in the safe" }

A waiver holds to the end of its last day, and needs a reason. Waivers may have a file of their own,
with the word waive alone: --waivers FILE. Findings of severity error and warning that nobody has
waived make it end with 7. docs/reports.md says what rules see.]],
  },
}

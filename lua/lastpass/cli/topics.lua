--- The topics of `lastpass help TOPIC`: what is not about one command. They are in the man page and in
-- docs/cli.md as well.
-- @module lastpass.cli.topics
local exit = require "lastpass.cli.exit"

local M = {}

local function exit_codes()
  local lines = { "The program ends with one of these codes:", "" }
  for _, entry in ipairs(exit.list) do
    lines[#lines + 1] = ("    %3d  %s"):format(entry[2], entry[3])
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = exit.precedence
  return table.concat(lines, "\n")
end

---@class lastpass.cli.Topic
---@field name string
---@field title string
---@field text string paragraphs; what is indented by four is shown as it is

---@type lastpass.cli.Topic[]
M.list = {
  { name = "exit-codes", title = "what the program ends with", text = exit_codes() },
  {
    name = "output",
    title = "tables, JSON, CSV, templates",
    text = [[
Data goes to standard output, everything else to standard error. Without an option the output is
an aligned table, as wide as the terminal. --json gives one array, --ndjson one object a line while
rows come, --csv a file with titles as RFC 4180 has it, lists separated by semicolons.

--fields names the fields and their order; --sort the fields to sort by (-field for descending;
rows without a value come last); --where chooses rows (see the topic where).

--template takes a Penlight template for each row, or @FILE with one. $(email) inserts a field,
u.admin is the value itself, a line that begins with # is Lua:

    lastpass users --template '$(email) $(u.mfa or "NO SECOND FACTOR")'

Times are ISO 8601 in UTC, such as 2026-11-22T22:40:26Z. With --json errors are JSON too, on
standard error: {"error": {"kind": ..., "code": ..., "message": ..., "exit_code": ...}}.

Colour is used on a terminal only, unless NO_COLOR is set; --color always or never decides.]],
  },
  {
    name = "where",
    title = "which rows: --where",
    text = [[
A Lua expression that is evaluated for every row; rows for which it is true are shown. u is the row,
its fields are those that --json shows. Times are seconds, so that they can be compared:

    lastpass users --where 'u.admin and not u.mfa'
    lastpass users --where 'u.status == "active" and (u.last_login or 0) < ago "90d"'
    lastpass users --where 'has(u.groups, "Finance") and not has(u.groups, "Everyone")'
    lastpass users --where 'u.email:match "@old%.example$"'
    lastpass events --where 'u.action:lower():find "failed"'

It may use string and math, tostring, tonumber, type, and

    has(list, value)   whether the list has it, in upper or lower case
    ago "90d"          that long before now; s, m, h, d, w
    time "2026-03-01"  a moment, in the account's zone
    now()              this moment

and nothing that changes anything. A field that a row does not have is nil: (u.last_login or 0).

A comparison with a value that no row has is noted on standard error, with the values there are; one
of two types, such as u.admin == "yes", is an error.]],
  },
  {
    name = "profiles",
    title = "companies, their hashes, and where settings come from",
    text = [[
A profile is a company: its account number, where its hash is, its time zone. A setting is taken
from the first of: flags; the environment; .lastpass.json in the current folder; your file
($LASTPASS_CONFIG, or ~/.config/lastpass/config.json); /etc/lastpass/config.json.

A profile that --profile names is one unit: nothing is taken from the environment, except a journal
where no file names one. The program reports what it left out, and when the hash and the address
come from two sources. --url overrides the profile. A file that others can change is not used when
it names commands, addresses or secrets: chmod go-w it, and its folder.

    lastpass profile add acme --cid 8771312     asks for the hash, without echo
    lastpass profile use acme                   the default from now on
    lastpass config show --origin               the settings in force, and their sources

The hash is never given on the command line. It comes from a file that only you can read (mode
600), from a command ("pass show lastpass/acme", a vault), from a variable of the environment, from
an open descriptor, or is asked for without echo. A variable is wiped once it is read, and no
program that is started inherits it; the shell or service that set it still has it. A project's file
may not say where the hash comes from.

For plans with --via scim a profile has the token of the company's SCIM endpoint, which is not the
hash: "scim_token" is {"file": PATH}, {"env": NAME} or {"command": LINE}. "scim_url" is the
Connection URL of the Admin Console (Users, Directories), where it does not go with the account
number alone; "scim_dialect" is "rfc" for a server that does all of SCIM 2.0.
"profile add" writes the first two: --scim-token-file or --scim-token-command, --scim-url.

For the REST API (who is staged, admin levels, managed companies) a profile has the API key as
"rest_key", in the same form; "rest_url" is the address of another data centre. With
"rest_parent_key", the key of the company that manages this one, nobody is created beyond the seats
that it lists.

    LASTPASS_PROFILE         profile
    LASTPASS_CID             account number
    LASTPASS_PROVHASH_FILE   file with the hash
    LASTPASS_URL             address of the API
    LASTPASS_TIMEZONE        zone of the account's times
    LASTPASS_CA_FILE         certificates to trust
    LASTPASS_PROXY           proxy to go through
    LASTPASS_JOURNAL         file or postgresql:// address of runs and stored snapshots
    LASTPASS_CONFIG          your configuration file
    LASTPASS_SCIM_URL        address of the SCIM endpoint
    LASTPASS_SCIM_TOKEN_FILE file with its token
    LASTPASS_REST_URL        address of the REST API
    LASTPASS_REST_KEY_FILE   file with its key
    LASTPASS_REST_PARENT_KEY_FILE
                             file with the key of the company that manages this one
    NO_COLOR                 no colour
    LASTPASS_TRACEBACK       after an error of the program, show where it happened]],
  },
  {
    name = "mfa",
    title = "LastPass MFA, and plans that another admin has to approve",
    text = [[
LastPass MFA asks a person's phone. Its keys are in the Admin portal (Advanced Options, Keys); a
profile says where they are:

    "mfa_key"          {"file": PATH}, {"env": NAME} or {"command": LINE}: the API key
    "mfa_private_key"  the same, PEM: with it the secured API is used, which the directory needs
    "mfa_url"          where the API is; default https://identity-api.lastpass.com
    "mfa_endpoints"    {"login": "/auth/login", ...}: paths that differ
    "mfa_app"          what phones show as the application
    "mfa_ip"           the address that phones show as the place of requests of this machine

The API is known from LastPass's public samples of 2019 and 2020 and was never verified against a
live tenant; LastPass may not offer these keys to you. lastpass sandbox plays it.

    lastpass mfa ask ann@acme.com      her phone rings; 0 only when she approves
    lastpass mfa users                 who is in its directory
    lastpass report mfa                compared with the company

Requests to one person's phone are limited, over all programs that share the journal: 3 within 5
minutes, 10 within an hour, and a pause after a denial.

Four eyes: a plan with a step that cannot be undone, or with many that take, weaken or give back
access, is applied when another admin has approved it on their phone, which shows the plan's short
name. A profile asks for it with

    "operator"         your address: nobody approves their own plan; also turns the rule on
    "approvers"        who may approve; default every other admin
    "approve_from"     from so many such steps on; default 10

and a playbook with approval { by = { "bob@acme.com" }, from = 5 }. The stricter one counts.

    lastpass apply leavers.plan.json --approver bob@acme.com

Who was asked and what they said is in the journal; "run show" names who has approved. Resuming a
run, and taking back one that was approved, asks again.]],
  },
  {
    name = "playbooks",
    title = "plans and scripts",
    text = [[
A playbook is a Lua file, and is run: trust it as you trust a program. A plan file is data and is
never run; apply takes a name that ends with .lua as a playbook, and any other as a plan. A playbook
that declares how the company ought to be is for plan and apply:

    local hr = source.csv "hr.csv"
    for person in hr:rows() do
      user(person.email) { fullname = person.name, groups = { person.team } }
    end
    missing "disable"

    lastpass plan joiners.lua -o today.plan.json     what would change, and why
    lastpass apply today.plan.json                   exactly that, once
    lastpass run show 12                             its outcome
    lastpass run undo 12                             and back

A script acts at once, and is for run: it finds client, lastpass, and its arguments in arg.

    lastpass run offboard.lua bob@acme.com

"lastpass run 12" is neither: runs of plans are shown with "run show 12". Both kinds can be tried
with "lastpass sandbox", without an account. docs/playbooks.md lists the words of playbooks.]],
  },
  {
    name = "safety",
    title = "questions, guards, and what can be taken back",
    text = [[
--dry-run reads the directory, shows for each person what would happen, ends with the code that the
command would end with, and writes nothing.

The greater the harm, the harder the question. Nothing is asked where a change is easily taken back.
Disabling, sending e-mail again, making a group, and changing everybody in a file need a yes. For
remove and delete the address, or the number of people, has to be typed. Questions name the people,
the company and its host. Where standard input is not a terminal, or with --no-input, nothing is
asked: --yes answers yes, and --confirm WORD replaces typing. A question that is left without an
answer is a refusal, with code 4.

--yes does not override guards. They limit how many people a plan, a verb or a bulk run may change,
and how many within a day, a week and a month; they protect the accounts that "protect" names in the
configuration, and the last admin; they refuse a source that is empty, much smaller than before or
not read to its end. A refusal names the option that would allow it, such as --limit disable=40.

Steps that nothing brings back (deleted accounts) need --confirm-final with their number.

A plan is applied once, within a day, to the company it was made for; users who have changed since
are left alone. Ctrl-C finishes what is under way, saves, and ends with 130; run resume continues.
run undo takes a run back as far as LastPass allows, also one of a verb or of bulk.]],
  },
  {
    name = "tenants",
    title = "one command over many companies: --tenants",
    text = [[
--tenants takes an expression: which companies are meant.

    all                     every one
    acme, "Big Corp"        by name; a comma is an or
    name:acme-*             by name, * for any characters, ? for one
    cid:8771312             by account number
    group:eu                those of a group
    and, or, not, ( )       group:eu and not name:*-test

Companies are the profiles of the configuration; with --tenants-file those of a file, JSON of the
configuration's form or CSV with the columns name, cid, provhash_file and others; with --tenants-of
the managed companies of a profile that has a rest_key. Groups are lists of expressions under the
key "groups" of that file, and the names under the key "groups" of a profile:

    {"profiles": {"acme": {"cid": 8771312, "groups": ["eu"], "provhash": {"file": "acme.hash"}}},
     "groups": {"all-eu": ["group:eu", "name:eu-*"]}}

Every company has a time limit of its own (--time-limit), --in-flight of them are under way at once.
One that hangs or fails does not delay the others; one that cannot be reached three times in a row
is given up. At the end standard error says how many companies there is a result of, and which are
missing, why, and how old their last result is. With --json the rows are the field rows of an
object that has the fields companies, done and missing too, with --ndjson those are the last line.
The program ends with 3 when a company is missing, else with the highest code of the companies.]],
  },
  {
    name = "sinks",
    title = "where events are sent, and what is guaranteed",
    text = [[
"events --follow" and "export" are the same: the first writes lines for people to standard output,
the second sends events where the options say:

    lastpass export --file PATH          with --cursor it grows; --rotate 100M --keep 10
    lastpass export --syslog tls://HOST  RFC 5425; tcp:// and udp:// as well
    lastpass export --webhook URL        --kind splunk, elastic or generic

A cursor is stored in the journal and moves only when the events before it are safe. So nothing is
lost, and an export that was killed continues where it was. A file gets every event once; other
receivers may get some a second time after a crash. Each export needs a cursor of its own;
"lastpass cursors" lists them and forgets one.

A token for a webhook comes from --token-file (mode 600) or --token-env, the key of
--pseudonymise-key-file from a file; neither is ever given on the command line. People keep their
pseudonym as long as the key stays the same. Passwords and keys in events are always replaced.

While it follows, a receiver that cannot be reached is tried again; Ctrl-C ends it with 130. As a
service:

    [Service]
    ExecStart=lastpass export --cursor siem --follow --format ecs --file /var/log/lastpass.json
    Restart=on-failure]],
  },
  {
    name = "rosters",
    title = "the people who work here: --roster",
    text = [[
A roster is a CSV file with a row for each person, and a column email. The title of a column makes
the name of its field: "Last day" is last_day, "E-mail" is email. --column maps other titles:

    lastpass report coverage --roster hr.csv --column email=Mail --column fullname=Person

--delimiter ';' and --encoding windows-1252 are for files as spreadsheets write them; a line
"sep=;" and a byte order mark are recognised. --header 4 skips title rows. --expect-rows 150-200
and --expect-trailer '^TOTAL;(%d+)' define when the file is whole; the parentheses capture the
number of its rows. --date last_day=DD/MM/YYYY is how a column writes its dates. "lastpass bulk"
has the same options except the last, "lastpass review" the first two.

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
Every report states whom it is about, what was asked, when, whether anything is missing, and that
its classes add up to the number they divide. The table has all of it. --json gives the whole report
as one object; --csv its rows, with the statement on standard error (-q leaves it out). --html FILE
writes one page that needs nothing else, for a browser or a printer.

--table NAME shows one table of the report alone, such as classes, or groups of report mfa. --where,
--fields, --sort, --ndjson and --template work on the rows of that table:

    lastpass report coverage --roster hr.csv --table classes --csv
    lastpass report mfa --where 'u.admin' --fields email,findings

Fields are those that --json shows. An incomplete report ends with 3.]],
  },
  {
    name = "rules",
    title = "the rules of `lastpass check`",
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

A waiver is valid to the end of its last day, and needs a reason. Waivers may have a file of their
own, with the word waive alone: --waivers FILE. Findings of severity error and warning that nobody
has waived make it end with 7. docs/reports.md describes what rules see.]],
  },
}

--- The same by name.
---@type table<string, lastpass.cli.Topic>
M.by_name = {}
for _, topic in ipairs(M.list) do
  M.by_name[topic.name] = topic
end

--- A topic as `lastpass help` shows it.
---@param name string
---@return string
function M.text(name)
  local topic = M.by_name[name]
  return ("%s: %s\n\n%s\n"):format(topic.name, topic.title, topic.text)
end

return M

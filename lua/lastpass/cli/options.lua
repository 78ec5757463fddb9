--- The options that many commands share, as data: their names, values and descriptions.
-- @module lastpass.cli.options
local M = {}

---@class lastpass.cli.Option
---@field [1] string         names, the short one first: "-o --output"
---@field [2] string         what it is for
---@field value? string      what it takes, in capitals; without it, the option is a flag
---@field choices? string[]
---@field number? boolean    the value is a number
---@field many? boolean      may be given several times
---@field config? string     the key of the configuration that it overrides
---@field hidden? boolean

--- Which company, and how it is reached: for every command that talks to LastPass or the journal.
M.connection = {
  { "--profile", "profile of the configuration", value = "NAME" },
  { "--cid", "account number", value = "NUMBER", config = "cid" },
  { "--provhash-file", "file with the provisioning hash, mode 600", value = "FILE" },
  { "--provhash-command", "command that prints the hash", value = "COMMAND" },
  { "--provhash-env", "environment variable with the hash", value = "NAME" },
  { "--provhash-fd", "open descriptor the hash is read from", value = "NUMBER", number = true },
  { "--provhash-prompt", "ask for the hash, without echo" },
  { "--url", "address of the API", value = "URL", config = "url" },
  { "--ca-file", "certificates to trust", value = "FILE", config = "ca_file" },
  { "--proxy", "proxy to go through", value = "URL", config = "proxy" },
  { "--timezone", "zone of the account's times", value = "ZONE", config = "timezone" },
  { "--timeout", "seconds for one call", value = "SECONDS", config = "timeout" },
  { "--retries", "how often a read is tried again", value = "COUNT", config = "retries" },
  { "--rate", "calls per second at most", value = "COUNT", config = "rate" },
  { "--journal", "file or postgresql:// address of runs", value = "PLACE", config = "journal" },
}

--- Which companies, for commands that can be run over many: those whose row has `tenants`.
M.companies = {
  {
    "--tenants",
    "over many companies: all, NAME, name:GLOB, cid:N, group:NAME, with and, or, not",
    value = "EXPRESSION",
  },
  { "--tenants-file", "companies of this file, JSON or CSV, instead of profiles", value = "FILE" },
  { "--tenants-of", "managed companies of this profile, by its REST key", value = "PROFILE" },
  { "--in-flight", "companies under way at once; default 16", value = "COUNT", number = "whole" },
  { "--time-limit", "for each company: 90s, 15m; default 10m", value = "TIME" },
  { "--queue", "leave it to workers: put it into the journal's database, and end" },
  { "--processes", "let so many processes do it, and wait", value = "COUNT", number = "whole" },
}

--- How rows are shown.
M.output = {
  { "--json", "one JSON array; errors on standard error are JSON too" },
  { "--ndjson", "one JSON object a line" },
  { "--csv", "comma-separated, with a line of titles" },
  { "--no-guard", "with --csv: no ' before what a spreadsheet takes for a formula" },
  {
    "--template",
    "a Penlight template for each row, '$(email) $(status)', or @FILE",
    value = "TEXT",
  },
  { "--fields", "only these, in this order: email,status", value = "NAMES" },
  {
    "--sort",
    "by this field; -field for descending; several: status,-last_login",
    value = "NAMES",
  },
  {
    "--where",
    "only rows for which this Lua expression is true: 'u.admin and not u.mfa'",
    value = "LUA",
  },
}

--- For commands that change something.
M.writing = {
  { "--dry-run", "say what would be done, and write nothing" },
  { "-y --yes", "answer yes to the question; guards stay" },
}

--- For commands whose harm needs more than a yes.
M.confirming = {
  {
    "--confirm",
    "the address, or the number of people, instead of typing it",
    value = "WORD",
  },
}

--- The limits of the guards, for commands that make a plan.
M.limit = {
  "--limit",
  "allow so many: disable=40, leave=5%, per_day.disable=60",
  value = "NAME=COUNT",
  many = true,
}

--- The same where a playbook may have limits too.
M.limit_of_playbook = {
  M.limit[1],
  M.limit[2] .. "; stronger than the playbook's",
  value = M.limit.value,
  many = M.limit.many,
}

--- Limits over all companies of a plan.
M.limit_over_all = {
  "--limit-over-all",
  "how much all companies together may change, as disable=40; needs --tenants",
  value = "NAME=COUNT",
  many = true,
}

--- How a plan over companies is applied.
M.waves = {
  {
    "--waves",
    "companies of each wave: counts and percentages, the rest last; default 1,5%,rest",
    value = "LIST",
  },
  {
    "--budget",
    "how many companies may fail before a run over companies ends; default 5%",
    value = "COUNT",
  },
  { "--first", "the company that is changed first", value = "NAME" },
  { "--companies", "companies under way at once; default 16", value = "COUNT", number = "whole" },
}

--- How a run ends that fails, for everything that writes more than one row.
M.stop_after =
  { "--stop-after", "failures that end the run; default 20", value = "COUNT", number = true }

--- What carries the changes of a plan.
M.via = {
  "--via",
  "what carries the changes: scim where SCIM can, else and by default the Enterprise API",
  value = "SURFACE",
  choices = { "enterprise", "scim" },
}

--- Four eyes.
M.approver = {
  "--approver",
  "the admin whose phone is asked to approve it; asked in any case then",
  value = "ADDRESS",
}

--- How the rows of a run are sent.
M.sending = {
  { "--chunk", "rows of one call", value = "COUNT", number = true },
  { "--in-flight", "calls under way at once; default 4", value = "COUNT", number = true },
}

--- How a plan is saved and not applied.
M.save_plan = { "-o --output", "save the plan, for `lastpass apply`", value = "FILE" }

--- For every command.
M.general = {
  { "--print-lua", "print the Lua that does the same, and do nothing" },
  { "--no-input", "never ask; what needs an answer is refused" },
  {
    "--color",
    "colour on standard output",
    value = "WHEN",
    choices = { "auto", "always", "never" },
  },
  { "-h --help", "show this help" },
}

--- What several commands share, as the man page and docs/cli.md show it: {title, options}.
M.shared = {
  { "Options of every command", M.general },
  { "Options of writing", M.writing },
  { "Options of confirming", M.confirming },
  { "Options of output", M.output },
  { "Options of the connection", M.connection },
  { "Options of many companies", M.companies },
}

--- Options by name, and whether they take a value: those of a command, or the shared ones, which may
-- stand before the command.
---@param command? lastpass.cli.Command
---@return table<string, boolean>
function M.takes_value(command)
  local values = {}
  for _, group in ipairs(command and M.of(command) or M.shared) do
    for _, option in ipairs(group[2]) do
      for name in option[1]:gmatch "%S+" do
        values[name] = option.value ~= nil
      end
    end
  end
  return values
end

-- What has options of these names itself goes without the shared ones.
local function companies_of(command)
  local own, list = {}, {}
  for _, option in ipairs(command.options or {}) do
    own[option[1]] = true
  end
  for _, option in ipairs(M.companies) do
    list[#list + 1] = not own[option[1]] and option or nil
  end
  return list
end

--- The groups of options of a command, in the order in which help shows them.
---@param command lastpass.cli.Command
---@return table[] groups {title, options}
function M.of(command)
  local groups = { { "Options", command.options or {} } }
  if command.writes then
    groups[#groups + 1] = { "Writing", M.writing }
    if command.harm == "type" then
      groups[#groups + 1] = { "Confirming", M.confirming }
    end
  end
  if command.rows then
    groups[#groups + 1] = { "Output", M.output }
  end
  if command.tenants then
    groups[#groups + 1] = { "Companies", companies_of(command) }
  end
  if command.connects then
    groups[#groups + 1] = { "Connection", M.connection }
  end
  local general = {}
  for _, option in ipairs(M.general) do
    if option[1] ~= "--print-lua" or command.lua then
      general[#general + 1] = option
    end
  end
  if not command.rows then
    general[#general + 1] = { "--json", "errors on standard error are JSON", hidden = true }
  end
  groups[#groups + 1] = { "General", general }
  return groups
end

return M

--- Words that set how declarations are planned, and when nginx runs the playbook: `every "15m"`, `at "02:00"`. A
-- plan that somebody makes by hand ignores the schedule.
-- @module lastpass.plan.words.settings
local checks = require "lastpass.plan.checks"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local limits = require "lastpass.plan.limits"

local choices = {
  users = { keep = true, disable = true, remove = true },
  invited = { keep = true, withdraw = true },
}

local function check_choice(name, value)
  local known = choices[name]
  if not known[value] then
    local names = {}
    for choice in pairs(known) do
      names[#names + 1] = '"' .. choice .. '"'
    end
    table.sort(names)
    errors.raise(
      3,
      "missing: '%s' must be %s, not '%s'",
      name,
      table.concat(names, " or "),
      tostring(value)
    )
  end
end

-- A setting has one value: of two that differ it is not known which was meant.
local function set_once(context, word, name, value, level)
  local settings = context.settings_said or {}
  context.settings_said = settings
  local key, shown = word .. " " .. name, tostring(value)
  local before = settings[key]
  if before and before.value ~= shown then
    local text = "%s: '%s' is %s here, and was %s at %s; say it once"
    errors.raise(level + 1, text, word, name, shown, before.value, before.line)
  elseif not before then
    settings[key] = { value = shown, line = checks.line_of(context.playbook, level + 1) }
  end
end

-- missing "disable": what happens to users whom nothing mentions.
local function missing(context, choice)
  local given, setting = choice, context.declared.settings.missing
  if type(choice) ~= "table" then
    given = { users = choice }
  end
  errors.check_options("missing", given, { users = "string", invited = "string" }, 2)
  for name, value in pairs(given) do
    check_choice(name, value)
    set_once(context, "missing", name, value, 2)
    setting[name] = value
  end
  if given ~= choice and not context.settings_said["missing invited"] then
    setting.invited = choice == "remove" and "withdraw" or "keep"
  end
end

-- create "staged": new people are prepared, and no mail is sent to them.
local function create(context, choice)
  if choice ~= "invite" and choice ~= "staged" then
    errors.raise(2, 'create: must be "invite" or "staged", not \'%s\'', tostring(choice))
  end
  set_once(context, "create", "choice", choice, 2)
  context.declared.settings.create = choice
  if choice == "staged" then
    context.declared.rest = context.declared.rest or {}
  end
end

-- limit { disable = "5%" }.
local function limit(context, given)
  if type(given) ~= "table" then
    errors.raise(2, 'limit: needs a table, such as limit { disable = "5%%" }')
  end
  limits.merge("limit", context.declared.settings.limits, given, 2)
  for name, value in pairs(given) do
    if type(value) == "table" then
      for kind, count in pairs(value) do
        set_once(context, "limit", name .. "." .. kind, count, 2)
      end
    else
      set_once(context, "limit", name, value, 2)
    end
  end
end

-- only { "Finance", "Team *" }: memberships of other groups are left alone. A * stands for any
-- characters. Said again, it names further groups.
local function only(context, ...)
  local list = checks.list_of("only", "groups", 2, ...)
  local settings = context.declared.settings
  settings.only = settings.only or json.list {}
  for _, name in ipairs(list) do
    table.insert(settings.only, name)
  end
  context.declared.only_origin = checks.line_of(context.playbook, 2)
end

-- approval { by = { "bob@acme.com" }, from = 5 }: another admin has to approve the plan.
local function approval(context, given)
  errors.check_options("approval", given, {
    by = { "string", "table" },
    from = function(value)
      return type(value) == "number" and value >= 1 and value == math.floor(value),
        "a number of steps from 1 on"
    end,
  }, 2)
  local rule = context.declared.settings.approval or {}
  context.declared.settings.approval = rule
  if given.from then
    set_once(context, "approval", "from", given.from, 2)
    rule.from = given.from
  end
  if given.by then
    local list = checks.list_of("approval", "by", 2, given.by)
    if #list == 0 then
      errors.raise(2, "approval: 'by' names nobody")
    end
    rule.by = rule.by or json.list {}
    for _, address in ipairs(list) do
      table.insert(rule.by, checks.address("approval: ", address, 2))
    end
  end
end

local rules = { employee_id = true, email = true, alias = true }

-- match { "employee_id", "email", attribute = "EmployeeNumber" }: how people are found.
local function match(context, given)
  if type(given) ~= "table" then
    errors.raise(2, 'match: needs a table, such as match { "employee_id", "email" }')
  end
  local order = {}
  for index, rule in ipairs(given) do
    if not rules[rule] then
      errors.raise(
        2,
        "match: there is no rule '%s'; known are employee_id, email and alias",
        tostring(rule)
      )
    end
    order[index] = rule
  end
  for name, value in pairs(given) do
    if type(name) == "number" and order[name] == nil then
      errors.raise(2, "match: the rules must be a list without gaps")
    elseif type(name) ~= "number" and name ~= "attribute" then
      errors.raise(2, "match: unknown option '%s' (known is: attribute)", tostring(name))
    elseif name == "attribute" and type(value) ~= "string" then
      errors.raise(2, "match: 'attribute' must be the name of an attribute, not %s", type(value))
    elseif name == "attribute" then
      checks.utf8("match: 'attribute'", value, 2)
    end
  end
  if #order > 0 then
    set_once(context, "match", "rules", table.concat(order, ", "), 2)
  end
  if given.attribute then
    set_once(context, "match", "attribute", given.attribute, 2)
  end
  local settings = context.declared.settings
  settings.match = #order > 0 and order or settings.match
  settings.attribute = given.attribute or settings.attribute
end

-- rename "updateemail": what happens when a known person has another address.
local function rename(context, choice)
  if choice ~= "hold" and choice ~= "updateemail" and choice ~= "keep" then
    local known = '"hold", "updateemail" or "keep"'
    errors.raise(2, "rename: must be %s, not '%s'", known, tostring(choice))
  end
  set_once(context, "rename", "choice", choice, 2)
  context.declared.settings.rename = choice
end

-- reason "audit 7": why, for all that is declared after it.
local function reason(context, text)
  if text ~= nil and type(text) ~= "string" then
    errors.raise(2, "reason: needs a string, or nil to end it")
  end
  checks.utf8("reason: the string", text or "", 2)
  context.reason = text
end

local SECONDS = { s = 1, m = 60, h = 3600, d = 86400, w = 604800 }
local LONGEST = 366 * 86400

---@class lastpass.plan.Schedule
---@field every? integer seconds between the beginnings of two runs
---@field at? integer[]  seconds of the day, in the account's zone, sorted
---@field text string    as the playbook says it

local function set_schedule(context, word, schedule)
  local known = context.declared.schedule
  if known then
    errors.raise(3, "%s: the playbook says %s already; one of them is enough", word, known.text)
  end
  context.declared.schedule = schedule
end

local function seconds_of(text)
  local count, unit = tostring(text):match "^%s*(%d+)%s*([smhdw])%s*$"
  local seconds = count and tonumber(count) * SECONDS[unit]
  return seconds and seconds >= 1 and seconds <= LONGEST and seconds
end

-- every "15m": run again so long after the last beginning; units s, m, h, d and w.
local function every(context, text)
  local seconds = type(text) == "string" and seconds_of(text)
  if not seconds then
    errors.raise(
      2,
      'every: needs a length of time such as "15m" or "2h" (units s, m, h, d, w), not %s',
      type(text) == "string" and "'" .. text .. "'" or type(text)
    )
  end
  set_schedule(context, "every", { every = seconds, text = ('every "%s"'):format(text) })
end

local function second_of_day(text)
  local hour, minute = tostring(text):match "^(%d%d?):(%d%d)$"
  hour, minute = tonumber(hour), tonumber(minute)
  return hour and hour < 24 and minute < 60 and hour * 3600 + minute * 60
end

-- at "02:00", or at { "02:00", "14:30" }: run at these times of every day, in the account's zone.
local function at(context, times)
  local list = type(times) == "table" and times or { times }
  local seconds, texts = {}, {}
  for key in pairs(list) do
    if type(key) ~= "number" or key > 1 and list[key - 1] == nil then
      errors.raise(2, 'at: needs a list without gaps, such as { "02:00", "14:30" }')
    end
  end
  for index, text in ipairs(list) do
    seconds[index] = type(text) == "string" and second_of_day(text)
    if not seconds[index] then
      errors.raise(
        2,
        'at: needs a time of day such as "02:00", or a list of them, not %s',
        type(text) == "string" and "'" .. text .. "'" or type(text)
      )
    end
    texts[index] = ('"%s"'):format(text)
  end
  if #seconds == 0 then
    errors.raise(2, 'at: needs a time of day such as "02:00", or a list of them')
  end
  table.sort(seconds)
  local what = #texts == 1 and texts[1] or ("{ %s }"):format(table.concat(texts, ", "))
  set_schedule(context, "at", { at = seconds, text = "at " .. what })
end

return {
  {
    name = "missing",
    run = missing,
    takes = "choice: string|table",
    form = 'missing "disable"',
    doc = "what happens to users that nothing mentions: `keep` (default), `disable`, `remove`",
  },
  {
    name = "create",
    run = create,
    takes = "choice: string",
    form = 'create "staged"',
    doc = "how new people begin: `invite` (default), or `staged`: prepared by the REST API, "
      .. "without an e-mail, until `lastpass user invite`; also a field of `user`, `staged = true`",
  },
  {
    name = "only",
    run = only,
    takes = "group: string|table, ...: string|table",
    form = 'only { "Finance", "Team *" }',
    doc = "memberships of these groups are managed, those of others are left alone; a `*` stands "
      .. "for any characters. A name that neither the company nor the playbook has is an error "
      .. "when there is one nearly like it; other names and patterns that match nothing, and "
      .. "declared groups that are left out, are noted",
  },
  {
    name = "limit",
    run = limit,
    takes = "limits: table",
    form = 'limit { disable = "5%" }',
    doc = "how much one plan, one day, one week and one month may change; see [safety](safety.md)",
  },
  {
    name = "approval",
    run = approval,
    takes = "rule: table",
    form = 'approval { by = { "bob@acme.com" }, from = 5 }',
    doc = "steps that cannot be undone, and so many that take, weaken or give back access (default "
      .. "10), are applied only when another admin has approved the plan; see [MFA](mfa.md)",
  },
  {
    name = "match",
    run = match,
    takes = "rules: table",
    form = 'match { "employee_id", "email", "alias", attribute = "EmployeeNumber" }',
    doc = "how people are found",
  },
  {
    name = "rename",
    run = rename,
    takes = "choice: string",
    form = 'rename "updateemail"',
    doc = 'change the address of a known employee; default `"hold"`: show it and wait',
  },
  {
    name = "reason",
    run = reason,
    takes = "text?: string",
    form = 'reason "audit 7"',
    doc = "why, for everything declared after it; also a field of `user`",
  },
  {
    name = "every",
    run = every,
    takes = "time: string",
    form = 'every "15m"',
    doc = "how often nginx runs the playbook ([nginx](nginx.md)); a plan made by hand ignores it",
  },
  {
    name = "at",
    run = at,
    takes = "times: string|table",
    form = 'at "02:00"',
    doc = 'at which times of day nginx runs it; several in a list: `at { "02:00", "14:30" }`',
  },
}

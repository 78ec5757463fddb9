--- Words that say what a row means today: `status` for the words of a status column, and the words about days on
-- which something begins or ends.
-- @module lastpass.plan.words.conditions
local checks = require "lastpass.plan.checks"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local statuses = require "lastpass.source.status"
local time = require "lastpass.time"

local M = {}

-- What `status` gives for a word on neither list, so that a field `active` made of it is recognised
-- wherever it is used.
local undecided_mt = { __name = "undecided status" }

function undecided_mt.__tostring(undecided)
  return undecided.problem.reason
end

--- The row that decides nothing, of the field `active`.
---@param active any
---@return table|nil problem
function M.problem_of(active)
  return type(active) == "table" and getmetatable(active) == undecided_mt and active.problem or nil
end

-- Whom a row is about, as far as it tells: its field "email", else all addresses in it.
local function addresses_of(person)
  local own = rawget(person, "email")
  if type(own) == "string" and email.check(own) then
    return { own }
  end
  local list = {}
  for _, value in pairs(person) do
    if type(value) == "string" and email.check(value) then
      list[#list + 1] = value
    end
  end
  return list
end

-- Lists the row at hand, and leaves alone those it is about: at once, since a playbook may skip the row. Without a
-- row it is the person whose fields are being written.
local function refuse_row(context, code, reason)
  local declared, reading = context.declared, context.reading
  local person, problem = reading.person, { code = code, reason = reason }
  if not person then
    problem.origin = checks.line_of(context.playbook, 3)
    M.leave_alone(context, problem, context.named())
    declared:refuse(problem)
    context.undecided = { named = context.named(), problem = problem }
    return problem
  end
  if person.origin.line then
    problem.source, problem.line = reading.source._number, person.origin.line
  else
    problem.origin = tostring(person.origin)
  end
  local addresses = addresses_of(person)
  problem.subject = #addresses == 1 and addresses[1] or nil
  for _, address in ipairs(addresses) do
    declared:doubt(address)
  end
  declared:refuse(problem)
  context.undecided = { person = person, problem = problem }
  return problem
end

--- The row at hand, when its status decided nothing: all that is declared from it is left alone, also
-- when the playbook made something else of the answer.
---@param context table see `environment.words`
---@param address string who is being declared
---@return table|nil problem
function M.of_row(context, address)
  local undecided, person = context.undecided, context.reading.person
  if undecided and undecided.person == person and (person or undecided.named == address) then
    return undecided.problem
  end
  return nil
end

--- Leaves somebody alone who was declared from such a row.
---@param context table see `environment.words`
---@param problem table
---@param address string
---@param origin lastpass.source.Origin|nil of the row that the playbook named, as in `user(person)`
function M.leave_alone(context, problem, address, origin)
  if origin and not problem.source then
    problem.origin = tostring(origin)
  end
  if email.check(address) then
    problem.subject = problem.subject or address
    context.declared:doubt(address)
  end
end

-- After `read`, and outside a loop over rows, it is not known whose word it is: what the playbook makes of
-- the answer would let somebody in, or keep somebody out, by a word that decides nothing.
local NO_SUBJECT = "status: %s, and it is not known whose it is: "
  .. "loop over the rows of the source (for person in hr:rows() do), "
  .. "or write it as user(person) { active = status(…) }"

-- status(person.status, { active = { "active" }, inactive = { "terminated" } }): true, false, or
-- what `problem_of` recognises.
local function status_word(context)
  local compile = statuses.compile
  return function(value, words)
    if type(value) ~= "string" and not statuses.is_value(value) then
      errors.raise(2, "status: the word must be a string, not a %s", type(value))
    end
    local compiled = compile("status", words, 2)
    local meaning, word = statuses.meaning(compiled, value)
    if word then
      local reason = statuses.reason(compiled, word)
      if not (context.reading.person or context.named()) then
        errors.raise(2, NO_SUBJECT, reason)
      end
      local problem = refuse_row(context, "status_word", reason)
      return setmetatable({ problem = problem }, undecided_mt)
    end
    return meaning
  end
end

local DAY = 86400

-- Memberships that end are written as until_date("2026-12-31", "Group"), those that begin with from_date.
local dated_mt = { __name = "dated membership" }

--- The names of groups among which some may end or begin; those too are managed that have ended, or have
-- not begun, so that they are left.
---@param declared lastpass.plan.Declared
---@param address string
---@param groups table
---@param level integer whose line is blamed
---@return string[] names
---@return string[]|nil notes
function M.resolve_dated(declared, address, groups, level)
  local texts, notes = {}, nil
  for key in pairs(groups) do
    if type(key) ~= "number" then
      errors.raise(level + 1, "user '%s': 'groups' must be a list without gaps", address)
    end
  end
  for index = 1, #groups do
    local group = groups[index]
    if getmetatable(group) == dated_mt then
      declared.managed[group.name] = true
      notes = notes or {}
      local when = group.word == "until_date" and "until" or "from"
      notes[#notes + 1] = ("%s %s %s"):format(group.name, when, tostring(group.date))
      group = group.holds and group.name or nil
    end
    if group ~= nil and group ~= "" then
      texts[#texts + 1] = group
    end
  end
  checks.texts("user '" .. address .. "'", "groups", texts, level + 1)
  return texts, notes
end

--- Whether one of the groups may end or begin.
---@param groups table
---@return boolean
function M.has_dated(groups)
  for index = 1, #groups do
    if type(groups[index]) == "table" then
      return true
    end
  end
  return false
end

-- Changes that a date will bring, for `user`: of the row at hand, or of what is being declared.
local function note_change(context, change)
  local changes, person = context.changes, context.reading.person
  if not changes or changes.person ~= person then
    changes = { person = person }
    context.changes = changes
  end
  changes[#changes + 1] = change
end

local NO_DAY = "%s: '%s' is not a day such as \"2026-12-31\"%s"
local FORMAT_HINT =
  '; the option dates = { field = "MM/DD/YYYY" } of its source says how it is written'

-- The civil seconds of a day. One that cannot be read makes the row at hand one that is not used; without a
-- row it is an error of the playbook.
local function read_day(context, word, date)
  local civil = type(date) == "string"
    and date:match "^%d%d%d%d%-%d%d%-%d%d$"
    and time.parse_civil(date .. " 00:00:00")
  if civil then
    return civil
  elseif not context.reading.person then
    errors.raise(3, "%s: needs a day such as \"2026-12-31\", not '%s'", word, tostring(date))
  end
  local is_empty = date == nil or date == ""
  local reason = is_empty and ("%s: the row has no day"):format(word)
    or NO_DAY:format(word, tostring(date), FORMAT_HINT)
  refuse_row(context, "bad_date", reason)
  return nil
end

-- What a word about a day gives: whether it applies, or a membership for which it does.
local function answer(context, word, date, group, holds, change)
  if group == nil then
    if change then
      note_change(context, change)
    end
    return holds
  elseif type(group) ~= "string" or group == "" then
    errors.raise(3, "%s: the second argument must be the name of a group", word)
  end
  checks.utf8(word .. ": the group", group, 3)
  if change then
    change.group = group
    note_change(context, change)
  end
  return setmetatable({ name = group, date = date, holds = holds, word = word }, dated_mt)
end

-- The day of civil seconds, as dates are written.
local function day_of(civil)
  return (time.format_civil(civil):sub(1, 10))
end

-- until_date("2026-12-31", "Group"), or without a group whether the day has not passed: the day named is
-- the last one, in the account's zone.
local function until_date(context, date, group)
  local civil = read_day(context, "until_date", date)
  local ends = civil and context.zone:to_utc(civil + DAY)
  local holds = civil ~= nil and context.now < ends
  local change = holds and { at = ends, day = day_of(civil + DAY), ends = true } or nil
  return answer(context, "until_date", date, group, holds, change)
end

-- from_date("2026-12-31", "Group"), or without a group whether the day has come, in the account's zone.
local function from_date(context, date, group)
  local civil = read_day(context, "from_date", date)
  local begins = civil and context.zone:to_utc(civil)
  local holds = civil ~= nil and context.now >= begins
  local change = civil and not holds and { at = begins, day = day_of(civil) } or nil
  return answer(context, "from_date", date, group, holds, change)
end

-- today(): the day that it is in the account's zone, as "2026-12-31"; such days compare as texts.
local function today(context)
  return day_of(context.zone:to_local(context.now))
end

--- The changes that dates of a declaration will bring; those of an earlier one are forgotten.
---@param context table see `environment.words`
---@return table[]|nil changes {at (utc), day, group | nil, ends: it ends then; else it begins}
function M.take_date_changes(context)
  local changes = context.changes
  context.changes = nil
  return changes
end

--- Forgets what was noted of another row, or of none: what follows belongs to the person who is named now.
---@param context table see `environment.words`
function M.begin_dates(context)
  local changes = context.changes
  if changes and (changes.person == nil or changes.person ~= context.reading.person) then
    context.changes = nil
  end
end

--- The words.
M.list = {
  {
    name = "status",
    make = status_word,
    takes = "value?: any, words?: any",
    form = 'status(person.status, { active = { "active" }, inactive = { "terminated" } })',
    doc = "whether a status word means that somebody is active; see below",
  },
  {
    name = "until_date",
    run = until_date,
    takes = "date?: any, group?: string",
    form = 'until_date("2026-12-31", "Project X")',
    doc = "a membership that ends; without a group: true to the end of that day",
  },
  {
    name = "from_date",
    run = from_date,
    takes = "date?: any, group?: string",
    form = 'from_date("2026-12-31", "Project X")',
    doc = "a membership that begins; without a group: true from that day on",
  },
  {
    name = "today",
    run = today,
    takes = "",
    form = "today()",
    doc = "the day in the account's zone, as `2026-12-31`",
  },
}

return M

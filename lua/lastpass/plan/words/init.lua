--- The words of a playbook: what its environment has beside Lua's own library.
-- @module lastpass.plan.words
local dates = require "lastpass.plan.words.dates"
local people = require "lastpass.plan.words.people"
local schedule = require "lastpass.plan.words.schedule"
local settings = require "lastpass.plan.words.settings"
local signature = require "lastpass.signature"
local sources = require "lastpass.plan.words.sources"
local status = require "lastpass.plan.words.status"
local user_room = require "lastpass.plan.words.user"

local M = {}

--- What each word takes, and how it is written right.
M.signatures = {
  user = { "person: string|table", 'user "ann@acme.com" { fullname = "Ann Lee" }' },
  users = { "source: table, mapping?: table", 'users(hr, { fullname = "name" })' },
  group = { "name: string", 'group "Finance" { "ann@acme.com" }' },
  protect = { "account: string|table, ...: string|table", 'protect "ann@acme.com"' },
  owner = { "account: string", 'owner "ann@acme.com"; protect takes several' },
  missing = { "choice: string|table", 'missing "disable"' },
  limit = { "limits: table", 'limit { disable = "5%" }' },
  only = { "group: string|table, ...: string|table", 'only { "Finance", "Sales" }' },
  match = { "rules: table", 'match { "employee_id", "email" }' },
  rename = { "choice: string", 'rename "updateemail"' },
  reason = { "text?: string", 'reason "audit 7"' },
  status = {
    "value?: any, words?: any",
    'status(person.status, { active = { "active" }, inactive = { "terminated" } })',
  },
  until_date = { "date?: any, group?: string", 'until_date("2026-12-31", "Finance")' },
  from_date = { "date?: any, group?: string", 'from_date("2026-12-31", "Finance")' },
  today = { "", "today()" },
  every = { "time: string", 'every "15m"' },
  at = { "times: string|table", 'at "02:00", or at { "02:00", "14:30" }' },
}

-- `user` is said so often that it checks by itself.
local function check_arguments(words)
  for name, word in pairs(words) do
    local declared = M.signatures[name]
    if type(word) == "function" and name ~= "user" then
      assert(declared, name .. ": a word without signature")
      words[name] = signature.check(name, declared[1], word, declared[2])
    end
  end
  return words
end

--- Makes the words.
---@param context table declared, reading, playbook {name, chunks}, folder, zone, now
---@return table<string, any> words
---@return fun(): string|nil unfinished a person who was named and not declared
function M.new(context)
  local user, unfinished = user_room.new(context)
  return check_arguments {
    user = user,
    users = sources.users(context),
    source = sources.source(context),
    group = people.group(context),
    protect = people.protect(context),
    owner = people.owner(context),
    missing = settings.missing(context),
    limit = settings.limit(context),
    only = settings.only(context),
    match = settings.match(context),
    rename = settings.rename(context),
    reason = settings.reason(context),
    status = status.status(context),
    until_date = dates.until_date(context),
    from_date = dates.from_date(context),
    today = dates.today(context),
    every = schedule.every(context),
    at = schedule.at(context),
  },
    unfinished
end

return M

--- A book of rules: rules that are used or written, and waivers: findings that somebody has accepted, for
-- a reason and until a day. It is made from names, tables, or a Lua file with the words `use`, `rule` and `waive`.
-- @module lastpass.report.check.book
local builtin = require "lastpass.report.check.rules"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local files = require "lastpass.files"
local rosters = require "lastpass.report.roster"
local time = require "lastpass.time"

local M = {}

---@class lastpass.report.Rule
---@field name string
---@field title string      what ought to be so
---@field severity "error"|"warning"|"note"
---@field each "user"|"folder"|"group"|"company" what it is about
---@field applies? fun(one: table, company: table): boolean|nil whom it is about; default everybody
---@field holds fun(one: table, company: table): boolean|nil
---@field message? string|fun(one: table, company: table): string what is wrong; default the title
---@field needs? string[]   { "expired_passwords" }: what has to be read as well

local severities = { error = true, warning = true, note = true }
local kinds = { user = true, folder = true, group = true, company = true }

local function is_severity(value)
  return severities[value], '"error", "warning" or "note"'
end

local rule_fields = {
  name = "string",
  title = "string",
  severity = is_severity,
  each = function(value)
    return kinds[value], '"user", "folder", "group" or "company"'
  end,
  applies = "function",
  holds = "function",
  message = { "string", "function" },
  needs = "table",
}

local function add_rule(book, rule, level)
  if book.by_name[rule.name] then
    errors.raise(level + 1, "check: there are two rules '%s'", rule.name)
  end
  book.by_name[rule.name] = rule
  book.rules[#book.rules + 1] = rule
end

local function use_rule(book, name, given, level)
  local maker = builtin.makers[name]
  if not maker then
    local nearest = errors.nearest(name, builtin.names())
    errors.raise(
      level + 1,
      "check: there is no rule '%s'%s",
      tostring(name),
      nearest and (" (did you mean '%s'?)"):format(nearest) or ""
    )
  end
  local known, settings = { severity = is_severity }, {}
  for setting, default in pairs(builtin.settings[name] or {}) do
    known[setting], settings[setting] = "number", default
  end
  given = errors.check_options("use '" .. name .. "'", given, known, level + 1)
  for setting, value in pairs(given) do
    settings[setting] = value
  end
  local rule = maker(settings)
  rule.name, rule.severity = name, settings.severity or rule.severity
  add_rule(book, rule, level + 1)
end

local function write_rule(book, fields, level)
  local where = ("rule '%s'"):format(tostring(fields.name))
  errors.check_options(where, fields, rule_fields, level + 1)
  for _, name in ipairs { "name", "each", "holds" } do
    if fields[name] == nil then
      errors.raise(level + 1, "%s: the field '%s' is missing", where, name)
    end
  end
  local rule = {}
  for name, value in pairs(fields) do
    rule[name] = value
  end
  rule.title, rule.severity = rule.title or rule.name, rule.severity or "error"
  add_rule(book, rule, level + 1)
end

---@class lastpass.report.Waiver
---@field rule string
---@field subject string  address or name; "*" stands for any characters
---@field expires string  the last day on which it is valid: "2026-12-31", in the account's zone
---@field reason string
---@field by? string      who has accepted it

local waiver_fields = {
  rule = "string",
  subject = "string",
  expires = "string",
  reason = "string",
  by = "string",
}

--- Checks a waiver and adds it.
---@param list lastpass.report.Waiver[]
---@param given lastpass.report.Waiver
---@param level integer
function M.add_waiver(list, given, level)
  errors.check_options("waive", given, waiver_fields, level + 1)
  for _, name in ipairs { "rule", "subject", "expires", "reason" } do
    if not given or not given[name] or given[name] == "" then
      errors.raise(level + 1, "waive: the field '%s' is missing", name)
    end
  end
  local day = given.expires:match "^%d%d%d%d%-%d%d%-%d%d$"
  local civil = day and time.parse_civil(day .. " 00:00:00")
  if not civil then
    errors.raise(
      level + 1,
      "waive: expires is a day such as \"2026-12-31\", not '%s'",
      given.expires
    )
  end
  local copy = { civil = civil }
  for name, value in pairs(given) do
    copy[name] = value
  end
  list[#list + 1] = copy
end

--- Makes waivers ready: which are valid now, and what they match.
---@param list lastpass.report.Waiver[]
---@param zone lastpass.Zone
---@param now integer
function M.prepare_waivers(list, zone, now)
  for _, waiver in ipairs(list) do
    waiver.pattern = rosters.pattern(waiver.subject)
    waiver.is_valid = now < zone:to_utc(waiver.civil + 86400)
    waiver.used = 0
  end
end

--- The waiver for a finding. A valid one goes before one that has expired.
---@param list lastpass.report.Waiver[]
---@param rule string
---@param subject string
---@return lastpass.report.Waiver|nil
function M.find_waiver(list, rule, subject)
  local key, expired = email.fold(subject), nil
  for _, waiver in ipairs(list) do
    if waiver.rule == rule and key:find(waiver.pattern) then
      if waiver.is_valid then
        waiver.used = waiver.used + 1
        return waiver
      end
      expired = expired or waiver
    end
  end
  if expired then
    expired.used = expired.used + 1
  end
  return expired
end

local safe = {
  "assert",
  "error",
  "ipairs",
  "next",
  "pairs",
  "pcall",
  "print",
  "select",
  "tonumber",
  "tostring",
  "type",
  "unpack",
  "string",
  "table",
  "math",
}

-- The words of a file, or of one that has waivers alone. Rules read; they get nothing to act with.
local function environment_of(book, waivers_only)
  local environment = { os = { date = os.date, time = os.time, getenv = os.getenv } }
  for _, name in ipairs(safe) do
    environment[name] = _G[name]
  end
  environment.waive = function(fields)
    M.add_waiver(book.waivers, fields, 2)
  end
  if waivers_only then
    for _, word in ipairs { "use", "rule" } do
      environment[word] = function()
        errors.raise(2, "a file of waivers has the word 'waive' alone, not '%s'", word)
      end
    end
    return environment
  end
  environment.use = function(name, settings)
    use_rule(book, name, settings, 2)
  end
  environment.rule = function(name)
    return function(fields)
      if type(fields) ~= "table" or fields.name ~= nil then
        errors.raise(2, 'rule "%s": needs a table of fields, without a name', tostring(name))
      end
      local copy = { name = name }
      for field, value in pairs(fields) do
        copy[field] = value
      end
      write_rule(book, copy, 2)
    end
  end
  return environment
end

local function rule_failure(path, message)
  if type(message) == "table" then
    message = message.message
  end
  return errors.fail("argument", "rule_mistake", tostring(message), {
    file = path,
    line = tonumber(tostring(message):match ":(%d+):"),
    hint = "docs/reports.md describes files of rules",
  })
end

-- Lua 5.1 sets the environment afterwards, and would run compiled code.
local function load_in(environment, text, name)
  if not setfenv then
    return load(text, name, "t", environment)
  elseif text:sub(1, 1) == "\27" then
    return nil, name:sub(2) .. ": is compiled; give the text"
  end
  local chunk, message = loadstring(text, name)
  return chunk and setfenv(chunk, environment), message
end

local function run_file(book, path, waivers_only)
  local text, message, err = files.read(path)
  if not text then
    return nil, message, err
  end
  local chunk
  chunk, message = load_in(environment_of(book, waivers_only), text, "@" .. path)
  if not chunk then
    return rule_failure(path, message)
  end
  local ok
  ok, message = pcall(chunk)
  if not ok then
    return rule_failure(path, message)
  end
  return true
end

--- Opens a book.
---@param rules string|table|nil path of a file; list of names and rules; nil for all that exist
---@param given table[]|string|nil waivers beside those of the file; or path of a file with `waive`
---@return table|nil book {rules, by_name, waivers}
---@return string? message
---@return lastpass.Error? err code "rule_mistake" or "cannot_read"
function M.open(rules, given)
  local book = { rules = {}, by_name = {}, waivers = {} }
  if type(rules) == "string" then
    local ok, message, err = run_file(book, rules)
    if not ok then
      return nil, message, err
    end
  else
    for _, one in ipairs(rules or builtin.names()) do
      if type(one) == "table" then
        write_rule(book, one, 3)
      else
        use_rule(book, one, nil, 3)
      end
    end
  end
  if type(given) == "string" then
    local ok, message, err = run_file(book, given, true)
    return ok and book, message, err
  end
  for _, fields in ipairs(given or {}) do
    M.add_waiver(book.waivers, fields, 3)
  end
  return book
end

return M

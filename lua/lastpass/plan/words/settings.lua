--- Words that set how declarations are carried out.
-- @module lastpass.plan.words.settings
local checks = require "lastpass.plan.words.checks"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local limits = require "lastpass.plan.limits"

local M = {}

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

-- A setting has one value: of two that differ nobody knows which was meant.
local function set_once(context, word, name, value, level)
  local said = context.said or {}
  context.said = said
  local key, shown = word .. " " .. name, tostring(value)
  local before = said[key]
  if before and before.value ~= shown then
    local text = "%s: '%s' is %s here, and was %s at %s; say it once"
    errors.raise(level + 1, text, word, name, shown, before.value, before.line)
  elseif not before then
    said[key] = { value = shown, line = checks.line_of(context.playbook, level + 1) }
  end
end

--- missing "disable": what happens to users whom nothing mentions.
---@param context table see `words.new`
---@return function
function M.missing(context)
  return function(choice)
    local given, missing = choice, context.declared.settings.missing
    if type(choice) ~= "table" then
      given = { users = choice }
    end
    errors.check_options("missing", given, { users = "string", invited = "string" }, 2)
    for name, value in pairs(given) do
      check_choice(name, value)
      set_once(context, "missing", name, value, 2)
      missing[name] = value
    end
    if given ~= choice and not context.said["missing invited"] then
      missing.invited = choice == "remove" and "withdraw" or "keep"
    end
  end
end

--- limit { disable = "5%" }.
---@param context table see `words.new`
---@return function
function M.limit(context)
  return function(given)
    if type(given) ~= "table" then
      errors.raise(2, 'limit: needs a table, such as limit { disable = "5%%" }')
    end
    limits.merge("limit", context.declared.settings.limits, given, 2)
    for name, value in pairs(given) do
      if type(value) == "table" then
        for limit, count in pairs(value) do
          set_once(context, "limit", name .. "." .. limit, count, 2)
        end
      else
        set_once(context, "limit", name, value, 2)
      end
    end
  end
end

--- only { "Finance", "Team *" }: memberships of other groups are left alone. A * stands for any
-- characters. Said again, it names further groups.
---@param context table see `words.new`
---@return function
function M.only(context)
  return function(...)
    local list = checks.list_of("only", "groups", 2, ...)
    local settings = context.declared.settings
    settings.only = settings.only or json.list {}
    for _, name in ipairs(list) do
      table.insert(settings.only, name)
    end
    context.declared.only_origin = checks.line_of(context.playbook, 2)
  end
end

local rules = { employee_id = true, email = true, alias = true }

--- match { "employee_id", "email", attribute = "EmployeeNumber" }: how people are found.
---@param context table see `words.new`
---@return function
function M.match(context)
  return function(given)
    if type(given) ~= "table" then
      errors.raise(2, 'match: needs a table, such as match { "employee_id", "email" }')
    end
    local order = {}
    for place, rule in ipairs(given) do
      if not rules[rule] then
        errors.raise(
          2,
          "match: there is no rule '%s'; known are employee_id, email and alias",
          tostring(rule)
        )
      end
      order[place] = rule
    end
    for name, value in pairs(given) do
      if type(name) == "number" and order[name] == nil then
        errors.raise(2, "match: the rules must be a list without gaps")
      elseif type(name) ~= "number" and name ~= "attribute" then
        errors.raise(2, "match: unknown option '%s' (known is: attribute)", tostring(name))
      elseif name == "attribute" and type(value) ~= "string" then
        errors.raise(2, "match: 'attribute' must be the name of an attribute, not %s", type(value))
      elseif name == "attribute" then
        checks.letters("match: 'attribute'", value, 2)
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
end

--- rename "updateemail": what happens when a known person has another address.
---@param context table see `words.new`
---@return function
function M.rename(context)
  return function(choice)
    if choice ~= "hold" and choice ~= "updateemail" and choice ~= "keep" then
      local known = '"hold", "updateemail" or "keep"'
      errors.raise(2, "rename: must be %s, not '%s'", known, tostring(choice))
    end
    set_once(context, "rename", "choice", choice, 2)
    context.declared.settings.rename = choice
  end
end

--- reason "audit 7": why, for all that is declared after it.
---@param context table see `words.new`
---@return function
function M.reason(context)
  return function(text)
    if text ~= nil and type(text) ~= "string" then
      errors.raise(2, "reason: needs a text, or nil to end it")
    end
    checks.letters("reason: the text", text or "", 2)
    context.reason = text
  end
end

return M

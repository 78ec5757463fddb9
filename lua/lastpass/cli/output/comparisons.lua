--- What an expression of `--where` compares. Lua answers a comparison with a value that no row has, or with one
-- of another type, with false and without a word; here the first becomes a note, the second an error.
-- @module lastpass.cli.output.comparisons
local errors = require "lastpass.error"

local M = {}

local MOST_LISTED = 12 -- values a note lists
local MOST_KEPT = 1000 -- values among which the nearest is looked for

-- ------------------------------------------------------------------ types

local TYPES =
  { boolean = "true or false", number = "a number", string = "a text", table = "a list" }

-- A default of the type that a value is compared with.
local DEFAULTS = { number = "0", string = "''" }

local function hint_for(view, one, one_type, other, other_type)
  local field = one.field
  if one_type == "nil" and DEFAULTS[other_type] then
    local form = "not every row has one; (%s or %s) stands for those without"
    return form:format(one.text, DEFAULTS[other_type])
  elseif one.text:find "^not%f[%W]" then
    return "not is evaluated first: put the comparison in brackets, not (…), or write ~="
  elseif one_type == "table" then
    return ("has(%s, %s) asks whether the list has it"):format(one.text, other.text)
  elseif field and view.times and view.times[field] and other_type == "string" then
    return ('times are seconds: time "2026-03-01", or ago "90d"; here %s is a text'):format(
      other.text
    )
  elseif one_type == "boolean" and not one.is_constant then
    return ("write %s, or not %s"):format(one.text, one.text)
  elseif other.is_constant and other_type == "boolean" and one_type ~= "nil" then
    return ("%s == nil asks for the rows without one"):format(one.text)
  elseif one_type == "number" and other_type == "string" then
    return "a number is written without quotes"
  end
end

-- What helps is known from one side or from the other.
local function hint_of(watch, left_type, right_type)
  if watch.operator == "has" then
    return nil
  end
  local view, left, right = watch.view, watch.left, watch.right
  return hint_for(view, left, left_type, right, right_type)
    or hint_for(view, right, right_type, left, left_type)
end

local function raise_types(watch, left_type, right_type, what)
  local message = ("--where: %s is %s, %s is %s: %s"):format(
    watch.left.text,
    TYPES[left_type] or left_type,
    watch.right.text,
    TYPES[right_type] or right_type,
    what or "they are never equal"
  )
  local hint = hint_of(watch, left_type, right_type)
  local _, _, err = errors.fail("argument", "bad_where", message, { hint = hint })
  error(err, 0)
end

-- ------------------------------------------------------------------ values

local function keep(watch, value)
  if value == nil then
    watch.without = true
  elseif not watch.seen[value] and #watch.values < MOST_KEPT then
    watch.seen[value] = true
    watch.values[#watch.values + 1] = value
  end
end

local function see_equality(watch, left, right)
  local left_type, right_type = type(left), type(right)
  local wanted, value = right, left
  if watch.left.is_constant then
    wanted, value = left, right
  end
  if wanted == nil and (watch.left.is_constant or watch.right.is_constant) then
    return true -- a question for rows without a value
  end
  watch.wanted = wanted
  if value == nil or wanted == nil then
    keep(watch, value)
    return false
  elseif left_type ~= right_type then
    if not watch.is_mixed then
      raise_types(watch, left_type, right_type)
    end
  elseif left == right or left_type == "boolean" then
    return true
  elseif left_type == "table" then
    raise_types(watch, left_type, right_type)
  end
  keep(watch, value)
  return false
end

local function see_member(watch, list, wanted)
  if type(list) ~= "table" or wanted == nil then
    return false -- `has` itself says what is wrong with it
  end
  watch.wanted = wanted
  local lower = type(wanted) == "string" and wanted:lower() or wanted
  for _, item in ipairs(list) do
    if item == wanted or type(item) == "string" and item:lower() == lower then
      return true
    elseif type(item) ~= type(wanted) and not watch.is_mixed then
      local what = ("its members are of the type %s"):format(type(item))
      raise_types(watch, "table", type(wanted), what)
    end
    keep(watch, item)
  end
  return false
end

local function is_before(a, b)
  if type(a) == type(b) and type(a) ~= "boolean" and type(a) ~= "table" then
    return a < b
  end
  return tostring(a) < tostring(b)
end

local function shown(watch, value, is_quoted)
  local times, field = watch.view.times, watch.variable.field
  if type(value) == "number" and times and times[field] then
    return require("lastpass.time").iso(value)
  elseif type(value) == "string" and (is_quoted or value == "") then
    return '"' .. value .. '"'
  end
  return tostring(value)
end

-- "; there are active, disabled": or the nearest, where they are too many to be listed.
local function what_there_is(watch)
  local values = watch.values
  if #values == 0 then
    return watch.operator == "has" and "; all are empty" or "; it is nil in every row"
  elseif #values > MOST_LISTED then
    local texts = {}
    for _, value in ipairs(values) do
      texts[#texts + 1] = type(value) == "string" and value or nil
    end
    return type(watch.wanted) == "string" and errors.did_you_mean(watch.wanted, texts) or ""
  end
  table.sort(values, is_before)
  local list = {}
  for position, value in ipairs(values) do
    list[position] = shown(watch, value)
  end
  list[#list + 1] = watch.without and "nil (no value)" or nil
  return (#list == 1 and "; there is " or "; there are ") .. table.concat(list, ", ")
end

local function note_of(watch)
  local form = "%s is %s in no row"
  local name, value = watch.variable.text, shown(watch, watch.wanted, true)
  if watch.operator == "has" then
    form, name, value = "no row has %s in %s", value, watch.variable.field or name
  elseif watch.variable.field then
    form, name = "no row has %s %s", watch.variable.field
  end
  local note = form:format(name, value) .. what_there_is(watch)
  return require("lastpass.text").clean("--where: " .. note)
end

-- ------------------------------------------------------------------ while rows pass

---@class lastpass.cli.Comparisons
local methods = {}
local comparisons_mt = { __index = methods }

local function evaluate(side)
  local ok, value = pcall(side.evaluate)
  if ok then
    return value
  end
  return nil -- what fails here fails in the expression too, or is not reached there
end

local function is_mixed(view, side)
  for field in side.text:gmatch "[%w_]+" do
    if view.mixed and view.mixed[field] then
      return true
    end
  end
  return false
end

--- Watches what an expression compares. All of it is looked at in every row, so that a note on "no row" is true
-- of the rows that the expression does not ask.
---@param found table[] of `lastpass.cli.output.expression`
---@param view lastpass.cli.View
---@param compile fun(text: string): function|nil makes a function of a part of the expression
---@return lastpass.cli.Comparisons
function M.watch(found, view, compile)
  local self = { equal = {}, ordered = {} }
  for _, watch in ipairs(found) do
    watch.left.evaluate, watch.right.evaluate = compile(watch.left.text), compile(watch.right.text)
    watch.view, watch.seen, watch.values = view, {}, {}
    watch.is_mixed = is_mixed(view, watch.left) or is_mixed(view, watch.right)
    watch.variable = watch.left.is_constant and watch.right or watch.left
    local is_equality = watch.operator == "has" or watch.operator:find "^[=~]="
    if watch.left.evaluate and watch.right.evaluate then
      table.insert(is_equality and self.equal or self.ordered, watch)
    end
  end
  return setmetatable(self, comparisons_mt)
end

--- Looks at the current row. Raises an error, code "bad_where", when values of two types are compared.
function methods:see()
  for position = #self.equal, 1, -1 do
    local watch = self.equal[position]
    local see = watch.operator == "has" and see_member or see_equality
    if see(watch, evaluate(watch.left), evaluate(watch.right)) then
      table.remove(self.equal, position)
    end
  end
end

--- What may help when the expression failed at the current row, because it orders values of two types.
---@return string|nil hint
function methods:hint()
  for _, watch in ipairs(self.ordered) do
    local left, right = type(evaluate(watch.left)), type(evaluate(watch.right))
    local hint = left ~= right and hint_of(watch, left, right)
    if hint then
      return hint
    end
  end
end

--- After the last row: which values no row had.
---@return string[]
function methods:notes()
  local notes = {}
  for _, watch in ipairs(self.equal) do
    local is_asked = watch.left.is_constant ~= watch.right.is_constant
    if is_asked and watch.wanted ~= nil then
      notes[#notes + 1] = note_of(watch)
    end
  end
  return notes
end

return M

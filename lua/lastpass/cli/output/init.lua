--- Rows on standard output: which of them, in which order, with which fields, in which form.
-- @module lastpass.cli.output
local errors = require "lastpass.error"

local M = {}

--- What rows of one kind look like.
---@class lastpass.cli.View
---@field name string           "users", for messages
---@field fields string[]       every field, in the order of JSON and CSV
---@field columns table[]       of the table, as `lastpass.text.table` takes them
---@field times? table<string, true> fields that are epoch seconds and shown as ISO 8601
---@field key string            the field that names a row in messages
---@field get? fun(object: any, field: string): any default: the field of that name
---@field shown? fun(object: any, field: string): any in the table; default as everywhere
---@field cell? fun(object: any, field: string): string in CSV; default as everywhere
---@field tone? fun(object: any): string|nil colour of the line
---@field fast? fun(session: table, view: table, rows: any, fields: string[]): boolean writes JSON
-- itself when it can

local forms = { "json", "ndjson", "csv", "template" }

-- Which form is asked for; two of them are a mistake.
local function form_of(options)
  local chosen
  for _, name in ipairs(forms) do
    if options[name] and chosen then
      return errors.fail(
        "argument",
        "usage",
        ("--%s and --%s do not go together"):format(chosen, name)
      )
    end
    chosen = options[name] and name or chosen
  end
  return chosen or "table"
end

local function need(value, _, err)
  if value == nil then
    error(err, 0)
  end
  return value
end

--- How a field of an object is shown in every form but the table's.
---@param view lastpass.cli.View
---@param object any
---@param field string
---@return any
function M.value(view, object, field)
  local value
  if view.get then
    value = view.get(object, field)
  else
    value = object[field]
  end
  if value ~= nil and view.times and view.times[field] and type(value) == "number" then
    return require("lastpass.time").iso(value)
  end
  return value
end

-- A list, or an iterator that may have failed already.
local function iterate(rows)
  if type(rows) == "function" then
    return rows
  end
  local place = 0
  return function()
    place = place + 1
    return rows[place]
  end
end

local function prepare(session, view)
  local options = session.options
  local plan = { form = need(form_of(options)), fields = view.fields }
  if options.no_guard and plan.form ~= "csv" then
    need(errors.fail("argument", "usage", "--no-guard needs --csv"))
  end
  if options.fields then
    plan.fields = need(require("lastpass.cli.output.fields").read(options.fields, view))
    plan.chosen = true
  end
  if options.where then
    plan.where = need(require("lastpass.cli.output.where").compile(options.where, view, session))
  end
  if options.sort then
    plan.sort = need(require("lastpass.cli.output.sort").read(options.sort, view))
  end
  return plan
end

-- Filtered and sorted.
local function select_rows(plan, view, rows)
  local each = iterate(rows)
  if plan.where then
    local inner, where = each, plan.where
    each = function()
      for object in inner do
        if where(object) then
          return object
        end
      end
    end
  end
  if plan.sort then
    each = iterate(require("lastpass.cli.output.sort").sorted(plan.sort, view, each))
  end
  return each
end

--- Checks the options of output before anything is read or written: a misspelt field must not come
-- to light after a call that changes something.
---@param session lastpass.cli.Session
---@param view lastpass.cli.View
function M.check(session, view)
  prepare(session, view)
end

--- Shows rows.
---@param session lastpass.cli.Session
---@param view lastpass.cli.View
---@param rows table[]|fun(): any
function M.rows(session, view, rows)
  local plan = prepare(session, view)
  local is_plain = not plan.where and not plan.sort
  if is_plain and view.fast and view.fast(session, plan, rows) then
    return session.streams:flush()
  end
  if view.each then
    rows = view.each(rows)
  end
  require("lastpass.cli.output." .. plan.form).rows(
    session,
    view,
    plan,
    select_rows(plan, view, rows)
  )
  session.streams:flush()
end

--- Shows one object: as a list of its fields, or as the one row of the other forms.
---@param session lastpass.cli.Session
---@param view lastpass.cli.View
---@param object any
function M.one(session, view, object)
  local plan = prepare(session, view)
  if plan.where and not plan.where(object) then
    return
  end
  local room = require("lastpass.cli.output." .. plan.form)
  local show = room.one or room.rows
  show(session, view, plan, room.one and object or iterate { object })
  session.streams:flush()
end

return M

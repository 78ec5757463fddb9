--- Rows on standard output: which of them, in which order, with which fields, in which format.
-- @module lastpass.cli.output
local errors = require "lastpass.error"
local formats = require "lastpass.cli.output.formats"
local selection = require "lastpass.cli.output.selection"
local where = require "lastpass.cli.output.where"

local M = {}

--- What rows of one kind look like.
---@class lastpass.cli.View
---@field name string           "users", for messages
---@field fields string[]       every field, in the order of JSON and CSV
---@field columns table[]       of the table, as `lastpass.text.table` takes them
---@field mixed? table<string, true> fields whose values have different types
---@field times? table<string, true> fields that are epoch seconds and shown as ISO 8601
---@field key string            the field that names a row in messages
---@field get? fun(object: any, field: string): any default: the field of that name
---@field shown? fun(object: any, field: string): any in the table; default as everywhere
---@field cell? fun(object: any, field: string): any in CSV; default as everywhere
---@field tone? fun(object: any): string|nil colour of the line
---@field envelope? fun(): string fields of JSON that stand beside the rows: they become the field `rows` of an object
---@field fast? fun(session: table, view: table, rows: any, fields: string[]): boolean writes JSON
-- itself when it can

local options_of_formats = { "json", "ndjson", "csv", "template" }

-- Which format is asked for; two of them are a mistake.
local function format_of(options)
  local chosen
  for _, name in ipairs(options_of_formats) do
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

-- A list, or an iterator that may have failed already.
local function iterate(rows)
  if type(rows) == "function" then
    return rows
  end
  local index = 0
  return function()
    index = index + 1
    return rows[index]
  end
end

local function prepare(session, view)
  local options = session.options
  local plan = { format = need(format_of(options)), fields = view.fields }
  if options.no_guard and plan.format ~= "csv" then
    need(errors.fail("argument", "usage", "--no-guard needs --csv"))
  end
  if options.fields then
    plan.fields = need(selection.read_fields(options.fields, view))
    plan.chosen = true
  end
  if options.where then
    local is_chosen, notes, err = where.compile(options.where, view, session)
    plan.where = need(is_chosen, notes, err)
    plan.notes = notes
  end
  if options.sort then
    plan.sort = need(selection.read_sort(options.sort, view))
  end
  return plan
end

-- What `--where` asked for and no row has.
local function say_notes(session, plan)
  for _, note in ipairs(plan.notes()) do
    session:say("note: %s", note)
  end
end

-- Filtered and sorted.
local function select_rows(session, plan, view, rows)
  local each = iterate(rows)
  if plan.where then
    local inner, is_at_end = each, false
    each = function()
      for object in inner do
        if plan.where(object) then
          return object
        end
      end
      if not is_at_end then
        is_at_end = true
        say_notes(session, plan)
      end
    end
  end
  if plan.sort then
    each = iterate(selection.sorted(plan.sort, view, each))
  end
  return each
end

--- Checks the options of output before anything is read or written: a misspelt field must not be
-- found only after a call that changes something.
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
  formats[plan.format].rows(session, view, plan, select_rows(session, plan, view, rows))
  session.streams:flush()
end

--- Shows one object: as a list of its fields, or as the one row of the other formats.
---@param session lastpass.cli.Session
---@param view lastpass.cli.View
---@param object any
function M.one(session, view, object)
  local plan = prepare(session, view)
  if plan.where then
    local is_chosen = plan.where(object)
    say_notes(session, plan)
    if not is_chosen then
      return
    end
  end
  local format = formats[plan.format]
  if format.one then
    format.one(session, view, plan, object)
  else
    format.rows(session, view, plan, iterate { object })
  end
  session.streams:flush()
end

return M

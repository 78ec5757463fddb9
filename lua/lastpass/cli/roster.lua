--- The roster on the command line: a CSV file, and what its columns mean.
-- @module lastpass.cli.roster
local errors = require "lastpass.error"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local values = require "lastpass.cli.values"

local M = {}

local usage = values.usage

--- The options of every report that takes a roster.
---@type lastpass.cli.Option[]
M.options = values.join({
  { "--roster", "CSV file of the people who work here; needs a column email", value = "FILE.csv" },
  { "--column", "a column by another title: email=E-mail", value = "FIELD=TITLE", many = true },
}, values.csv_options, values.shape_options, { values.date_option })

--- Reads "svc-*@acme.com=service account", several times.
---@param list string[]|nil
---@return table<string, string>|nil exclude nil when there are none
---@return string? message
---@return lastpass.Error? err
function M.exclusions(list)
  return values.pairs("--exclude", list, "WHO=WHY, the reason too", "^([^=]+)=(.+)$")
end

-- What --column says: field -> title.
local function mapping_of(options)
  return values.pairs("--column", options.column, "FIELD=TITLE")
end

--- The field that a person means: its name, or the title of its column.
---@param text string "last_day", "Last day"
---@return string
function M.field(text)
  return require("lastpass.source.columns").field_name(text) or text
end

--- Whether an option says anything of a roster.
---@param options table of the command line
---@return boolean
function M.is_given(options)
  for _, option in ipairs(M.options) do
    local value = options[values.key(option[1])]
    if value and (type(value) ~= "table" or #value > 0) then
      return true
    end
  end
  return false
end

--- Where the roster is, and how it is written, as the command line says.
---@param options table of the command line
---@param needed? table[] {option, field}: fields that options name
---@return lastpass.report.RosterFile|nil
---@return string? message
---@return lastpass.Error? err
function M.describe(options, needed)
  if not options.roster then
    return usage("--roster is needed: the people who work here", "--roster hr.csv")
  end
  local mapping, message, err = mapping_of(options)
  local given
  if not err then
    given, message, err = values.csv(options)
  end
  if err then
    return nil, message, err
  end
  local fields = {}
  for position, one in ipairs(needed or {}) do
    fields[position] = { called = "--" .. one.option, field = one.field }
  end
  return {
    path = options.roster,
    csv = given,
    columns = mapping,
    needed = fields,
    column_hint = "--column email=TITLE names it",
  }
end

--- Opens the roster.
---@param options table of the command line
---@param needed? table[] {option, field}: fields that options name
---@return lastpass.source.People|nil
---@return string? message
---@return lastpass.Error? err
function M.open(options, needed)
  local file, message, err = M.describe(options, needed)
  if not file then
    return nil, message, err
  end
  return failure.call(require("lastpass.report.roster_file").open, file)
end

--- The Lua that opens it.
---@param options table
---@return table raw as of `lua_text.raw`
function M.lua(options)
  local given = values.csv(options) or {}
  given.columns = mapping_of(options)
  return lua_text.raw(
    ('assert(require("lastpass").source.csv(%s%s))'):format(
      lua_text.value(options.roster or "hr.csv"),
      lua_text.further(given)
    )
  )
end

--- The result of a report that needs the roster: a roster that breaks off has a code of its own.
---@param source lastpass.source.People|nil
---@param report any
---@param message string|nil
---@param err lastpass.Error|nil
---@return any report
---@return string? message
---@return lastpass.Error? err
function M.classify(source, report, message, err)
  if report == nil and source and source.failure and err then
    return errors.fail(err.kind, "incomplete_source", message, { hint = err.hint })
  end
  return report, message, err
end

return M

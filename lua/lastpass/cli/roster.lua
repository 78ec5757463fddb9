--- The roster on the command line: a CSV file, and what its columns mean.
-- @module lastpass.cli.roster
local csv_options = require "lastpass.cli.csv_options"
local errors = require "lastpass.error"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"

local M = {}

--- The options of every report that takes a roster.
---@type lastpass.cli.Option[]
M.options = {
  { "--roster", "CSV file of the people who work here; needs a column email", value = "FILE.csv" },
  { "--column", "a column by another title: email=E-mail", value = "FIELD=TITLE", many = true },
}
for _, list in ipairs { csv_options.options, csv_options.shape } do
  for _, option in ipairs(list) do
    M.options[#M.options + 1] = option
  end
end
M.options[#M.options + 1] = csv_options.date_option

--- Whom a report leaves aside.
---@type lastpass.cli.Option
M.exclude_option = {
  "--exclude",
  "leave these aside, with the reason: 'svc-*@acme.com=service account'",
  value = "WHO=WHY",
  many = true,
}

local function usage(message, hint)
  return errors.fail("argument", "usage", message, { hint = hint })
end

--- Reads "svc-*@acme.com=service account", several times.
---@param list string[]|nil
---@return table<string, string>|nil exclude nil when there are none
---@return string? message
---@return lastpass.Error? err
function M.exclusions(list)
  local exclude
  for _, one in ipairs(list or {}) do
    local who, why = one:match "^([^=]+)=(.+)$"
    if not who then
      return usage(("--exclude %s: write WHO=WHY, the reason too"):format(one))
    end
    exclude = exclude or {}
    exclude[who] = why
  end
  return exclude
end

-- What --column says: field -> title.
local function mapping_of(list)
  local mapping
  for _, one in ipairs(list or {}) do
    local field, title = one:match "^([%w_]+)=(.+)$"
    if not field then
      return usage(("--column %s: write FIELD=TITLE"):format(one))
    end
    mapping = mapping or {}
    mapping[field] = title
  end
  return mapping
end

local function open(path, options)
  return mistakes.call(require("lastpass.source.csv").open, path, options)
end

-- The other columns keep the fields that their titles make.
local function complete(mapping, header)
  local field_name = require("lastpass.source.columns").field_name
  local columns, taken = {}, {}
  for field, title in pairs(mapping) do
    columns[field], taken[title] = title, true
  end
  for _, title in ipairs(header) do
    local field = field_name(title)
    if field and not taken[title] and not columns[field] then
      columns[field] = title
    end
  end
  return columns
end

local function fields_of(source, columns)
  local field_name = require("lastpass.source.columns").field_name
  local fields = {}
  for field in pairs(columns or {}) do
    fields[field] = true
  end
  for _, title in ipairs(columns and {} or source.header) do
    local field = field_name(title)
    if field then
      fields[field] = true
    end
  end
  return fields
end

-- A field that an option names has to be there, or everybody would seem to be without it.
local function check_fields(path, fields, wanted)
  local names = errors.names_of(fields)
  if not fields.email then
    return usage(
      ("%s has no column for 'email'; it has: %s"):format(path, table.concat(names, ", ")),
      #names == 1 and "is --delimiter right?" or "--column email=TITLE names it"
    )
  end
  for _, one in ipairs(wanted) do
    if not fields[one.field] then
      return usage(
        ("--%s: %s has no column for '%s'%s"):format(
          one.option,
          path,
          one.field,
          errors.did_you_mean(one.field, names)
        ),
        "it has: " .. table.concat(names, ", ")
      )
    end
  end
  return true
end

--- The field that a person means: its name, or the title of its column.
---@param text string "last_day", "Last day"
---@return string
function M.field(text)
  return require("lastpass.source.columns").field_name(text) or text
end

--- Opens the roster.
---@param options table of the command line
---@param wanted? table[] {option, field}: fields that options name
---@return lastpass.source.People|nil
---@return string? message
---@return lastpass.Error? err
function M.open(options, wanted)
  local path = options.roster
  if not path then
    return usage("--roster is needed: whom the personnel department knows", "--roster hr.csv")
  end
  local mapping, message, err = mapping_of(options.column)
  local given
  if not err then
    given, message, err = csv_options.of(options)
  end
  if err then
    return nil, message, err
  end
  local source, columns
  source, message, err = open(path, given)
  if mapping and (source or err.code == "duplicate_column") then
    columns = complete(mapping, source and source.header or {})
    if source then
      source:close()
    end
    given.columns = columns
    source, message, err = open(path, given)
  end
  if not source then
    return nil, message, err
  end
  local ok
  ok, message, err = check_fields(path, fields_of(source, columns), wanted or {})
  if not ok then
    source:close()
    return nil, message, err
  end
  return source
end

--- The Lua that opens it.
---@param options table
---@return table raw as of `lua_text.raw`
function M.lua(options)
  local given = csv_options.of(options) or {}
  given.columns = mapping_of(options.column)
  local more = next(given) and ", " .. lua_text.value(given) or ""
  return lua_text.raw(
    ('assert(require("lastpass").source.csv(%s%s))'):format(
      lua_text.value(options.roster or "hr.csv"),
      more
    )
  )
end

--- What became of a report that needs the roster: a roster that breaks off has a code of its own.
---@param source lastpass.source.People|nil
---@param report any
---@param message string|nil
---@param err lastpass.Error|nil
---@return any report
---@return string? message
---@return lastpass.Error? err
function M.judge(source, report, message, err)
  if report == nil and source and source.failure and err then
    return errors.fail(err.kind, "incomplete_source", message, { hint = err.hint })
  end
  return report, message, err
end

return M

--- A roster from a CSV file, by a description that can be stored: which file, how it is written, what its columns mean.
-- @module lastpass.report.roster_file
local columns = require "lastpass.source.columns"
local csv = require "lastpass.source.csv"
local errors = require "lastpass.error"

local M = {}

--- Where a roster is. Everything in it can be written as JSON.
---@class lastpass.report.RosterFile
---@field path string
---@field csv? table                 options of `source.csv`, without columns
---@field columns? table<string, string> fields to titles, for those that are called otherwise
---@field needed? table[]            {called, field}: fields that options name
---@field column_hint? string        how a column is named, in the caller's words

--- The fields of JSON for it, as `errors.check_options` takes them.
M.fields = {
  path = "string",
  csv = "table",
  columns = "table",
  needed = "table",
  column_hint = "string",
}

-- The other columns keep the fields that their titles make.
local function complete(mapping, header)
  local fields, taken = {}, {}
  for field, title in pairs(mapping) do
    fields[field], taken[title] = title, true
  end
  for _, title in ipairs(header) do
    local field = columns.field_name(title)
    if field and not taken[title] and not fields[field] then
      fields[field] = title
    end
  end
  return fields
end

local function fields_of(source, chosen)
  local fields = {}
  for field in pairs(chosen or {}) do
    fields[field] = true
  end
  for _, title in ipairs(chosen and {} or source.header) do
    local field = columns.field_name(title)
    if field then
      fields[field] = true
    end
  end
  return fields
end

-- A field that an option names has to exist, or everybody would seem to be without it.
local function check_fields(file, fields)
  local names = errors.names_of(fields)
  local has = "it has: " .. table.concat(names, ", ")
  if not fields.email then
    local message = ("%s has no column for 'email'; %s"):format(file.path, has)
    local hint = #names == 1 and "is the delimiter right?" or file.column_hint
    return errors.fail("argument", "usage", message, { hint = hint })
  end
  for _, one in ipairs(file.needed or {}) do
    if not fields[one.field] then
      local form = "%s: %s has no column for '%s'%s"
      local near = errors.did_you_mean(one.field, names)
      local message = form:format(one.called, file.path, one.field, near)
      return errors.fail("argument", "usage", message, { hint = has })
    end
  end
  return true
end

local function copy(options)
  local result = {}
  for name, value in pairs(options or {}) do
    result[name] = value
  end
  return result
end

--- Opens the roster.
---@param file lastpass.report.RosterFile
---@return lastpass.source.People|nil
---@return string? message
---@return lastpass.Error? err
function M.open(file)
  local options, chosen = copy(file.csv), nil
  local source, message, err = csv.open(file.path, options)
  if file.columns and (source or err.code == "duplicate_column") then
    chosen = complete(file.columns, source and source.header or {})
    if source then
      source:close()
    end
    options.columns = chosen
    source, message, err = csv.open(file.path, options)
  end
  if not source then
    return nil, message, err
  end
  local ok
  ok, message, err = check_fields(file, fields_of(source, chosen))
  if not ok then
    source:close()
    return nil, message, err
  end
  return source
end

return M

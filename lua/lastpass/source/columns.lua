--- Columns: which fields of a person come from which column of a file, which key of an object,
-- which attribute of an entry.
-- @module lastpass.source.columns
local dates = require "lastpass.source.dates"
local errors = require "lastpass.error"

local M = {}

--- How one field is filled: the header of its column, or a list of headers whose values are
-- joined. A required column cannot be optional.
---@class lastpass.source.Column
---@field [integer] string      headers as the file has them (spaces around them do not matter); keys
-- of objects, as "name.family"; attributes of entries
---@field email? boolean        must be an e-mail address; default true for the field `email`
---@field required? boolean     must not be empty; default false
---@field optional? boolean     the source may lack the column (the field is then nil); default false
---@field join? string          put between the values of several columns; default one space
---@field first? string[]        headers of which the first that is not empty fills the field:
-- email = { first = { "mail", "userPrincipalName" } }
---@field list? boolean         not for CSV: the field is a list of all the values; default false
---@field binary? boolean       LDAP only: values are bytes, given as hexadecimal digits

local column_options = {
  email = "boolean",
  required = "boolean",
  optional = "boolean",
  join = "string",
  first = "table",
}

--- How a kind of source speaks of its columns, for messages.
---@class lastpass.source.Words
---@field source string  "source.csv"
---@field option string  the option that maps them: "columns"
---@field column string  what a field is: "column"
---@field header string  what it is filled from: "header"
---@field a_header string with its article
---@field options table  the options of one column

--- The words of CSV files.
---@type lastpass.source.Words
M.csv = {
  source = "source.csv",
  option = "columns",
  column = "column",
  header = "header",
  a_header = "a header",
  options = column_options,
}

--- The words of another kind of source.
---@param words table as `lastpass.source.Words`; `options` are those beyond a CSV column's
---@return lastpass.source.Words
function M.words(words)
  for name, expected in pairs(column_options) do
    words.options[name] = expected
  end
  return words
end

-- The headers of a column: those in its list, or in the list `first`.
local function headers_of(words, where, given, level)
  local list = given.first or given
  if given.first and #given > 0 then
    errors.raise(level + 1, "%s: 'first' stands in the place of other %ss", where, words.header)
  elseif given.first and given.join then
    errors.raise(level + 1, "%s: 'first' and 'join' exclude each other", where)
  end
  local headers = {}
  for index, title in ipairs(list) do
    if type(title) ~= "string" then
      errors.raise(level + 1, "%s: %s must be a string, not %s", where, words.a_header, type(title))
    end
    headers[index] = title
  end
  if #headers == 0 then
    errors.raise(level + 1, "%s names no %s", where, words.header)
  end
  return headers
end

-- One column as the caller wrote it, checked and completed.
local function read_column(words, name, given, level)
  level = level + 1
  local source, header = words.source, words.header
  local where = ("%s: %s '%s'"):format(source, words.column, tostring(name))
  if type(name) ~= "string" then
    errors.raise(level, "%s: '%s' is a table of field = %s", source, words.option, header)
  elseif name == "origin" then
    errors.raise(level, "%s: that name is kept for where a person comes from", where)
  end
  if type(given) == "string" then
    given = { given }
  elseif type(given) ~= "table" then
    local message = "%s must be %s or a list of %ss, not %s"
    errors.raise(level, message, where, words.a_header, header, type(given))
  end
  local column = { name = name, join = " ", email = name == "email" }
  for key, value in pairs(given) do
    if type(key) ~= "number" then
      errors.check_options(where, { [key] = value }, words.options, level)
      column[key] = value
    elseif type(value) ~= "string" then
      errors.raise(level, "%s: %s must be a string, not %s", where, words.a_header, type(value))
    end
  end
  column.joined = given.join ~= nil
  column.headers, column.first = headers_of(words, where, given, level), given.first ~= nil
  return column
end

local function require_known(words, columns, name, option, level)
  level = level + 1
  local source = words.source
  if type(name) ~= "string" then
    errors.raise(level, "%s: '%s' must name fields by strings", source, option)
  elseif columns and not columns[name] then
    local hint = errors.did_you_mean(name, errors.names_of(columns))
    local message = "%s: '%s' names '%s', not %s %s%s"
    local article = words.column:find "^[aeiou]" and "an" or "a"
    errors.raise(level, message, source, option, name, article, words.column, hint)
  end
end

-- The reader of one column's dates.
local function date_reader(words, name, format, zone, level)
  local read = type(format) == "string" and dates.reader(format)
  if not read then
    errors.raise(
      level + 1,
      "%s: 'dates': '%s' must be a form such as \"MM/DD/YYYY\", or one of %s, not '%s'",
      words.source,
      tostring(name),
      table.concat(dates.names(), ", "),
      tostring(format)
    )
  end
  return function(text)
    return read(text, zone)
  end
end

--- Checks the options that say what the columns mean. A mistake in them is the programmer's.
---@param options table {columns, required, key, dates, zone} as given to the source
---@param level integer whose line is blamed
---@param words? lastpass.source.Words default: those of CSV files
---@return table plan {columns = list | nil when they follow the file's header, required, key, dates}
function M.plan(options, level, words)
  level, words = level + 1, words or M.csv
  local columns
  if options.columns then
    columns = {}
    for name, given in pairs(options.columns) do
      columns[name] = read_column(words, name, given, level)
    end
  end
  local plan = { columns = columns, required = {}, key = options.key, dates = {} }
  for name, format in pairs(options.dates or {}) do
    require_known(words, columns, name, "dates", level)
    plan.dates[name] = date_reader(words, name, format, options.zone, level)
  end
  for _, name in ipairs(options.required or {}) do
    require_known(words, columns, name, "required", level)
    plan.required[name] = true
  end
  if plan.key then
    require_known(words, columns, plan.key, "key", level)
  end
  return plan
end

-- Spaces that do not break, and characters that cannot be seen, as spreadsheets put them into titles.
local SPACES = { "\194\160", "\226\128\175", "\226\128\135", "\226\129\160", "%s+" }
local UNSEEN = { "\226\128\139", "\239\187\191", "\194\173" }

--- A title as titles are compared: every space and line end between words is one blank.
---@param title string
---@return string
function M.folded(title)
  for _, unseen in ipairs(UNSEEN) do
    title = title:gsub(unseen, "")
  end
  for _, space in ipairs(SPACES) do
    title = title:gsub(space, " ")
  end
  return (title:gsub(" +", " "):gsub("^ ", ""):gsub(" $", ""))
end

--- The field that a header makes when no columns are named: "E-mail" gives email, "First name"
-- first_name. A header without letters or digits gives nothing.
---@param header string
---@return string|nil
function M.field_name(header)
  local name = M.folded(header):gsub("[-'.]", ""):gsub("[%z\1-/:-@[-`{-\127]+", "_")
  name = name:gsub("^_+", ""):gsub("_+$", ""):gsub("[A-Z]", string.lower)
  if name == "" then
    return nil
  end
  return name == "origin" and "origin_" or name
end

local function columns_of_header(header)
  local columns = {}
  for _, title in ipairs(header) do
    local name = M.field_name(title)
    if name and columns[name] then
      local other = columns[name].headers[1]
      local message = "the columns '%s' and '%s' both make the field '%s'"
      message = message:format(other, title, name)
      return errors.fail("argument", "duplicate_column", message, {
        hint = "say which column is which with the option 'columns'",
      })
    elseif name then
      columns[name] = { name = name, headers = { title }, join = " ", email = name == "email" }
    end
  end
  return columns
end

-- Which position each title has; a title that is there twice would make the mapping a guess.
local function positions_of(header)
  local positions = {}
  for position, given in ipairs(header) do
    local title = M.folded(given)
    if positions[title] then
      local message = ("the header has '%s' twice, in columns %d and %d"):format(
        title,
        positions[title],
        position
      )
      return errors.fail("argument", "duplicate_column", message, { column = title })
    elseif title ~= "" then
      positions[title] = position
    end
  end
  return positions
end

local function shorten(title)
  return #title > 40 and title:sub(1, 40) .. "…" or title
end

local function missing_column(column, title, header)
  local near = errors.nearest(title, header)
  local message = ("no column '%s' (for the field '%s')"):format(title, column.name)
  local hint
  if near then
    message = ("%s; the nearest is '%s'"):format(message, near)
  elseif #header == 1 then
    message = ("%s; the header is the one column '%s'"):format(message, shorten(header[1]))
    hint = "is the option 'delimiter' right?"
  else
    local titles = {}
    for index = 1, math.min(#header, 20) do
      titles[index] = "'" .. shorten(header[index]) .. "'"
    end
    message = ("%s; there are %s"):format(message, table.concat(titles, ", "))
  end
  return errors.fail("argument", "missing_column", message, {
    column = title,
    field = column.name,
    nearest = near,
    hint = hint,
  })
end

local function missing_field(option, name, columns)
  local names = errors.names_of(columns)
  local near = errors.nearest(name, names)
  local message = ("no column makes the field '%s', which '%s' names; the header makes: %s"):format(
    name,
    option,
    table.concat(names, ", ")
  )
  return errors.fail("argument", "missing_column", message, { field = name, nearest = near })
end

-- A column with the positions of its headers in this file; nil when an optional one is missing.
local function bind_column(column, required, positions, header, date)
  local bound = {
    name = column.name,
    date = date,
    label = table.concat(column.headers, column.first and " or " or " + "),
    join = column.join,
    first = column.first,
    email = column.email,
    required = required,
    positions = {},
  }
  for index, title in ipairs(column.headers) do
    local position = positions[M.folded(title)]
    bound.positions[index] = position
    if not position then
      if column.optional and not required then
        return nil
      end
      return missing_column(column, title, header)
    end
  end
  bound.position = #bound.positions == 1 and bound.positions[1] or nil
  return bound
end

--- Fits the plan to the header of a file.
---@param plan table of `plan`
---@param header string[] the titles
---@return table[]|nil columns {name, label, position, positions, join, first, email, required, date}
---@return string|table message the message; or the column that is the key, if there is one
---@return lastpass.Error? err code "missing_column" or "duplicate_column"
function M.bind(plan, header)
  local positions, message, err = positions_of(header)
  if not positions then
    return nil, message, err
  end
  local columns = plan.columns
  if not columns then
    columns, message, err = columns_of_header(header)
    if not columns then
      return nil, message, err
    end
  end
  for option, names in pairs { required = plan.required, dates = plan.dates } do
    for name in pairs(names) do
      if not columns[name] then
        return missing_field(option, name, columns)
      end
    end
  end
  local key = plan.key
  if key and not columns[key] then
    return missing_field("key", key, columns)
  elseif key == nil and columns.email then
    key = "email"
  end
  local bound, key_column = {}, nil
  for _, name in ipairs(errors.names_of(columns)) do
    local required = columns[name].required or plan.required[name] or name == key
    local column
    column, message, err = bind_column(columns[name], required, positions, header, plan.dates[name])
    if err then
      return nil, message, err
    elseif column then
      bound[#bound + 1] = column
      if name == key then
        key_column = column
      end
    end
  end
  if #bound == 0 and next(columns) then -- a file of something else, though no column alone is needed
    local first = columns.email or columns[errors.names_of(columns)[1]]
    return missing_column(first, first.headers[1], header)
  end
  table.sort(bound, function(a, b)
    if a.positions[1] ~= b.positions[1] then
      return a.positions[1] < b.positions[1]
    elseif #a.positions ~= #b.positions then
      return #a.positions < #b.positions
    end
    return a.name < b.name
  end)
  return bound, key_column
end

return M

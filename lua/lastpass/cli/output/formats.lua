--- The formats of rows on standard output: `rows` shows what an iterator gives, `one` shows one object where it
-- looks different alone.
-- @module lastpass.cli.output.formats
local columns = require "lastpass.text.columns"
local csv = require "lastpass.text.csv"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local selection = require "lastpass.cli.output.selection"
local streams = require "lastpass.cli.streams"

---@class lastpass.cli.Format
---@field rows fun(session: table, view: lastpass.cli.View, plan: table, each: fun(): any)
---@field one? fun(session: table, view: lastpass.cli.View, plan: table, object: any)

---@type table<string, lastpass.cli.Format>
local M = {}

local function is_plain_table(value)
  return type(value) == "table" and not (getmetatable(value) or {}).__tostring
end

-- ------------------------------------------------------------------ table

-- Two people's addresses, cut, look like one person's; a time that is cut is a wrong one.
local whole = {
  email = true,
  username = true,
  who = true,
  subject = true,
  by = true,
  local_time = true,
  at = true,
}

-- With --fields the columns are those fields, by their own names, and none is left out.
local function columns_of(view, plan)
  local shown, names = {}, {}
  for index, column in ipairs(plan.chosen and plan.fields or view.columns) do
    local given = type(column) == "table" and column or {}
    local name = given.field or column
    names[index] = name
    shown[index] = {
      title = given.title or name:gsub("_", " "),
      field = index,
      align = given.align,
      max = given.max,
      rank = given.rank,
      wrap = given.wrap,
      whole = given.whole or whole[name] or view.times and view.times[name] or nil,
    }
  end
  return shown, names
end

local function collect(view, names, each)
  local rows, tones = {}, {}
  for object in each do
    local row = {}
    for index, name in ipairs(names) do
      local value
      if view.shown then
        value = view.shown(object, name)
      else
        value = selection.value(view, object, name)
      end
      row[index] = value == nil and "" or value
    end
    rows[#rows + 1] = row
    tones[#rows] = view.tone and view.tone(object) or false
  end
  return rows, tones
end

-- A row may be several lines, and colour ends with its line.
local function painter(session, tones)
  if not streams.is_colored(session) then
    return nil
  end
  return function(lines, number)
    local tone = number == nil and "head" or tones[number] or nil
    return (lines:gsub("[^\n]+", function(line)
      return streams.paint(tone, line)
    end))
  end
end

M.table = {}

-- As wide as the terminal, lines coloured where that helps.
function M.table.rows(session, view, plan, each)
  local shown, names = columns_of(view, plan)
  local rows, tones = collect(view, names, each)
  local options = { width = session.streams.width, paint = painter(session, tones) }
  session.streams:write(columns.table(rows, shown, options), "\n")
end

-- A field a line; fields without a value are left out.
function M.table.one(session, view, plan, object)
  local rows = {}
  for _, field in ipairs(plan.fields) do
    local value = selection.value(view, object, field)
    local is_empty = is_plain_table(value) and next(value) == nil
    if value ~= nil and (plan.chosen or not is_empty) then
      rows[#rows + 1] = { field:gsub("_", " ") .. "", value }
    end
  end
  local lines = columns.table(rows, { { field = 1, whole = true }, { field = 2, wrap = true } }, {
    header = false,
    width = session.streams.width,
  })
  session.streams:write(lines, "\n")
end

-- ------------------------------------------------------------------ CSV

M.csv = {}

-- With a line of titles, guarded against spreadsheets unless --no-guard says not to.
function M.csv.rows(session, view, plan, each)
  local output, options = session.streams, { guard = not session.options.no_guard }
  output:write(csv.line(plan.fields, { guard = false }))
  for object in each do
    local cells = {}
    for index, field in ipairs(plan.fields) do
      local value
      if view.cell then
        value = view.cell(object, field)
      else
        value = selection.value(view, object, field)
      end
      cells[index] = value == nil and "" or value
    end
    output:write(output:shown(csv.line(cells, options)))
  end
end

-- ------------------------------------------------------------------ JSON

-- A field that has no elements is a list: no field of a view is an object.
local function encode(value)
  if type(value) == "table" then
    if not is_plain_table(value) then
      return json.shown(tostring(value))
    elseif next(value) == nil then
      return "[]"
    end
  end
  return json.shown(value)
end

--- An object as JSON, its fields in their order; what has no value is null.
---@param view lastpass.cli.View
---@param fields string[]
---@param object any
---@return string
local function json_object(view, fields, object)
  local parts = {}
  for index, field in ipairs(fields) do
    local value = selection.value(view, object, field)
    parts[index] = ('"%s":%s'):format(field, value == nil and "null" or encode(value))
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

M.json = { object = json_object }

--- What stands behind the rows where more is said than rows: of an object that has them as `rows`, or a last line.
---@param format string
---@param fields string of JSON, without brackets
---@return string
function M.closing(format, fields)
  return format == "json" and "]," .. fields .. "}\n" or "{" .. fields .. "}\n"
end

-- One array, an object a line; or an object with it.
function M.json.rows(session, view, plan, each)
  local first = view.envelope and '{"rows":[\n' or "[\n"
  local before = first
  for object in each do
    session.streams:write(before, json_object(view, plan.fields, object))
    before = ",\n"
  end
  if view.envelope then
    session.streams:write(before == first and first or "\n", M.closing("json", view.envelope()))
  else
    session.streams:write(before == first and "[]\n" or "\n]\n")
  end
end

-- The object alone.
function M.json.one(session, view, plan, object)
  session.streams:write(json_object(view, plan.fields, object), "\n")
end

M.ndjson = {}

-- An object a line, written while rows come.
function M.ndjson.rows(session, view, plan, each)
  for object in each do
    session.streams:write(json_object(view, plan.fields, object), "\n")
  end
  if view.envelope then
    session.streams:write(M.closing("ndjson", view.envelope()))
  end
end

-- ------------------------------------------------------------------ templates

local function fail_template(message, hint)
  local _, _, err =
    errors.fail("argument", "bad_template", "--template: " .. message, { hint = hint })
  error(err, 0)
end

local function read_template(text)
  if text:sub(1, 1) ~= "@" then
    return text
  end
  local file, message = io.open(text:sub(2), "rb")
  local content = file and file:read "*a"
  if file then
    file:close()
  end
  return content or fail_template(message or (text:sub(2) .. " is not a file"))
end

local function compile_template(text)
  local ok, templates = pcall(require, "pl.template")
  if not ok then
    fail_template(
      "Penlight is not installed",
      "apt install lua-penlight, or luarocks install penlight"
    )
  end
  local template, message = templates.compile(text, { chunk_name = "--template" })
  return template or fail_template((tostring(message):gsub("^%[string [^%]]*%]:%d+: ", "")))
end

-- The fields of the row by name; what has no value reads as nothing.
local function environment_of(view, state)
  local row = setmetatable({}, {
    __index = function(_, name)
      return selection.value(view, state.object, name)
    end,
  })
  local own = {
    u = row,
    row = row,
    string = string,
    table = table,
    math = math,
    ipairs = ipairs,
    pairs = pairs,
    tostring = tostring,
    tonumber = tonumber,
    type = type,
  }
  return setmetatable({}, {
    __index = function(_, name)
      if own[name] ~= nil then
        return own[name]
      elseif not selection.has_field(view, name) then
        local _, _, err = selection.unknown_field("--template", view, tostring(name))
        state.err = err
        error(err, 0)
      end
      local value = selection.value(view, state.object, name)
      if type(value) == "boolean" or type(value) == "table" then
        return value -- for conditions and loops
      end
      return columns.value(value)
    end,
  })
end

-- What went wrong, without the position in the program, which says nothing to its user.
local function reason_of(message)
  return (tostring(message):gsub("\nstack traceback:.*$", ""):gsub('^%[string "[^"]*"%]:%d+: ', ""))
end

M.template = {}

-- A Penlight template for each row: `$(email)` inserts a field, a line that begins with `#` is Lua.
function M.template.rows(session, view, _, each)
  local text = read_template(session.options.template)
  local template = compile_template(text)
  local state = {}
  local environment = environment_of(view, state)
  local line_end = text:sub(-1) == "\n" and "" or "\n"
  for object in each do
    state.object = object
    local ok, result, message = pcall(template.render, template, environment)
    if state.err then
      error(state.err, 0)
    elseif not ok or not result then
      local name = tostring(selection.value(view, object, view.key))
      fail_template(("at %s: %s"):format(name, reason_of(ok and message or result)))
    end
    session.streams:write(session.streams:shown(result, true), line_end)
  end
end

return M

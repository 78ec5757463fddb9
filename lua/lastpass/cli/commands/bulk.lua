--- `lastpass bulk`.
-- @module lastpass.cli.commands.bulk
local applying = require "lastpass.cli.applying"
local csv_options = require "lastpass.cli.csv_options"
local errors = require "lastpass.error"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"
local verbs = require "lastpass.cli.verbs"
local writing = require "lastpass.cli.writing"

-- What the program's own tables call a column.
local other_titles = { email = "who", fullname = "name" }

-- Columns may be called otherwise: "--column email=E-mail". Gives the titles that will do, by field.
local function titles_of(options, verb)
  local titles = {}
  for _, field in ipairs(verb.columns) do
    titles[field] = { field, other_titles[field] }
  end
  for _, text in ipairs(options.column) do
    local field, header = text:match "^([%w_]+)=(.+)$"
    if not field then
      return errors.fail("argument", "usage", ("--column %s: write FIELD=TITLE"):format(text))
    elseif not titles[field] then
      return errors.fail(
        "argument",
        "usage",
        ("--column: %s takes no '%s'"):format(options.verb, field),
        { hint = "it takes: " .. table.concat(verb.columns, ", ") }
      )
    end
    titles[field] = { header, must = true }
  end
  return titles
end

local function is_among(list, value)
  for _, one in ipairs(list) do
    if one == value then
      return true
    end
  end
  return false
end

-- Every title that will do is a field of its own; which of them the file has, its header says. What is
-- wrong with a row is found later, so that it keeps its values.
local function columns_of(titles)
  local columns = {}
  for field, list in pairs(titles) do
    for place, title in ipairs(list) do
      columns[place == 1 and field or field .. "_" .. place] =
        { title, email = false, optional = true }
    end
  end
  return columns
end

-- The field of the source that has a column of the verb.
local function field_in(header, field, list)
  for place, title in ipairs(list) do
    if is_among(header, title) then
      return place == 1 and field or field .. "_" .. place
    end
  end
  return nil
end

-- Which field of the source is which column of the verb; one that must be there and is not is named.
local function find_fields(people, titles, verb)
  local columns = require "lastpass.source.columns"
  local fields = {}
  for place, field in ipairs(verb.columns) do
    local list = titles[field]
    fields[field] = field_in(people.header, field, list)
    if not fields[field] and (place <= verb.required or list.must) then
      local plan =
        columns.plan({ columns = { [field] = { list[1], email = false } }, key = false }, 1)
      local _, message, err = columns.bind(plan, people.header)
      return errors.fail(err.kind, err.code, people.name .. ": " .. message, { hint = err.hint })
    end
  end
  return fields
end

local function open(options, titles)
  local is_stream = options.file == "-"
  local given, message, err = csv_options.of(options)
  if not given then
    return nil, message, err
  end
  given.columns, given.key = columns_of(titles), false
  given.name = is_stream and "standard input" or nil
  local file = is_stream and io.stdin or options.file
  return mistakes.call(require("lastpass.source.csv").open, file, given)
end

-- What the source refused, as rows among the others.
local function refused_rows(problems)
  local rows = {}
  for place, problem in ipairs(problems) do
    rows[place] = {
      row = problem.line,
      who = problem.key or problem.value,
      email = problem.key or problem.value,
      outcome = "refused",
      reason = problem.reason,
      code = problem.code,
    }
  end
  return rows
end

-- The verb's columns of a row, without those that are empty.
local function values_of(person, fields)
  local values = {}
  for column, field in pairs(fields) do
    local value = person[field]
    values[column] = value ~= "" and value or nil
  end
  return values
end

local function lacks(values, verb)
  for place = 1, verb.required do
    if not values[verb.columns[place]] then
      return verb.columns[place]
    end
  end
  return nil
end

-- Everything is read before anything is written; a file that breaks off is not begun with.
local function read(options, verb)
  local titles, message, err = titles_of(options, verb)
  if not titles then
    return nil, message, err
  end
  local people
  people, message, err = open(options, titles)
  if not people then
    return nil, message, err
  end
  local fields
  fields, message, err = find_fields(people, titles, verb)
  if not fields then
    people:close()
    return nil, message, err
  end
  local list, problems
  list, problems, err = people:read()
  if not list then
    return errors.fail(err.kind, "incomplete_source", problems, { hint = err.hint })
  end
  local items, more = {}, { lines = {}, origins = {}, given = {}, refused = refused_rows(problems) }
  for _, person in ipairs(list) do
    local values = values_of(person, fields)
    local empty = lacks(values, verb)
    if empty then
      values.row, values.who, values.outcome = person.origin.line, values.email, "refused"
      values.reason, values.code = ("'%s' is empty"):format(titles[empty][1]), "empty"
      table.insert(more.refused, values)
    else
      items[#items + 1] = verbs.item(options.verb, values)
      more.lines[#items], more.given[#items] = person.origin.line, values
      more.origins[#items] = tostring(person.origin)
    end
  end
  return items, more
end

-- A row as the action takes it, for --print-lua.
local rows = {
  add = "{ username = person.email, fullname = person.fullname, groups = names(person.groups) }",
  update = "{ username = person.email, fullname = person.fullname, "
    .. "duousername = person.duousername, securidusername = person.securidusername }",
  rename = "{ oldemail = person.email, newemail = person.new_email }",
  ["group-add"] = "{ username = person.email, add = { person.group } }",
  ["group-remove"] = "{ username = person.email, del = { person.group } }",
}

local NAMES = [[
local function names(text)
  local list = {}
  for name in (text or ""):gmatch "[^;]+" do
    list[#list + 1] = name:match "^%s*(.-)%s*$"
  end
  return list
end]]

local function print_lua(options)
  local verb = verbs.list[options.verb]
  local titles, message, err = titles_of(options, verb)
  if not titles then
    return nil, message, err
  end
  local columns = {}
  for place, field in ipairs(verb.columns) do
    columns[field] = { titles[field][1], optional = place > verb.required or nil }
  end
  local given
  given, message, err = csv_options.of(options)
  if not given then
    return nil, message, err
  end
  given.columns = columns
  given.key = options.verb:find "^group%-" and lua_text.raw "false" or nil
  local file = options.file == "-" and "io.stdin" or lua_text.value(options.file)
  local lines = {
    ('local people = assert(require("lastpass").source.csv(%s, %s))'):format(
      file,
      lua_text.value(given)
    ),
    options.verb == "add" and NAMES or nil,
  }
  lines[#lines + 1] = "local list = {}"
  lines[#lines + 1] = "for person in people:rows() do"
  lines[#lines + 1] = "  list[#list + 1] = " .. (rows[options.verb] or "person.email")
  lines[#lines + 1] = "end"
  local last
  last, message, err =
    writing.plan_lua(options.verb, { [verb.kind] = lua_text.raw "list" }, options)
  if not last then
    return nil, message, err
  end
  lines[#lines + 1] = last
  return table.concat(lines, "\n")
end

local options = {
  { "--column", "a column by another title: email=E-mail", value = "FIELD=TITLE", many = true },
}
local lists = { csv_options.options, csv_options.shape, writing.options, applying.options }
for _, list in ipairs(lists) do
  for _, option in ipairs(list) do
    local name = option[1]
    if list ~= applying.options or name == "--chunk" or name == "--in-flight" then
      options[#options + 1] = option
    end
  end
end

return {
  name = "bulk",
  summary = "Do the same to everybody in a CSV file",
  description = "The file (- for standard input) needs a column email; add takes fullname and "
    .. "groups (separated by ;), update fullname, duousername and securidusername, rename "
    .. "new_email, group-add and group-remove group. It is read to its end first. It is a plan "
    .. "like any other: the guards are asked, and run resume and run undo work. Each row gets its "
    .. "own outcome; when not all are done, it ends with 3.",
  connects = true,
  writes = true,
  harm = "type",
  rows = true,
  arguments = {
    { "verb", "what to do", choices = verbs.names },
    { "file", "CSV file" },
  },
  options = options,
  examples = {
    { "lastpass bulk disable leavers.csv --dry-run", "what would happen to whom" },
    { "lastpass bulk disable leavers.csv --limit disable=40", "more than the guards let through" },
    { "lastpass bulk group-add course.csv --column email=Participant", "people of a course" },
    {
      "lastpass bulk add joiners.csv --csv --where 'u.outcome ~= \"done\"' > left.csv",
      "who is left over; bulk takes left.csv again",
    },
  },
  topics = { "safety", "output", "exit-codes" },
  lua = print_lua,
  run = function(session, given)
    local items, more, err = read(given, verbs.list[given.verb])
    if not items then
      return nil, more, err
    end
    return writing.run(session, given.verb, items, more)
  end,
}

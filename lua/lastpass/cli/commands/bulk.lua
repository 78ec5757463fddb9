--- The command that applies a verb to everybody in a CSV file.
-- @module lastpass.cli.commands.bulk
local errors = require "lastpass.error"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local options_of = require "lastpass.cli.options"
local values = require "lastpass.cli.values"
local verbs = require "lastpass.cli.verbs"
local writing = require "lastpass.cli.writing"

local must = failure.must

-- What the program's own tables call a column.
local other_titles = { email = "who", fullname = "name" }

-- Columns may be called otherwise: "--column email=E-mail". Gives the possible titles, by field.
local function titles_of(options, verb)
  local titles = {}
  for _, field in ipairs(verb.columns) do
    titles[field] = { field, other_titles[field] }
  end
  local mapping = must(values.pairs("--column", options.column, "FIELD=TITLE")) or {}
  for field, title in pairs(mapping) do
    if not titles[field] then
      must(
        values.usage(
          ("--column: %s takes no '%s'"):format(options.verb, field),
          "it takes: " .. table.concat(verb.columns, ", ")
        )
      )
    end
    titles[field] = { title, must = true }
  end
  return titles
end

-- Every possible title is a field of its own; the header says which of them the file has. What is wrong
-- with a row comes to light later, so that the row stays whole.
local function columns_of(titles)
  local columns = {}
  for field, list in pairs(titles) do
    for position, title in ipairs(list) do
      columns[position == 1 and field or field .. "_" .. position] =
        { title, email = false, optional = true }
    end
  end
  return columns
end

-- The field of the source that has a column of the verb.
local function field_in(header, field, list)
  for position, title in ipairs(list) do
    for _, one in ipairs(header) do
      if one == title then
        return position == 1 and field or field .. "_" .. position
      end
    end
  end
  return nil
end

-- Finds the field of the source for each column of the verb; one that must exist and does not is named.
local function find_fields(people, titles, verb)
  local columns = require "lastpass.source.columns"
  local fields = {}
  for position, field in ipairs(verb.columns) do
    local list = titles[field]
    fields[field] = field_in(people.header, field, list)
    if not fields[field] and (position <= verb.required or list.must) then
      local plan =
        columns.plan({ columns = { [field] = { list[1], email = false } }, key = false }, 1)
      local _, message, err = columns.bind(plan, people.header)
      people:close()
      must(errors.fail(err.kind, err.code, people.name .. ": " .. message, { hint = err.hint }))
    end
  end
  return fields
end

local function open_file(options, titles)
  local is_stream = options.file == "-"
  local given = must(values.csv(options))
  given.columns, given.key = columns_of(titles), false
  given.name = is_stream and "standard input" or nil
  local file = is_stream and io.stdin or options.file
  return must(failure.call(require("lastpass.source.csv").open, file, given))
end

-- What the source refused, as rows among the others.
local function refused_rows(problems)
  local rows = {}
  for position, problem in ipairs(problems) do
    rows[position] = {
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
  local given = {}
  for column, field in pairs(fields) do
    local value = person[field]
    given[column] = value ~= "" and value or nil
  end
  return given
end

local function lacks(given, verb)
  for position = 1, verb.required do
    if not given[verb.columns[position]] then
      return verb.columns[position]
    end
  end
  return nil
end

-- Everything is read before anything is written; nothing of a file that breaks off is applied.
local function read_file(options, verb)
  local titles = titles_of(options, verb)
  local people = open_file(options, titles)
  local fields = find_fields(people, titles, verb)
  local list, problems, err = people:read()
  if not list then
    must(errors.fail(err.kind, "incomplete_source", problems, { hint = err.hint }))
  end
  local items, more = {}, { lines = {}, origins = {}, given = {}, refused = refused_rows(problems) }
  for _, person in ipairs(list) do
    local given = values_of(person, fields)
    local empty = lacks(given, verb)
    if empty then
      given.row, given.who, given.outcome = person.origin.line, given.email, "refused"
      given.reason, given.code = ("'%s' is empty"):format(titles[empty][1]), "empty"
      table.insert(more.refused, given)
    else
      items[#items + 1] = verbs.item(options.verb, given)
      more.lines[#items], more.given[#items] = person.origin.line, given
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

local function lua_of(options)
  local verb = verbs.list[options.verb]
  local titles = titles_of(options, verb)
  local given = must(values.csv(options))
  given.columns = {}
  for position, field in ipairs(verb.columns) do
    given.columns[field] = { titles[field][1], optional = position > verb.required or nil }
  end
  given.key = options.verb:find "^group%-" and lua_text.raw "false" or nil
  local lines = {
    ('local people = assert(require("lastpass").source.csv(%s, %s))'):format(
      options.file == "-" and "io.stdin" or lua_text.value(options.file),
      lua_text.value(given)
    ),
    options.verb == "add" and NAMES or nil,
  }
  lines[#lines + 1] = "local list = {}"
  lines[#lines + 1] = "for person in people:rows() do"
  lines[#lines + 1] = "  list[#list + 1] = " .. (rows[options.verb] or "person.email")
  lines[#lines + 1] = "end"
  lines[#lines + 1] = writing.plan_lua(options.verb, { [verb.kind] = lua_text.raw "list" }, options)
  return table.concat(lines, "\n")
end

return {
  {
    name = "bulk",
    summary = "Do the same to everybody in a CSV file",
    description = "The file (- for standard input) needs a column email; add takes fullname and "
      .. "groups (separated by ;), update fullname, duousername and securidusername, rename "
      .. "new_email, group-add and group-remove group. It is read to its end first. It is a plan "
      .. "like any other: the guards are asked, and run resume and run undo work. Each row gets "
      .. "its own outcome; when not all are done, it ends with 3.",
    connects = true,
    writes = true,
    harm = "type",
    rows = true,
    arguments = {
      { "verb", "what to do", choices = verbs.names },
      { "file", "CSV file" },
    },
    options = values.join({
      {
        "--column",
        "a column by another title: email=E-mail",
        value = "FIELD=TITLE",
        many = true,
      },
    }, values.csv_options, values.shape_options, writing.options, options_of.sending),
    examples = {
      { "lastpass bulk disable leavers.csv --dry-run", "what would happen to whom" },
      {
        "lastpass bulk disable leavers.csv --limit disable=40",
        "more than the guards allow",
      },
      {
        "lastpass bulk group-add course.csv --column email=Participant",
        "people of a course",
      },
      {
        "lastpass bulk add joiners.csv --csv --where 'u.outcome ~= \"done\"' > left.csv",
        "rows that were not done; bulk takes left.csv again",
      },
    },
    topics = { "safety", "output", "exit-codes" },
    lua = lua_of,
    run = function(session, options)
      local items, more = read_file(options, verbs.list[options.verb])
      return writing.run(session, options.verb, items, more)
    end,
  },
}

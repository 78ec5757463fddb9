--- `lastpass bulk`.
-- @module lastpass.cli.commands.bulk
local errors = require "lastpass.error"
local mistakes = require "lastpass.cli.mistakes"
local verbs = require "lastpass.cli.verbs"
local writing = require "lastpass.cli.writing"

-- Columns may be called otherwise: "--column email=E-mail".
local function columns_of(options, verb)
  local columns = {}
  for place, field in ipairs(verb.columns) do
    columns[field] = { field, required = place <= verb.required, optional = place > verb.required }
  end
  for _, text in ipairs(options.column) do
    local field, header = text:match "^([%w_]+)=(.+)$"
    if not field then
      return errors.fail("argument", "usage", ("--column %s: write FIELD=TITLE"):format(text))
    elseif not columns[field] then
      return errors.fail(
        "argument",
        "usage",
        ("--column: %s takes no '%s'"):format(options.verb, field),
        { hint = "it takes: " .. table.concat(verb.columns, ", ") }
      )
    end
    columns[field][1], columns[field].optional = header, nil
  end
  return columns
end

-- What the source refused, as rows among the others.
local function refused_rows(problems)
  local rows = {}
  for place, problem in ipairs(problems) do
    rows[place] = {
      row = problem.line,
      who = problem.key or problem.value,
      outcome = "refused",
      reason = problem.reason,
      code = problem.code,
    }
  end
  return rows
end

local function without_empty(row)
  local copy = {}
  for name, value in pairs(row) do
    if value ~= "" then
      copy[name] = value
    end
  end
  return copy
end

-- Everything is read before anything is written; a file that breaks off is not begun with.
local function read(options, verb)
  local columns, message, err = columns_of(options, verb)
  if not columns then
    return nil, message, err
  end
  local people
  people, message, err = mistakes.call(require("lastpass.source.csv").open, options.file, {
    columns = columns,
    key = not options.verb:find "^group%-" and "email",
  })
  if not people then
    return nil, message, err
  end
  local list, problems
  list, problems, err = people:read()
  if not list then
    return errors.fail(err.kind, "incomplete_source", problems, { hint = err.hint })
  end
  local items, lines = {}, {}
  for place, row in ipairs(list) do
    items[place] = verbs.item(options.verb, without_empty(row))
    lines[place] = row.origin.line
  end
  return items, { lines = lines, refused = refused_rows(problems) }
end

-- A row as the client's methods take it, for --print-lua.
local rows = {
  add = "{ username = person.email, fullname = person.fullname }",
  update = "{ username = person.email, fullname = person.fullname }",
  ["group-add"] = "{ username = person.email, add = { person.group } }",
  ["group-remove"] = "{ username = person.email, del = { person.group } }",
}

return {
  name = "bulk",
  summary = "Do the same to everybody in a CSV file",
  description = "The file needs a column email; add takes fullname and groups (separated by ;), "
    .. "update fullname, duousername and securidusername, rename new_email, group-add and "
    .. "group-remove group. It is read to its end first. Each row gets its own outcome; when not "
    .. "all are done, it ends with 3.",
  connects = true,
  writes = true,
  harm = "type",
  rows = true,
  arguments = {
    { "verb", "what to do", choices = verbs.names },
    { "file", "CSV file" },
  },
  options = {
    { "--column", "a column by another title: email=E-mail", value = "FIELD=TITLE", many = true },
  },
  examples = {
    { "lastpass bulk disable leavers.csv --dry-run", "whom it would be" },
    { "lastpass bulk group-add course.csv --column email=Participant", "people of a course" },
    {
      "lastpass bulk add joiners.csv --csv --where 'u.outcome ~= \"done\"' > left.csv",
      "who is left over",
    },
  },
  topics = { "safety", "output", "exit-codes" },
  lua = function(options)
    local verb = verbs.list[options.verb]
    local lines = {
      ('local people = assert(require("lastpass").source.csv(%q))'):format(options.file),
      "local list = {}",
      "for person in people:rows() do",
    }
    if verb.method then
      lines[#lines + 1] = "  list[#list + 1] = " .. (rows[options.verb] or "person.email")
      lines[#lines + 1] = "end"
      lines[#lines + 1] = verb.lua:format "list"
    else
      local call = verb.lua:gsub("^assert%(client:updateemail%%s%)$", function()
        return "assert(client:updateemail{ oldemail = person.email, newemail = person.new_email })"
      end)
      lines[#lines + 1] = "  " .. call:format("person.email", "person.email")
      lines[#lines + 1] = "end"
    end
    return table.concat(lines, "\n")
  end,
  run = function(session, options)
    local items, more, err = read(options, verbs.list[options.verb])
    if not items then
      return nil, more, err
    end
    return writing.run(session, options.verb, items, more)
  end,
}

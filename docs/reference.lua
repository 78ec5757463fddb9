-- Makes what the prompt's `:doc` shows out of the comments above public functions. docs/generate.lua
-- calls it; nothing is parsed when the prompt starts.
local core = require "lastpass.core"
local client_options = require "lastpass.enterprise.options"

local WIDTH = 88

-- Which functions of which file go by which name. `owner` is how the file calls the table; with
-- `first` the first parameter is the object itself.
local sources = {
  { "client", ":", "enterprise/init.lua", owner = "methods:" },
  { "client", ":", "directory/client.lua", owner = "M.", first = true },
  { "client", ":", "plan/client.lua", owner = "M.", first = true },
  { "client", ":", "export/client.lua", owner = "M.", first = true },
  { "user", ":", "directory/user.lua", owner = "methods:" },
  { "group", ":", "directory/group.lua", owner = "methods:" },
  { "snapshot", ":", "directory/snapshot.lua", owner = "methods:" },
  { "plan", ":", "plan/init.lua", owner = "methods:" },
  { "run", ":", "plan/run.lua", owner = "methods:" },
  { "sandbox", ":", "sandbox/instance.lua", owner = "methods:" },
  { "lastpass", ".", "init.lua", owner = "M." },
  { "lastpass.secret", ".", "secret.lua", owner = "M." },
  { "lastpass.sandbox", ".", "sandbox/init.lua", owner = "M." },
  { "lastpass.source", ".", "source/init.lua", owner = "M." },
  { "lastpass.text", ".", "text.lua", owner = "M." },
  { "lastpass.text", ".", "text/table.lua", owner = "M." },
  { "lastpass.time", ".", "time.lua", owner = "M." },
  { "lastpass.json", ".", "json.lua", owner = "M." },
  { "report", ":", "report/result.lua", owner = "methods:" },
  { "lastpass.report", ".", "report/init.lua", owner = "M." },
  { "lastpass.report.check", ".", "report/check.lua", owner = "M.functions." },
  { "lastpass.report.access_review", ".", "report/access_review.lua", owner = "functions." },
  { "lastpass.report.evidence", ".", "report/evidence.lua", owner = "M." },
  { "lastpass.parallel", "", "parallel.lua", owner = "parallel" },
  { "lastpass.strict", "", "strict.lua", owner = "strict" },
}

local function lines_of(path)
  local file = io.open("lua/lastpass/" .. path, "rb")
  if not file then
    return {}
  end
  local lines = {}
  for line in file:lines() do
    lines[#lines + 1] = line
  end
  file:close()
  return lines
end

-- "name arguments" of a line that begins a public function of that table, else nil.
local function definition(line, owner)
  if owner == "strict" then
    return line:match "^local function strict()%((.-)%)"
  elseif owner == "parallel" then
    return line:match "^local function parallel()%((.-)%)"
  end
  local name, arguments =
    line:match("^function " .. owner:gsub("%p", "%%%0") .. "(%a[%w_]*)%((.-)%)")
  return name, arguments
end

-- A type may hold blanks, inside the brackets of a function's.
local function split_type(text)
  local kind, rest = text:match "^(fun%b():%s*%S+)%s*(.*)$"
  if not kind then
    kind, rest = text:match "^(fun%b())%s*(.*)$"
  end
  if not kind then
    kind, rest = text:match "^(%S+)%s*(.*)$"
  end
  return kind or "", rest or ""
end

-- The comment above a function: its sentences, parameters, results.
local function read_comment(lines, last)
  local first = last
  while first > 1 and lines[first - 1]:find "^%-%-" do
    first = first - 1
  end
  local doc = { text = {}, parameters = {}, results = {} }
  local current = doc.text
  for position = first, last - 1 do
    local line = lines[position]
    local name, rest = line:match "^%-%-%-@param%s+(%S+)%s*(.*)$"
    if name then
      local kind, about = split_type(rest)
      current = { about }
      doc.parameters[#doc.parameters + 1] = { name = name, kind = kind, text = current }
    elseif line:find "^%-%-%-@return" then
      current = { (line:gsub("^%-%-%-@return%s*", "")) }
      doc.results[#doc.results + 1] = { text = current }
    elseif line:find "^%-%-%-@" then
      current = {} -- usage and others
    else
      current[#current + 1] = (line:gsub("^%-%-%-?%s?", ""))
    end
  end
  return doc
end

local function wrap(text, first, indent)
  local lines, line = {}, first
  local is_empty = true
  for word in text:gmatch "%S+" do
    if #line + #word + 1 > WIDTH and not is_empty then
      lines[#lines + 1] = line
      line, is_empty = indent, true
    end
    line = line .. (is_empty and "" or " ") .. word
    is_empty = false
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

local function without_self(arguments)
  return (arguments:gsub("^[%w_]+,?%s*", ""))
end

local function lay_out(title, doc)
  local out = { title, wrap(table.concat(doc.text, " "), "  ", "  ") }
  for _, parameter in ipairs(doc.parameters) do
    local name = parameter.name:gsub("%?$", "")
    local optional = name ~= parameter.name and ", optional" or ""
    local head = ("  %s (%s%s): "):format(name, parameter.kind, optional)
    out[#out + 1] = wrap(table.concat(parameter.text, " "), head, "      ")
  end
  local result = doc.results[1]
  if result then
    local fails = #doc.results >= 3 and "; or nil, message, err" or ""
    out[#out + 1] = wrap(table.concat(result.text, " ") .. fails, "  gives ", "      ")
  end
  return table.concat(out, "\n")
end

local function add_source(entries, source)
  local prefix, separator, path = source[1], source[2], source[3]
  local lines = lines_of(path)
  for position, line in ipairs(lines) do
    local name, arguments = definition(line, source.owner)
    if name and position > 1 and lines[position - 1]:find "^%-%-" then
      local doc = read_comment(lines, position)
      if source.first then
        arguments = without_self(arguments)
        if doc.parameters[1] and doc.parameters[1].name == "client" then
          table.remove(doc.parameters, 1)
        end
      end
      local title = separator == "" and prefix or prefix .. separator .. name
      local key = separator == "" and prefix or prefix .. "." .. name
      entries[key] = lay_out(("%s(%s)"):format(title, arguments), doc)
    end
  end
end

local function add_command(entries, command)
  local lines = { ("client:%s(data)"):format(command.name) }
  lines[2] = wrap(command.description, "  ", "  ")
  lines[3] = ("  data: %s%s"):format(command.data, command.data_required and "" or ", optional")
  for _, field in ipairs(command.fields) do
    local values = field.values ~= "" and (" (%s)"):format(field.values) or ""
    local head = ("  %s (%s%s): "):format(
      field.name,
      field.type,
      field.required and "" or ", optional"
    )
    lines[#lines + 1] = wrap(field.description .. values, head, "      ")
  end
  lines[#lines + 1] = "  " .. command.page
  entries["client." .. command.name] = table.concat(lines, "\n")
end

local function add_options(entries)
  local lines = { entries["lastpass.new"], "  options:" }
  for _, option in ipairs(client_options.list) do
    local head = ("    %s (%s; default: %s): "):format(option[1], option[2], option[3])
    lines[#lines + 1] = wrap(option[4], head, "      ")
  end
  entries["lastpass.new"] = table.concat(lines, "\n")
end

-- A report, from its definition.
local function add_report(entries, name)
  local report, kinds = require("lastpass.report")[name], require("lastpass.report.result").kinds
  local subject = "lastpass.Client|lastpass.Snapshot"
    .. (report.takes_record and "|lastpass.directory.Record" or "")
  local lines = {
    lay_out(("lastpass.report.%s(subject, options)"):format(name), {
      text = { report.summary .. ".", report.description },
      parameters = { { name = "subject", kind = subject, text = {} } },
      results = {},
    }),
    "  options:",
  }
  for _, option in ipairs(report.options) do
    local default = option.default ~= nil and ("; default: %s"):format(tostring(option.default))
    local note = option.is_required and "; required" or default or ""
    local kind = kinds[option[2]].type or option[2]
    local head = ("    %s (%s%s): "):format(option[1], kind, note)
    lines[#lines + 1] = wrap(option[3], head, "      ")
  end
  lines[#lines + 1] = "  gives lastpass.Report|nil; or nil, message, err"
  entries["lastpass.report." .. name] = table.concat(lines, "\n")
end

--- The text of the file.
return function()
  local entries = {}
  for _, command in ipairs(core.commands) do
    add_command(entries, command)
  end
  for _, source in ipairs(sources) do
    add_source(entries, source)
  end
  for _, name in ipairs(require("lastpass.report").names()) do
    add_report(entries, name)
  end
  add_options(entries)
  local names = {}
  for name in pairs(entries) do
    names[#names + 1] = name
  end
  table.sort(names)
  local out = {
    "--- What `:doc` shows at the prompt; made by docs/generate.lua from the comments in the code.",
    "-- @module lastpass.cli.repl.reference",
    "return {",
  }
  for _, name in ipairs(names) do
    local text = entries[name]:gsub(":? +\n", "\n"):gsub(":? +$", "")
    assert(not text:find("]==]", 1, true), name)
    out[#out + 1] = ('  ["%s"] = [==[\n%s]==],'):format(name, text)
  end
  out[#out + 1] = "}"
  return table.concat(out, "\n") .. "\n"
end

--- What `:doc` shows and Tab completes of the library: the public functions as their modules declare them, and
-- the comments above them, read from the sources when somebody asks.
-- @module lastpass.cli.repl.reference
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

local WIDTH = 88

-- How names begin where they are declared, and in `:doc`.
local prefixes = {
  ["client:"] = "client.",
  ["user:"] = "user.",
  ["group:"] = "group.",
  ["snapshot:"] = "snapshot.",
  ["plan:"] = "plan.",
  ["run:"] = "run.",
  ["report:"] = "report.",
  ["sandbox:"] = "sandbox.",
  ["lastpass."] = "lastpass.",
  ["lastpass.secret."] = "lastpass.secret.",
  ["sandbox."] = "lastpass.sandbox.",
  ["source."] = "lastpass.source.",
  ["text."] = "lastpass.text.",
  ["time."] = "lastpass.time.",
  ["json."] = "lastpass.json.",
  ["report."] = "lastpass.report.",
  ["report.check."] = "lastpass.report.check.",
  ["access_review."] = "lastpass.report.access_review.",
  ["evidence."] = "lastpass.report.evidence.",
}

-- Functions are declared when their modules are loaded.
local function load_all()
  local lastpass = require "lastpass"
  for _, name in ipairs { "parallel", "strict", "secret", "text", "time", "json" } do
    assert(lastpass[name])
  end
  for _, kind in ipairs(lastpass.source.kinds) do
    assert(lastpass.source[kind.name])
  end
  for _, name in ipairs(lastpass.report.names()) do
    assert(lastpass.report[name])
  end
  for name in pairs(lastpass.enterprise.extensions) do
    assert(lastpass.enterprise.methods[name])
  end
  for _, name in ipairs {
    "lastpass.directory.group",
    "lastpass.directory.user",
    "lastpass.plan",
    "lastpass.plan.run",
    "lastpass.report.result",
    "lastpass.report.evidence",
    "lastpass.sandbox",
    "lastpass.sandbox.instance",
  } do
    require(name)
  end
end

-- By name: a declaration of lastpass.signature, with the definition where it is a report; or a command.
local entries

local function all_entries()
  if entries then
    return entries
  end
  load_all()
  entries = {}
  for _, declaration in signature.all() do
    local prefix, name = declaration.where:match "^(.-)([%w_]+)$"
    if prefixes[prefix] and name ~= "make" then -- reports are called by their own names
      entries[prefixes[prefix] .. name] = declaration
    end
  end
  for _, command in ipairs(require("lastpass.core").commands) do
    entries["client." .. command.name] = { command = command }
  end
  local reports = require "lastpass.report"
  for _, name in ipairs(reports.names()) do
    local declared = entries["lastpass.report." .. name]
    entries["lastpass.report." .. name] =
      { where = declared.where, params = declared.params, report = reports[name] }
  end
  return entries
end

--- The names of all functions: "client.users", "lastpass.secret.file".
---@return string[]
function M.names()
  return errors.names_of(all_entries())
end

--- The names that follow "client.", "lastpass." and the like.
---@param owner string "client", "lastpass.report"
---@return table<string, true>
function M.members(owner)
  local found = {}
  for name in pairs(all_entries()) do
    if name:sub(1, #owner + 1) == owner .. "." then
      found[name:match("^[%w_]+", #owner + 2)] = true
    end
  end
  return found
end

-- ------------------------------------------------------------------ comments

-- The lines of a source before one; none where a program came without its sources.
local function lines_before(source, last)
  local lines = {}
  local file = source:sub(1, 1) == "@" and io.open(source:sub(2), "rb")
  if file then
    for line in file:lines() do
      if #lines + 1 == last then
        break
      end
      lines[#lines + 1] = line
    end
    file:close()
  end
  return lines
end

-- A type may hold blanks, inside the brackets of a function's.
local function split_type(text)
  for _, start in ipairs { "fun%b():%s*%S+", "fun%b()", "%S+" } do
    local kind, rest = text:match("^(" .. start .. ")%s*(.*)$")
    if kind then
      return kind, rest
    end
  end
  return "", ""
end

-- The comment above a function: its sentences, parameters, results.
local function read_comment(fn)
  local info = debug.getinfo(fn, "S")
  local lines = lines_before(info.source, info.linedefined)
  local first = #lines + 1
  while first > 1 and lines[first - 1]:find "^%-%-" do
    first = first - 1
  end
  local comment = { text = {}, parameters = {}, results = {} }
  local current = comment.text
  for index = first, #lines do
    local line = lines[index]
    local name, rest = line:match "^%-%-%-@param%s+(%S+)%s*(.*)$"
    if name then
      local kind, about = split_type(rest)
      current = { about }
      table.insert(comment.parameters, { name = name, kind = kind, text = current })
    elseif line:find "^%-%-%-@return" then
      current = { (line:gsub("^%-%-%-@return%s*", "")) }
      table.insert(comment.results, current)
    elseif line:find "^%-%-%-@" then
      current = {} -- usage and others
    else
      current[#current + 1] = (line:gsub("^%-%-%-?%s?", ""))
    end
  end
  return comment
end

-- ------------------------------------------------------------------ layout

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
  if not line:find "%S" then
    return nil
  end
  lines[#lines + 1] = is_empty and line:gsub(":? +$", "") or line
  return table.concat(lines, "\n")
end

local function title_of(name, entry)
  if entry.command then
    return ("client:%s(data)"):format(entry.command.name)
  end
  local title = entry.where:find ":" and name:gsub("%.", ":") or name
  return ("%s(%s)"):format(title, (entry.params.names:gsub("%?", "")))
end

local function add_command(lines, command)
  lines[#lines + 1] = wrap(command.description, "  ", "  ")
  lines[#lines + 1] = ("  data: %s%s"):format(
    command.data,
    command.data_required and "" or ", optional"
  )
  for _, field in ipairs(command.fields) do
    local values = field.values ~= "" and (" (%s)"):format(field.values) or ""
    local optional = field.required and "" or ", optional"
    local head = ("  %s (%s%s): "):format(field.name, field.type, optional)
    lines[#lines + 1] = wrap(field.description .. values, head, "      ")
  end
  lines[#lines + 1] = "  " .. command.page
end

local function add_function(lines, entry)
  local comment = read_comment(entry.fn)
  lines[#lines + 1] = wrap(table.concat(comment.text, " "), "  ", "  ")
  for _, parameter in ipairs(comment.parameters) do
    if not (entry.where:find "^client:" and parameter.name == "client") then
      local bare = parameter.name:gsub("%?$", "")
      local optional = bare ~= parameter.name and ", optional" or ""
      local head = ("  %s (%s%s): "):format(bare, parameter.kind, optional)
      lines[#lines + 1] = wrap(table.concat(parameter.text, " "), head, "      ")
    end
  end
  if comment.results[1] then
    local fails = #comment.results >= 3 and "; or nil, message, err" or ""
    local result = table.concat(comment.results[1], " ") .. fails
    lines[#lines + 1] = wrap(result, "  gives ", "      ")
  end
end

-- An option of the client or of a report, which may be required or have a default.
local function add_option(lines, name, kind, note, about)
  lines[#lines + 1] = wrap(about, ("    %s (%s%s): "):format(name, kind, note), "      ")
end

local function add_client_options(lines)
  lines[#lines + 1] = "  options:"
  for _, option in ipairs(require "lastpass.enterprise.option_list") do
    add_option(lines, option[1], option[2], "; default: " .. option[3], option[4])
  end
end

-- A report is described by its definition.
local function add_report(lines, report)
  local kinds = require("lastpass.report.result").kinds
  lines[#lines + 1] = wrap(report.summary .. ". " .. (report.description or ""), "  ", "  ")
  lines[#lines + 1] = "  subject (lastpass.Client|lastpass.Snapshot"
    .. (report.takes_record and "|lastpass.directory.Record)" or ")")
  lines[#lines + 1] = "  options:"
  for _, option in ipairs(report.options) do
    local default = option.default ~= nil and "; default: " .. tostring(option.default)
    local note = option.is_required and "; required" or default or ""
    add_option(lines, option[1], kinds[option[2]].type or option[2], note, option[3])
  end
  lines[#lines + 1] = "  gives lastpass.Report|nil; or nil, message, err"
end

--- What is known of a function: how it is called, what it does, its parameters and its result.
---@param name string as `names` gives it
---@return string|nil
function M.text(name)
  local entry = all_entries()[name]
  if not entry then
    return nil
  end
  local lines = { title_of(name, entry) }
  if entry.command then
    add_command(lines, entry.command)
  elseif entry.report then
    add_report(lines, entry.report)
  else
    add_function(lines, entry)
  end
  if name == "lastpass.new" then
    add_client_options(lines)
  end
  return table.concat(lines, "\n")
end

-- ------------------------------------------------------------------ :doc

-- Names of the prompt that are methods of the client.
local short = { users = true, groups = true, folders = true, events = true, plan = true }

-- How everything is called that a word begins, such as "client" or "lastpass.secret".
local function titles_of(owner)
  local titles = {}
  for _, name in ipairs(M.names()) do
    if name:sub(1, #owner + 1) == owner .. "." then
      titles[#titles + 1] = title_of(name, all_entries()[name])
    end
  end
  return #titles > 0 and table.concat(titles, "\n") or nil
end

--- The documentation of a name.
---@param subject string "client.users", "client:users", "batchadd", "secret", "" for all
---@return string|nil text
---@return string? message
---@return lastpass.Error? err code "no_such_name"
function M.of(subject)
  subject = subject:gsub(":", "."):gsub("[%s%(%){}]", "")
  if subject == "" then
    return table.concat({
      ":doc NAME describes one of these, or lists what belongs to it:",
      "client, user, group, snapshot, plan, run, report, sandbox, lastpass, lastpass.secret,",
      "lastpass.sandbox, lastpass.source, lastpass.report, lastpass.text, lastpass.time,",
      "lastpass.json",
    }, "\n")
  end
  local names = { subject, "client." .. subject, "lastpass." .. subject }
  if short[subject] then
    names = { "client." .. subject }
  end
  for _, name in ipairs(names) do
    local text = M.text(name)
    local titles = not short[subject] and titles_of(name)
    if text and titles then
      return text .. "\n\n" .. titles
    elseif text or titles then
      return text or titles
    end
  end
  local nearest = errors.nearest(subject, M.names())
    or errors.nearest("client." .. subject, M.names())
  return errors.fail("argument", "no_such_name", ("there is nothing called '%s'"):format(subject), {
    hint = nearest and (":doc " .. nearest) or ":doc lists what there is",
  })
end

return M

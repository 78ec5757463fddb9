--- What `--help` shows, of one command, of a group, or of all.
-- @module lastpass.cli.help
local commands = require "lastpass.cli.commands"

local M = {}

local WIDTH = 80

local function wrapped(text)
  return table.concat(require("lastpass.text").wrap(text, WIDTH), "\n")
end

--- Lays paragraphs out for a terminal; those with indented lines stay as they are.
---@param text string
---@return string
function M.fold(text)
  local paragraphs = {}
  for paragraph in (text .. "\n\n"):gmatch "(.-)\n\n+" do
    local as_it_is = paragraph:find "^ " or paragraph:find "\n "
    paragraphs[#paragraphs + 1] = as_it_is and paragraph or wrapped((paragraph:gsub("\n", " ")))
  end
  return (table.concat(paragraphs, "\n\n"):gsub("%s+$", "")) .. "\n"
end

-- Pairs as two columns; what does not fit is cut.
local function two_columns(list)
  local widest = 0
  for _, pair in ipairs(list) do
    widest = math.max(widest, #pair[1])
  end
  local lines, width = {}, WIDTH - widest - 5
  for position, pair in ipairs(list) do
    local text = pair[2]
    if #text > width then
      text = text:sub(1, width - 3):gsub("%s+%S*$", "") .. "..."
    end
    lines[position] = ("   %-" .. widest .. "s  %s"):format(pair[1], text)
  end
  return table.concat(lines, "\n")
end

-- The verbs of a group, in lines that fit.
local function verbs_of(group)
  local lines = {}
  for _, name in ipairs(commands.names(group)) do
    local verb = name:match "^%S+ (.+)$"
    local line = lines[#lines]
    if verb and line and #line + #verb < 54 then
      lines[#lines] = line .. ", " .. verb
    elseif verb then
      lines[#lines] = line and line .. ","
      lines[#lines + 1] = verb
    end
  end
  return lines
end

-- Rows of reports have their summary in the definition of the report.
local function summary_of(name)
  return (commands.row(name).summary or commands.load(name).summary) .. "."
end

local function section_rows(section)
  local rows, seen = {}, {}
  for position = 2, #section do
    local name = section[position]
    local first = name:match "^(%S+) "
    if not first then
      rows[#rows + 1] = { name, summary_of(name) }
    elseif not seen[first] then
      seen[first] = true
      rows[#rows + 1] = { first .. " VERB", commands.group(first) }
      for _, line in ipairs(verbs_of(first)) do
        rows[#rows + 1] = { "", line }
      end
    end
  end
  return rows
end

local function overview()
  local lines = {
    "LastPass Business administration from the command line.",
    "",
    "Usage: lastpass COMMAND [OPTION...] [ARGUMENT...]",
  }
  for _, section in ipairs(commands.sections()) do
    lines[#lines + 1] = ""
    lines[#lines + 1] = section[1] .. ":"
    lines[#lines + 1] = two_columns(section_rows(section))
  end
  local topics = {}
  for _, topic in ipairs(require("lastpass.cli.topics").list) do
    topics[#topics + 1] = topic.name
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = wrapped(
    "lastpass COMMAND --help shows its options. lastpass help TOPIC says more about "
      .. table.concat(topics, ", ")
      .. "."
  )
  return table.concat(lines, "\n") .. "\n"
end

local function of_group(name)
  local rows = {}
  for position, one in ipairs(commands.names(name)) do
    rows[position] = { "lastpass " .. one, summary_of(one) }
  end
  return ("%s\n\n%s\n\nlastpass %s VERB --help says more.\n"):format(
    commands.group(name),
    two_columns(rows),
    name
  )
end

--- The help of a command.
---@param name string "" for all, "user" for a group
---@return string
function M.text(name)
  if name == "" then
    return overview()
  elseif not commands.is_known(name) then
    return of_group(name)
  end
  local text = require("lastpass.cli.grammar").leaf(commands.load(name)):get_help() .. "\n"
  return commands.is_group(name) and text .. "\n" .. of_group(name) or text
end

return M

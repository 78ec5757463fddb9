--- The reference of docs/cli.md, in Markdown, made from the declarations of the commands.
local commands = require "lastpass.cli.commands"
local exit = require "lastpass.cli.exit"
local shared_options = require "lastpass.cli.options"
local topics = require "lastpass.cli.topics"

local M = {}

local bounds = { ["?"] = "[%s]", ["*"] = "[%s...]", ["+"] = "%s..." }

local function cell(text)
  return (text:gsub("|", "\\|"))
end

local function option_rows(lines, list)
  for _, option in ipairs(list) do
    local names = {}
    for name in option[1]:gmatch "%S+" do
      names[#names + 1] = name
    end
    local shown = table.concat(names, "`, `") .. (option.value and " " .. option.value or "")
    local text = option[2]
    if option.choices then
      text = ("%s: %s"):format(text, table.concat(option.choices, ", "))
    end
    lines[#lines + 1] = ("| `%s` | %s |"):format(shown, cell(text))
  end
end

local function option_table(lines, list)
  lines[#lines + 1] = "| option | what it is for |"
  lines[#lines + 1] = "| --- | --- |"
  option_rows(lines, list)
  lines[#lines + 1] = ""
end

local function shares_of(command)
  local shares = {}
  if command.writes then
    shares[#shares + 1] = "[writing](#options-of-writing)"
  end
  if command.rows then
    shares[#shares + 1] = "[output](#options-of-output)"
  end
  if command.connects then
    shares[#shares + 1] = "[connection](#options-of-the-connection)"
  end
  return table.concat(shares, ", ")
end

local function add_command(lines, command)
  local line = "lastpass " .. command.name
  for _, argument in ipairs(command.arguments or {}) do
    line = line .. " " .. (bounds[argument.args] or "%s"):format(argument[1]:upper())
  end
  lines[#lines + 1] = "#### `" .. line .. "`"
  lines[#lines + 1] = ""
  lines[#lines + 1] = command.summary
    .. "."
    .. (command.description and " " .. command.description or "")
  lines[#lines + 1] = ""
  for _, argument in ipairs(command.arguments or {}) do
    local text = argument[2]
    if argument.choices then
      text = ("%s: %s"):format(text, table.concat(argument.choices, ", "))
    end
    lines[#lines + 1] = ("- `%s`: %s"):format(argument[1]:upper(), text)
  end
  if command.arguments then
    lines[#lines + 1] = ""
  end
  if command.options and #command.options > 0 then
    option_table(lines, command.options)
  end
  local shares = shares_of(command)
  if shares ~= "" then
    lines[#lines + 1] = ("Options of %s as well."):format(shares)
    lines[#lines + 1] = ""
  end
  if command.examples then
    lines[#lines + 1] = "```sh"
    for _, example in ipairs(command.examples) do
      lines[#lines + 1] = ("%s    # %s"):format(example[1], example[2])
    end
    lines[#lines + 1] = "```"
    lines[#lines + 1] = ""
  end
end

--- The reference: every command, the shared options, the topics, the exit codes.
---@return string Markdown
function M.text()
  local lines = {}
  for _, section in ipairs(commands.sections()) do
    lines[#lines + 1] = "### " .. section[1]
    lines[#lines + 1] = ""
    for position = 2, #section do
      add_command(lines, commands.load(section[position]))
    end
  end
  for _, group in ipairs(shared_options.shared) do
    lines[#lines + 1] = "### " .. group[1]
    lines[#lines + 1] = ""
    option_table(lines, group[2])
  end
  lines[#lines + 1] = "### Exit codes"
  lines[#lines + 1] = ""
  lines[#lines + 1] = "| code | what it means |"
  lines[#lines + 1] = "| ---: | --- |"
  for _, entry in ipairs(exit.list) do
    lines[#lines + 1] = ("| %d | %s |"):format(entry[2], cell(entry[3]))
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = exit.precedence
  lines[#lines + 1] = ""
  for _, topic in ipairs(topics.list) do
    if topic.name ~= "exit-codes" then
      lines[#lines + 1] = ("### %s: %s"):format(topic.name, topic.title)
      lines[#lines + 1] = ""
      lines[#lines + 1] = topic.text
      lines[#lines + 1] = ""
    end
  end
  return table.concat(lines, "\n")
end

return M

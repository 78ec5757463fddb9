--- From the declaration of a command to its argparse parser. One parser serves one command line, or
-- all of them for completions.
-- @module lastpass.cli.grammar
local errors = require "lastpass.error"
local options_room = require "lastpass.cli.options"

local M = {}

---@class lastpass.cli.Command
---@field name string            "user disable"
---@field summary string         one line, without a full stop
---@field description? string    further sentences
---@field arguments? table[]     {name, text, args = "?", "*" or "+", choices = words; for completions
-- only: names = "users", "groups" or "profiles", or words = function() -> list}
---@field options? lastpass.cli.Option[]
---@field rows? boolean          it shows rows: the output options are for it
---@field ends_with_reader? boolean it does nothing but show: it ends when nobody reads any more
---@field connects? boolean      it talks to LastPass or to the journal
---@field writes? boolean        it changes something: --dry-run, --yes
---@field harm? "ask"|"type"     what its confirmation takes
---@field rest? boolean          what follows the first argument is not read (scripts)
---@field examples? table[]      {line, what it does}
---@field topics? string[]       topics of help that say more
---@field hidden? boolean
---@field lua? fun(options: table): string|nil, string?, lastpass.Error? the Lua for --print-lua
---@field run fun(session: lastpass.cli.Session, options: table): integer|nil, string?, lastpass.Error?

local function number(text)
  local value = tonumber(text)
  if not value then
    return nil, ("'%s' is not a number"):format(text)
  end
  return math.tointeger and math.tointeger(value) or value
end

-- Which words it takes belongs to what it is for.
local function about_option(option)
  if not option.choices then
    return option[2]
  end
  return ("%s: %s"):format(option[2], table.concat(option.choices, ", "))
end

local function add_option(parser, option)
  local element
  if option.value then
    element = parser:option(option[1]):argname(option.value)
    if option.number then
      element:convert(number)
    end
    if option.choices then
      element:choices(option.choices)
    end
    if option.many then
      element:count "*"
    end
  else
    element = parser:flag(option[1])
  end
  return element:description(about_option(option)):hidden(option.hidden == true)
end

--- What stands in a completion for names that are looked up: `__users__`.
---@param kind string
---@return string
function M.placeholder(kind)
  return "__" .. kind .. "__"
end

-- argparse would show all the words in place of the argument's name.
local function one_of(words)
  return function(text)
    for _, word in ipairs(words) do
      if word == text then
        return text
      end
    end
    local nearest = errors.nearest(text, words)
    return nil,
      ("'%s' is none of: %s%s"):format(
        text,
        table.concat(words, ", "),
        nearest and ("\nDid you mean '%s'?"):format(nearest) or ""
      )
  end
end

local function add_argument(parser, argument, for_completion)
  local element = parser:argument(argument[1]):argname("<" .. argument[1] .. ">")
  element:target((argument[1]:gsub("-", "_")))
  local text = argument[2]
  if argument.args then
    element:args(argument.args)
  end
  if for_completion then
    local words = argument.choices or argument.words and argument.words()
    if words or argument.names then
      element:choices(words or { M.placeholder(argument.names) })
    end
  elseif argument.choices then
    element:convert(one_of(argument.choices))
    text = ("%s: %s"):format(text, table.concat(argument.choices, ", "))
  elseif argument.number then
    element:convert(number)
  end
  element:description(text)
end

local function describe(command)
  local text = command.summary .. "."
  return command.description and text .. " " .. command.description or text
end

local function examples(command)
  if not command.examples then
    return nil
  end
  local lines = { "Examples:" }
  for _, example in ipairs(command.examples) do
    lines[#lines + 1] = ("   %s\n      %s"):format(example[1], example[2])
  end
  if command.topics then
    lines[#lines + 1] = ""
    lines[#lines + 1] = "See also: lastpass help " .. table.concat(command.topics, ", help ")
  end
  return table.concat(lines, "\n")
end

-- What an element says of itself; the groups of options keep their order.
local function fill(parser, command, for_completion)
  for _, argument in ipairs(command.arguments or {}) do
    add_argument(parser, argument, for_completion)
  end
  for _, group in ipairs(options_room.of(command)) do
    local elements = {}
    for place, option in ipairs(group[2]) do
      elements[place] = add_option(parser, option)
    end
    if #elements > 0 then
      parser:group(group[1], (table.unpack or unpack)(elements))
    end
  end
  return parser
end

local bounds = { ["?"] = "[<%s>]", ["*"] = "[<%s>...]", ["+"] = "<%s>..." }

-- One short line: what the options are stands below it.
local function usage(command)
  local parts = { "Usage: lastpass", command.name, "[OPTION...]" }
  for _, argument in ipairs(command.arguments or {}) do
    parts[#parts + 1] = (bounds[argument.args] or "<%s>"):format(argument[1])
  end
  return table.concat(parts, " ")
end

local function finish(parser)
  return parser:add_help(false):help_max_width(80):usage_max_width(80):help_description_margin(26)
end

--- The parser of one command.
---@param command lastpass.cli.Command
---@return table parser of argparse
function M.leaf(command)
  local argparse = require "argparse"
  local parser = argparse("lastpass " .. command.name, describe(command), examples(command))
  return fill(finish(parser), command):usage(usage(command))
end

--- The parser of all commands, for completions.
---@param commands lastpass.cli.Command[]
---@param groups table<string, string> names of groups to what they say
---@return table parser of argparse
function M.tree(commands, groups)
  local argparse = require "argparse"
  local root = finish(argparse("lastpass", "LastPass Business administration."))
  root:flag("-h --help"):description "Show help."
  root:flag("--version"):description "Print the version."
  local parents = {}
  for _, command in ipairs(commands) do
    local first, second = command.name:match "^(%S+)%s*(.*)$"
    if not parents[first] then
      parents[first] = finish(root:command(first, groups[first] or command.summary .. "."))
      parents[first]:require_command(false)
    end
    local parser = parents[first]
    if second ~= "" then
      parser = finish(parser:command(second, command.summary .. "."))
    end
    fill(parser, command, true)
  end
  return root
end

-- Options first, arguments behind "--": so "--sort -status", "--from -24h" and "diff -7d" mean what
-- they say, where argparse would take the values for options.
local function in_order(command, words)
  local takes_value, given, arguments = {}, {}, {}
  for _, group in ipairs(options_room.of(command)) do
    for _, option in ipairs(group[2]) do
      for name in option[1]:gmatch "%S+" do
        takes_value[name] = option.value ~= nil
      end
    end
  end
  local place = 0
  while place < #words do
    place = place + 1
    local word, after = words[place], words[place + 1]
    if word == "--" then
      for later = place + 1, #words do
        arguments[#arguments + 1] = words[later]
      end
      break
    elseif takes_value[word] and after and after ~= "--" and not takes_value[after] then
      given[#given + 1] = word:find "^%-%-" and word .. "=" .. after or word .. after
      place = place + 1
    elseif word:find "^%-[^%d]" then
      given[#given + 1] = word
    else
      arguments[#arguments + 1] = word
    end
  end
  given[#given + 1] = "--"
  for _, argument in ipairs(arguments) do
    given[#given + 1] = argument
  end
  return given
end

--- Reads a command line.
---@param command lastpass.cli.Command
---@param words string[] without the words of the command itself
---@return table|nil options
---@return string? message
---@return lastpass.Error? err kind "argument", code "usage"
function M.parse(command, words)
  local fine, message, err = require("lastpass.cli.never_given").check(words)
  if not fine then
    return nil, message, err
  end
  local ok, result = M.leaf(command):pparse(in_order(command, words))
  if not ok then
    local first, tip = result:match "^(.-)\n(.*)$"
    return errors.fail("argument", "usage", first or result, {
      hint = (tip and tip .. " " or "") .. ("(lastpass %s --help)"):format(command.name),
    })
  end
  return result
end

return M

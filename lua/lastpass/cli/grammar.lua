--- The engine of the commands: from the words of a command line to the command that they mean, and from
-- its declaration to an argparse parser that reads the rest.
-- @module lastpass.cli.grammar
local commands = require "lastpass.cli.commands"
local errors = require "lastpass.error"
local shared_options = require "lastpass.cli.options"

local M = {}

local usage = require("lastpass.cli.values").usage

-- ------------------------------------------------------------------ which command

---@class lastpass.cli.Route
---@field name string      "user disable"; a group's name, or "", when help is asked for
---@field words string[]   options and arguments
---@field rest string[]    the arguments of a script
---@field help boolean

local function unknown(word, known, hint)
  return usage(
    ("unknown command '%s'%s"):format(word:gsub("%c", "?"), errors.did_you_mean(word, known)),
    hint
  )
end

-- The name with the next word, or nil when the word is an argument.
local function extend(name, word)
  local longer = name == "" and word or name .. " " .. word
  if commands.is_known(longer) or commands.is_group(longer) then
    return longer
  elseif name == "" then
    return nil, unknown(word, commands.first_words(), "lastpass help lists them")
  elseif not commands.is_known(name) then
    local hint = ("lastpass %s --help lists them"):format(name)
    return nil, unknown(longer, commands.names_within(name), hint)
  end
  return nil
end

local function append(list, words, from, to)
  for position = from, to do
    list[#list + 1] = words[position]
  end
  return to
end

-- One word that is no option: it makes the name longer, or is an argument.
local function add_word(route, arguments, position)
  local word = arguments[position]
  if not route.is_complete then
    local longer, _, message, err = extend(route.name, word)
    if message then
      return nil, message, err
    elseif longer then
      route.name = longer
      route.is_complete = commands.is_known(longer) and not commands.is_group(longer)
      return position
    end
  end
  route.is_complete = true
  route.words[#route.words + 1] = word
  if route.name == "run" then -- what follows belongs to the script, its options as well
    return append(route.rest, arguments, position + 1, #arguments)
  end
  return position
end

--- Finds the command, before anything else is loaded.
---@param arguments string[] as of the global `arg`
---@return lastpass.cli.Route|nil
---@return string? message
---@return lastpass.Error? err kind "argument", code "usage"
function M.route(arguments)
  local takes_value = shared_options.takes_value()
  local route = { name = "", words = {}, rest = {}, help = false, is_complete = false }
  local position = 1
  while position <= #arguments do
    local word = arguments[position]
    if word == "--" then
      append(route.words, arguments, position, #arguments)
      break
    elseif word == "--version" and route.name == "" then
      route.name, route.is_complete = "version", true
    elseif word == "-h" or word == "--help" then
      route.help = true
    elseif word:find "^%-." then
      local last = math.min(position + (takes_value[word] and 1 or 0), #arguments)
      position = append(route.words, arguments, position, last)
    else
      local last, message, err = add_word(route, arguments, position)
      if not last then
        return nil, message, err
      end
      position = last
    end
    position = position + 1
  end
  if route.name ~= "" and not commands.is_known(route.name) and not route.help then
    local verbs = {}
    for index, name in ipairs(commands.names(route.name)) do
      verbs[index] = name:sub(#route.name + 2)
    end
    return usage(
      ("%s: say what: %s"):format(route.name, table.concat(verbs, ", ")),
      ("lastpass %s --help"):format(route.name)
    )
  end
  return route
end

-- ------------------------------------------------------------------ the parser

local function read_number(text)
  local value = tonumber(text)
  if not value then
    return nil, ("'%s' is not a number"):format(text)
  end
  return math.tointeger and math.tointeger(value) or value
end

local LARGEST = 2 ^ 53 -- whole numbers beyond it are not exact

-- What counts or names a row: a whole number from 1 on.
local function read_whole(text)
  local value = text:match "^%d+$" and tonumber(text)
  if not value or value < 1 or value >= LARGEST then
    return nil, ("'%s' is not a whole number from 1 on"):format(text)
  end
  return value
end

local converters = { [true] = read_number, whole = read_whole }

--- What help says of an option or an argument: its description, and the words it takes.
---@param declared table option or argument
---@return string
function M.description(declared)
  if not declared.choices then
    return declared[2]
  end
  return ("%s: %s"):format(declared[2], table.concat(declared.choices, ", "))
end

local function add_option(parser, option)
  local element
  if option.value then
    element = parser:option(option[1]):argname(option.value)
    if option.number then
      element:convert(converters[option.number])
    end
    if option.choices then
      element:choices(option.choices)
    end
    if option.many then
      element:count "*"
    else
      element:overwrite(false) -- of two values neither is taken
    end
  else
    element = parser:flag(option[1])
  end
  return element:description(M.description(option)):hidden(option.hidden == true)
end

-- argparse would show all the words instead of the argument's name.
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

local function add_argument(parser, argument, offer)
  local element = parser:argument(argument[1]):argname("<" .. argument[1] .. ">")
  element:target((argument[1]:gsub("-", "_")))
  if argument.args then
    element:args(argument.args)
  end
  if offer then
    local words = offer(argument)
    if words then
      element:choices(words)
    end
  elseif argument.choices then
    element:convert(one_of(argument.choices))
  elseif argument.number then
    element:convert(converters[argument.number])
  end
  element:description(offer and argument[2] or M.description(argument))
end

local function describe(command)
  local text = command.summary .. "."
  return command.description and text .. " " .. command.description or text
end

local function show_examples(command)
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

--- Gives a parser the arguments and options of a command; the groups of options keep their order.
---@param parser table of argparse
---@param command lastpass.cli.Command
---@param offer? fun(argument: table): string[]|nil for completions: the words that an argument takes
---@return table parser
function M.fill(parser, command, offer)
  for _, argument in ipairs(command.arguments or {}) do
    add_argument(parser, argument, offer)
  end
  for _, group in ipairs(shared_options.of(command)) do
    local elements = {}
    for index, option in ipairs(group[2]) do
      elements[index] = add_option(parser, option)
    end
    if #elements > 0 then
      parser:group(group[1], (table.unpack or unpack)(elements))
    end
  end
  return parser
end

local bounds = { ["?"] = "[<%s>]", ["*"] = "[<%s>...]", ["+"] = "<%s>..." }

-- One short line: the options are listed below it.
local function usage_line(command)
  local parts = { "Usage: lastpass", command.name, "[OPTION...]" }
  for _, argument in ipairs(command.arguments or {}) do
    parts[#parts + 1] = (bounds[argument.args] or "<%s>"):format(argument[1])
  end
  return table.concat(parts, " ")
end

--- Sets how the help of a parser is laid out.
---@param parser table of argparse
---@return table parser
function M.lay_out(parser)
  return parser:add_help(false):help_max_width(80):usage_max_width(80):help_description_margin(26)
end

--- The parser of one command.
---@param command lastpass.cli.Command
---@return table parser of argparse
function M.leaf(command)
  local argparse = require "argparse"
  local parser = argparse("lastpass " .. command.name, describe(command), show_examples(command))
  return M.fill(M.lay_out(parser), command):usage(usage_line(command))
end

-- ------------------------------------------------------------------ reading

-- Secrets are never given on the command line, where other users and the history see them. Options that
-- do not exist: code, what it would be, and how it is given.
local secrets = {
  ["--provhash"] = {
    "hash_on_command_line",
    "the hash",
    "--provhash-file, --provhash-command, --provhash-env or --provhash-prompt",
  },
  ["--token"] = { "secret_on_command_line", "the token", "--token-file or --token-env" },
  ["--pseudonymise-key"] = { "secret_on_command_line", "the key", "--pseudonymise-key-file" },
}

--- Refuses a command line that holds a secret; the secret is not repeated.
---@param words string[] of the command line
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err code "hash_on_command_line", "secret_on_command_line"
function M.check_secrets(words)
  for _, word in ipairs(words) do
    local secret = secrets[word:match "^[^=]*"]
    if secret then
      local form = "%s is never given on the command line, where other users and the history see it"
      return errors.fail("argument", secret[1], form:format(secret[2]), {
        hint = "use " .. secret[3],
      })
    end
  end
  return true
end

-- `--tenants` where one company is meant: argparse would only say that it does not know the option.
local function check_companies(command, words)
  local takes_it = shared_options.takes_value(command)["--tenants"] ~= nil
  for _, word in ipairs(takes_it and {} or words) do
    if word == "--" then
      return true
    elseif word:match "^[^=]*" == "--tenants" then
      local able = {}
      for _, name in ipairs(commands.names()) do
        able[#able + 1] = commands.load(name).tenants and name or nil
      end
      return usage(
        ("lastpass %s is about one company: --profile names it"):format(command.name),
        "over many companies run: " .. table.concat(able, ", ")
      )
    end
  end
  return true
end

-- Options first, arguments after "--": so "--sort -status", "--from -24h" and "diff -7d" mean what
-- they say, where argparse would take the values for options.
local function in_order(command, words)
  local takes_value, given, arguments = shared_options.takes_value(command), {}, {}
  local position = 0
  while position < #words do
    position = position + 1
    local word, after = words[position], words[position + 1]
    if word == "--" then
      append(arguments, words, position + 1, #words)
      break
    elseif takes_value[word] and after and after ~= "--" and not takes_value[after] then
      given[#given + 1] = word:find "^%-%-" and word .. "=" .. after or word .. after
      position = position + 1
    elseif word:find "^%-[^%d]" then
      given[#given + 1] = word
    else
      arguments[#arguments + 1] = word
    end
  end
  given[#given + 1] = "--"
  append(given, arguments, 1, #arguments)
  return given
end

--- Reads a command line.
---@param command lastpass.cli.Command
---@param words string[] without the words of the command itself
---@return table|nil options
---@return string? message
---@return lastpass.Error? err kind "argument", code "usage"
function M.parse(command, words)
  local ok, message, err = M.check_secrets(words)
  if not ok then
    return nil, message, err
  end
  ok, message, err = check_companies(command, words)
  if not ok then
    return nil, message, err
  end
  local is_read, result = M.leaf(command):pparse(in_order(command, words))
  if not is_read then
    local first, tip = result:match "^(.-)\n(.*)$"
    return usage(
      first or result,
      (tip and tip .. " " or "") .. ("(lastpass %s --help)"):format(command.name)
    )
  end
  return result
end

return M

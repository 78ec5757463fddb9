--- From the words of a command line to the command they mean, before anything else is loaded.
-- @module lastpass.cli.routing
local commands = require "lastpass.cli.commands"
local errors = require "lastpass.error"
local options = require "lastpass.cli.options"

local M = {}

---@class lastpass.cli.Route
---@field name string      "user disable"; a group's name, or "", when help is asked for
---@field words string[]   options and arguments
---@field rest string[]    what a script gets
---@field help boolean

local function unknown(kind, word, known, hint)
  local message = ("unknown %s '%s'%s"):format(
    kind,
    word:gsub("%c", "?"),
    errors.did_you_mean(word, known)
  )
  return errors.fail("argument", "usage", message, { hint = hint })
end

local function verbs_of(group)
  local verbs = {}
  for _, name in ipairs(commands.names(group)) do
    verbs[#verbs + 1] = name:match "^%S+ (%S+)$"
  end
  return verbs
end

-- The next word of the command's name, or nil when the word is an argument.
local function extend(name, word)
  local longer = name == "" and word or name .. " " .. word
  if commands.is_known(longer) or (name == "" and commands.is_group(word)) then
    return longer
  elseif name == "" then
    return nil, unknown("command", word, commands.first_words(), "lastpass help lists them")
  elseif not commands.is_known(name) then
    return nil,
      unknown(
        "command",
        longer,
        (function()
          local list = {}
          for place, verb in ipairs(verbs_of(name)) do
            list[place] = name .. " " .. verb
          end
          return list
        end)(),
        ("lastpass %s --help lists them"):format(name)
      )
  end
  return nil
end

--- Finds the command.
---@param arguments string[] as of the global `arg`
---@return lastpass.cli.Route|nil
---@return string? message
---@return lastpass.Error? err kind "argument", code "usage"
function M.route(arguments)
  local takes_value = options.takes_value()
  local route = { name = "", words = {}, rest = {}, help = false }
  local complete, place = false, 0
  while place < #arguments do
    place = place + 1
    local word = arguments[place]
    if word == "--" then
      for later = place, #arguments do
        route.words[#route.words + 1] = arguments[later]
      end
      break
    elseif word == "--version" and route.name == "" then
      route.name, complete = "version", true
    elseif word == "-h" or word == "--help" then
      route.help = true
    elseif word:find "^%-." then
      route.words[#route.words + 1] = word
      if takes_value[word] and place < #arguments then
        place = place + 1
        route.words[#route.words + 1] = arguments[place]
      end
    else
      local longer, _, message, err
      if not complete then
        longer, _, message, err = extend(route.name, word)
      end
      if message then
        return nil, message, err
      elseif longer then
        route.name = longer
        complete = commands.is_known(longer) and not commands.is_group(longer)
      else
        complete = true
        route.words[#route.words + 1] = word
        if route.name == "run" then
          -- what follows belongs to the script, options too
          for later = place + 1, #arguments do
            route.rest[#route.rest + 1] = arguments[later]
          end
          break
        end
      end
    end
  end
  if route.name ~= "" and not commands.is_known(route.name) and not route.help then
    return errors.fail(
      "argument",
      "usage",
      ("%s: say what: %s"):format(route.name, table.concat(verbs_of(route.name), ", ")),
      { hint = ("lastpass %s --help"):format(route.name) }
    )
  end
  return route
end

return M

--- `lastpass call`.
-- @module lastpass.cli.commands.call
local confirm = require "lastpass.cli.confirm"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local lua_text = require "lastpass.cli.lua_text"

local function names()
  local list = {}
  for place, command in ipairs(core.commands) do
    list[place] = command.name
  end
  return list
end

local function data_of(options)
  if not options.data then
    return nil
  end
  local text = options.data
  if text == "-" then
    text = io.stdin:read "*a"
  end
  local value, message = json.decode(text)
  if message then
    return errors.fail("argument", "usage", "call: the data is no JSON: " .. message)
  end
  return value
end

local function command_of(options)
  local aliases = require("lastpass.enterprise.call").aliases
  local command = core.commands[aliases[options.command] or options.command]
  if command then
    return command
  end
  return errors.fail(
    "argument",
    "usage",
    ("LastPass has no command '%s'%s"):format(
      options.command:gsub("%c", "?"),
      errors.did_you_mean(options.command, names())
    ),
    { hint = "it has: " .. table.concat(names(), ", ") }
  )
end

return {
  name = "call",
  summary = "Send any command of the API as it is",
  description = "The way for what no other command covers. The reply is printed as JSON.",
  connects = true,
  writes = true,
  harm = "ask",
  arguments = {
    { "command", "name of the command, such as getuserdata", words = names },
    { "data", "its data as JSON; - reads it from standard input", args = "?" },
  },
  examples = {
    { [[lastpass call getuserdata '{"username": "ann@acme.com"}']], "as LastPass answers" },
  },
  lua = function(options)
    local data = options.data and options.data ~= "-" and json.decode(options.data) or nil
    return ('print(require("lastpass").json.encode(assert(client:call(%s%s))))'):format(
      lua_text.value(options.command),
      data ~= nil and ", " .. lua_text.value(data) or ""
    )
  end,
  run = function(session, options)
    local command, message, err = command_of(options)
    if not command then
      return nil, message, err
    end
    local data
    data, message, err = data_of(options)
    if message then
      return nil, message, err
    end
    if command.writes and options.dry_run then
      session:say("%s writes; nothing was sent", command.name)
      return 0
    elseif command.writes then
      local ok
      local question = ("send %s to %s?"):format(command.name, session:company())
      ok, message, err = confirm.ask(session, question)
      if not ok then
        return nil, message, err
      end
    end
    local client = session:client()
    local ok, value
    ok, value, message, err = pcall(client.call, client, command.name, data)
    if not ok then -- wrong data are a mistake of whoever typed them
      local text = tostring(value):gsub("^[^:]*:%d+: ", "")
      return errors.fail("argument", "bad_data", text)
    elseif value == nil then
      return nil, message, err
    end
    session:print(json.shown(value))
    return 0
  end,
}

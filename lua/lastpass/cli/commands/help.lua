--- `lastpass help`.
-- @module lastpass.cli.commands.help
local commands = require "lastpass.cli.commands"
local errors = require "lastpass.error"
local help = require "lastpass.cli.help"
local topics = require "lastpass.cli.topics"

return {
  name = "help",
  summary = "Show the help of a command or a topic",
  arguments = { { "topic", "a command, such as user show, or a topic", args = "*" } },
  examples = {
    { "lastpass help user disable", "a command" },
    { "lastpass help exit-codes", "a topic" },
    { "lastpass help where", "what --where expressions may say" },
  },
  run = function(session, options)
    local name = table.concat(options.topic, " ")
    if name == "" or commands.is_known(name) or commands.is_group(name) then
      session.streams:write(help.text(name))
      return 0
    elseif topics.by_name[name] then
      session.streams:write(help.fold(topics.text(name)))
      return 0
    end
    local known = commands.names()
    for topic in pairs(topics.by_name) do
      known[#known + 1] = topic
    end
    table.sort(known)
    return errors.fail(
      "argument",
      "usage",
      ("there is no help about '%s'%s"):format(
        name:gsub("%c", "?"),
        errors.did_you_mean(name, known)
      ),
      { hint = "lastpass help lists commands and topics" }
    )
  end,
}

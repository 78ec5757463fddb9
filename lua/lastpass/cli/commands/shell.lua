--- The commands about the program itself: help, version, and what shells complete.
-- @module lastpass.cli.commands.shell
local errors = require "lastpass.error"

local function show_help(session, options)
  local commands = require "lastpass.cli.commands"
  local help = require "lastpass.cli.help"
  local topics = require "lastpass.cli.topics"
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
  local nearest = errors.did_you_mean(name, known)
  return errors.fail(
    "argument",
    "usage",
    ("there is no help about '%s'%s"):format(name:gsub("%c", "?"), nearest),
    { hint = "lastpass help lists commands and topics" }
  )
end

return {
  {
    name = "completion",
    summary = "Print the completion of a shell",
    description = "Users and groups are completed from the directory that was stored last "
      .. "(`lastpass snapshot --keep`; runs store it as well).",
    arguments = { { "shell", "bash, zsh or fish", choices = { "bash", "zsh", "fish" } } },
    examples = {
      { 'eval "$(lastpass completion bash)"', "in ~/.bashrc" },
      {
        "lastpass completion zsh > ~/.zfunc/_lastpass",
        "with fpath+=~/.zfunc in ~/.zshrc",
      },
      {
        "lastpass completion fish > ~/.config/fish/completions/lastpass.fish",
        "for fish",
      },
    },
    run = function(session, options)
      session.streams:write(require("lastpass.cli.completion").text(options.shell))
      return 0
    end,
  },
  {
    name = "version",
    summary = "Print the version",
    run = function(session)
      session:print("lastpass " .. require "lastpass.version")
      return 0
    end,
  },
  {
    name = "help",
    summary = "Show the help of a command or a topic",
    arguments = { { "topic", "a command, such as user show, or a topic", args = "*" } },
    examples = {
      { "lastpass help user disable", "a command" },
      { "lastpass help exit-codes", "a topic" },
      { "lastpass help where", "what --where expressions may say" },
    },
    run = show_help,
  },
  {
    name = "names",
    summary = "List names of the directory that was stored last, for completions",
    hidden = true,
    connects = true,
    arguments = {
      { "kind", "of what", choices = { "users", "groups", "profiles", "connections" } },
      { "beginning", "what they begin with", args = "?" },
    },
    run = function(session, options)
      local completion = require "lastpass.cli.completion"
      for _, name in ipairs(completion.names(session, options.kind, options.beginning or "")) do
        session:print(name)
      end
      return 0
    end,
  },
}

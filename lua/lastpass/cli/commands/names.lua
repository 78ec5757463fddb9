--- `lastpass names`: what the shells' completion asks. Not in help.
-- @module lastpass.cli.commands.names

return {
  name = "names",
  summary = "List names of the directory that was kept last, for completions",
  hidden = true,
  connects = true,
  arguments = {
    { "kind", "of what", choices = { "users", "groups", "profiles" } },
    { "beginning", "what they begin with", args = "?" },
  },
  run = function(session, options)
    local names =
      require("lastpass.cli.kept_names").find(session, options.kind, options.beginning or "")
    for _, name in ipairs(names) do
      session:print(name)
    end
    return 0
  end,
}

--- `lastpass version`.
-- @module lastpass.cli.commands.version

return {
  name = "version",
  summary = "Print the version",
  run = function(session)
    session:print("lastpass " .. require "lastpass.version")
    return 0
  end,
}

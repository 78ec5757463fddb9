--- `lastpass config path`.
-- @module lastpass.cli.commands.config.path
local user_file = require "lastpass.cli.user_file"

return {
  name = "config path",
  summary = "Print where your configuration file is",
  description = "The file need not exist yet.",
  examples = { { "cat $(lastpass config path)", "what stands in it" } },
  topics = { "profiles" },
  run = function(session)
    local path, message, err = user_file.path(session)
    if not path then
      return nil, message, err
    end
    session:print(path)
    return 0
  end,
}

--- `lastpass profile use`.
-- @module lastpass.cli.commands.profile.use
local errors = require "lastpass.error"
local user_file = require "lastpass.cli.user_file"

return {
  name = "profile use",
  summary = "Make a profile the default",
  arguments = { { "name", "name of the profile", names = "profiles" } },
  topics = { "profiles" },
  run = function(session, options)
    local configuration, message, err = session:configuration()
    if not configuration then
      return nil, message, err
    elseif not configuration.profiles[options.name] then
      local names = {}
      for name in pairs(configuration.profiles) do
        names[#names + 1] = name
      end
      return errors.fail(
        "argument",
        "unknown_profile",
        ("there is no profile '%s'%s"):format(
          options.name,
          errors.did_you_mean(options.name, names)
        ),
        { hint = "lastpass profile add makes one" }
      )
    end
    local path
    path, message, err = user_file.change(session, function(content)
      content.default = options.name
      return true
    end)
    if not path then
      return nil, message, err
    end
    session:say("%s: the default is %s now", path, options.name)
    return 0
  end,
}

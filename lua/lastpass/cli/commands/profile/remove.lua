--- `lastpass profile remove`.
-- @module lastpass.cli.commands.profile.remove
local confirm = require "lastpass.cli.confirm"
local errors = require "lastpass.error"
local user_file = require "lastpass.cli.user_file"

return {
  name = "profile remove",
  summary = "Remove a profile from your configuration file",
  description = "The file with its hash stays.",
  writes = true,
  harm = "ask",
  arguments = { { "name", "name of the profile", names = "profiles" } },
  topics = { "profiles" },
  run = function(session, options)
    local name = options.name
    local path, message, err = user_file.change(session, function(content)
      local profiles = content.profiles
      if type(profiles) ~= "table" or profiles[name] == nil then
        return errors.fail(
          "argument",
          "unknown_profile",
          ("your configuration file has no profile '%s'"):format(name),
          { hint = "lastpass profile list says which file has it" }
        )
      end
      if options.dry_run then
        return errors.fail("cancelled", "dry_run", "")
      end
      local ok, why, reason = confirm.ask(session, ("remove the profile %s?"):format(name))
      if not ok then
        return nil, why, reason
      end
      profiles[name] = nil
      if content.default == name then
        content.default = nil
      end
      return true
    end)
    if err and err.code == "dry_run" then
      session:say("the profile %s would be removed; nothing was written", name)
      return 0
    elseif not path then
      return nil, message, err
    end
    session:say("%s: the profile %s is gone", path, name)
    return 0
  end,
}

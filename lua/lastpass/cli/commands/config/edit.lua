--- `lastpass config edit`.
-- @module lastpass.cli.commands.config.edit
local errors = require "lastpass.error"
local user_file = require "lastpass.cli.user_file"
local files = require "lastpass.files"

return {
  name = "config edit",
  summary = "Open your configuration file in $VISUAL or $EDITOR",
  description = "What was written is checked afterwards.",
  topics = { "profiles" },
  run = function(session)
    local path, message, err = user_file.path(session)
    if not path then
      return nil, message, err
    end
    local editor = os.getenv "VISUAL" or os.getenv "EDITOR"
    if not editor or editor == "" then
      return errors.fail("argument", "no_editor", "no editor is known: set VISUAL or EDITOR", {
        hint = "the file is " .. path,
      })
    end
    if not files.is_readable(path) then
      local ok
      ok, message, err = user_file.write(path, { profiles = {} })
      if not ok then
        return nil, message, err
      end
    end
    local ok = os.execute(editor .. " " .. files.shell_word(path))
    if ok ~= true and ok ~= 0 then
      return errors.fail("argument", "editor_failed", ("the editor '%s' failed"):format(editor))
    end
    local configuration
    configuration, message, err = session:configuration()
    if not configuration then
      return nil, message, err
    end
    return 0
  end,
}

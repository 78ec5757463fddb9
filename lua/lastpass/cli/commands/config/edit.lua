--- `lastpass config edit`.
-- @module lastpass.cli.commands.config.edit
local errors = require "lastpass.error"
local user_file = require "lastpass.cli.user_file"
local files = require "lastpass.files"

local function is_there(program)
  local ok = os.execute(("command -v %s >/dev/null 2>&1"):format(program))
  return ok == true or ok == 0
end

-- What the person wants, or, where there is a person, what the machine has: Debian's choice, or vi.
local function editor_of(session, variable)
  for _, name in ipairs { "VISUAL", "EDITOR" } do
    local value = variable(name)
    if value and value ~= "" then
      return value
    end
  end
  local streams = session.streams
  local at_a_terminal = streams.input_is_terminal and streams.out_is_terminal
  for _, program in ipairs(at_a_terminal and { "editor", "vi" } or {}) do
    if is_there(program) then
      return program
    end
  end
  return nil
end

-- Hashes of the environment are for this program, not for an editor. A file that cannot be read names none.
local function take_hashes(session)
  local configuration = session:configuration()
  for _, profile in pairs(configuration and configuration.profiles or {}) do
    if profile.provhash and profile.provhash.kind == "env" then
      require("lastpass.secret").env(profile.provhash.value)
    end
  end
end

return {
  name = "config edit",
  summary = "Open your configuration file in your editor",
  description = "The editor is $VISUAL, $EDITOR, or the machine's own. What was written is "
    .. "checked afterwards.",
  topics = { "profiles" },
  run = function(session)
    local path, message, err = user_file.path(session)
    if not path then
      return nil, message, err
    end
    local editor = editor_of(session, os.getenv)
    if not editor then
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
    take_hashes(session)
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

--- `lastpass profile add`.
-- @module lastpass.cli.commands.profile.add
local core = require "lastpass.core"
local errors = require "lastpass.error"
local keys = require "lastpass.config.keys"
local sessions = require "lastpass.cli.session"
local user_file = require "lastpass.cli.user_file"
local files = require "lastpass.files"

-- The settings that the flags name, in the file's own form.
local function settings_of(session)
  local flags = session:flags()
  local settings = {}
  for key, value in pairs(flags) do
    if key ~= "profile" then
      local checked, reason = keys.check(key, value, {
        numbers_as_text = true,
        home = os.getenv "HOME",
      })
      if checked == nil then
        return errors.fail("argument", "usage", ("--%s %s"):format(key:gsub("_", "-"), reason))
      end
      settings[key] = key == "provhash" and value or checked
    end
  end
  return settings
end

-- Asks without echo; the bytes go to a file of their own and never become a Lua string. Until the
-- configuration is written that file has another name than the one it gives, too.
local function ask_for_hash(session, name, path)
  local place = (path:match "^(.*)/[^/]*$" or ".") .. "/" .. name .. ".hash"
  local options = session.options
  if files.is_readable(place) and not options.replace then
    return errors.fail("argument", "file_exists", place .. " is there already", {
      hint = "use it with --provhash-file, put another in its place with --replace, or remove it",
    })
  elseif options.no_input and not options.provhash_fd then
    return errors.fail("guard", "no_terminal", "the hash would have to be asked for (--no-input)", {
      hint = "use --provhash-file, --provhash-command or --provhash-env",
    })
  end
  local secret, message, err
  if options.provhash_fd then
    secret, message, err = require("lastpass.secret").descriptor(options.provhash_fd)
  else
    secret, message, err = sessions.ask_secret "Provisioning hash (Admin Console, Advanced): "
  end
  if not secret then
    return nil, message, err
  end
  user_file.make_folder(place)
  local new = place .. ".new"
  os.remove(new)
  local ok
  ok, message = core.save_secret(secret, new)
  secret:close()
  if not ok then
    return errors.fail("argument", "cannot_write", ("%s: %s"):format(place, message))
  end
  return place, new
end

local function add(session, content, settings, path, kept)
  local name = session.options.name
  if type(content.profiles) ~= "table" then
    content.profiles = {}
  end
  if content.profiles[name] ~= nil and not session.options.replace then
    return errors.fail(
      "argument",
      "profile_exists",
      ("there is a profile '%s' already"):format(name),
      { hint = "--replace changes it" }
    )
  end
  local old = type(content.profiles[name]) == "table" and content.profiles[name] or {}
  if not settings.cid and not old.cid then
    return errors.fail("argument", "usage", "profile add: --cid is needed, the account number")
  end
  local options = session.options
  local asks = options.provhash_prompt or options.provhash_fd
  if asks or not settings.provhash and not old.provhash then
    local place, new, err = ask_for_hash(session, name, path)
    if not place then
      return nil, new, err
    end
    settings.provhash = { file = place }
    kept.place, kept.new = place, new
  end
  for key, value in pairs(settings) do
    old[key] = value
  end
  content.profiles[name] = old
  if options.default or not content.default then
    content.default = name
  end
  return true
end

return {
  name = "profile add",
  summary = "Add a company to your configuration file",
  description = "The hash is asked for without echo and kept in a file that only you can read, "
    .. "unless --provhash-file, --provhash-command or --provhash-env says where it is. It is "
    .. "never taken from the command line.",
  connects = true,
  arguments = { { "name", "what the company is to be called" } },
  options = {
    { "--default", "make it the default" },
    { "--replace", "change a profile that is there" },
  },
  examples = {
    { "lastpass profile add acme --cid 8771312", "asks for the hash" },
    {
      "lastpass profile add acme --cid 8771312 --provhash-command 'pass show lastpass/acme'",
      "the hash stays in the password store",
    },
  },
  topics = { "profiles" },
  run = function(session, options)
    if not options.name:find "^[%w][%w._-]*$" then
      return errors.fail("argument", "usage", "profile add: a name has letters, digits and . _ -")
    end
    local settings, message, err = settings_of(session)
    if not settings then
      return nil, message, err
    end
    if options.provhash_fd or options.provhash_prompt then
      settings.provhash = nil
    end
    -- the flags are what is to be written, not what holds now
    local reader = sessions.new({ no_input = true }, session.streams)
    local path
    path, message, err = user_file.path(reader)
    if not path then
      return nil, message, err
    end
    local kept = {} -- the file with the hash, and its name for now
    path, message, err = user_file.change(reader, function(content)
      return add(session, content, settings, path, kept)
    end)
    if kept.new and not (path and os.rename(kept.new, kept.place)) then
      os.remove(kept.new)
    end
    if not path then
      return nil, message, err
    end
    session:say("%s: added %s; lastpass auth check tries it", path, options.name)
    return 0
  end,
}

--- The commands about profiles: the companies that the program knows.
-- @module lastpass.cli.commands.profiles
local errors = require "lastpass.error"
local failure = require "lastpass.cli.failure"
local user_file = require "lastpass.cli.user_file"

local must = failure.must

local usage = require("lastpass.cli.values").usage

local function rows_of(configuration)
  local rows = {}
  for name, values in pairs(configuration.profiles) do
    local _, where = configuration:origin(name, "cid")
    rows[#rows + 1] = {
      name = name,
      default = name == configuration.default,
      cid = values.cid,
      url = values.url,
      timezone = values.timezone,
      file = where,
    }
  end
  table.sort(rows, function(a, b)
    return a.name < b.name
  end)
  return rows
end

-- ------------------------------------------------------------------ add

-- The settings that the flags name, in the file's own form.
local function settings_of(session)
  local keys = require "lastpass.config.keys"
  local settings = {}
  for key, value in pairs(session:flags()) do
    if key ~= "profile" then
      local checked, reason = keys.check(key, value, {
        numbers_as_text = true,
        home = os.getenv "HOME",
      })
      if checked == nil then
        return usage(("--%s %s"):format(key:gsub("_", "-"), reason))
      end
      settings[key] = key == "provhash" and value or checked
    end
  end
  return settings
end

-- The SCIM endpoint of the company, as far as the flags name it: for plans with --via scim.
local function add_scim_settings(settings, options)
  local keys = require "lastpass.config.keys"
  local given = { scim_url = options.scim_url }
  for _, kind in ipairs { "file", "command" } do
    local value = options["scim_token_" .. kind]
    if value and given.scim_token then
      return usage "--scim-token-file and --scim-token-command do not go together"
    elseif value then
      given.scim_token = { [kind] = value }
    end
  end
  local _, problem = require("lastpass.transport.address").parse(given.scim_url or "https://x")
  if problem then
    return usage("--scim-url: " .. problem)
  end
  for key, value in pairs(given) do
    local checked, reason = keys.check(key, value, { home = os.getenv "HOME" })
    if checked == nil then
      return usage(("--%s %s"):format(key:gsub("_", "-"), reason))
    end
    settings[key] = key == "scim_token" and value or checked
  end
  return true
end

local QUESTION = "Provisioning hash (Admin Console, Advanced): "

local function read_hash(options, question)
  if options.provhash_fd then
    return require("lastpass.secret").descriptor(options.provhash_fd)
  elseif options.no_input then
    return errors.fail(
      "guard",
      "no_terminal",
      "the hash would have to be asked for (--no-input)",
      { hint = "use --provhash-file, --provhash-command or --provhash-env" }
    )
  end
  local ask_secret = require("lastpass.cli.session").ask_secret
  return ask_secret(question or QUESTION)
end

-- The file of the hash that is asked for, beside the configuration.
local function hash_file(name, path)
  return (path:match "^(.*)/[^/]*$" or ".") .. "/" .. name .. ".hash"
end

-- Asks without echo; the bytes go to a file of their own and never become a Lua string. The file has a
-- temporary name until the configuration is written.
local function save_hash(options, path, question)
  local final = hash_file(options.name, path)
  if require("lastpass.files").is_readable(final) and not options.replace then
    return errors.fail("argument", "file_exists", final .. " exists already", {
      hint = "use it with --provhash-file, replace it with --replace, or remove it",
    })
  end
  local secret, message, err = read_hash(options, question)
  if not secret then
    return nil, message, err
  end
  user_file.make_folder(final)
  local temporary = final .. ".new"
  os.remove(temporary)
  local ok, reason = require("lastpass.core").save_secret(secret, temporary)
  secret:close()
  if not ok then
    return errors.fail("argument", "cannot_write", ("%s: %s"):format(final, reason))
  end
  return { final = final, temporary = temporary }
end

-- Asks again for a hash that was asked for before; an empty answer keeps it, as does a place where nobody can
-- answer. Gives the new file, or nothing.
local function replace_hash(options, path)
  if options.no_input then
    return nil
  end
  local hash, message, err =
    save_hash(options, path, "Provisioning hash (Enter keeps the old one): ")
  if hash or err.code == "empty_secret" or err.code == "no_terminal" then
    return hash
  end
  return nil, message, err
end

local KEPT = { file = "the file %s", env = "the variable %s", command = "the profile's command" }

-- Where the hash of a profile comes from, for a person; a command may hold what is nobody's business.
local function describe_hash(provhash)
  for kind, form in pairs(KEPT) do
    if type(provhash) == "table" and provhash[kind] then
      return form:format(tostring(provhash[kind]))
    end
  end
  return "where the profile says"
end

-- Whether the program asked for the hash of a profile, and keeps it.
local function was_asked(profile, name, path)
  local provhash = profile.provhash
  return type(provhash) == "table" and provhash.file == hash_file(name, path)
end

-- The file of a hash that is asked for, or comes by a descriptor; nothing when another is kept or named.
local function new_hash(options, profile, settings, path)
  if options.provhash_prompt or options.provhash_fd then
    return save_hash(options, path)
  elseif settings.provhash then
    return nil
  elseif not profile.provhash then
    return save_hash(options, path)
  elseif was_asked(profile, options.name, path) then
    return replace_hash(options, path)
  end
  return nil
end

-- Changes the content of the configuration file; `saved` gets the file with the hash, and what is to be said.
local function add_profile(options, content, settings, path, saved)
  local name = options.name
  if type(content.profiles) ~= "table" then
    content.profiles = {}
  end
  if content.profiles[name] ~= nil and not options.replace then
    return errors.fail(
      "argument",
      "profile_exists",
      ("there is a profile '%s' already"):format(name),
      { hint = "--replace changes it" }
    )
  end
  local profile = type(content.profiles[name]) == "table" and content.profiles[name] or {}
  if not settings.cid and not profile.cid then
    return usage "profile add: --cid is needed, the account number"
  end
  local hash, message, err = new_hash(options, profile, settings, path)
  if hash then
    settings.provhash = { file = hash.final }
    saved.hash = hash
  elseif message then
    return nil, message, err
  elseif not settings.provhash then
    saved.kept = describe_hash(profile.provhash)
  end
  saved.verb = content.profiles[name] and "changed" or "added"
  for key, value in pairs(settings) do
    profile[key] = value
  end
  content.profiles[name] = profile
  if options.default or not content.default then
    content.default = name
  end
  return true
end

local function add(session, options)
  if not user_file.is_name(options.name) then
    return usage "profile add: a name has letters, digits and . _ -"
  end
  local settings = must(settings_of(session))
  must(add_scim_settings(settings, options))
  if options.provhash_fd or options.provhash_prompt then
    settings.provhash = nil
  end
  -- the flags are to be written, and do not apply now
  local reader = require("lastpass.cli.session").new({ no_input = true }, session.streams)
  local path = must(user_file.path(reader))
  local saved = {}
  local written, message, err = user_file.change(reader, function(content)
    return add_profile(options, content, settings, path, saved)
  end)
  local hash = saved.hash
  if hash and not (written and os.rename(hash.temporary, hash.final)) then
    os.remove(hash.temporary)
  end
  must(written, message, err)
  local verb, name = saved.verb, options.name
  session:say("%s: %s %s; lastpass auth check tries it", written, verb, name)
  if saved.kept then
    session:say("note: the hash stays that of %s; --provhash-prompt asks for another", saved.kept)
  end
  return 0
end

-- ------------------------------------------------------------------ use and remove

local function use(session, options)
  local configuration = must(session:configuration())
  if not configuration.profiles[options.name] then
    local nearest = errors.did_you_mean(options.name, errors.names_of(configuration.profiles))
    return errors.fail(
      "argument",
      "unknown_profile",
      ("there is no profile '%s'%s"):format(options.name, nearest),
      { hint = "lastpass profile add makes one" }
    )
  end
  local path = must(user_file.change(session, function(content)
    content.default = options.name
    return true
  end))
  session:say("%s: the default is %s now", path, options.name)
  return 0
end

local function remove_profile(session, content)
  local name, profiles = session.options.name, content.profiles
  if type(profiles) ~= "table" or profiles[name] == nil then
    return errors.fail(
      "argument",
      "unknown_profile",
      ("your configuration file has no profile '%s'"):format(name),
      { hint = "lastpass profile list says which file has it" }
    )
  elseif session.options.dry_run then
    return errors.fail("cancelled", "dry_run", "")
  end
  local confirm = require "lastpass.cli.confirm"
  must(confirm.ask(session, ("remove the profile %s?"):format(name)))
  profiles[name] = nil
  if content.default == name then
    content.default = nil
  end
  return true
end

local function remove(session, options)
  local path, message, err = user_file.change(session, function(content)
    return remove_profile(session, content)
  end)
  if err and err.code == "dry_run" then
    session:say("the profile %s would be removed; nothing was written", options.name)
    return 0
  end
  must(path, message, err)
  session:say("%s: the profile %s is removed", path, options.name)
  return 0
end

local known_profile = { { "name", "name of the profile", names = "profiles" } }

return {
  groups = { profile = "Companies the program knows." },
  {
    name = "profile list",
    summary = "List the companies the program knows",
    rows = true,
    examples = { { "lastpass profile list --json", "for a program" } },
    topics = { "profiles" },
    view = "profiles",
    list = function(session)
      return rows_of(must(session:configuration()))
    end,
  },
  {
    name = "profile add",
    summary = "Add a company to your configuration file",
    description = "The hash is asked for without echo and written to a file that only you can "
      .. "read, unless --provhash-file, --provhash-command or --provhash-env says where it is. It "
      .. "is never taken from the command line.",
    connects = true,
    arguments = { { "name", "what the company is to be called" } },
    options = {
      { "--default", "make it the default" },
      { "--replace", "change a profile that exists; a hash that was asked for is asked for again" },
      {
        "--scim-token-file",
        "file with the token of the company's SCIM endpoint, mode 600: for --via scim",
        value = "FILE",
      },
      { "--scim-token-command", "command that prints that token", value = "COMMAND" },
      { "--scim-url", "Connection URL of the Admin Console; default by --cid", value = "URL" },
    },
    examples = {
      { "lastpass profile add acme --cid 8771312", "asks for the hash" },
      {
        "lastpass profile add acme --cid 8771312 --provhash-command 'pass show lastpass/acme'",
        "the hash stays in the password store",
      },
      {
        "lastpass profile add acme --replace --provhash-prompt",
        "another hash, because the old one is wrong; all else stays",
      },
      {
        "lastpass profile add acme --replace --scim-token-file ~/.config/lastpass/acme.scim",
        "with the company's SCIM endpoint",
      },
    },
    topics = { "profiles" },
    run = add,
  },
  {
    name = "profile use",
    summary = "Make a profile the default",
    arguments = known_profile,
    topics = { "profiles" },
    run = use,
  },
  {
    name = "profile remove",
    summary = "Remove a profile from your configuration file",
    description = "The file with its hash stays.",
    writes = true,
    harm = "ask",
    arguments = known_profile,
    topics = { "profiles" },
    run = remove,
  },
}

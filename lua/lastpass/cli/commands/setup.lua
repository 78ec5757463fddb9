--- The commands about the set-up: checks, and the configuration.
-- @module lastpass.cli.commands.setup
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local options_module = require "lastpass.cli.options"

local must = failure.must

local account_view = {
  name = "accounts",
  key = "cid",
  fields = { "cid", "url", "users", "profile", "rest" },
  columns = { "cid", "url", "users", "profile", "rest" },
}

-- Whether the REST API accepts the key, where there is one; a key that it refuses is an error.
local function check_rest(client)
  if not client:option "rest" then
    return nil
  end
  local query = { query = { ["max-results"] = "1" } }
  must(must(client:rest()):request("GET", "/v1/users", query))
  return "accepted"
end

local function check_account(session)
  local client = session:client()
  local reply = must(client:getuserdata { pagesize = 1, pageindex = 0 })
  session:show_one(account_view, {
    cid = client:option "cid",
    url = client:option "url",
    users = tonumber(reply.total),
    profile = session.options.profile or session:configuration().default,
    rest = check_rest(client),
  })
  return exit.done
end

local function run_doctor(session)
  local rows, has_failed = require("lastpass.cli.doctor").check(session), false
  for _, row in ipairs(rows) do
    has_failed = has_failed or row.state == "fail"
  end
  session:show(require("lastpass.cli.views").checks, rows)
  return has_failed and exit.findings or exit.done
end

-- ------------------------------------------------------------------ the settings in force

local function default_values()
  local values = {}
  for _, option in ipairs(require "lastpass.enterprise.option_list") do
    values[option[1]] = option[3]
  end
  return values
end

-- A secret itself is never shown, only where it comes from; nor is a password in an address.
local function shown_value(value)
  if type(value) == "table" and value.kind then
    return ("%s %s"):format(value.kind, value.value)
  elseif type(value) == "string" then
    return require("lastpass.transport.address").without_password(value)
  end
  return value
end

local function settings_of(configuration, options)
  local name, values = configuration.default, configuration:values()
  local rows, defaults = {}, default_values()
  if name then
    local layer = configuration.default_layer
    rows[1] = {
      key = "profile",
      value = name,
      origin = layer and layer.name or "only one",
      where = layer and layer.where,
    }
  end
  for _, key in ipairs(require("lastpass.config.keys").names) do
    local origin, where = configuration:origin(name, key)
    if origin then
      rows[#rows + 1] =
        { key = key, value = shown_value(values[key]), origin = origin, where = where }
    elseif options.all and defaults[key] ~= "required" then
      rows[#rows + 1] = { key = key, value = defaults[key] or "none", origin = "default" }
    end
  end
  for _, ignored in ipairs(options.origin and configuration:ignored() or {}) do
    rows[#rows + 1] = {
      key = ignored.key,
      value = shown_value(ignored.value),
      origin = "not used",
      where = ("%s: %s"):format(ignored.where, ignored.reason),
    }
  end
  return rows
end

local function show_settings(session, options)
  local configuration = must(session:configuration())
  local name = configuration.default
  if name and not configuration.profiles[name] then
    must(configuration:profile(name))
  end
  if not options.origin and not options.fields and not session:for_programs() then
    options.fields = "key,value"
  end
  session:show(require("lastpass.cli.views").settings, settings_of(configuration, options))
  return exit.done
end

-- ------------------------------------------------------------------ the file

local function is_installed(program)
  local ok = os.execute(("command -v %s >/dev/null 2>&1"):format(program))
  return ok == true or ok == 0
end

-- The editor of the environment, or, at a terminal, what the machine has: Debian's choice, or vi.
local function find_editor(session)
  for _, name in ipairs { "VISUAL", "EDITOR" } do
    local value = os.getenv(name)
    if value and value ~= "" then
      return value
    end
  end
  local streams = session.streams
  local at_a_terminal = streams.input_is_terminal and streams.out_is_terminal
  for _, program in ipairs(at_a_terminal and { "editor", "vi" } or {}) do
    if is_installed(program) then
      return program
    end
  end
  return nil
end

-- Secrets of the environment are for this program, not for an editor. A file that cannot be read names none.
local function take_hashes(session)
  local configuration = session:configuration()
  for _, profile in pairs(configuration and configuration.profiles or {}) do
    for _, key in ipairs(require("lastpass.config.keys").secrets) do
      if profile[key] and profile[key].kind == "env" then
        require("lastpass.secret").env(profile[key].value)
      end
    end
  end
end

local function edit_file(session)
  local files = require "lastpass.files"
  local user_file = require "lastpass.cli.user_file"
  local path = must(user_file.path(session))
  local editor = find_editor(session)
  if not editor then
    return errors.fail("argument", "no_editor", "no editor is known: set VISUAL or EDITOR", {
      hint = "the file is " .. path,
    })
  end
  if not files.is_readable(path) then
    must(user_file.write(path, { profiles = {} }))
  end
  take_hashes(session)
  local ok = os.execute(editor .. " " .. files.shell_word(path))
  if ok ~= true and ok ~= 0 then
    return errors.fail("argument", "editor_failed", ("the editor '%s' failed"):format(editor))
  end
  must(session:configuration())
  return exit.done
end

return {
  groups = { auth = "Account number and hash.", config = "The configuration." },
  {
    name = "doctor",
    summary = "Check the set-up, and say what to do",
    description = "Versions, configuration and rights of files, the connection to LastPass and its "
      .. "clock, account number and hash, the account's time zone, odd values in the directory, "
      .. "the journal. Nothing is written. Ends with 7 when a check fails.",
    connects = true,
    rows = true,
    examples = { { "lastpass doctor --where 'u.state ~= \"ok\"'", "only what needs attention" } },
    topics = { "profiles", "exit-codes" },
    run = run_doctor,
  },
  {
    name = "auth check",
    summary = "Check that LastPass accepts account number and hash",
    description = "Asks for one user. Ends with 77 when they are not accepted.",
    connects = true,
    rows = true,
    examples = { { "lastpass auth check --profile acme && echo fine", "in a script" } },
    topics = { "profiles", "exit-codes" },
    lua = "assert(client:getuserdata{ pagesize = 1, pageindex = 0 })",
    run = check_account,
  },
  {
    name = "auth rotate",
    summary = "Put a new provisioning hash into the files of profiles",
    description = "For when the hash has been replaced in the Admin Console. It lists who used the "
      .. "API lately, and so needs the new hash too; asks; pauses the runs over companies, and "
      .. "waits for the company's lock, so that nothing is written meanwhile; takes the new hash "
      .. "without echo; and tries it with a read. The old file stays until LastPass has accepted "
      .. "the new hash; then the new one, mode 600, takes its place in one step. When it is killed "
      .. "before, the old file is there, and the next rotation tries what was entered. A hash that "
      .. "comes from a command or a variable has to be changed there.",
    connects = true,
    rows = true,
    writes = true,
    harm = "ask",
    options = {
      options_module.companies[1],
      options_module.companies[2],
      options_module.companies[3],
      {
        "--new-provhash-file",
        "file with the new hash, mode 600; {cid} and {name} are the company's",
        value = "FILE",
      },
      {
        "--new-provhash-fd",
        "open descriptor the new hash is read from",
        value = "NUMBER",
        number = true,
      },
      {
        "--days",
        "uses of the API that are listed; default 30",
        value = "COUNT",
        number = "whole",
      },
    },
    examples = {
      { "lastpass auth rotate --profile acme", "asks for the new hash" },
      {
        "lastpass auth rotate --tenants group:eu --new-provhash-file '~/new/{cid}.hash'",
        "of many companies, from files",
      },
      { "lastpass auth rotate --tenants all --dry-run", "who uses which hash, and where it is" },
    },
    topics = { "profiles", "tenants" },
    lua = function(options)
      return require("lastpass.cli.rotating").lua(options)
    end,
    run = function(session, options)
      return require("lastpass.cli.rotating").run(session, options)
    end,
  },
  {
    name = "config show",
    summary = "Show the settings in force",
    description = "Flags go before the environment, it before ./.lastpass.json, that before your "
      .. "file, that before /etc/lastpass/config.json. A profile that --profile names is one unit: "
      .. "the environment counts for nothing, but for a journal that no file names. The hash and "
      .. "passwords are never shown.",
    connects = true,
    rows = true,
    options = {
      { "--origin", "say where each value comes from" },
      { "--all", "defaults as well" },
    },
    examples = { { "lastpass config show --origin", "and which file or variable says so" } },
    topics = { "profiles" },
    run = show_settings,
  },
  {
    name = "config path",
    summary = "Print where your configuration file is",
    description = "The file need not exist yet.",
    examples = { { "cat $(lastpass config path)", "its content" } },
    topics = { "profiles" },
    run = function(session)
      session:print((must(require("lastpass.cli.user_file").path(session))))
      return exit.done
    end,
  },
  {
    name = "config edit",
    summary = "Open your configuration file in your editor",
    description = "The editor is $VISUAL, $EDITOR, or the machine's own. What was written is "
      .. "checked afterwards.",
    topics = { "profiles" },
    run = edit_file,
  },
}

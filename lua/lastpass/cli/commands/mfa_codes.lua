--- The commands about one-time codes. Secrets come from files and descriptors, codes are typed; neither is taken from the
-- command line.
-- @module lastpass.cli.commands.mfa_codes
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local mfa = require "lastpass.cli.mfa"
local values = require "lastpass.cli.values"

local must = failure.must

local MOST = 4096 -- bytes of a secret's file

-- ------------------------------------------------------------------ the secret

local function read_descriptor(number)
  local text, message = require("lastpass.files").read(("/dev/fd/%d"):format(number), MOST)
  return text
    or must(errors.fail("argument", "unreadable", ("descriptor %d: %s"):format(number, message)))
end

local function read_file(path)
  must(require("lastpass.secret").file(path)):close() -- nobody else may read it
  return must(require("lastpass.files").read(path, MOST))
end

-- What is in the file: an otpauth address, or the key as apps show it.
local function read_secret(options)
  local path, number = options.secret_file, options.secret_fd
  if (path == nil) == (number == nil) then
    must(values.usage "one of --secret-file and --secret-fd is needed")
  end
  local text = (path and read_file(path) or read_descriptor(number)):match "^%s*(.-)%s*$"
  local uri = require("lastpass").mfa.uri
  if text:lower():find("otpauth://", 1, true) == 1 then
    return must(uri.read(text))
  end
  local key = require("lastpass.text.base32").decode(text)
  if not key then
    must(
      errors.fail("argument", "bad_secret", "the secret is neither an otpauth address nor Base32", {
        hint = "lastpass mfa code new makes one",
      })
    )
  end
  return { type = "totp", secret = key }
end

-- With what the command line says beside the file.
local function complete(options)
  local found = read_secret(options)
  if found.type ~= "totp" then
    must(errors.fail("argument", "unsupported", "the secret is for codes that are counted (hotp)", {
      hint = "lastpass.mfa.hotp verifies those",
    }))
  end
  for _, name in ipairs { "issuer", "account", "algorithm", "digits", "period" } do
    found[name] = options[name] or found[name]
  end
  return found
end

local function uri_of(options)
  local found = complete(options)
  for _, name in ipairs { "issuer", "account" } do
    if not found[name] then
      must(values.usage(("--%s is needed: the secret's file does not say it"):format(name)))
    end
  end
  return must(failure.call(require("lastpass").mfa.uri.write, {
    secret = found.secret,
    issuer = found.issuer,
    account = found.account,
    algorithm = found.algorithm,
    digits = found.digits,
    period = found.period,
  }))
end

-- ------------------------------------------------------------------ commands

-- Of two programs that make the same file at once, one does.
local function save_new(path, text)
  local secret = must(require("lastpass.secret").value(text))
  local ok, reason = require("lastpass.core").save_secret(secret, path)
  secret:close()
  if ok then
    return
  elseif require("lastpass.files").is_readable(path) then
    must(errors.fail("argument", "file_exists", path .. " exists already", {
      hint = "a secret that is in use must not be lost; choose another name",
    }))
  end
  must(errors.fail("argument", "cannot_write", ("%s: %s"):format(path, reason)))
end

local function new(session, options)
  local lastpass = require "lastpass"
  local made = must(failure.call(lastpass.mfa.uri.write, {
    secret = lastpass.mfa.totp.generate_secret { algorithm = options.algorithm },
    issuer = options.issuer,
    account = options.account,
    algorithm = options.algorithm,
    digits = options.digits,
    period = options.period,
  }))
  save_new(options.output, made)
  session:say("%s: a new secret; lastpass mfa code qr shows it to the app", options.output)
  return exit.done
end

local function show_uri(session, options)
  session:print(uri_of(options))
  session:say "note: the secret is in it"
  return exit.done
end

local function show_qr(session, options)
  local qr, text, path = require("lastpass").mfa.qr, uri_of(options), options.output
  local ending = path and path:lower():match "%.(%a+)$"
  if not path then
    local drawn = must(qr.terminal(text, { color = session.streams.out_is_terminal or nil }))
    session:print((drawn:gsub("\n+$", ""))) -- no line more: a usual code just fits into 24
  elseif ending == "svg" or ending == "png" then
    must(require("lastpass.files").write(path, must(qr[ending](text))))
    session:say("%s: the secret is in it", path)
  else
    must(values.usage(("--output %s: a name that ends with .svg or .png"):format(path)))
  end
  return exit.done
end

local function read_code(session)
  local streams = session.streams
  if streams.input_is_terminal and not session.options.no_input then
    streams.err:write "Code: "
    streams.err:flush()
  end
  local line = streams.input:read "*l"
  if not line then
    must(values.usage("no code was typed, and standard input has none", "nothing was counted"))
  end
  return line:match "^%s*(.-)%s*$"
end

-- What the log may know, and the user not.
local meanings = {
  wrong = "the code is wrong, or of another time",
  used = "the code was used before",
  malformed = "it has not the form of a code",
}

local function meaning_of(result)
  return result.ok and "the code is right, and used up now" or meanings[result.code]
end

local function verify(session, options)
  local view = require("lastpass.cli.views").mfa_code
  require("lastpass.cli.output").check(session, view)
  local found = complete(options)
  local result = must(failure.call(require("lastpass").mfa.totp.verify, {
    user = options.user,
    secret = found.secret,
    code = read_code(session),
    algorithm = found.algorithm,
    digits = found.digits,
    period = found.period,
    window = options.window,
    state = mfa.state(session),
  }))
  return mfa.show_result(session, result, view, meaning_of(result))
end

-- ------------------------------------------------------------------ as Lua

local SECRET_LUA = 'local text = assert(require("lastpass.files").read(%s))\n'
  .. 'local found = assert(mfa.uri.read(text:match "%%S+"))'

local function secret_lua(options)
  local place = options.secret_file or ("/dev/fd/%d"):format(options.secret_fd or 3)
  return SECRET_LUA:format(lua_text.value(place))
end

local function changed_lua(options)
  local lines = {}
  for _, name in ipairs { "issuer", "account", "algorithm", "digits", "period" } do
    if options[name] then
      lines[#lines + 1] = ("found.%s = %s"):format(name, lua_text.value(options[name]))
    end
  end
  return table.concat(lines, "\n")
end

local REQUIRE = 'local mfa = require("lastpass").mfa'

local secret_options = {
  {
    "--secret-file",
    "file with the secret, mode 600: an otpauth address, or the key in Base32",
    value = "FILE",
  },
  { "--secret-fd", "open descriptor that it is read from", value = "NUMBER", number = "whole" },
}

local form_options = {
  {
    "--algorithm",
    "default SHA1, the only one that LastPass's app and many others know",
    value = "NAME",
    choices = { "SHA1", "SHA256", "SHA512" },
  },
  {
    "--digits",
    "default 6",
    value = "NUMBER",
    number = true,
    choices = { "6", "7", "8" },
  },
  { "--period", "seconds that a code is shown; default 30", value = "SECONDS", number = "whole" },
}

local label_options = {
  { "--issuer", "who asks for the code, as the app shows it", value = "TEXT" },
  { "--account", "whose code it is, as the app shows it", value = "TEXT" },
}

return {
  {
    name = "mfa code new",
    summary = "Make a secret for one-time codes, in a file of its own",
    description = "The file has an otpauth address, and only you can read it.",
    arguments = { { "output", "the file, which must not exist" } },
    options = values.join(label_options, form_options),
    examples = {
      {
        "lastpass mfa code new ann.totp --issuer Acme --account ann@acme.com",
        "then lastpass mfa code qr --secret-file ann.totp",
      },
    },
    topics = { "mfa" },
    lua = function(options)
      local given = {
        secret = lua_text.raw(
          ("mfa.totp.generate_secret%s"):format(lua_text.options { algorithm = options.algorithm })
        ),
      }
      for _, name in ipairs { "issuer", "account", "algorithm", "digits", "period" } do
        given[name] = options[name]
      end
      local text = '%s\nlocal secret = require("lastpass.secret")'
        .. ".value(assert(mfa.uri.write %s))\n"
        .. 'assert(require("lastpass.core").save_secret(assert(secret), %s)) -- a new file'
      return text:format(REQUIRE, lua_text.value(given), lua_text.value(options.output))
    end,
    run = function(session, options)
      for _, name in ipairs { "issuer", "account" } do
        if not options[name] then
          return values.usage(("--%s is needed: the app shows it"):format(name))
        end
      end
      return new(session, options)
    end,
  },
  {
    name = "mfa code uri",
    summary = "Print the otpauth address of a secret",
    options = values.join(secret_options, label_options, form_options),
    examples = {
      { "lastpass mfa code uri --secret-file ann.totp", "for a program that enrols apps" },
    },
    topics = { "mfa" },
    lua = function(options)
      return table.concat({
        REQUIRE,
        secret_lua(options),
        changed_lua(options),
        "print(assert(mfa.uri.write(found)))",
      }, "\n")
    end,
    run = show_uri,
  },
  {
    name = "mfa code qr",
    summary = "Show the QR code of a secret, for the app",
    description = "In the terminal, or as a picture that only you can read. It is drawn here; "
      .. "libqrencode is needed.",
    options = values.join(
      { { "-o --output", "write a picture: NAME.svg or NAME.png", value = "FILE" } },
      secret_options,
      label_options,
      form_options
    ),
    examples = {
      { "lastpass mfa code qr --secret-file ann.totp", "Ann scans the screen" },
    },
    topics = { "mfa" },
    lua = function(options)
      local ending = options.output and options.output:lower():match "%.(%a+)$"
      local shown = options.output
          and ('assert(require("lastpass.files").write(%s, assert(mfa.qr.%s(text))))'):format(
            lua_text.value(options.output),
            ending == "png" and "png" or "svg"
          )
        or "print(assert(mfa.qr.terminal(text)))"
      return table.concat({
        REQUIRE,
        secret_lua(options),
        changed_lua(options),
        "text = assert(mfa.uri.write(found))",
        shown,
      }, "\n")
    end,
    run = show_qr,
  },
  {
    name = "mfa code verify",
    summary = "Verify a one-time code, and use it up",
    description = "The code is typed, or read from standard input. It is accepted once, over all "
      .. "programs that share the journal; five wrong ones lock the user. Ends with 0 when it is "
      .. "right, with 4 when not.",
    rows = true,
    arguments = { { "user", "whose code it is: failures are counted by user" } },
    options = values.join({
      {
        "--window",
        "codes before and after that count; default 1",
        value = "COUNT",
        number = true,
        choices = { "0", "1", "2" },
      },
      { "--profile", "profile of the configuration", value = "NAME" },
      { "--journal", "file or postgresql:// address of used codes", value = "PLACE" },
    }, secret_options, form_options),
    examples = {
      {
        "lastpass mfa code verify ann@acme.com --secret-file ann.totp < code.txt",
        "in a script: only a right code is 0",
      },
    },
    topics = { "mfa", "output", "exit-codes" },
    lua = function(options)
      return table.concat({
        REQUIRE,
        secret_lua(options),
        changed_lua(options),
        "print(assert(mfa.totp.verify " .. lua_text.value {
          user = options.user,
          secret = lua_text.raw "found.secret",
          digits = lua_text.raw "found.digits",
          period = lua_text.raw "found.period",
          algorithm = lua_text.raw "found.algorithm",
          window = options.window,
          code = lua_text.raw "io.read()",
          state = mfa.state_lua(options.journal or "journal.db"),
        } .. ").outcome)",
      }, "\n")
    end,
    run = verify,
  },
}

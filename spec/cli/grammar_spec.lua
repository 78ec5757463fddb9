local check = require "spec.support.check"
local commands = require "lastpass.cli.commands"
local grammar = require "lastpass.cli.grammar"
local shared_options = require "lastpass.cli.options"

local users = commands.load "users"

describe("the grammar", function()
  it("reads flags, values and arguments", function()
    local options = assert(grammar.parse(commands.load "group add", {
      "Finance",
      "ann@acme.com",
      "--yes",
      "bob@acme.com",
    }))
    assert.equals("Finance", options.group)
    assert.same({ "ann@acme.com", "bob@acme.com" }, options.email)
    assert.is_true(options.yes)
  end)

  it("takes values that begin with a dash", function()
    assert.equals("-last_login", grammar.parse(users, { "--sort", "-last_login" }).sort)
    local events = commands.load "events"
    assert.equals("-24h", grammar.parse(events, { "--from", "-24h" }).from)
    assert.equals("-7d", grammar.parse(commands.load "diff", { "-7d" }).before)
    assert.equals("x", grammar.parse(commands.load "plan", { "p.lua", "-o", "x" }).output)
    assert.equals("x", grammar.parse(commands.load "plan", { "p.lua", "-ox" }).output)
  end)

  it("takes numbers as numbers", function()
    assert.equals(12, grammar.parse(commands.load "run show", { "12" }).run)
    local _, message, err = grammar.parse(commands.load "run show", { "twelve" })
    assert.truthy(message:find("not a number", 1, true), message)
    assert.equals("argument", err.kind)
  end)

  it("takes numbers of rows, and counts, as whole numbers from 1 on", function()
    local command = commands.load "scim held show"
    assert.equals(7, grammar.parse(command, { "7" }).job)
    for word in ("0 -1 1.5 1e3 0x10 99999999999999999999 x"):gmatch "%S+" do
      local options, message = grammar.parse(command, { word })
      assert.is_nil(options, word)
      assert.truthy(message, word)
    end
    assert.is_nil((grammar.parse(commands.load "scim log", { "--limit", "0" })))
  end)

  it("takes no option twice that has one value, of any command", function()
    local tried = 0
    for _, name in ipairs(commands.names()) do
      local command = commands.load(name)
      local parser = grammar.leaf(command)
      for _, group in ipairs(shared_options.of(command)) do
        for _, option in ipairs(group[2]) do
          if option.value and not option.many then
            local value = option.choices and option.choices[1] or "1"
            local word = option[1]:match "%S+$"
            local is_read, message = parser:pparse { word, value, word, value }
            assert.is_false(is_read, name .. " " .. word)
            assert.truthy(message:find("at most 1 time", 1, true), name .. ": " .. message)
            tried = tried + 1
          end
        end
      end
    end
    assert.is_true(tried > 300, tried)
    -- before and after the command, and with "=" as well
    local route = assert(grammar.route { "--profile", "a", "users", "--profile=b" })
    assert.equals("usage", select(3, grammar.parse(users, route.words)).code)
    assert.is_nil((grammar.parse(commands.load "plan", { "p", "-oa", "--output", "b" })))
    -- what may be there several times, and flags, may
    local plan = commands.load "plan"
    local options = assert(grammar.parse(plan, { "p", "--limit", "a=1", "--limit", "b=2" }))
    assert.same({ "a=1", "b=2" }, options.limit)
    assert.is_true(grammar.parse(users, { "--json", "--json" }).json)
  end)

  it("names the nearest of an unknown option", function()
    local _, message, err = grammar.parse(users, { "--jsno" })
    assert.truthy(message:find("--jsno", 1, true))
    assert.truthy(err.hint:find("--json", 1, true), err.hint)
    assert.truthy(err.hint:find("lastpass users --help", 1, true), err.hint)
  end)

  it("refuses what is missing, too much, or not among the choices", function()
    assert.is_nil((grammar.parse(commands.load "user show", {})))
    assert.is_nil((grammar.parse(commands.load "user show", { "a@b.c", "d@e.f" })))
    assert.is_nil((grammar.parse(users, { "--status", "asleep" })))
    assert.is_nil((grammar.parse(users, { "--fields" })))
  end)

  it("never takes the hash, and does not repeat it", function()
    for _, words in ipairs { { "--provhash=cafe1234" }, { "--provhash", "cafe1234" } } do
      local _, message, err = grammar.parse(users, words)
      assert.equals("hash_on_command_line", err.code)
      assert.is_nil((message .. err.hint):find("cafe1234", 1, true))
    end
  end)

  it("has a declaration for every command, with a sentence for each part", function()
    for _, name in ipairs(commands.names()) do
      local command = commands.load(name)
      assert.equals(name, command.name)
      assert.equals("function", type(command.run), name)
      assert.truthy(command.summary:find "^%u", name)
      assert.is_nil(command.summary:find "%.$", name)
      for _, option in ipairs(command.options or {}) do
        assert.truthy(option[1]:find "%-%-%l[%l%d-]+$", name)
        assert.truthy(#option[2] > 5, name)
      end
      for _, argument in ipairs(command.arguments or {}) do
        assert.truthy(#argument[2] > 3, name)
      end
    end
  end)

  it("gives every command that writes to LastPass a dry run", function()
    for _, name in ipairs(commands.names()) do
      local command = commands.load(name)
      if command.writes then
        local usage = grammar.leaf(command):get_help()
        assert.truthy(usage:find("--dry-run", 1, true), name)
        assert.truthy(usage:find("--yes", 1, true), name)
      end
    end
  end)
end)

local function of(line)
  local words = {}
  for word in line:gmatch "%S+" do
    words[#words + 1] = word
  end
  return grammar.route(words)
end

describe("routing", function()
  it("finds the command and leaves the rest", function()
    local one = of "user show ann@acme.com --json"
    assert.equals("user show", one.name)
    assert.same({ "ann@acme.com", "--json" }, one.words)
    assert.is_false(one.help)
  end)

  it("lets shared options stand before the command, with their values", function()
    local one = of "--profile acme --json users --admin"
    assert.equals("users", one.name)
    assert.same({ "--profile", "acme", "--json", "--admin" }, one.words)
    assert.equals("users", of("--fields email users").name)
  end)

  it("tells runs of plans from scripts", function()
    assert.equals("run show", of("run show 3").name)
    local script = of "run ./show --json 3"
    assert.equals("run", script.name)
    assert.same({ "./show" }, script.words)
    assert.same({ "--json", "3" }, script.rest)
  end)

  it("leaves alone what stands behind two dashes", function()
    local one = of "user show -- --help"
    assert.same({ "--", "--help" }, one.words)
    assert.is_false(one.help)
  end)

  it("sees when help or the version is asked for", function()
    assert.is_true(of("user --help").help)
    assert.equals("user", of("user --help").name)
    assert.is_true(of("--help").help)
    assert.equals("version", of("--version").name)
    assert.equals("", of("").name)
  end)

  it("names the nearest of what it does not know", function()
    for line, nearest in pairs {
      userz = "users",
      ["user shwo x"] = "user show",
      snapshto = "snapshot",
      ["config pth"] = "config path",
    } do
      local found, message, err = of(line)
      assert.is_nil(found)
      assert.equals("usage", err.code)
      assert.truthy(message:find(nearest, 1, true), message)
    end
  end)

  it("names the nearest group in a group", function()
    local _, message = grammar.route { "scim", "tokn", "list" }
    assert.equals("unknown command 'scim tokn' (did you mean 'scim token'?)", message)
    _, message = grammar.route { "scim", "token", "nw" }
    assert.equals("unknown command 'scim token nw' (did you mean 'scim token new'?)", message)
  end)

  it("says what a group wants to hear", function()
    local _, message = of "profile"
    assert.truthy(message:find("list, add, use, remove", 1, true), message)
  end)
end)

describe("secrets on the command line", function()
  it("are refused, and not repeated", function()
    for word, code in pairs {
      ["--provhash"] = "hash_on_command_line",
      ["--token"] = "secret_on_command_line",
      ["--pseudonymise-key"] = "secret_on_command_line",
    } do
      for _, words in ipairs { { word, "S3CRET" }, { "x", word .. "=S3CRET" } } do
        local err = check.failure("argument", code, grammar.check_secrets(words))
        assert.is_nil((err.message .. err.hint):find("S3CRET", 1, true))
        assert.matches("^use %-%-", err.hint)
      end
    end
  end)

  it("are no files that hold them", function()
    assert.is_true(
      grammar.check_secrets { "--token-file", "x", "--provhash-env=Y", "--token-env", "Z" }
    )
  end)
end)

local commands = require "lastpass.cli.commands"
local grammar = require "lastpass.cli.grammar"

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
        assert.truthy(option[1]:find "%-%-%l[%l-]+$", name)
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

  it("makes one parser of all commands", function()
    local list = {}
    for place, name in ipairs(commands.names()) do
      list[place] = commands.load(name)
    end
    local text = grammar.tree(list, commands.groups):get_bash_complete()
    for _, name in ipairs(commands.names()) do
      assert.truthy(text:find(name:match "%S+$", 1, true), name)
    end
  end)
end)

local check = require "spec.support.check"
local cli = require "spec.support.cli"
local commands = require "lastpass.cli.commands"
local exporting = require "lastpass.cli.exporting"
local json = require "lastpass.json"
local sessions = require "lastpass.cli.session"
local streams_module = require "lastpass.cli.streams"

describe("what events --follow and export have in common", function()
  local function fails(options)
    local session = sessions.new(options, streams_module.new(cli.streams()))
    return check.failure("argument", nil, cli.returned(exporting.run, session, false, "text"))
  end

  it("refuses what does not go together, before anything is read", function()
    for options, text in pairs {
      [{ follow = true, to = "now" }] = "--follow and --to do not go together",
      [{ cursor = "a", to = "now" }] = "--cursor and --to do not go together",
      [{ every = "5s" }] = "--every needs --follow",
      [{ overlap = "5m" }] = "--overlap needs --cursor or --follow",
      [{ follow = true, every = "soon" }] = "--every: 'soon'",
      [{ cursor = "a", overlap = "x" }] = "--overlap: 'x'",
      [{ cursor = "" }] = "--cursor: give it a name",
      [{ pseudonymise_key_file = "/nowhere" }] = "/nowhere",
    } do
      local message = fails(options).message
      assert.truthy(message:find(text, 1, true), message)
    end
  end)

  it("is Lua, too, without the key", function()
    local text = exporting.lua({
      cursor = "siem",
      follow = true,
      every = "5m",
      pseudonymise_key_file = "key",
    }, { kind = "file", path = "x" }, "ndjson")
    assert.equals(
      'print(assert(client:export { cursor = "siem", every = 300, follow = true, '
        .. 'format = "ndjson", pseudonymise = assert(require("lastpass").secret.file("key")), '
        .. 'sink = { kind = "file", path = "x" } }).events)',
      text
    )
  end)

  it("knows every format that there is", function()
    for _, name in ipairs { "events", "export" } do
      local choices
      for _, option in ipairs(commands.load(name).options) do
        choices = option[1] == "--format" and option.choices or choices
      end
      assert.same(require("lastpass.export.formats").names, choices)
    end
  end)
end)

describe("the result of an export", function()
  local function shown(options, result, sink)
    local streams = cli.streams()
    local session = sessions.new(options, streams_module.new(streams))
    exporting.show_result(session, result, sink or false)
    return streams.err:text(), streams.out:text()
  end

  local function result(more)
    local fields = { events = 1234, duplicates = 5, refused = 0, unknown = {} }
    for name, value in pairs(more or {}) do
      fields[name] = value
    end
    return fields
  end

  it("is a line on standard error", function()
    assert.equals("1,234 events\n", shown({}, result(), {}))
    assert.equals(
      "1,234 events; 5 seen before and left out; cursor siem: 2026-06-15T13:00:00Z\n",
      shown({}, result { cursor = "siem", position = 1781528400 })
    )
  end)

  it("says how many were refused, and where they are", function()
    assert.equals(
      "1,234 events\n2 events refused by the receiver: /x/letters\n",
      shown({}, result { refused = 2, dead_letters = "/x/letters" }, {})
    )
  end)

  it("is not there when it is to be quiet, or says nothing about lines that are shown", function()
    assert.equals("", shown({ quiet = true }, result(), {}))
    assert.equals("", shown({}, result()))
  end)

  it("counts the names that nobody knows, safely to show", function()
    local text = shown({}, result { unknown = { ["Odd \27[31m"] = 3, Frob = 1 } })
    assert.equals("1,234 events\nactions with unknown names: Frob (1), Odd \\x1b[31m (3)\n", text)
  end)

  it("is an object with --json, where no event stands in its way", function()
    local err, out = shown({ json = true }, result { unknown = { X = 2 } }, {})
    assert.equals("", err)
    assert.same(
      { events = 1234, duplicates = 5, refused = 0, unknown = { X = 2 } },
      json.decode(out)
    )
    err, out = shown({ json = true }, result { cursor = "c", position = 1781528400 })
    assert.equals("", out)
    assert.equals("2026-06-15T13:00:00Z", json.decode(err).position)
  end)
end)

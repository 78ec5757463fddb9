local check = require "spec.support.check"
local cli = require "spec.support.cli"
local exporting = require "lastpass.cli.exporting"
local session_room = require "lastpass.cli.session"
local streams_room = require "lastpass.cli.streams"

describe("what events --follow and export have in common", function()
  local function fails(options)
    local session = session_room.new(options, streams_room.new(cli.streams()))
    return check.failure("argument", nil, exporting.run(session, false, "text"))
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
    local choices = exporting.format_option("x").choices
    assert.same(require("lastpass.export.formats").names, choices)
  end)
end)

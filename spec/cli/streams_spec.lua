local cli = require "spec.support.cli"
local streams_module = require "lastpass.cli.streams"

local function broken(message, number)
  return setmetatable({}, {
    __index = function(_, name)
      if name == "setvbuf" then
        return function() end
      end
      return function()
        return nil, message, number
      end
    end,
  })
end

describe("streams", function()
  it("write data and what is said apart", function()
    local streams = streams_module.new(cli.streams())
    streams:write("a", "b")
    streams:say "c"
    assert.equals("ab", streams.out:text())
    assert.equals("c\n", streams.err:text())
  end)

  it("raise the end when nobody reads any more", function()
    local streams = streams_module.new { out = broken("Broken pipe", 32), out_is_terminal = false }
    streams.ends_with_reader = true
    local ok, raised = pcall(streams.write, streams, "x")
    assert.is_false(ok)
    assert.equals(streams_module.CLOSED, raised)
    assert.equals("nobody reads the output any more", tostring(raised))
  end)

  it("go on without a reader where something is to be done", function()
    local streams = streams_module.new { out = broken("Broken pipe", 32), out_is_terminal = false }
    streams:write "x"
    streams.out = broken("another", 28)
    streams:write "y"
    streams:flush()
  end)

  it("raise what else goes wrong", function()
    local streams = streams_module.new { out = broken("No space left on device", 28) }
    local ok, raised = pcall(streams.flush, streams)
    assert.is_false(ok)
    assert.truthy(raised:find("No space left", 1, true), raised)
  end)
end)

describe("a pipe whose reader goes away", function()
  local place

  setup(function()
    place = cli.start { users = 3000 }
  end)

  teardown(function()
    place:stop()
  end)

  it("ends the program quietly", function()
    for _, form in ipairs { "--ndjson", "--csv", "--json" } do
      local output, code = cli.shell(
        ('{ lastpass users %s; echo "code $?" >&2; } | head -1'):format(form),
        place:environment()
      )
      assert.equals(0, code)
      assert.truthy(output:find("code 0", 1, true), output)
      assert.is_nil(output:find("lastpass:", 1, true), output)
      assert.is_nil(output:find("traceback", 1, true), output)
    end
  end)

  it("changes neither what is done nor the exit code", function()
    -- more text than a pipe holds
    local playbook = place:file(
      [[
      for number = 1, 2000 do
        user(("new%d@x.example"):format(number)) { fullname = ("x"):rep(60) }
      end
      missing "keep"
      limit { create = 5000 }
    ]],
      ".lua"
    )
    local output = cli.shell(
      ('{ lastpass apply %s --yes -q; echo "code $?" >&2; } | true'):format(playbook),
      place:environment()
    )
    assert.truthy(output:find("code 0", 1, true), output)
    local _, listed = place:run "users --ndjson"
    assert.equals(2000, select(2, listed:gsub('"email":"new', "")))
    output = cli.shell('{ lastpass check; echo "code $?" >&2; } | true', place:environment())
    assert.truthy(output:find("code 7", 1, true), output)
  end)

  it("is told from a full disk", function()
    local output, code = cli.shell("lastpass users --ndjson > /dev/full", place:environment())
    assert.equals(1, code)
    assert.truthy(output:find("No space left", 1, true), output)
  end)
end)

local function wanted(when, terminal)
  return streams_module.is_colored {
    options = { color = when },
    streams = { out_is_terminal = terminal },
  }
end

describe("colour", function()
  it("is as --color says", function()
    assert.is_true(wanted("always", false))
    assert.is_false(wanted("never", true))
  end)

  it("is for terminals only", function()
    assert.is_false(wanted(nil, false))
    assert.is_false(wanted("auto", false))
  end)

  it("gives way to NO_COLOR and dumb terminals", function()
    local getenv = os.getenv
    local variables = {}
    os.getenv = function(name) -- luacheck: ignore
      return variables[name]
    end
    local plain = wanted("auto", true)
    variables.NO_COLOR = "1"
    local none = wanted("auto", true)
    variables.NO_COLOR, variables.TERM = "", "dumb"
    local dumb = wanted("auto", true)
    os.getenv = getenv -- luacheck: ignore
    assert.is_true(plain)
    assert.is_false(none)
    assert.is_false(dumb)
  end)

  it("paints whole lines", function()
    assert.equals("\27[31mx\27[0m", streams_module.paint("bad", "x"))
    assert.equals("x", streams_module.paint(nil, "x"))
  end)
end)

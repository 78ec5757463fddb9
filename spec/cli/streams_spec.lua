local cli = require "spec.support.cli"
local streams_room = require "lastpass.cli.streams"

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
    local streams = streams_room.new(cli.streams())
    streams:write("a", "b")
    streams:say "c"
    assert.equals("ab", streams.out:text())
    assert.equals("c\n", streams.err:text())
  end)

  it("raise the end when nobody reads any more", function()
    local streams = streams_room.new { out = broken("Broken pipe", 32), out_is_terminal = false }
    local ok, raised = pcall(streams.write, streams, "x")
    assert.is_false(ok)
    assert.equals(streams_room.CLOSED, raised)
    assert.equals("nobody reads the output any more", tostring(raised))
  end)

  it("raise what else goes wrong", function()
    local streams = streams_room.new { out = broken("No space left on device", 28) }
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

  it("is told from a full disk", function()
    local output, code = cli.shell("lastpass users --ndjson > /dev/full", place:environment())
    assert.equals(1, code)
    assert.truthy(output:find("No space left", 1, true), output)
  end)
end)

local color = require "lastpass.cli.color"

local function wanted(when, terminal)
  return color.is_wanted {
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
    assert.equals("\27[31mx\27[0m", color.paint("bad", "x"))
    assert.equals("x", color.paint(nil, "x"))
  end)
end)

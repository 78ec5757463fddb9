local plain = require "lastpass.cli.repl.plain"

describe("repl.plain", function()
  it("writes small values in one line", function()
    assert.equals("nil", plain.text(nil))
    assert.equals("12", plain.text(12))
    assert.equals("true", plain.text(true))
    assert.equals("{}", plain.text {})
    assert.equals("{ 1, 2, 3 }", plain.text { 1, 2, 3 })
    assert.equals(
      '{ "a", ["a b"] = { y = false }, x = 1 }',
      plain.text {
        "a",
        x = 1,
        ["a b"] = { y = false },
      }
    )
    assert.equals("{ [0] = 1, [1.5] = 2 }", plain.text { [0] = 1, [1.5] = 2 })
  end)

  it("shows texts as they are, but harmless", function()
    assert.equals("two\nlines", plain.text "two\nlines")
    assert.equals("a\\x1b[31mb\n\\u{202e}c", plain.text "a\27[31mb\n\226\128\174c")
    assert.equals('{ "a\\x1b", "say \\"x\\"" }', plain.text { "a\27", 'say "x"' })
  end)

  it("does not show what is named like a secret", function()
    local shown = plain.text { username = "ann", password = "swordfish" }
    assert.equals('{ password = (hidden), username = "ann" }', shown)
    shown = plain.text { { username = "ann", password = "swordfish", groups = ("x"):rep(80) } }
    assert.is_nil(shown:find("swordfish", 1, true))
    assert.truthy(shown:find("(hidden)", 1, true))
    shown = plain.text { text = ("x"):rep(80), provhash = "swordfish" }
    assert.is_nil(shown:find("swordfish", 1, true))
    assert.is_nil(plain.inline({ { { { token = "swordfish" } } } }):find("swordfish", 1, true))
  end)

  it("lays out rows in columns, who they are first", function()
    local lines = {}
    for line in
      (plain.text {
        { zeta = 1, email = "ann@acme.com", list = { 1, 2 } },
        { zeta = true, email = "bob@acme.com", name = "Bob" },
      } .. "\n"):gmatch "(.-)\n"
    do
      lines[#lines + 1] = line
    end
    assert.equals("email         name  list      zeta", lines[1])
    assert.equals("ann@acme.com        { 1, 2 }  1", lines[3])
    assert.equals("bob@acme.com  Bob             true", lines[4])
  end)

  it("writes long lists and records in lines", function()
    local list = {}
    for index = 1, 40 do
      list[index] = "entry " .. index
    end
    local _, breaks = plain.text(list):gsub("\n", "")
    assert.equals(39, breaks)
    local record = plain.text { name = ("x"):rep(70), number = 1, list = { "a", "b" } }
    assert.equals(('list    a, b\nname    "%s"\nnumber  1'):format(("x"):rep(70)), record)
  end)

  it("survives cycles, depth, odd keys and objects that fail", function()
    local cycle = {}
    cycle.cycle = cycle
    assert.truthy(plain.text(cycle):find("{…}", 1, true))
    assert.truthy(plain.text { [print] = 1, [true] = 2, [{}] = 3 })
    local failing = setmetatable({}, {
      __tostring = function()
        error "no"
      end,
    })
    assert.equals("{}", plain.text(failing))
    assert.equals("{ {} }", plain.text { failing })
    local own = setmetatable({}, {
      __tostring = function()
        return "own\27"
      end,
    })
    assert.equals("own\\x1b", plain.text(own))
  end)
end)

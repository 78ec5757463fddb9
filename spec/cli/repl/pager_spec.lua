local pager = require "lastpass.cli.repl.pager"

describe("repl.pager", function()
  -- Shows lines 1 to `count` on a screen; gives what was written, and how often a key was read.
  local function show(count, keys, size)
    local lines, written, asked = {}, {}, 0
    for index = 1, count do
      lines[index] = "line " .. index
    end
    pager.show(table.concat(lines, "\n"), {
      write = function(piece)
        written[#written + 1] = piece
      end,
      size = function()
        if size ~= false then
          return 20, 5
        end
      end,
      key = keys and function()
        asked = asked + 1
        return keys:sub(asked, asked) ~= "" and keys:sub(asked, asked) or nil
      end,
    })
    return table.concat(written), asked
  end

  it("writes short text, and everything where nobody can press a key", function()
    assert.equals("line 1\nline 2\n", (show(2, "")))
    local text, asked = show(4, "")
    assert.equals(0, asked)
    assert.truthy(text:find "line 4\n$")
    assert.truthy(show(50, nil):find "line 50\n$")
    text, asked = show(50, "q", false)
    assert.truthy(text:find "line 50\n$")
    assert.equals(0, asked)
  end)

  it("goes on a screen with space, a line with return, and leaves with q", function()
    local text, asked = show(12, " \nq")
    assert.equals(3, asked)
    assert.truthy(text:find("-- 4 of 12 lines", 1, true), text)
    assert.truthy(text:find("-- 8 of 12 lines", 1, true), text)
    assert.truthy(text:find("-- 9 of 12 lines", 1, true), text)
    assert.truthy(text:find "… 3 more lines\n$", text)
    assert.is_nil(text:find("line 10", 1, true))
    text, asked = show(9, "  ")
    assert.equals(2, asked)
    assert.truthy(text:find "line 9\n$")
  end)

  it("leaves on Ctrl-C, Ctrl-D, escape and the end of input", function()
    for _, keys in ipairs { "\3", "\4", "\27", "" } do
      local text, asked = show(12, keys)
      assert.equals(1, asked)
      assert.truthy(text:find "… 8 more lines\n$", text)
    end
  end)

  it("counts lines that are wider than the screen as often as they are", function()
    local written = {}
    local keys = 0
    pager.show(("x"):rep(70) .. "\nlast\nreally last", {
      write = function(piece)
        written[#written + 1] = piece
      end,
      size = function()
        return 20, 5
      end,
      key = function()
        keys = keys + 1
        return " "
      end,
    })
    assert.equals(1, keys)
    assert.truthy(table.concat(written):find "really last\n$")
  end)
end)

local effort = require "spec.support.effort"
local words = require "lastpass.cli.repl.words"

describe("repl.words", function()
  it("finds what begins so, whatever the case", function()
    local list = words.new { "Sales", "ann@acme.com", "Anna@acme.com", "bob@acme.com", "sALES" }
    local found, total, common = list:starting_with("AN", 10)
    assert.same({ "ann@acme.com", "Anna@acme.com" }, found)
    assert.equals(2, total)
    assert.equals("ann", common)
    assert.same({ "Sales" }, (list:starting_with("s", 10)))
    found, total, common = list:starting_with("zed", 10)
    assert.same({ {}, 0, "zed" }, { found, total, common })
    found, total = list:starting_with("", 2)
    assert.equals(2, #found)
    assert.equals(4, total)
  end)

  it("is good for any letters", function()
    local list = words.new { "Büro Köln", "Büro Kiel", "\255\255" }
    local found, total, common = list:starting_with("büro", 10)
    assert.equals(2, total)
    assert.equals("büro k", common)
    assert.same({ "Büro Kiel", "Büro Köln" }, found)
  end)

  it("finds among 50,000 names without looking at each", function()
    local list = {}
    for index = 1, 50000 do
      list[index] = ("user.%05d@example.com"):format((index * 7919) % 50000)
    end
    local all = words.new(list)
    for index = 1, 500, 7 do
      local instructions = effort.of(function()
        local found, total = all:starting_with(("user.%03d"):format(index), 60)
        assert.equals(60, #found)
        assert.equals(100, total)
      end)
      assert.is_true(instructions < 50000, instructions) -- a step for each name would be as many
    end
  end)
end)

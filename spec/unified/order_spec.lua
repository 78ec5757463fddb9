local order = require "lastpass.unified.order"

local function less(a, b)
  return a < b
end

describe("order", function()
  it("sorts lists of every length as table.sort does, and lets others have their turn", function()
    local state = 7
    local function random()
      state = state * 16807 % 2147483647
      return state
    end
    for _, length in ipairs { 0, 1, 2, 1023, 1024, 1025, 2048, 2049, 5000, 9000 } do
      local list, expected, turns, seen = {}, {}, 0, {}
      while #list < length do
        local number = random()
        if not seen[number] then
          seen[number] = true
          list[#list + 1], expected[#expected + 1] = number, number
        end
      end
      table.sort(expected)
      local sorted = order.sort(list, less, function()
        turns = turns + 1
      end)
      assert.same(expected, sorted)
      assert.is_true(length < 1024 or turns >= length / 1024 - 1)
    end
  end)

  it("leaves alone what is in order", function()
    local list, turns = { 1, 2, 3 }, 0
    assert.equal(
      list,
      order.sort(list, less, function()
        turns = turns + 1
      end)
    )
    assert.equal(0, turns)
  end)

  it("compares numbers that no Lua number holds", function()
    assert.is_true(order.number_before("9007199254740992", "9007199254740993"))
    assert.is_true(order.number_before("9", "10"))
    assert.is_false(order.number_before("10", "9"))
  end)

  it("finds the first place for which something holds", function()
    local list = { 1, 3, 5, 7 }
    for wanted, position in pairs { [0] = 1, [1] = 1, [2] = 2, [7] = 4, [8] = 5 } do
      assert.equal(
        position,
        order.first(#list, function(at)
          return list[at] >= wanted
        end)
      )
    end
    assert.equal(1, order.first(0, error))
  end)
end)

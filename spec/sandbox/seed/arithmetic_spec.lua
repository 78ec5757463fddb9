local arithmetic = require("lastpass.sandbox.seed.arithmetic")

describe("lastpass.sandbox.seed.arithmetic", function()
  it("finds greatest common divisors and inverses", function()
    assert.equal(6, arithmetic.greatest_common_divisor(54, 24))
    assert.equal(1, arithmetic.greatest_common_divisor(329, 565))
    for _, pair in ipairs({ { 3, 7 }, { 123457, 185885 }, { 1, 2 }, { 184, 185 } }) do
      local a, m = pair[1], pair[2]
      assert.equal(1, a * arithmetic.inverse_modulo(a, m) % m)
    end
  end)

  it("gives the same numbers in every Lua", function()
    local random = arithmetic.random(42)
    local list = {}
    for at = 1, 5 do
      list[at] = random(1000)
    end
    local again = arithmetic.random(42)
    for at = 1, 5 do
      assert.equal(list[at], again(1000))
    end
    assert.same({ 937, 74, 951, 907, 148 }, list)
  end)

  it("spreads its numbers", function()
    local random, counts = arithmetic.random(7), {}
    for _ = 1, 10000 do
      local number = random(10)
      counts[number] = (counts[number] or 0) + 1
    end
    for number = 0, 9 do
      assert.is_true(counts[number] > 800 and counts[number] < 1200)
    end
  end)

  it("hashes below its prime", function()
    for index = 0, 1000000, 9973 do
      local one, two = arithmetic.hash(123456789, index)
      assert.is_true(one >= 0 and one < arithmetic.PRIME)
      assert.is_true(two >= 0 and two < arithmetic.PRIME)
    end
  end)
end)

-- Waves of companies, and how many may fail.
-- Runs once: it computes the same under every interpreter.
local waves = require "lastpass.tenants.waves"

describe("lastpass.tenants.waves", function()
  it("are one company, five in a hundred, and the rest", function()
    assert.same({ 1, 25, 474 }, waves.sizes(waves.DEFAULT, 500))
    assert.same({ 1, 1, 8 }, waves.sizes(waves.DEFAULT, 10))
    assert.same({ 1, 1 }, waves.sizes(waves.DEFAULT, 2))
    assert.same({ 1 }, waves.sizes(waves.DEFAULT, 1))
    assert.same({}, waves.sizes(waves.DEFAULT, 0))
  end)

  it("leave no company out, and have none twice", function()
    for companies = 0, 300, 7 do
      local lists = { waves.DEFAULT, { 3 }, { "50%", "50%" }, { "100%", 1 }, { "0.1%", 500 } }
      for _, list in ipairs(lists) do
        local sum = 0
        for _, size in ipairs(waves.sizes(list, companies)) do
          assert.is_true(size > 0)
          sum = sum + size
        end
        assert.equal(companies, sum)
        assert.equal(companies, #waves.numbers(waves.sizes(list, companies)))
      end
    end
    assert.same({ 1, 2, 2, 3 }, waves.numbers { 1, 2, 1 })
  end)

  it("are read from a command line", function()
    assert.same({ 1, "5%", "rest" }, waves.parse "1,5%,rest")
    assert.same({ 2, "10%" }, waves.parse " 2 , 10% ")
    local mistakes = { "", ",", "rest,1", "0", "0%", "1;2", "101%", "-1", "1.5", "1,,2", "two" }
    for _, wrong in ipairs(mistakes) do
      local found, expected = waves.parse(wrong)
      assert.is_nil(found, wrong)
      assert.matches("5%%", expected)
    end
    assert.is_nil(waves.parse(("1,"):rep(60) .. "1"))
    for _, wrong in ipairs { 1, {}, { "rest", 1 }, { a = 1 }, { 1, a = 2 }, { true } } do
      assert.is_false((waves.check(wrong)))
    end
  end)

  it("stop at the first failure of the first company, and at the budget after it", function()
    local sizes = waves.sizes(waves.DEFAULT, 500)
    assert.same({ 0, 1, 25 }, waves.allowances(waves.DEFAULT_BUDGET, sizes))
    assert.same({ 0, 0, 0 }, waves.allowances(0, sizes))
    assert.same({ 3, 3, 3 }, waves.allowances(3, sizes))
    assert.is_true((waves.check_budget "100%"))
    for _, wrong in ipairs { "x", -1, "101%", {}, 1.5 } do
      assert.is_false((waves.check_budget(wrong)))
    end
  end)
end)

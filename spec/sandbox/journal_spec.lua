local journals = require("lastpass.sandbox.journal")

describe("lastpass.sandbox.journal", function()
  local function numbers(entries)
    local list = {}
    for at, entry in ipairs(entries) do
      list[at] = entry.number
    end
    return list
  end

  it("keeps the newest entries only", function()
    local journal = journals.new(3)
    assert.same({}, journal:entries())
    for _ = 1, 5 do
      journal:add({ command = "x" })
    end
    assert.same({ 3, 4, 5 }, numbers(journal:entries()))
    assert.same({ 4, 5 }, numbers(journal:entries(2)))
    assert.equal(5, journal.count)
  end)

  it("finds a command's entries", function()
    local journal = journals.new()
    for number = 1, 6 do
      journal:add({ command = number % 2 == 0 and "even" or "odd" })
    end
    assert.same({ 2, 4, 6 }, numbers(journal:entries(nil, "even")))
    assert.same({ 3, 5 }, numbers(journal:entries(2, "odd")))
  end)

  it("forgets", function()
    local journal = journals.new()
    journal:add({})
    journal:clear()
    assert.same({}, journal:entries())
    assert.equal(0, journal.count)
  end)
end)

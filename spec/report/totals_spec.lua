local totals = require "lastpass.report.totals"

describe("lastpass.report.totals", function()
  local function share(part, whole)
    return {
      { name = "a", title = "A", kind = "count", value = part },
      { name = "b", title = "B", kind = "count", value = whole },
      { name = "s", title = "S", kind = "share", part = "a", whole = "b" },
    }
  end

  it("computes shares and percentiles of what stands beside them", function()
    local list = share(1, 4)
    list[4] = { name = "p50", title = "P", kind = "duration", percent = 50, field = "took" }
    totals.complete(list, { { took = 9 }, {}, { took = 1 }, { took = 5 } })
    assert.equal(0.25, list[3].value)
    assert.equal(5, list[4].value)
    local nothing = share(0, 0)
    totals.complete(nothing, {})
    assert.is_nil(nothing[3].value)
  end)

  it("adds up what can be added, and divides the sums", function()
    local sums = totals.sums()
    for _, one in ipairs { { 1, 2 }, { 1, 98 } } do
      local list = share(one[1], one[2])
      list[4] = { name = "r", title = "R", kind = "count", value = 9, is_same = true }
      totals.complete(list, {})
      sums:add(list)
    end
    local list, notes = sums:list {}
    assert.same({}, notes)
    assert.equal(2, list[1].value)
    assert.equal(100, list[2].value)
    assert.equal(0.02, list[3].value) -- not the mean of 0.5 and 0.0102
    assert.equal(9, list[4].value)
  end)

  it("says what is not known of some companies, and divides only what is known of both", function()
    local sums = totals.sums()
    sums:add(share(5, 10))
    sums:add(share(90, nil))
    local list, notes = sums:list {}
    assert.equal(95, list[1].value)
    assert.equal(10, list[2].value)
    assert.equal(0.5, list[3].value)
    assert.same({
      "“B” is known of 1 of 2 companies, and is of those.",
      "“S” is known of 1 of 2 companies, and is of those.",
    }, notes)
  end)

  it("knows nothing of no company", function()
    assert.same({}, (totals.sums():list {}))
    local sums = totals.sums()
    sums:add(share(nil, nil))
    assert.is_nil(sums:list({})[1].value)
  end)
end)

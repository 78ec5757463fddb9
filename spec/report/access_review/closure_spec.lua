local closure = require "lastpass.report.access_review.closure"
local planted = require "spec.support.planted"

describe("lastpass.report.access_review.closure", function()
  local box

  setup(function()
    box = planted.start()
    planted.plant(box, { { "ann@x.example", { groups = { "A" } } } })
  end)

  teardown(function()
    box:stop()
  end)

  it("puts each thing into one class, by decision and by what is there", function()
    local items, by_id = {}, {}
    for _, decision in ipairs { "keep", "remove", "undecided" } do
      for _, group in ipairs { "A", "B" } do -- A is there, B is not
        local id = decision .. " " .. group
        items[#items + 1] = { id = id, person = "Ann@x.example", kind = "group", what = group }
        by_id[id] = { decision = decision, comment = "" }
      end
    end
    items[#items + 1] = { id = "no row", person = "ann@x.example", kind = "group", what = "A" }
    local one = assert(closure.make(box:client(), {
      campaign = { items = items, statement = { read_at = "2026-06-01T00:00:00Z" } },
      by_id = by_id,
      counts = { keep = 2, remove = 2, undecided = 3 },
      problems = { {} },
    }))
    local classes = {}
    for _, row in ipairs(one.rows) do
      classes[row.id] = row.class
    end
    assert.same({
      ["keep A"] = "kept",
      ["keep B"] = "gone",
      ["remove A"] = "open",
      ["remove B"] = "removed",
      ["undecided A"] = "undecided",
      ["undecided B"] = "gone",
      ["no row"] = "undecided",
    }, classes)
    assert.equal(4, one:total "decided")
    assert.is_false(one.statement.complete)
  end)
end)

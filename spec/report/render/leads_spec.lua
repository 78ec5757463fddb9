local leads = require "lastpass.report.render.leads"

describe("lastpass.report.render.leads", function()
  local one = {
    rows = {
      { email = "a", class = "x", findings = { "weak", "old" }, company = "c1" },
      { email = "b", class = "y", findings = {}, company = "c1" },
      { email = "c", class = "x", findings = { "old" }, waived = true, company = "c2" },
    },
  }

  it("leads to the rows that a figure counts", function()
    local page = leads.new(10)
    assert.equal("#only-1", page:to(one, "Old", { findings = "old" }))
    assert.equal("#only-2", page:to(one, "X of c1", { class = { "x", "z" }, company = "c1" }))
    assert.equal("#only-3", page:to(one, "Open", { waived = false }))
    assert.same({ "o1 o2 o3", "o3", "o1" }, {
      page:class(one.rows[1]),
      page:class(one.rows[2]),
      page:class(one.rows[3]),
    })
    local before = page:before(one, "results").text
    assert.matches('id="only-1"', before, 1, true)
    assert.matches('Only “Old”: 2 of 3 rows. <a href="#results">Show all</a>', before, 1, true)
    assert.matches('<a href="#only-1">Old (2)</a>', before, 1, true)
    assert.is_nil(before:find('<a href="#only-2">', 1, true)) -- of one company
    assert.matches("#only-2:target~.scroll .o2", page:style(), 1, true)
  end)

  it("has no rule that a browser would try on every row, for every mark", function()
    local page = leads.new(10)
    for _, email in ipairs { "a", "b", "c" } do
      page:to(one, email, { email = email })
    end
    local on_every_row = 0
    for selector in page:style():gsub("%b{}", ","):gmatch "[^,]+" do
      on_every_row = on_every_row + (selector:find "tr%s*$" and 1 or 0)
    end
    assert.equal(1, on_every_row)
  end)

  it("leads nowhere when not all rows are there, or none", function()
    local page = leads.new(2)
    assert.is_nil(page:to(one, "Old", { findings = "old" })) -- the third row is cut off
    assert.is_nil(page:to(one, "None", { class = "z" }))
    assert.is_nil(page:to(one, "Y", { class = "y" }, 5))
    assert.equal("", page:style())
    assert.is_nil(page:before(one, "results"))
    assert.is_false(page:class(one.rows[1]))
  end)
end)

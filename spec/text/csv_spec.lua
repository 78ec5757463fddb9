local csv = require "lastpass.text.csv"

describe("lastpass.text.csv", function()
  it("guards what a spreadsheet takes for a formula, and gives every text back", function()
    for _, text in ipairs { "=a", "'", "'a", "''=", "+1", "-", "@", "\tx", "\rx", "\nx" } do
      assert.equal("'" .. text, csv.guard(text))
      assert.equal(text, csv.unguard(csv.guard(text)))
    end
    for _, text in ipairs { "", "a", "a'b", "1=1", " =1", "é" } do
      assert.equal(text, csv.guard(text))
      assert.equal(text, csv.unguard(text))
    end
    -- a quote of somebody else's stays
    assert.equal("'tis", csv.unguard "'tis")
  end)

  it("writes lines as RFC 4180 has them", function()
    assert.equal(
      'a,"b,c","d ""e""","f\ng"," h "\r\n',
      csv.line { "a", "b,c", 'd "e"', "f\ng", " h " }
    )
    assert.equal("'=1,-3,'-3\r\n", csv.line { "=1", -3, "-3" })
    assert.equal("=1,-3\r\n", csv.line({ "=1", "-3" }, { guard = false }))
  end)

  it("writes values of every kind, and a blank for NUL", function()
    assert.equal("true,3,2.5,a;b,,x y\r\n", csv.line { true, 3.0, 2.5, { "a", "b" }, "", "x\0y" })
    local form = { separator = "; ", yes = "yes", no = "no" }
    assert.equal("no,a; b\r\n", csv.line({ false, { "a", "b" } }, { form = form }))
  end)
end)

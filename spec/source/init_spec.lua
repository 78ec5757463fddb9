local source = require "lastpass.source"

describe("source", function()
  it("loads a kind on first use and keeps its opener", function()
    local opener = source.csv
    assert.is_function(opener)
    assert.equal(opener, rawget(source, "csv"))
  end)

  it("knows no other kind", function()
    assert.is_nil(source.xls)
  end)

  it("checks and folds an address", function()
    assert.equal("ann@acme.com", source.email " Ann@Acme.com ")
    local key, reason = source.email "ann"
    assert.is_nil(key)
    assert.equal("it has no @", reason)
  end)
end)

local names = require "lastpass.unified.names"

describe("names", function()
  it("are split into first and last", function()
    local cases = {
      { "Ada King Lovelace", "Ada", "King Lovelace" },
      { "  Vincent   van der  Berg ", "Vincent", "van der Berg" },
      { "Lovelace, Ada", "Ada", "Lovelace" },
      { "A, B, C", "A,", "B, C" },
      { "Plato", "Plato", nil },
      { "Plato,", nil, "Plato" },
      { "", nil, nil },
      { "  ", nil, nil },
    }
    for _, case in ipairs(cases) do
      local first, last = names.split(case[1])
      assert.equal(case[2], first, case[1])
      assert.equal(case[3], last, case[1])
    end
    assert.is_nil((names.split(nil)))
  end)

  it("are joined, the whole name before its parts", function()
    assert.equal("Ada Lovelace", names.join { first_name = " Ada ", last_name = "Lovelace" })
    assert.equal("Ann", names.join { name = "Ann", first_name = "Ada" })
    assert.equal("Ada", names.join { first_name = "Ada" })
    assert.is_nil(names.join {})
    assert.is_nil(names.join { first_name = " " })
  end)
end)

local user_object = require "lastpass.unified.user_object"

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
      local first, last = user_object.split_name(case[1])
      assert.equal(case[2], first, case[1])
      assert.equal(case[3], last, case[1])
    end
    assert.is_nil((user_object.split_name(nil)))
  end)

  it("are joined, the whole name before its parts", function()
    assert.equal(
      "Ada Lovelace",
      user_object.join_name { first_name = " Ada ", last_name = "Lovelace" }
    )
    assert.equal("Ann", user_object.join_name { name = "Ann", first_name = "Ada" })
    assert.equal("Ada", user_object.join_name { first_name = "Ada" })
    assert.is_nil(user_object.join_name {})
    assert.is_nil(user_object.join_name { first_name = " " })
    assert.is_nil(user_object.join_name { name = "" })
  end)

  it("keep the part that nothing is said of", function()
    local cases = {
      { { last_name = "Smith" }, "Ada King Lovelace", "Ada Smith" },
      { { first_name = "Bo" }, "Ada King Lovelace", "Bo King Lovelace" },
      { { first_name = "Bo" }, "Lovelace, Ada", "Bo Lovelace" },
      { { last_name = "" }, "Ada King Lovelace", "Ada" },
      { { first_name = " " }, "Ada King Lovelace", "King Lovelace" },
      { { last_name = "Smith" }, "Plato", "Plato Smith" },
      { { last_name = "Smith" }, nil, "Smith" },
      { { first_name = "", last_name = "" }, "Ada Lovelace", "" },
      { { first_name = "" }, "Plato", "" },
      { { name = " " }, "Ada Lovelace", "" },
    }
    for _, case in ipairs(cases) do
      assert.equal(case[3], user_object.join_name(case[1], case[2]), case[2])
    end
  end)

  it("are no change where they are so already, and the part that is not is one", function()
    local shown = { name = "Ada King Lovelace", first_name = "Ada", last_name = "King Lovelace" }
    assert.is_nil(user_object.join_name(shown, " Ada  King Lovelace"))
    shown.last_name = "Smith"
    assert.equal("Ada Smith", user_object.join_name(shown, "Ada King Lovelace"))
    shown.name = "A. Smith"
    assert.equal("A. Smith", user_object.join_name(shown, "Ada King Lovelace"))
    local swapped = { name = "Lovelace, Ada", first_name = "Ada", last_name = "Lovelace" }
    assert.is_nil(user_object.join_name(swapped, "Lovelace, Ada"))
    assert.is_nil(user_object.join_name({}, "Ada Lovelace"))
  end)
end)

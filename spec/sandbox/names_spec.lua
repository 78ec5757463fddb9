local names = require("lastpass.sandbox.names")

describe("lastpass.sandbox.names", function()
  it("has many names of many cultures", function()
    assert.is_true(#names.first.display >= 200)
    assert.is_true(#names.last.display >= 400)
    local beyond_ascii = 0
    for _, list in ipairs({ names.first, names.last }) do
      for _, name in ipairs(list.display) do
        if name:find("[\128-\255]") then
          beyond_ascii = beyond_ascii + 1
        end
      end
    end
    assert.is_true(beyond_ascii > 60)
  end)

  it("has ASCII mail forms that name their index", function()
    for _, list in ipairs({ names.first, names.last }) do
      for at, mail in ipairs(list.mail) do
        assert.matches("^[a-z][a-z%-]+$", mail)
        assert.equal(at, list.index[mail])
      end
    end
  end)

  it("writes blanks and apostrophes in the display form only", function()
    local at = names.last.index["delacruz"]
    assert.equal("De la Cruz", names.last.display[at])
    assert.equal("O'Brien", names.last.display[names.last.index["obrien"]])
    assert.equal("Zoë", names.first.display[names.first.index["zoe"]])
  end)

  it("has departments with a slash, an ampersand and an accent", function()
    local all = table.concat(names.departments.display, "|")
    assert.truthy(all:find("IT/Operations", 1, true))
    assert.truthy(all:find("Legal & Compliance", 1, true))
    assert.truthy(all:find("Qualité Europe", 1, true))
  end)
end)

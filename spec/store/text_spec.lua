local text = require "lastpass.store.text"

describe("store.text", function()
  it("leaves alone what can be stored", function()
    for _, plain in ipairs { "", "a", "Žofie Bréton", "\1\n\127", "\240\159\152\128" } do
      assert.is_true(text.is_plain(plain))
      assert.equal(plain, text.repair(plain))
    end
  end)

  it("puts U+FFFD for each byte that cannot", function()
    for wrong, repaired in pairs {
      ["a\0b"] = "a\239\191\189b",
      ["\0"] = "\239\191\189",
      ["\255\254"] = "\239\191\189\239\191\189",
      ["Žo\195"] = "Žo\239\191\189",
      ["\237\160\128"] = ("\239\191\189"):rep(3), -- half of a surrogate pair
      ["\192\128x"] = ("\239\191\189"):rep(2) .. "x", -- overlong
    } do
      assert.is_false(text.is_plain(wrong))
      assert.equal(repaired, text.repair(wrong))
      assert.is_true(text.is_plain(repaired))
    end
  end)
end)

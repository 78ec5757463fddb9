-- Texts beyond ASCII, character by character.
local characters = require "lastpass.text.characters"

describe("lastpass.text.characters", function()
  it("tells whether a text is UTF-8", function()
    for text, expected in pairs {
      [""] = true,
      ["plain"] = true,
      ["J\195\188rgen \226\130\172 \240\159\152\128"] = true,
      ["J\252rgen"] = false,
      ["a\255"] = false,
      ["\195"] = false,
      ["\237\160\128"] = false, -- a surrogate
      ["\192\128"] = false, -- longer than it need be
      ["\244\144\128\128"] = false, -- beyond Unicode
    } do
      assert.equal(expected, characters.is_utf8(text))
    end
  end)

  it("know a line that reads as it is written", function()
    for text, expected in pairs {
      ["Ann's phone"] = true,
      ["Zürich, Ελλάδα"] = true,
      ["\226\128\143"] = true, -- a mark that turns nothing around
      [""] = false,
      ["1234567890123456789012345"] = false,
      ["a\nb"] = false,
      ["a\0b"] = false,
      ["\127"] = false,
      ["\194\133"] = false, -- next line
      ["\226\128\168"] = false, -- line separator
      ["\226\128\174"] = false, -- right-to-left override
      ["\226\129\166"] = false, -- left-to-right isolate
      ["\255"] = false,
    } do
      assert.equal(expected, characters.is_line(text, 24), text)
    end
  end)

  it("are not cut in two where a text is made shorter", function()
    assert.equal("Zürich", characters.beginning("Zürich", 7))
    assert.equal("Zü", characters.beginning("Zürich", 3))
    assert.equal("Z", characters.beginning("Zürich", 2))
    assert.equal("a", characters.beginning("a\240\159\145\141", 4))
    assert.equal("", characters.beginning("\240\159\145\141", 3))
    assert.equal("", characters.beginning(("\128"):rep(9), 5)) -- that is no text
  end)
end)

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
end)

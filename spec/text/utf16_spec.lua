local utf16 = require "lastpass.text.utf16"

describe("lastpass.text.utf16", function()
  local texts = {
    [""] = "",
    ["A1"] = "A\0001\000",
    ["\0"] = "\0\0",
    ["\195\188"] = "\252\0",
    ["a\226\130\172"] = "a\0\172\32",
    ["\240\159\152\128"] = "\61\216\0\222",
    ["\244\143\191\191x"] = "\255\219\255\223x\0",
    ["\239\191\191"] = "\255\255",
    ["\228\132\128"] = "\0\65", -- an ASCII byte at the wrong place
  }

  it("writes and reads all of Unicode", function()
    for text, bytes in pairs(texts) do
      assert.equal(bytes, utf16.encode(text))
      assert.equal(text, utf16.decode(bytes))
    end
  end)

  it("refuses what is neither", function()
    for _, text in ipairs { "\255", "a\192\128", "\237\160\128", "\226\130" } do
      assert.is_nil(utf16.encode(text))
    end
    for _, bytes in ipairs {
      "a",
      "a\0b",
      "\0\216",
      "\0\220",
      "\0\216a\0",
      "\0\220\0\216",
      "\0\216\0\216",
    } do
      assert.is_nil(utf16.decode(bytes))
    end
  end)
end)

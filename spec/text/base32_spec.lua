-- Base32: the vectors of RFC 4648, and what people type.
local base32 = require "lastpass.text.base32"

describe("text.base32", function()
  it("writes and reads the vectors of RFC 4648", function()
    for bytes, text in pairs {
      [""] = "",
      f = "MY",
      fo = "MZXQ",
      foo = "MZXW6",
      foob = "MZXW6YQ",
      fooba = "MZXW6YTB",
      foobar = "MZXW6YTBOI",
    } do
      assert.equal(text, base32.encode(bytes))
      assert.equal(bytes, base32.decode(text))
      assert.equal(bytes, base32.decode(text:lower() .. "==="))
    end
  end)

  it("reads all bytes back", function()
    for length = 0, 64 do
      local bytes = {}
      for at = 1, length do
        bytes[at] = string.char((at * 37 + length * 101) % 256)
      end
      local text = table.concat(bytes)
      assert.equal(text, base32.decode(base32.encode(text)))
    end
  end)

  it("does not mind what people do with it, and refuses what is none", function()
    assert.equal("foobar", base32.decode " mzxw-6ytb oi======\n")
    for _, text in ipairs { "M", "MZX", "MZXW6Y", "MZXW1", "MZXW8", "M=Y", "MZXW6YTBOI!", "ü" } do
      assert.is_nil(base32.decode(text))
    end
  end)
end)

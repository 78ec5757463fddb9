local base64url = require "lastpass.unified.base64url"

describe("base64url", function()
  it("writes the examples of RFC 4648, without padding", function()
    local expected = { f = "Zg", fo = "Zm8", foo = "Zm9v", foob = "Zm9vYg", fooba = "Zm9vYmE" }
    for text, encoded in pairs(expected) do
      assert.equal(encoded, base64url.encode(text))
      assert.equal(text, base64url.decode(encoded))
    end
    assert.equal("-_-_", base64url.encode(base64url.decode "-_-_"))
  end)

  it("brings every byte back", function()
    local bytes = {}
    for byte = 0, 255 do
      bytes[#bytes + 1] = string.char(byte)
    end
    local text = table.concat(bytes)
    for length = 0, 256 do
      assert.equal(text:sub(1, length), base64url.decode(base64url.encode(text:sub(1, length))))
    end
  end)

  it("refuses what is none, and every second spelling of the same bytes", function()
    for _, text in ipairs { "a", "Zg==", "Zm+v", "Zm/v", "Zm v", "Zh", "Zm9" } do
      assert.is_nil(base64url.decode(text), text)
    end
  end)
end)

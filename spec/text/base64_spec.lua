local base64 = require "lastpass.text.base64"

describe("lastpass.text.base64", function()
  local function every_byte()
    local bytes = {}
    for byte = 0, 255 do
      bytes[#bytes + 1] = string.char(byte)
    end
    return table.concat(bytes)
  end

  it("writes the examples of RFC 4648, for addresses without padding", function()
    local known = {
      [""] = "",
      f = "Zg==",
      fo = "Zm8=",
      foo = "Zm9v",
      foob = "Zm9vYg==",
      fooba = "Zm9vYmE=",
      foobar = "Zm9vYmFy",
      ["\251\255\191"] = "+/+/",
    }
    for bytes, text in pairs(known) do
      assert.equal(text, base64.encode(bytes))
      assert.equal(bytes, base64.decode(text))
      local for_address = text:gsub("=", ""):gsub("%+", "-"):gsub("/", "_")
      assert.equal(for_address, base64.url.encode(bytes))
      assert.equal(bytes, base64.url.decode(for_address))
    end
  end)

  it("brings every byte back", function()
    local text = every_byte()
    for length = 0, 256 do
      local part = text:sub(1, length)
      assert.equal(part, base64.decode(base64.encode(part)))
      assert.equal(part, base64.url.decode(base64.url.encode(part)))
    end
  end)

  it("refuses what is none, and every second spelling of the same bytes", function()
    local bad =
      { "a", "Zg", "a===", "ab!d", "=abc", "Zg==Zg==", "Zh==", "Zm9=", "Zm-v", "Zm v", "=" }
    for _, text in ipairs(bad) do
      assert.is_nil(base64.decode(text), text)
    end
    bad = { "a", "Zg==", "Zm+v", "Zm/v", "Zm v", "Zh", "Zm9", "=", "Z" }
    for _, text in ipairs(bad) do
      assert.is_nil(base64.url.decode(text), text)
    end
  end)

  it("decodes nothing but what it would write", function()
    math.randomseed(7)
    for _ = 1, 5000 do
      local text = {}
      for place = 1, math.random(0, 9) do
        text[place] = string.char(math.random(0, 255))
      end
      text = table.concat(text)
      local bytes = base64.decode(text)
      assert.is_true(bytes == nil or base64.encode(bytes) == text)
    end
  end)
end)

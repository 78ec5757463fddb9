local base64 = require("lastpass.sandbox.base64")

describe("lastpass.sandbox.base64", function()
  it("agrees with RFC 4648", function()
    local known = { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foobar = "Zm9vYmFy" }
    for bytes, text in pairs(known) do
      assert.equal(text, base64.encode(bytes))
      assert.equal(bytes, base64.decode(text))
    end
  end)

  it("carries every byte", function()
    local bytes = {}
    for byte = 0, 255 do
      bytes[#bytes + 1] = string.char(byte, 255 - byte, byte)
    end
    local all = table.concat(bytes)
    assert.equal(all, base64.decode(base64.encode(all)))
  end)

  it("refuses what is none", function()
    for _, text in ipairs({ "a", "ab=", "a===", "ab!d", "=abc", "Zg==Zg==" }) do
      assert.is_nil(base64.decode(text))
    end
  end)
end)

-- Strict Base64 of messages: one text for each string of bytes, but for white space.
local base64 = require "lastpass.text.base64"
local xmldsig = require "lastpass.xmldsig"

describe("xmldsig.from_base64", function()
  it("reads what was written, with line breaks or without", function()
    local all = {}
    for byte = 0, 255 do
      all[#all + 1] = string.char(byte)
    end
    all = table.concat(all)
    for length = 0, 40 do
      local bytes = all:sub(200 - length, 199 + length)
      local text = base64.encode(bytes)
      assert.equal(bytes, xmldsig.from_base64(text))
      assert.equal(bytes, xmldsig.from_base64((text:gsub(".", "%0\r\n"))))
    end
    local large = all:rep(1000)
    assert.equal(large, xmldsig.from_base64(base64.encode(large)))
  end)

  it("refuses every other spelling", function()
    for _, text in ipairs {
      "Q",
      "QQ",
      "QQ=",
      "QQ===",
      "QR==",
      "QUI",
      "QUJ=",
      "=",
      "====",
      "QQ==QQ==",
      "QQ=\0=",
      "QU-_",
      "Q\0Q=",
      "QUI\255",
      "QQ==x",
      "=QQ=",
    } do
      assert.is_nil(xmldsig.from_base64(text), text)
    end
    assert.has_error(function()
      xmldsig.from_base64()
    end)
    assert.has_error(function()
      xmldsig.from_base64("QQ==", 5)
    end)
  end)
end)

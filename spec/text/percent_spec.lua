local percent = require "lastpass.text.percent"

describe("lastpass.text.percent", function()
  it("leaves unreserved characters and encodes every other byte", function()
    assert.equal("azAZ09-._~", percent.encode "azAZ09-._~")
    assert.equal("a%20b%2Fc%3F%26%3D%25%2B", percent.encode "a b/c?&=%+")
    assert.equal("%00%C3%A9%FF", percent.encode "\0\195\169\255")
    assert.equal("", percent.encode "")
  end)

  it("decodes, or says that it cannot", function()
    assert.equal("a b/c+\0\255", percent.decode "a%20b%2fc+%00%FF")
    assert.equal("a b c", percent.decode("a+b%20c", true))
    for _, text in ipairs { "%", "a%2", "%zz", "%%41" } do
      assert.is_nil(percent.decode(text))
    end
    for byte = 0, 255 do
      local one = string.char(byte)
      assert.equal(one, percent.decode(percent.encode(one)))
      assert.equal(one, percent.decode(percent.encode(one), true))
    end
  end)

  it("takes forms apart, in their order, with what is there twice", function()
    assert.same({
      { name = "a", value = "1 2", raw_name = "a", raw_value = "1+2" },
      { name = "b", value = "", raw_name = "%62", raw_value = "" },
      { name = "a", value = "x=y", raw_name = "a", raw_value = "x=y" },
      { name = "c", value = "", raw_name = "c", raw_value = "" },
    }, percent.form "a=1+2&%62=&&a=x=y&c")
    assert.same({}, percent.form "")
    assert.is_nil(percent.form "a=%4")
    local list, message = percent.form("a&b&c", 2)
    assert.is_nil(list)
    assert.equal("there are more than 2 parameters", message)
  end)
end)

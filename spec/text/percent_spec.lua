local percent = require "lastpass.text.percent"

describe("lastpass.text.percent", function()
  it("leaves unreserved characters and encodes every other byte", function()
    assert.equal("azAZ09-._~", percent.encode "azAZ09-._~")
    assert.equal("a%20b%2Fc%3F%26%3D%25%2B", percent.encode "a b/c?&=%+")
    assert.equal("%00%C3%A9%FF", percent.encode "\0\195\169\255")
    assert.equal("", percent.encode "")
  end)
end)

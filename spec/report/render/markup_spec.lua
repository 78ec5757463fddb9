local escape = require("lastpass.report.render.markup").escape

describe("lastpass.report.render.markup", function()
  it("makes any text safe", function()
    assert.equal("&lt;a href=&quot;x&quot;&gt; &amp; &#39;y&#39;", escape "<a href=\"x\"> & 'y'")
    assert.equal("a\\x00b\\nc", escape "a\0b\nc")
    assert.equal("\\xff", escape "\255")
    assert.equal("é 日本", escape "é 日本")
    assert.equal("3", escape(3))
  end)
end)

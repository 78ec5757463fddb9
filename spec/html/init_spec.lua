local html = require "lastpass.html"

describe("lastpass.html", function()
  local function text(markup)
    return markup.text
  end

  it("escapes texts and attributes, wherever they stand", function()
    local hostile = [[<b a="x" b='y'>&]]
    assert.equal(
      '<p title="&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;">'
        .. "&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;</p>",
      text(html.p({ title = hostile }, hostile))
    )
    assert.equal("<p>&lt;i&gt;&lt;i&gt;</p>", text(html.p({ "<i>", { "<i>" } })))
  end)

  it("shows marks that turn the direction of writing", function()
    assert.equal("<p>a\\u{202e}b</p>", text(html.p "a\226\128\174b"))
  end)

  it("takes what it made itself as it is, and lists as what is in them", function()
    assert.equal("<p><b>x</b>1</p>", text(html.p(html.b "x", { nil, false, {} }, 1)))
    assert.equal("<p></p>", text(html.p()))
    assert.equal("<i>1</i><b>2</b>", text(html.join(html.i "1", html.b "2")))
    assert.equal("<i>1</i>", tostring(html.i "1"))
  end)

  it("writes attributes in order, bare ones for true, none for false", function()
    assert.equal(
      '<input aria-label="x" name="n" required>',
      text(html.input { required = true, name = "n", ["aria-label"] = "x", value = false })
    )
  end)

  it("closes nothing that is void", function()
    assert.equal("<br>", text(html.br()))
    assert.equal("<div></div>", text(html.div()))
  end)

  it("refuses what the policy of the pages would not carry out", function()
    for _, name in ipairs { "onclick", "style", "a b", "x>" } do
      assert.error_matches(function()
        html.p({ [name] = "x" }, "y")
      end, "is not for these pages")
    end
  end)

  it("makes any text safe", function()
    assert.equal(
      "&lt;a href=&quot;x&quot;&gt; &amp; &#39;y&#39;",
      html.escape "<a href=\"x\"> & 'y'"
    )
    assert.equal("a\\x00b\\nc", html.escape "a\0b\nc")
    assert.equal("\\xff", html.escape "\255")
    assert.equal("é 日本", html.escape "é 日本")
    assert.equal("3", html.escape(3))
  end)
end)

local html = require "lastpass.nginx.dashboard.html"
local parts = require "lastpass.nginx.dashboard.parts"

describe("parts", function()
  it("write times for people and for programs", function()
    local text = parts.time(1781528400).text
    assert.equal(
      '<time datetime="2026-06-15T13:00:00Z"><span>2026-06-15</span> <span>13:00</span></time>',
      text
    )
    assert.truthy(parts.time(1781528400, true).text:find("<span>13:00 UTC</span>", 1, true))
    assert.is_nil(parts.time(nil))
  end)

  it("say how long ago something was", function()
    for seconds, expected in pairs {
      [0] = "less than a minute ago",
      [59] = "less than a minute ago",
      [60] = "1 minute ago",
      [7199] = "119 minutes ago",
      [7200] = "2 hours ago",
      [172799] = "47 hours ago",
      [172800] = "2 days ago",
    } do
      assert.equal(expected, parts.ago(1000000 - seconds, 1000000))
    end
  end)

  it("let addresses be broken where one would", function()
    assert.equal("<bdi>a.b@<wbr>x<wbr>.example</bdi>", parts.email("a.b@x.example").text)
    assert.equal("<bdi>API</bdi>", parts.email("API").text)
    assert.equal("<bdi>&lt;@<wbr>&gt;</bdi>", parts.email("<@>").text)
  end)

  it("draw bars of their share; few are not none", function()
    assert.truthy(parts.bar(1, 2).text:find('width="50.00"', 1, true))
    assert.truthy(parts.bar(0, 2).text:find('width="0.00"', 1, true))
    assert.truthy(parts.bar(1, 100000).text:find('width="0.80"', 1, true))
    assert.truthy(parts.bar(0, 0).text:find('width="0.00"', 1, true))
  end)

  it("make tables with a caption, headings and the heading of each row", function()
    local text = parts.table("t", "Things", {
      { title = "Name", class = "name", href = "/x?a=1&b=2", sorted = "ascending" },
      { title = "Count", class = "number" },
    }, { { "<a>", "1" }, { "b" } }).text
    assert.truthy(text:find('<caption id="t">Things</caption>', 1, true))
    assert.truthy(
      text:find(
        '<th aria-sort="ascending" class="name" scope="col">'
          .. '<a class="sorted" href="/x?a=1&amp;b=2">',
        1,
        true
      )
    )
    assert.truthy(
      text:find('<th class="name" scope="row">&lt;a&gt;</th><td class="number">1</td>', 1, true)
    )
    assert.truthy(text:find('<td class="number"></td>', 1, true))
    assert.truthy(text:find('tabindex="0"', 1, true))
  end)

  it("give a column a second name to sort by, and a caption that is not seen", function()
    local other = { title = "E-mail", href = "/e", sorted = "descending" }
    local text = parts.table("t", "x", { { title = "Name", href = "/n", other = other } }, {}, {
      quiet = true,
    }).text
    assert.truthy(text:find('aria-sort="descending"', 1, true))
    assert.truthy(
      text:find('<a href="/n">Name</a> · <a class="sorted" href="/e">E-mail</a>', 1, true)
    )
    assert.truthy(text:find('<caption class="unseen"', 1, true))
  end)

  it("put figures beside one another", function()
    local text = parts.figures({ { "People", "12", "3 groups" }, { "None", "0" } }).text
    assert.equal(
      '<dl class="totals"><div><dt>People</dt><dd>12<small>3 groups</small></dd></div>'
        .. "<div><dt>None</dt><dd>0</dd></div></dl>",
      text
    )
  end)

  it("warn when the directory is old", function()
    local call = { view = { read_at = 1781528400, stale = true }, now = 1781530000 }
    assert.truthy(parts.stale(call).text:find("Not up to date", 1, true))
    call.view.stale = false
    assert.is_nil(parts.stale(call))
    assert.truthy(html.p(parts.freshness(call)).text:find("26 minutes ago", 1, true))
  end)

  it("give a page its head and its sections their names", function()
    assert.equal('<div class="head"><h1>T</h1></div>', parts.head("T", {}).text)
    assert.truthy(
      parts.head("T", { crumb = "c", meta = "m" }).text:find('<p class="crumb">c</p>', 1, true)
    )
    assert.equal(
      '<section aria-labelledby="s"><h2 id="s">S</h2>x</section>',
      parts.section("s", "S", "x").text
    )
  end)
end)

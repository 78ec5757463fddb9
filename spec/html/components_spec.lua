local components = require "lastpass.html.components"

describe("components of pages", function()
  it("let addresses be broken where one would", function()
    assert.equal("<bdi>a.b@<wbr>x<wbr>.example</bdi>", components.email("a.b@x.example").text)
    assert.equal("<bdi>API</bdi>", components.email("API").text)
    assert.equal("<bdi>&lt;@<wbr>&gt;</bdi>", components.email("<@>").text)
  end)

  it("draw bars of their share; few are not none", function()
    assert.truthy(components.bar(1, 2).text:find('width="50.00"', 1, true))
    assert.truthy(components.bar(0, 2).text:find('width="0.00"', 1, true))
    assert.truthy(components.bar(1, 100000).text:find('width="0.80"', 1, true))
    assert.truthy(components.bar(0, 0).text:find('width="0.00"', 1, true))
  end)

  it("make tables with a caption, headings and the heading of each row", function()
    local text = components.table("t", "Things", {
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
    local text =
      components.table("t", "x", { { title = "Name", href = "/n", other = other } }, {}, {
        quiet = true,
      }).text
    assert.truthy(text:find('aria-sort="descending"', 1, true))
    assert.truthy(
      text:find('<a href="/n">Name</a> · <a class="sorted" href="/e">E-mail</a>', 1, true)
    )
    assert.truthy(text:find('<caption class="unseen"', 1, true))
  end)

  it("put figures beside one another", function()
    local text = components.figures({ { "People", "12", "3 groups" }, { "None", "0" } }).text
    assert.equal(
      '<dl class="totals"><div><dt>People</dt><dd>12<small>3 groups</small></dd></div>'
        .. "<div><dt>None</dt><dd>0</dd></div></dl>",
      text
    )
  end)

  -- The two charts of bars, as text.
  local function charts(list)
    return components.chart(list).text:match "^(<svg.-</svg>)(<svg.-</svg>)$"
  end

  local function wide(list)
    return (charts(list))
  end

  local function narrow(list)
    return (select(2, charts(list)))
  end

  local bars = {
    { title = "Large", count = 1000 },
    { title = "Half", count = 500 },
    { title = "One", count = 1 },
    { title = "None", count = 0 },
  }

  local function widths(svg)
    local list = {}
    for width in svg:gmatch '<rect [^>]*width="([%d.]+)"' do
      list[#list + 1] = tonumber(width)
    end
    return list
  end

  it("draws bars as long as their counts; few are not none", function()
    assert.same({ 360, 180, 2, 0 }, widths(wide(bars)))
    assert.same({ 249, 124.5, 2, 0 }, widths(narrow(bars)))
    assert.same({ 0 }, widths(wide { { title = "None", count = 0 } }))
  end)

  it("says the same in words", function()
    local svg = wide(bars)
    assert.truthy(
      svg:find(
        'aria-label="Bar chart: Large 1,000, Half 500, One 1, None 0" class="wide" role="img"',
        1,
        true
      )
    )
    assert.truthy(svg:find(">1,000</text>", 1, true))
    assert.truthy(wide({ { title = "<x>", count = 1 } }):find("&lt;x&gt;", 1, true))
  end)
end)

local components = require "lastpass.html.components"
local html = require "lastpass.html"
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
      components.section("s", "S", "x").text
    )
  end)
end)

describe("lists", function()
  local function page(first, last, count)
    return { first = first, last = last, count = count }
  end

  it("say how many there are, and which of them are shown", function()
    assert.equal("1 person", parts.counted(page(1, 1, 1), "person", "people"))
    assert.equal("0 people", parts.counted(page(1, 0, 0), "person", "people"))
    assert.equal("50 people", parts.counted(page(1, 50, 50), "person", "people"))
    assert.equal("51–100 of 1,234 people", parts.counted(page(51, 100, 1234), "person", "people"))
  end)

  it("lead to the pages before and after", function()
    local function address(more)
      return "/x" .. (more[1] and "?" .. more[1][1] .. "=" .. more[1][2] or "")
    end
    local text = parts.pager({ before = "b", after = "a" }, address).text
    assert.truthy(text:find('href="/x">First', 1, true))
    assert.truthy(text:find('href="/x?before=b" rel="prev">Previous', 1, true))
    assert.truthy(text:find('href="/x?after=a" rel="next">Next', 1, true))
    assert.is_nil(parts.pager({ after = "a" }, address).text:find("First", 1, true))
    assert.is_nil(parts.pager({}, address))
  end)

  it("say what to do where there is nothing", function()
    assert.equal(
      '<div class="empty"><p class="title">Nobody &lt;x&gt;</p><p>Try again</p></div>',
      parts.empty("Nobody <x>", "Try again").text
    )
  end)

  it("tell readers of the screen when they change", function()
    local text = parts.results("3 people", "list").text
    assert.equal('<p id="found" role="status">3 people</p><div id="results">list</div>', text)
  end)
end)

describe("form", function()
  it("gives each field a label", function()
    local text = parts.search('"><script>', "Name").text
    assert.truthy(text:find('<label for="q">Name</label>', 1, true))
    assert.truthy(text:find('value="&quot;&gt;&lt;script&gt;"', 1, true))
    assert.is_nil(text:find("<script", 1, true))
  end)

  it("marks what is chosen", function()
    local text = parts.choice("mfa", { { "", "Any" }, { "no", "None" } }, "no").text
    assert.equal(
      '<select id="mfa" name="mfa"><option value="">Any</option>'
        .. '<option selected value="no">None</option></select>',
      text
    )
  end)

  it("is sent by its button, and says to the script that a list follows", function()
    local text = parts.form("/people", "fields").text
    assert.truthy(text:find('action="/people" class="filters" data-live method="get"', 1, true))
    assert.truthy(text:find('<button type="submit">Show</button>', 1, true))
    assert.truthy(text:find('href="/people">Clear</a>', 1, true))
    assert.truthy(parts.form("/x", "f", true).text:find('class="filters one"', 1, true))
  end)
end)

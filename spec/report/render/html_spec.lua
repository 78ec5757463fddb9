local check = require "spec.support.check"
local reports = require "spec.support.reports"

describe("lastpass.report.render.html", function()
  local page

  setup(function()
    page = assert(reports.sample():render "html")
  end)

  it("is one page that asks for nothing", function()
    assert.truthy(page:find '^<!DOCTYPE html>\n<html lang="en">')
    assert.is_nil(page:find("<script", 1, true))
    assert.is_nil(page:find("@import", 1, true))
    assert.is_nil(page:find "url%(")
    assert.is_nil(page:find 'src="')
    for address in page:gmatch 'href="([^"]*)"' do
      assert.truthy(address == "data:," or address:sub(1, 1) == "#", address)
    end
    assert.truthy(page:find("default-src 'none'", 1, true))
  end)

  it("escapes everything that comes from outside", function()
    assert.is_nil(page:find("alert(1)</script>", 1, true))
    assert.is_nil(page:find("\226\128\174", 1, true))
    assert.is_nil(page:find("\27", 1, true))
    assert.is_nil(page:find("<b>", 1, true))
    assert.is_nil(page:find("<A>", 1, true))
    assert.truthy(
      page:find("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot;", 1, true)
    )
    assert.truthy(page:find("\\u{202e}evil \\x1b[31m", 1, true))
    assert.truthy(page:find("A sample &amp; more", 1, true))
    assert.truthy(page:find("Class &lt;A&gt;", 1, true))
  end)

  it("has the numbers, the sums, the notes and the statement", function()
    assert.truthy(page:find('<td class="number">12,345</td>', 1, true))
    assert.truthy(page:find("<dt>Share</dt><dd>unknown</dd>", 1, true))
    assert.truthy(page:find("<li>Everybody: 2 + 0 + 1 = 3</li>", 1, true))
    assert.truthy(page:find("<li>A note with &lt;angle&gt; brackets.</li>", 1, true))
    assert.truthy(page:find("days = 90; deep = { x = true }; list = a, b", 1, true))
    assert.truthy(page:find("<p>None.</p>", 1, true))
    assert.truthy(page:find('aria-label="Bar chart: Class &lt;A&gt; 2, B 0, C 1"', 1, true))
  end)

  it("is balanced", function()
    local open = {}
    for slash, name in page:gmatch "<(/?)(%l%w*)[^>]*>" do
      if slash == "/" then
        assert.equal(table.remove(open), name)
      elseif not ({ meta = 1, link = 1, rect = 1, line = 1 })[name] then
        open[#open + 1] = name
      end
    end
    assert.same({}, open)
  end)

  it("says so when something is missing", function()
    local one = reports.sample()
    assert.is_nil(page:find("Not complete", 1, true))
    one.statement.complete, one.statement.completeness = false, "not complete: a <row>"
    assert.truthy(one:render("html"):find("Not complete:</strong> a &lt;row&gt;", 1, true))
  end)

  it("cuts long tables, and says where the rest is", function()
    local rows = {}
    for number = 1, 2001 do
      rows[number] = { email = ("p%04d@acme.example"):format(number) }
    end
    local one = reports.sample { rows = rows }
    local cut = one:render "html"
    assert.truthy(cut:find("p2000@acme", 1, true))
    assert.is_nil(cut:find("p2001@acme", 1, true))
    assert.truthy(cut:find("The first 2,000 of 2,001 rows; all of them are in the CSV", 1, true))
    assert.truthy(one:render("html", { max_rows = 3000 }):find("p2001@acme", 1, true))
    check.blamed(function()
      one:render("html", { rows = 1 })
    end)
  end)

  it("escapes all that it puts in", function()
    local mark, count = '<q>&"', 0
    -- every string of a report, but what is a name in the code
    local function spoil(value)
      for key, item in pairs(value) do
        if type(item) == "string" and key ~= "name" and key ~= "kind" then
          value[key], count = mark .. item, count + 1
        elseif type(item) == "table" then
          spoil(item)
        end
      end
    end
    local one = reports.sample()
    spoil(one)
    one.name = mark
    assert.truthy(count > 20)
    local text = one:render "html"
    assert.is_nil(text:find("<q>", 1, true))
    assert.truthy(select(2, text:gsub("&lt;q&gt;&amp;&quot;", "")) > 20)
  end)

  it("has its contents, the company, and figures that lead to their rows", function()
    local one = reports.sample {
      totals = {
        { name = "n", title = "Many", kind = "count", value = 1, where = { count = 12345 } },
      },
    }
    one.statement.company = "acme & co"
    local text = one:render "html"
    assert.truthy(text:find('<nav aria-label="Contents">', 1, true))
    assert.truthy(text:find('<a href="#statement">Statement</a>', 1, true))
    assert.truthy(text:find("<title>acme &amp; co: A sample", 1, true))
    assert.truthy(text:find('<dt>Many</dt><dd><a href="#only-1">1</a></dd>', 1, true))
    assert.truthy(text:find('<tr class="o1">', 1, true))
    assert.truthy(text:find('id="only-1"', 1, true))
  end)

  it("shows the gravity of what is found in colour", function()
    local text = reports
      .sample({
        columns = { { name = "severity", title = "S", tones = { error = "bad" } } },
        rows = { { severity = "error" }, { severity = "note" } },
      })
      :render "html"
    assert.truthy(text:find('<span class="mark bad">error</span>', 1, true))
    assert.is_nil(text:find('">note</span>', 1, true))
  end)

  it("needs no Penlight", function()
    local loaded = package.loaded["pl.template"]
    package.loaded["pl.template"] = nil
    package.preload["pl.template"] = function()
      error "not here"
    end
    local text = reports.sample():render "html"
    package.preload["pl.template"] = nil
    package.loaded["pl.template"] = loaded
    assert.equal(page, text)
  end)
end)

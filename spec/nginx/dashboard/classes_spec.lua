local classes = require "lastpass.nginx.dashboard.classes"

describe("classes", function()
  local call = {
    url = function(_, page, params)
      return page .. "?" .. params[1][1] .. "=" .. params[1][2]
    end,
  }

  it("write shares, also of nothing", function()
    assert.equal("12.5 %", classes.share(1, 8))
    assert.equal("0.0 %", classes.share(0, 8))
    assert.equal("–", classes.share(0, 0))
  end)

  it("lead to the people in them", function()
    assert.equal(
      '<a href="people?q=x">&lt;b&gt;</a>',
      classes.people(call, "<b>", { { "q", "x" } }).text
    )
  end)

  it("are a table with bars and their numbers", function()
    local list = {
      { name = "a", title = "A", count = 3, meaning = "what <A> means" },
      { name = "b", title = "B", count = 1 },
    }
    local text = classes.table(call, "t", "Caption", list, {
      whole = 4,
      params = function(class)
        return { { "status", class.name } }
      end,
    }).text
    assert.truthy(text:find('<a href="people?status=a">A</a>', 1, true))
    assert.truthy(text:find("what &lt;A&gt; means", 1, true))
    assert.truthy(text:find('width="75.00"', 1, true))
    assert.truthy(text:find('<td class="number">3</td><td class="number">75.0 %</td>', 1, true))
    local plain = classes.table(call, "t", "Caption", list, { whole = 4, title = "Age" }).text
    assert.truthy(plain:find(">Age</th>", 1, true))
    assert.is_nil(plain:find("<a ", 1, true))
  end)
end)

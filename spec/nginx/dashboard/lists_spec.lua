local lists = require "lastpass.nginx.dashboard.lists"

describe("lists", function()
  local function page(first, last, count)
    return { first = first, last = last, count = count }
  end

  it("say how many there are, and which of them are shown", function()
    assert.equal("1 person", lists.counted(page(1, 1, 1), "person", "people"))
    assert.equal("0 people", lists.counted(page(1, 0, 0), "person", "people"))
    assert.equal("50 people", lists.counted(page(1, 50, 50), "person", "people"))
    assert.equal("51–100 of 1,234 people", lists.counted(page(51, 100, 1234), "person", "people"))
  end)

  it("lead to the pages before and after", function()
    local function address(more)
      return "/x" .. (more[1] and "?" .. more[1][1] .. "=" .. more[1][2] or "")
    end
    local text = lists.pager({ before = "b", after = "a" }, address).text
    assert.truthy(text:find('href="/x">First', 1, true))
    assert.truthy(text:find('href="/x?before=b" rel="prev">Previous', 1, true))
    assert.truthy(text:find('href="/x?after=a" rel="next">Next', 1, true))
    assert.is_nil(lists.pager({ after = "a" }, address).text:find("First", 1, true))
    assert.is_nil(lists.pager({}, address))
  end)

  it("say what to do where there is nothing", function()
    assert.equal(
      '<div class="empty"><p class="title">Nobody &lt;x&gt;</p><p>Try again</p></div>',
      lists.empty("Nobody <x>", "Try again").text
    )
  end)

  it("tell readers of the screen when they change", function()
    local text = lists.results("3 people", "list").text
    assert.equal('<p id="found" role="status">3 people</p><div id="results">list</div>', text)
  end)
end)

local html = require "lastpass.nginx.dashboard.html"
local listing_page = require "lastpass.nginx.dashboard.listing_page"

describe("the page of a listing", function()
  local function call(is_part)
    return {
      url = function(_, name, params)
        local text = "/" .. name
        for place, pair in ipairs(params or {}) do
          text = text .. (place == 1 and "?" or "&") .. pair[1] .. "=" .. pair[2]
        end
        return text
      end,
      is_part = function()
        return is_part
      end,
      freshness = function() end,
    }
  end

  local what = {
    section = "teams",
    title = "Teams",
    one = "team",
    hint = "Somebody has to found one.",
    caption = "Teams, and how many are in them",
    columns = { { "name", "Team", "name" }, { "members", "Members", "number" }, { nil, "Notes" } },
    row = function(_, item)
      return { html.bdi(item.name), item.members, "–" }
    end,
    note = "below",
  }

  local function part(q, items, page)
    page = page or { first = 1, last = #items, count = #items }
    local owner = call(true)
    local listing = { q = q, sort = "", items = items, page = page, _name = "teams", _call = owner }
    return listing_page.show(owner, listing, what).part.text
  end

  it("has a row for each, and headings to sort by", function()
    local text = part("", { { name = "A <b>", members = 3 }, { name = "B", members = 1 } })
    assert.truthy(text:find("2 teams", 1, true))
    assert.truthy(text:find("Teams, and how many are in them", 1, true))
    assert.truthy(text:find("A &lt;b&gt;", 1, true))
    assert.truthy(text:find('href="/teams?q=&amp;sort=members"', 1, true), text)
    assert.is_nil(text:find("sort=nil", 1, true))
  end)

  it("shows the rows of its page only", function()
    local items = { { name = "A" }, { name = "B" }, { name = "C" } }
    local text = part("", items, { first = 2, last = 2, count = 3, before = "b", after = "a" })
    assert.truthy(text:find("<bdi>B</bdi>", 1, true))
    assert.is_nil(text:find("<bdi>A</bdi>", 1, true))
    assert.truthy(text:find('href="/teams?q=&amp;sort=&amp;after=a"', 1, true), text)
  end)

  it("says why it is empty", function()
    assert.truthy(part("", {}):find("There are no teams</p><p>Somebody has to found one.", 1, true))
    local text = part("xyz", {})
    assert.truthy(text:find('No team fits</p><p><a href="/teams">Show all teams</a>', 1, true))
  end)
end)

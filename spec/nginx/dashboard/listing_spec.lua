local html = require "lastpass.html"
local listing = require "lastpass.nginx.dashboard.listing"

describe("keyset", function()
  local function numbers(count, step)
    local list = {}
    for position = 1, count do
      list[position] = { ("name %05d"):format(position * (step or 1)), "tie" }
    end
    return list
  end

  local function page_of(list, asked)
    return listing.page(#list, function(position)
      return list[position]
    end, asked or {})
  end

  it("has one page of a short list, and of none", function()
    assert.same({ first = 1, last = 3, count = 3 }, page_of(numbers(3)))
    assert.same({ first = 1, last = 0, count = 0 }, page_of {})
  end)

  it("goes forward over everything, and back again", function()
    local list, seen = numbers(175), {}
    local page, marks = page_of(list), {}
    while true do
      seen[#seen + 1] = page.first .. "-" .. page.last
      marks[#marks + 1] = page.before
      if not page.after then
        break
      end
      page = page_of(list, { after = page.after })
    end
    assert.same({ "1-50", "51-100", "101-150", "151-175" }, seen)
    page = page_of(list, { before = marks[3] })
    assert.same({ 101, 150 }, { page.first, page.last })
    page = page_of(list, { before = page.before })
    assert.same({ 51, 100 }, { page.first, page.last })
    page = page_of(list, { before = page.before })
    assert.same({ 1, 50 }, { page.first, page.last })
    assert.is_nil(page.before)
  end)

  it("shows nothing twice and hides nothing when the list changes meanwhile", function()
    local list = numbers(120, 2)
    local page = page_of(list)
    local last = list[page.last][1]
    table.insert(list, 1, { "a new one", "tie" })
    table.remove(list, 20)
    table.remove(list, 19)
    page = page_of(list, { after = page.after })
    assert.equal("name 00102", list[page.first][1])
    assert.equal(last, list[page.first - 1][1])
  end)

  it("knows lists that go down, and numbers", function()
    local list = {}
    for position = 1, 120 do
      list[position] = { 1000 - position, ("x%03d"):format(1000 - position) }
    end
    local page = page_of(list, { reverse = true })
    page = page_of(list, { reverse = true, after = page.after })
    assert.same({ 51, 100 }, { page.first, page.last })
    page = page_of(list, { reverse = true, before = page.before })
    assert.same({ 1, 50 }, { page.first, page.last })
  end)

  it("begins at the first page for marks that are none, and ends at the last", function()
    local list = numbers(120)
    for _, mark in ipairs { "", "x", "!!", ("A"):rep(4000), "AAAA" } do
      local page = page_of(list, { after = mark })
      assert.is_true(page.first >= 1 and page.last <= 120 and page.first <= page.last)
    end
    local page = page_of(list)
    for _ = 1, 2 do
      page = page_of(list, { after = page.after })
    end
    local shorter = numbers(60)
    local past = page_of(shorter, { after = page_of(list, { before = page.before }).after })
    assert.equal(60, past.last)
  end)
end)

describe("listing", function()
  local items = {}
  for position, name in ipairs { "Beta", "alpha", "Gamma", "delta" } do
    items[position] = { name = name, key = name:lower(), order = name, size = position % 2 }
  end

  local function find_items(params)
    local call = {
      param = function(_, name)
        return params[name] or ""
      end,
      among = function(_, _, _, _, compute)
        return compute()
      end,
      url = function(_, name, list)
        local parts = {}
        for _, pair in ipairs(list) do
          if pair[2] ~= "" then
            parts[#parts + 1] = pair[1] .. "=" .. pair[2]
          end
        end
        return name .. "?" .. table.concat(parts, "&")
      end,
    }
    local found = listing.find(call, "things", items, { size = true })
    local names = {}
    for position, item in ipairs(found.items) do
      names[position] = item.name
    end
    return names, found
  end

  it("is by name, either way", function()
    assert.same({ "alpha", "Beta", "delta", "Gamma" }, (find_items {}))
    assert.same({ "Gamma", "delta", "Beta", "alpha" }, (find_items { sort = "-name" }))
    assert.same({ "alpha", "Beta", "delta", "Gamma" }, (find_items { sort = "secret" }))
  end)

  it("is by a figure, the largest first, then by name", function()
    assert.same({ "Beta", "Gamma", "alpha", "delta" }, (find_items { sort = "size" }))
    assert.same({ "alpha", "delta", "Beta", "Gamma" }, (find_items { sort = "-size" }))
  end)

  it("is searched by words", function()
    assert.same({ "alpha", "Beta", "delta", "Gamma" }, (find_items { q = "A" }))
    assert.same({ "delta" }, (find_items { q = "a DEL" }))
    assert.same({}, (find_items { q = "%a" }))
  end)

  it("makes columns that sort, the other way when they are sorted already", function()
    local _, one = find_items { q = "a" }
    assert.same(
      { title = "Thing", href = "things?q=a&sort=-name", sorted = "ascending" },
      listing.column(one, "name", "Thing")
    )
    assert.same(
      { title = "Size", class = "number", href = "things?q=a&sort=size" },
      listing.column(one, "size", "Size", "number")
    )
    _, one = find_items { sort = "size" }
    assert.equal("descending", listing.column(one, "size", "Size").sorted)
    _, one = find_items { sort = "-size" }
    assert.equal("things?sort=size", listing.column(one, "size", "Size").href)
  end)
end)

describe("the page of a listing", function()
  local function call(is_part)
    return {
      url = function(_, name, params)
        local text = "/" .. name
        for position, pair in ipairs(params or {}) do
          text = text .. (position == 1 and "?" or "&") .. pair[1] .. "=" .. pair[2]
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
    local one = { q = q, sort = "", items = items, page = page, name = "teams", call = owner }
    return listing.show(one, what).part.text
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
    assert.truthy(text:find('No team matches</p><p><a href="/teams">Show all teams</a>', 1, true))
  end)
end)

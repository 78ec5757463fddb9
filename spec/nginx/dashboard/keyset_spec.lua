local keyset = require "lastpass.nginx.dashboard.keyset"

describe("keyset", function()
  local function numbers(count, step)
    local list = {}
    for place = 1, count do
      list[place] = { ("name %05d"):format(place * (step or 1)), "tie" }
    end
    return list
  end

  local function page_of(list, wanted)
    return keyset.page(#list, function(place)
      return list[place]
    end, wanted or {})
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
    for place = 1, 120 do
      list[place] = { 1000 - place, ("x%03d"):format(1000 - place) }
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

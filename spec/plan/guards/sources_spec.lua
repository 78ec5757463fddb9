-- Guards about the size of sources.
local companies = require "spec.support.companies"
local limits = require "lastpass.plan.limits"
local sources = require "lastpass.plan.guards.sources"

local guards, plan_of = companies.guards, companies.plan

local DAY = 86400

describe("lastpass.plan.guards.sources", function()
  -- Plans day after day; gives the sizes that were remembered, and the day of the first refusal.
  local function days(sizes, shrink)
    local settings, last = limits.defaults(), nil
    for day, rows in ipairs(sizes) do
      local of_day = type(shrink) == "table" and shrink[day]
      settings.shrink = of_day or type(shrink) == "string" and shrink or "20%"
      local source = { name = "hr", complete = true, rows = rows, sha256 = "aa" }
      local size = sources.remember(settings, source, last, day * DAY)
      if not size then
        return day, last
      end
      last = size
    end
    return nil, last
  end

  it("stops a source that loses a little every day", function()
    local sizes = { 1000 }
    for day = 2, 40 do
      sizes[day] = math.floor(sizes[day - 1] * 0.981)
    end
    local day, last = days(sizes)
    assert.equal(13, day) -- 0.981 ^ 12 is 0.79
    assert.is_true(last.rows >= 800)
    assert.equal(2, (days { 1000, 799 }))
    assert.is_nil((days { 1000, 800 }))
    assert.equal(3, (days { 1000, 810, 790 }))
  end)

  it("goes by the last 30 days", function()
    local sizes = { 1000 }
    for day = 2, 31 do
      sizes[day] = 900
    end
    sizes[32] = 720 -- a fifth of 900; the 1000 are 31 days old
    assert.is_nil((days(sizes)))
    sizes[31] = 720
    assert.equal(31, (days(sizes)))
    sizes[31], sizes[32] = 900, 719
    assert.equal(32, (days(sizes)))
  end)

  it("goes by the last size known when nobody has planned for long", function()
    local settings = limits.defaults()
    local function source(rows)
      return { name = "hr", complete = true, rows = rows }
    end
    local last = sources.remember(settings, source(100), nil, 0)
    assert.is_nil(sources.remember(settings, source(79), last, 400 * DAY))
    assert.equal(80, sources.remember(settings, source(80), last, 400 * DAY).rows)
  end)

  it("remembers what counts, and no more", function()
    local _, last = days { 100, 99, 98, 97, 98, 90, 95, 120, 119 }
    local rows = {}
    for place, size in ipairs(last.sizes) do
      rows[place] = size.rows
    end
    assert.same({ 120, 119 }, rows)
    assert.equal(119, last.rows)
    assert.equal("aa", last.sha256)
    _, last = days { 100, 99, 98, 97, 98, 90, 95 }
    rows = {}
    for place, size in ipairs(last.sizes) do
      rows[place] = size.rows
    end
    assert.same({ 100, 99, 98, 95 }, rows)
  end)

  it("lets a source shrink when told, and counts anew from there", function()
    assert.is_nil((days({ 1000, 600, 590 }, { [2] = 400 })))
    assert.equal(2, (days({ 1000, 600 }, { [2] = 399 })))
    assert.equal(3, (days({ 1000, 600, 470 }, { [2] = 400 })))
    -- a limit that stays is used up
    assert.equal(3, (days({ 1000, 600, 300 }, "50%")))
    assert.is_nil((days({ 1000, 600, 500 }, "50%")))
    assert.equal(3, (days({ 1000, 600, 479 }, "50%")))
    local sizes = { 1000, 600 }
    for day = 3, 31 do
      sizes[day] = 600
    end
    sizes[32] = 301
    assert.is_nil((days(sizes, "50%"))) -- 31 days later
    -- a limit below the usual one
    assert.equal(3, (days({ 1000, 960, 949 }, "5%")))
  end)

  it("does not take for a measure what was not read to its end, or is empty", function()
    local settings = limits.defaults()
    local last = { rows = 100, read_at = 0 }
    for _, source in ipairs { { complete = false, rows = 100 }, { complete = true, rows = 0 } } do
      assert.is_nil(sources.remember(settings, source, last, DAY))
    end
  end)

  it("refuses a plan that takes something away, from one plan to the next", function()
    local client = companies.client { users = companies.people(100) }
    local function with(count, missing, limit)
      local list = {}
      for place = 1, count do
        list[place] = { email = ("person%d@acme.com"):format(place) }
      end
      return plan_of(client, function(p)
        for person in p.source.table(list, { name = "hr" }):rows() do
          p.user(person.email) {}
        end
        p.missing(missing)
        p.limit { disable = "100%" }
      end, { limit = limit })
    end
    assert.same({}, guards(assert(with(100, "disable"))))
    assert.same({}, guards(assert(with(81, "disable")))) -- 19 less
    local plan = assert(with(66, "disable")) -- and 19 % less once more
    assert.same({ "shrunk_source" }, guards(plan))
    local message = plan.body.refusals[1].message
    assert.matches("hr has 66 rows and had 100 on %d+%-%d+%-%d+; the limit is 20%%", message)
    assert.matches("limit { shrink = 34 }", plan.body.refusals[1].allow, 1, true)
    assert.same({}, guards(assert(with(66, "keep")))) -- takes nothing away
    assert.same({ "shrunk_source" }, guards(assert(with(66, "disable"))))
    assert.same({}, guards(assert(with(66, "disable", { shrink = 34 }))))
    assert.same({}, guards(assert(with(66, "disable"))))
    assert.same({ "shrunk_source" }, guards(assert(with(52, "disable"))))
    assert.same({ "empty_source", "last_admin" }, guards(assert(with(0, "disable"))))
  end)
end)

-- How a range of time is cut.
local time = require "lastpass.time"
local windows = require "lastpass.export.windows"

local zone = time.zone()
local AUTUMN = 1793512800 -- 2026-11-01 06:00 UTC: 01:00 comes again in New York
local SPRING = 1772953200 -- 2026-03-08 07:00 UTC: 02:00 is passed over

local function all(from, to, learn)
  local plan, list = windows.plan(zone, from, to), {}
  local a, b = plan:next()
  while a do
    list[#list + 1] = { a, b }
    if learn then
      plan:learn(b - a, learn(b - a))
    end
    a, b = plan:next()
  end
  return list
end

describe("lastpass.export.windows", function()
  it("cover the range without a gap and without an overlap", function()
    local list = all(1780000000, 1780000000 + 3 * 86400)
    assert.is_true(#list > 10)
    assert.equal(1780000000, list[1][1])
    assert.equal(1780000000 + 3 * 86400, list[#list][2])
    for at = 2, #list do
      assert.equal(list[at - 1][2], list[at][1])
    end
  end)

  it("grow where little happens, and shrink where much does", function()
    local quiet = all(1780000000, 1780000000 + 365 * 86400, function()
      return 0
    end)
    assert.is_true(#quiet < 25)
    local busy = all(1780000000, 1780000000 + 86400, function(seconds)
      return seconds * 25000 / 3600
    end)
    for at = 2, #busy do
      assert.is_true(busy[at][2] - busy[at][1] <= 1.5 * 720)
    end
  end)

  it("are never cut where the wall clock is in doubt", function()
    for _, change in ipairs { AUTUMN, SPRING } do
      for utc = change - 7200, change + 7200, 600 do
        local down, up = windows.align_down(zone, utc), windows.align_up(zone, utc)
        assert.is_true(down <= utc and up >= utc)
        for _, edge in ipairs { down, up } do
          assert.is_true(edge <= change - 3600 or edge >= change + 3600)
          local civil = zone:to_local(edge)
          local back, ambiguous, skipped = zone:to_utc(civil)
          assert.equal(edge, back)
          assert.is_false(ambiguous or skipped)
        end
      end
      for _, window in ipairs(all(change - 86400, change + 86400)) do
        assert.is_true(window[1] <= change - 3600 or window[1] >= change + 3600)
      end
      assert.is_nil(windows.cut(zone, change - 3602, change + 3602, change))
      assert.equal(change - 9000, windows.cut(zone, change - 9999, change + 9999, change - 9000))
    end
  end)

  it("end with one that has no end, when that is wanted", function()
    local plan = windows.plan(zone, 1780000000, 1780000100, true)
    assert.same({ 1780000000, 1780000100 }, { plan:next() })
    assert.same({ 1780000100, math.huge }, { plan:next() })
    assert.is_nil(plan:next())
    plan = windows.plan(zone, 1780000000, 1779999000, true)
    assert.same({ 1780000000, math.huge }, { plan:next() })
    assert.is_nil((windows.plan(zone, 1780000000, 1780000000):next()))
  end)

  it("ask for one second more on both sides", function()
    local data, from, to = windows.wire(zone, 1772377200, 1772377210)
    assert.same({ from = "2026-03-01 09:59:59", to = "2026-03-01 10:00:10" }, data)
    assert.equal(9, to - from)
    data, from, to = windows.wire(zone, 1772377200)
    assert.is_nil(data.to)
    assert.equal(math.huge, to)
    assert.is_number(from)
  end)
end)

-- Words that set how declarations are carried out.
-- Words about when a playbook is run.
local companies = require "spec.support.companies"
local playbook = require "lastpass.plan.playbook"
local time = require "lastpass.time"

describe("lastpass.plan.words.settings", function()
  local options = { zone = assert(time.zone "America/New_York"), now = companies.NOW }

  local function settings(fn)
    return assert(playbook.run(fn, options)).settings
  end

  it("have the careful defaults", function()
    local found = settings(function() end)
    assert.same({ users = "keep", invited = "keep" }, found.missing)
    assert.equal("hold", found.rename)
    assert.same({ "employee_id", "email", "alias" }, found.match)
    assert.is_nil(found.only)
    assert.equal("5%", found.limits.disable)
    assert.equal("0", found.limits.remove)
    assert.equal(0, found.limits.refused_rows)
  end)

  it("are what is said", function()
    local found = settings(function(p)
      p.missing { invited = "withdraw" }
      p.rename "keep"
      p.match { "email", attribute = "Id" }
      p.only "Finance"
      p.limit { disable = 3, per_day = { disable = "10%" } }
      p.limit { remove = "1%", per_day = { remove = 2 } }
    end)
    assert.same({ users = "keep", invited = "withdraw" }, found.missing)
    assert.same({ "keep", "email", "Id" }, { found.rename, found.match[1], found.attribute })
    assert.same({ "Finance" }, found.only)
    assert.same({ 3, "1%" }, { found.limits.disable, found.limits.remove })
    assert.same({ disable = "10%", remove = 2 }, found.limits.per_day)
  end)

  it("withdraw invitations with those whom they remove", function()
    local found = settings(function(p)
      p.missing "remove"
    end)
    assert.same({ users = "remove", invited = "withdraw" }, found.missing)
  end)

  it("are said once, or alike", function()
    for expected, fn in pairs {
      ["missing: 'users' is keep here, and was disable at settings_spec.lua:"] = function(p)
        p.missing "disable"
        p.missing "keep"
      end,
      ["rename: 'choice' is keep here, and was hold at settings_spec.lua:"] = function(p)
        p.rename "hold"
        p.rename "keep"
      end,
      ["match: 'rules' is alias here, and was email at settings_spec.lua:"] = function(p)
        p.match { "email" }
        p.match { "alias" }
      end,
      ["match: 'attribute' is B here, and was A at settings_spec.lua:"] = function(p)
        p.match { "email", attribute = "A" }
        p.match { attribute = "B" }
      end,
      ["limit: 'disable' is 5 here, and was 3 at settings_spec.lua:"] = function(p)
        p.limit { disable = 3 }
        p.limit { disable = 5 }
      end,
      ["limit: 'per_day.disable' is 5% here, and was 3 at settings_spec.lua:"] = function(p)
        p.limit { per_day = { disable = 3 } }
        p.limit { per_day = { disable = "5%" } }
      end,
    } do
      local _, message, err = playbook.run(fn, options)
      assert.equal("playbook_mistake", err and err.code, expected)
      assert.matches(expected, message, 1, true)
    end
    local found = settings(function(p)
      p.missing { invited = "withdraw" }
      p.missing "disable"
      p.missing "disable"
      p.rename "keep"
      p.rename "keep"
      p.limit { disable = 3 }
      p.limit { disable = 3, join = 4 }
      p.match { "email" }
      p.match { attribute = "Id" }
    end)
    assert.same({ users = "disable", invited = "withdraw" }, found.missing)
    assert.same({ 3, 4, "keep" }, { found.limits.disable, found.limits.join, found.rename })
    assert.same({ "email" }, found.match)
    assert.equal("Id", found.attribute)
  end)

  it("take no number that is none", function()
    for _, value in ipairs { math.huge, -1, 0.5, 0 / 0, 2 ^ 60, "101%", "-1", "", "5 percent" } do
      local _, message, err = playbook.run(function(p)
        p.limit { disable = value }
      end, options)
      assert.equal("playbook_mistake", err and err.code, tostring(value))
      assert.matches("must be a count or a percentage", message, 1, true)
    end
  end)
end)

describe("lastpass.plan.words.settings: schedule", function()
  local options = { zone = assert(time.zone "America/New_York"), now = companies.NOW }

  local function schedule(fn)
    return assert(playbook.run(fn, options)).schedule
  end

  local function mistake(fn)
    local declared, message, err = playbook.run(fn, options)
    assert.is_nil(declared)
    assert.equal("playbook_mistake", err.code)
    return message
  end

  it("is not there unless the playbook says so", function()
    assert.is_nil(schedule(function() end))
  end)

  it("reads lengths of time", function()
    local lengths = { ["1s"] = 1, ["15m"] = 900, [" 2 h "] = 7200, ["1d"] = 86400, ["1w"] = 604800 }
    for text, seconds in pairs(lengths) do
      assert.equal(
        seconds,
        schedule(function(p)
          p.every(text)
        end).every
      )
    end
    assert.equal(
      'every "15m"',
      schedule(function(p)
        p.every "15m"
      end).text
    )
  end)

  it("reads times of the day, one or several", function()
    local one = schedule(function(p)
      p.at "02:00"
    end)
    assert.same({ { 7200 }, 'at "02:00"' }, { one.at, one.text })
    local several = schedule(function(p)
      p.at { "14:30", "2:05" }
    end)
    assert.same({ { 7500, 52200 }, 'at { "14:30", "2:05" }' }, { several.at, several.text })
  end)

  it("refuses what is neither, with the line", function()
    for _, value in ipairs { "15", "m", "0m", "1.5h", "-1h", "500d", "" } do
      local message = mistake(function(p)
        p.every(value)
      end)
      assert.matches("^[^:]+settings_spec.lua:%d+: every: needs a length of time", message)
    end
    for _, value in ipairs { "24:00", "02:60", "2", "noon", {}, { 2 } } do
      local message = mistake(function(p)
        p.at(value)
      end)
      assert.matches('at: needs a time of day such as "02:00"', message, 1, true)
    end
  end)

  it("is said once", function()
    local message = mistake(function(p)
      p.every "1h"
      p.at "02:00"
    end)
    assert.matches('at: the playbook says every "1h" already', message, 1, true)
  end)
end)

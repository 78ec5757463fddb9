-- Words about when a playbook is run.
local companies = require "spec.support.companies"
local playbook = require "lastpass.plan.playbook"
local time = require "lastpass.time"

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

describe("lastpass.plan.words.schedule", function()
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
      assert.matches("^[^:]+schedule_spec.lua:%d+: every: needs a length of time", message)
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
    assert.matches('at: the playbook has said every "1h" before', message, 1, true)
  end)
end)

local planted = require "spec.support.planted"
local recent_room = require "lastpass.nginx.dashboard.recent"
local settings_room = require "lastpass.nginx.dashboard.settings"
local tenant = require "spec.support.tenant"

describe("recent events", function()
  local box, now, tasks, failing

  setup(function()
    box = planted.start()
    planted.plant(box, { { "ann@acme.example" } })
    planted.at(box, "2026-06-10 09:00:00", function()
      assert(box:client():batchadd { { username = "late@acme.example" } })
    end)
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    now, tasks, failing = planted.NOW, {}, false
  end)

  local function room(more)
    local one = tenant.of(box)
    local client = one.client()
    local strained = setmetatable({}, {
      __index = function(_, name)
        if name == "reporting" and failing then
          return function()
            return nil, "out of order", { kind = "transport", code = "broken" }
          end
        end
        return client[name]
      end,
    })
    function one.client()
      return strained
    end
    local options = {
      settings = settings_room.complete(nil, 1),
      pause = function() end,
      sleep = function() end,
      spawn = function(task)
        tasks[#tasks + 1] = task
      end,
      clock = function()
        return now
      end,
    }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return recent_room.new(one, options)
  end

  local function calls()
    return #assert(box:journal { command = "reporting" })
  end

  it("are read from now back until there are enough, newest first", function()
    local recent = assert(room():events(now))
    assert.equal(now, recent.read_at)
    assert.equal(now - 7 * 86400, recent.from)
    assert.is_false(recent.cut)
    for place = 2, #recent.events do
      assert.is_true(recent.events[place].time <= recent.events[place - 1].time)
    end
  end)

  it("are read once for a while, and then with the span that was right", function()
    local one = room()
    local first, before = one:events(now), calls()
    assert.equal(first, one:events(now + 29))
    assert.equal(before, calls())
    assert.not_equal(first, one:events(now + 31))
    assert.equal(before + 1, calls())
  end)

  it("say why they are not there, and are asked for again", function()
    local one = room()
    failing = true
    local none, message, err = one:events(now)
    assert.is_nil(none)
    assert.equal("out of order", message)
    assert.equal("broken", err.code)
    failing = false
    assert.truthy(one:events(now))
  end)

  it("date invitations, read in the background", function()
    local one = room()
    local none, _, err = one:invitation_dates(now)
    assert.is_nil(none)
    assert.equal("being_read", err.code)
    assert.equal(1, #tasks)
    one:invitation_dates(now)
    assert.equal(1, #tasks)
    tasks[1]()
    local dates = assert(one:invitation_dates(now))
    assert.equal(1781096400, dates["late@acme.example"])
  end)

  it("read only what came since, when invitations are dated again", function()
    local one = room {
      spawn = function(task)
        task()
      end,
    }
    assert(one:invitation_dates(now))
    local before = calls()
    assert(one:invitation_dates(now + 899))
    assert.equal(before, calls())
    local dates = assert(one:invitation_dates(now + 901))
    local journal = assert(box:journal { command = "reporting" })
    assert.equal(before + 1, #journal)
    assert.truthy(dates["late@acme.example"])
  end)

  it("keep the dates when reading fails later, and say it when there are none", function()
    local one = room {
      spawn = function(task)
        task()
      end,
    }
    failing = true
    local none, message = one:invitation_dates(now)
    assert.is_nil(none)
    assert.equal("out of order", message)
    failing = false
    assert.is_nil((one:invitation_dates(now + 29)))
    assert.truthy((one:invitation_dates(now + 31)))
    failing = true
    assert.truthy(one:invitation_dates(now + 2000))
  end)
end)

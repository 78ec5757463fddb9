local dashboard = require "spec.support.dashboard"
local events = require "lastpass.nginx.dashboard.events"
local planted = require "spec.support.planted"
local settings = require "lastpass.nginx.dashboard.settings"
local tenant = require "spec.support.tenant"

describe("page of events", function()
  local box, user

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    planted.at(box, "2026-06-14 09:00:00", function()
      local client = box:client()
      assert(client:batchadd { { username = "joe@acme.example", fullname = "Joe" } })
      assert(client:disableuser { "off@acme.example" })
    end)
    user = dashboard.of(box)
    user:sign_in()
  end)

  teardown(function()
    box:stop()
  end)

  it("hides what is only read over the API, unless it is asked for", function()
    local body = user:page "events"
    assert.is_nil(body:find("<bdi>Reporting", 1, true))
    assert.truthy(body:find("joe@acme.example", 1, true))
    assert.truthy(user:page("events?reads=yes"):find("Reporting", 1, true))
  end)

  it("has what happened, newest first", function()
    local body = user:page "events?reads=yes"
    local times = dashboard.names(body)
    assert.is_true(#times >= 2)
    for position = 2, #times do
      assert.is_true(times[position] <= times[position - 1])
    end
    assert.truthy(body:find("joe@acme.example", 1, true))
    assert.truthy(dashboard.found(body):find("^%d+ events since 2026%-06%-08 13:00 UTC$"))
  end)

  it("is searched, and narrowed to what matters", function()
    local body = user:page "events?q=JOE"
    assert.is_true(#dashboard.rows(body) >= 1)
    for _, cells in ipairs(dashboard.rows(body)) do
      assert.truthy(table.concat(cells, " "):find("joe@", 1, true))
    end
    assert.truthy(user:page("events?q=zzz"):find("No event matches", 1, true))
    local all, high =
      #dashboard.rows(user:page "events"), #dashboard.rows(user:page "events?severity=high")
    assert.is_true(high < all)
    assert.truthy(user:page("events?severity=high"):find('<option selected value="high">', 1, true))
    assert.equal(all, #dashboard.rows(user:page "events?severity=none"))
  end)

  it("hides what looks like a secret, and escapes the rest", function()
    local other = dashboard.of(box)
    other:sign_in()
    local real = other.tenant:client()
    function other.tenant.client()
      return setmetatable({
        reporting = function()
          return {
            data = {
              Event1 = {
                Time = "2026-06-15 08:00:00",
                Username = "ann@acme.example",
                IP_Address = "<b>",
                Action = "<script>alert(1)</script>",
                Data = "password: hunter2 <i>",
              },
            },
          }
        end,
      }, { __index = real })
    end
    local body = other:page "events"
    assert.is_nil(body:find("hunter2", 1, true))
    assert.truthy(body:find("password: [redacted] &lt;i&gt;", 1, true))
    assert.is_nil(body:find("<script>", 1, true))
    assert.is_nil(body:find("<b>", 1, true))
    assert.truthy(body:find('href="/dashboard/acme/person?email=ann%40acme.example"', 1, true))
  end)

  it("says it when LastPass does not answer", function()
    local other = dashboard.of(box)
    other:sign_in()
    local real = other.tenant:client()
    function other.tenant.client()
      return setmetatable({
        reporting = function()
          return nil, "the hash is refused", { kind = "auth" }
        end,
      }, { __index = real })
    end
    local response = other:get "/dashboard/acme/events"
    assert.equal(503, response.status)
    assert.truthy(response.body:find("check the provisioning hash", 1, true))
  end)
end)

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

  local function new_recent(more)
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
      settings = settings.complete(nil, 1),
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
    return events.recent(one, options)
  end

  local function calls()
    return #assert(box:journal { command = "reporting" })
  end

  it("are read from now back until there are enough, newest first", function()
    local recent = assert(new_recent():events(now))
    assert.equal(now, recent.read_at)
    assert.equal(now - 7 * 86400, recent.from)
    assert.same({}, recent.cut)
    for position = 2, #recent.events do
      assert.is_true(recent.events[position].time <= recent.events[position - 1].time)
    end
  end)

  it("are read once for a while, and then with the span that was right", function()
    local one = new_recent()
    local first, before = one:events(now), calls()
    assert.equal(first, one:events(now + 29))
    assert.equal(before, calls())
    assert.not_equal(first, one:events(now + 31))
    assert.equal(before + 1, calls())
  end)

  it("say why they are not there, and are asked for again", function()
    local one = new_recent()
    failing = true
    local none, message, err = one:events(now)
    assert.is_nil(none)
    assert.equal("out of order", message)
    assert.equal("broken", err.code)
    failing = false
    assert.truthy(one:events(now))
  end)

  it("date invitations, read in the background", function()
    local one = new_recent()
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
    local one = new_recent {
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
    local one = new_recent {
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

local dashboard = require "spec.support.dashboard"
local planted = require "spec.support.planted"

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

  it("has what happened, newest first", function()
    local body = user:page "events"
    local times = dashboard.names(body)
    assert.is_true(#times >= 2)
    for place = 2, #times do
      assert.is_true(times[place] <= times[place - 1])
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
    assert.truthy(user:page("events?q=zzz"):find("No event fits", 1, true))
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

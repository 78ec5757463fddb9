local box_support = require "spec.support.box"
local tenants = require "spec.support.tenant"
local time = require "lastpass.time"
local unified = require "spec.support.unified"

describe("activities", function()
  local box, tenant, caller, now, person, expected
  setup(function()
    box = box_support.start { users = 30, seed = 5 }
    now = assert(box:clock()).now
    tenant = tenants.of(box)
    person = tenant:directory().snapshot:users()()
    local events = {}
    local function add(seconds_ago, action, data, username)
      events[#events + 1] = {
        time = now - seconds_ago,
        action = action,
        data = data or "",
        username = username or person.email,
        address = "198.51.100.7",
      }
    end
    for hour = 1, 30 do
      add(hour * 3600, "Log in", "")
    end
    for _ = 1, 5 do
      add(7200, "Site Added", "same") -- five alike within a second
    end
    add(100, "Deactivated User", person.email, "API")
    add(90, "Failed Login Attempt", "", "stranger@example.org")
    add(80, "Etwas Neues", "")
    add(5 * 86400, "Make Admin", person.email)
    assert(box:events { events = events })
    -- asking leaves events too; they come after this moment
    now = now - 50
    caller = unified.caller(tenant, { now = now })
    expected = 0
    for _, event in ipairs(assert(box:events())) do
      local at = tonumber(event.microseconds) / 1e6
      local is_in = at < now + 1 and at >= now - 7 * 86400
      expected = expected + (is_in and 1 or 0)
    end
  end)
  teardown(function()
    box:stop()
  end)

  it("are listed newest first, each once, whatever the limit", function()
    local all = caller:get("activities?limit=500").json.result
    assert.equal(expected, #all)
    for position = 2, #all do
      assert.is_true(all[position].created_at <= all[position - 1].created_at)
    end
    for _, limit in ipairs { 7, expected - 1, expected, expected + 1 } do
      local items = caller:walk("activities?limit=" .. limit)
      assert.equal(expected, #items, limit)
      for position, item in ipairs(items) do
        assert.equal(all[position].id, item.id)
      end
    end
  end)

  it("say who did what to whom", function()
    local all = caller:get("activities?limit=4").json.result
    assert.equal("Etwas Neues", all[1].action)
    assert.equal("login_failed", all[2].action)
    assert.same({ type = "user" }, all[2].actor)
    assert.equal("user_deactivated", all[3].action)
    assert.same({ type = "system" }, all[3].actor)
    assert.equal(("%d"):format(person.id), all[3].entity)
    assert.equal("user", all[3].entity_type)
    assert.equal("Deactivated User: " .. person.email, all[3].description)
    assert.equal("198.51.100.7", all[3].context.ip_address)
    assert.equal(time.iso(now - 50), all[3].created_at)
    assert.equal("login", all[4].action)
    assert.same({ type = "user", user = { id = ("%d"):format(person.id) } }, all[4].actor)
    assert.equal("Log in", all[4].remote_data.Action)
  end)

  it("are found by time, action and actor", function()
    local function count(query)
      local response = caller:get("activities?limit=500&" .. query)
      assert.equal(200, response.status, response.body)
      return response.json.result_count
    end
    assert.is_true(count "action=login" >= 30)
    assert.is_true(count "actor[type]=system" >= 1)
    assert.is_true(count("actor[user][id]=" .. ("%d"):format(person.id)) >= 36)
    for _, item in ipairs(caller:get("activities?action=login_failed").json.result) do
      assert.equal("login_failed", item.action)
    end
    assert.equal(
      1,
      count("created_at[gt]=" .. time.iso(now - 41) .. "&created_at[lt]=" .. time.iso(now - 35))
    )
    assert.equal(
      0,
      count("created_at[gt]=" .. time.iso(now - 40) .. "&created_at[lt]=" .. time.iso(now - 35))
    )
    local early = "created_at[lt]=" .. time.iso(now - 4 * 86400) .. "&action=user_updated"
    assert.is_true(count(early) >= 1)
    assert.is_true(count "entity_type=user" >= 2)
    assert.equal(400, caller:get("activities?actor=x").status)
    assert.equal(400, caller:get("activities?actor[x]=y").status)
    assert.equal(400, caller:get("activities?sort_by=action").status)
    assert.equal(400, caller:get("activities?created_at[gt]=2001-01-01").status)
    assert.equal(400, caller:get("activities?user=x").status)
  end)

  it("tell no secret that somebody wrote where it does not belong", function()
    local quiet = unified.caller(tenant, {
      now = now,
      settings = {
        cursor_keys = { ("k"):rep(32) },
        redact = function(text)
          return (text:gsub("same", "[redacted]"))
        end,
      },
    })
    local response = quiet:get "activities?action=create&limit=500"
    assert.is_true(response.json.result_count >= 5)
    assert.is_nil(response.body:find("same", 1, true))
    assert.truthy(response.body:find("Site Added: [redacted]", 1, true))
  end)

  it("are got one by one within the same span", function()
    local item = caller:get("activities?limit=1").json.result[1]
    assert.equal(item.id, caller:get("activities/" .. item.id).json.id)
    local span = "?created_at[lt]=" .. time.iso(now - 3600)
    assert.equal(404, caller:get("activities/" .. item.id .. span).status)
  end)

  it("give their cursors to the same question only", function()
    local cursor = caller:get("activities?limit=1").json.next_cursor
    assert.equal(200, caller:get("activities?next_cursor=" .. cursor).status)
    local other = caller:get("activities?action=login&next_cursor=" .. cursor)
    assert.match("^Cursor does not belong", other.json.message)
  end)
end)

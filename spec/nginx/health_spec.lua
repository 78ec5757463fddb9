-- What /healthz answers.
local audit = require "lastpass.nginx.gateway.audit"
local fake_ngx = require "spec.support.fake_ngx"
local health = require "lastpass.nginx.health"
local json = require "lastpass.json"

describe("lastpass.nginx.health", function()
  local fake

  before_each(function()
    fake = fake_ngx.install {
      dicts = { "lastpass_directory", "lastpass_locks", "lastpass_counters" },
    }
  end)

  after_each(function()
    fake.remove()
  end)

  local function site(report, playbooks)
    local tenant = {
      name = "acme",
      report = function()
        return report
      end,
    }
    local list = {}
    if playbooks then
      list[1] = {
        report = function()
          return playbooks
        end,
      }
    end
    return { tenants = { acme = tenant }, tenant_names = { "acme" }, playbooks = list }
  end

  local good = { ready = true, version = "v", read_at = 0, age = 1.2345, stale = false }

  local function respond(...)
    local response = health.respond(site(...))
    return response.status, json.decode(response.body), response
  end

  it("is ok", function()
    local status, value, response = respond(good, { playbooks = {} })
    assert.same({ 200, "ok", 0 }, { status, value.status, #value.reasons })
    assert.same({
      ready = true,
      version = "v",
      read_at = "1970-01-01T00:00:00Z",
      age = 1.235,
      stale = false,
    }, value.tenants.acme)
    assert.equal("no-store", response.headers["Cache-Control"])
  end)

  it("is failing while there is no directory, or one that is too old", function()
    local status, value, response = respond { ready = false }
    assert.same({ 503, "failing" }, { status, value.status })
    assert.equal("the directory has not been read yet", value.reasons[1].message)
    assert.equal("5", response.headers["Retry-After"])
    local failure = { message = "no way", hint = "look" }
    status, value = respond { ready = false, failure = failure }
    assert.equal(503, status)
    assert.same({ where = "tenant acme", message = "no way", hint = "look" }, value.reasons[1])
    status, value =
      respond { ready = true, read_at = 0, age = 301, stale = true, failure = failure }
    assert.equal(503, status)
    assert.equal("the directory is 301 seconds old: no way", value.reasons[1].message)
  end)

  it("is degraded while something else is wrong, and still serves", function()
    local degraded = {
      { { ready = true, age = 1, failure = { message = "no way" } }, nil, "no way" },
      {
        { ready = true, age = 1, folders_failure = { message = "no" } },
        nil,
        "the folders cannot be read: no",
      },
      { good, { trouble = { message = "no folder" }, playbooks = {} }, "no folder" },
      {
        good,
        { playbooks = { { name = "a.lua", broken = { message = "a.lua:1: no" } } } },
        "does not load: a.lua:1: no",
      },
      {
        good,
        { playbooks = { { name = "a.lua", last = { outcome = "failed", message = "no" } } } },
        "failed: no",
      },
      {
        good,
        { playbooks = { { name = "a.lua", last = { outcome = "partial" } } } },
        "partial: see the journal",
      },
    }
    for _, case in ipairs(degraded) do
      local status, value = respond(case[1], case[2])
      assert.same({ 200, "degraded", case[3] }, { status, value.status, value.reasons[1].message })
    end
  end)

  it("names the dicts that are full", function()
    assert.same(
      { 200, "ok" },
      { health.respond(site(good)).status, select(2, respond(good)).status }
    )
    local dict = fake.ngx.shared.lastpass_locks
    dict._most = 1
    dict:safe_add("x", 1, 5)
    local status, value = respond(good)
    assert.same({ 200, "degraded", 1 }, { status, value.status, #value.reasons })
    assert.matches("^lua_shared_dict lastpass_locks is full", value.reasons[1].message)
    assert.equal("make it larger", value.reasons[1].hint)
    fake.time = fake.time + 5 -- what has expired takes no room
    assert.equal("ok", select(2, respond(good)).status)
  end)

  it("says that the audit cannot be written", function()
    local counters = fake.ngx.shared.lastpass_counters
    local log = audit.open("/dev/full", counters)
    assert.equal("ok", select(2, respond(good)).status)
    log:write({ subjects = {} }, 0)
    local status, value = respond(good)
    assert.same({ 200, "degraded", "gateway" }, { status, value.status, value.reasons[1].where })
    assert.matches(
      "the audit cannot be written, so nothing else is: .*No space left",
      value.reasons[1].message
    )
  end)

  it("tells of playbooks without their texts", function()
    local _, value = respond(good, {
      playbooks = {
        {
          name = "a.lua",
          schedule = 'every "15m"',
          version = "m",
          began = 0,
          last = { outcome = "applied", steps = 3, run = 7, seconds = 0.127000093 },
        },
      },
    })
    assert.same({
      name = "a.lua",
      schedule = 'every "15m"',
      version = "m",
      began = "1970-01-01T00:00:00Z",
      last = { outcome = "applied", steps = 3, run = 7, seconds = 0.127 },
    }, value.playbooks[1])
  end)
end)

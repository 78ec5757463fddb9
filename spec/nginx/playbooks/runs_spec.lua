-- When runs of playbooks begin, without nginx.
local all = require "lastpass.nginx.playbooks"
local fake_ngx = require "spec.support.fake_ngx"
local leases = require "lastpass.nginx.lease"
local time = require "lastpass.time"

local new_york = assert(time.zone "America/New_York")
local tokyo = assert(time.zone "Asia/Tokyo")

local function utc(text)
  return assert(time.parse(text))
end

describe("the schedule of a playbook", function()
  it("begins at once, and then so long after each beginning", function()
    local quarter = { every = 900 }
    assert.equal(5000, all.next_run(quarter, nil, 5000, new_york))
    assert.equal(5900, all.next_run(quarter, 5000, 100, new_york))
  end)

  local function next_at(times, last, zone)
    return time.iso(all.next_run({ at = times }, nil, utc(last), zone))
  end

  it("goes by the wall clock of the account", function()
    -- 02:00 in New York is 07:00 UTC in winter and 06:00 in summer
    assert.equal("2026-01-15T07:00:00Z", next_at({ 7200 }, "2026-01-15T06:59:59Z", new_york))
    assert.equal("2026-01-16T07:00:00Z", next_at({ 7200 }, "2026-01-15T07:00:00Z", new_york))
    assert.equal("2026-07-01T06:00:00Z", next_at({ 7200 }, "2026-06-30T12:00:00Z", new_york))
    assert.equal("2026-01-14T17:00:00Z", next_at({ 7200 }, "2026-01-14T16:00:00Z", tokyo))
  end)

  it("takes the next of several times", function()
    local times = { 7200, 52200 } -- 02:00 and 14:30
    assert.equal("2026-01-15T19:30:00Z", next_at(times, "2026-01-15T08:00:00Z", new_york))
    assert.equal("2026-01-16T07:00:00Z", next_at(times, "2026-01-15T20:00:00Z", new_york))
  end)

  it("runs once on days with 23 and with 25 hours", function()
    -- 2026-03-08: from 02:00 to 03:00 there is no hour; 02:30 is taken an hour later
    local half_past_two = { 9000 }
    local first = all.next_run({ at = half_past_two }, nil, utc "2026-03-08T05:00:00Z", new_york)
    local second = all.next_run({ at = half_past_two }, first, 0, new_york)
    assert.equal("2026-03-08T07:30:00Z", time.iso(first))
    assert.equal("2026-03-09T06:30:00Z", time.iso(second))
    -- 2026-11-01: 01:30 comes twice; the earlier counts
    local half_past_one = { 5400 }
    first = all.next_run({ at = half_past_one }, nil, utc "2026-11-01T04:00:00Z", new_york)
    second = all.next_run({ at = half_past_one }, first, 0, new_york)
    assert.equal("2026-11-01T05:30:00Z", time.iso(first))
    assert.equal("2026-11-02T06:30:00Z", time.iso(second))
  end)
end)

describe("runs of playbooks", function()
  local fake, playbooks, book

  before_each(function()
    fake = fake_ngx.install()
    playbooks = all.new { directory = "/none", tenant = { name = "acme", timezone = "UTC" } }
    book = { known_since = 0, good = { schedule = { every = 60 } } }
  end)

  after_each(function()
    fake.remove()
  end)

  it("begins none while a write through the gateway takes an admin, or another one runs", function()
    local write = assert(leases.take(leases.of_changes "acme"))
    playbooks:start_when_due(book)
    assert.equal(0, #fake.timers)
    assert.is_nil(book.is_running)
    write:release()
    playbooks:start_when_due(book)
    assert.equal(1, #fake.timers)
    assert.is_true(book.is_running)
    assert.is_nil(leases.take(leases.of_changes "acme"))
    assert.truthy(leases.take(leases.of_changes "globex"))
  end)
end)

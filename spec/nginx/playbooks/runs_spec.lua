-- When runs of playbooks begin, without nginx.
local fake_ngx = require "spec.support.fake_ngx"
local leases = require "lastpass.nginx.lease"
local runs = require "lastpass.nginx.playbooks.runs"
local time = require "lastpass.time"

describe("lastpass.nginx.playbooks.runs", function()
  local fake, playbooks, book

  before_each(function()
    fake = fake_ngx.install()
    playbooks = { tenant = { name = "acme" }, _zone = assert(time.zone "UTC") }
    book = { known_since = 0, good = { schedule = { every = 60 } } }
  end)

  after_each(function()
    fake.remove()
  end)

  it("begins none while a write through the gateway takes an admin, or another one runs", function()
    local write = assert(leases.take(leases.of_changes "acme"))
    runs.start_when_due(playbooks, book)
    assert.equal(0, #fake.timers)
    assert.is_nil(book._running)
    write:release()
    runs.start_when_due(playbooks, book)
    assert.equal(1, #fake.timers)
    assert.is_true(book._running)
    assert.is_nil(leases.take(leases.of_changes "acme"))
    assert.truthy(leases.take(leases.of_changes "globex"))
  end)
end)

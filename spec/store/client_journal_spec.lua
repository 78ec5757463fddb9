-- Which journal a client writes, and what the company is called in it.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local journal_room = require "lastpass.store.client_journal"
local plans = require "spec.support.plans"

local function client(options)
  options.url = options.url or "https://lastpass.com/enterpriseapi.php"
  options.cid = options.cid or 5
  options.provhash = lastpass.secret.value "nothing-is-sent"
  return lastpass.new(options)
end

describe("lastpass.store.client_journal", function()
  it("tells companies apart by account and address", function()
    assert.equal(
      "lastpass.com/enterpriseapi.php 8771312",
      journal_room.tenant(client { cid = 8771312 })
    )
    assert.equal(
      "127.0.0.1:81/x 999999999999999",
      journal_room.tenant(client { cid = "999999999999999", url = "http://127.0.0.1:81/x" })
    )
  end)

  it("is one for a place", function()
    local files = {}
    local one, other = plans.path(files), plans.path(files)
    local journal = assert(journal_room.of(client { journal = one }))
    assert.equal(journal, journal_room.of(client { journal = one, cid = 6 }))
    assert.are_not.equal(journal, journal_room.of(client { journal = other }))
    plans.remove(files)
  end)

  it("fails as the store does", function()
    check.failure(nil, nil, journal_room.of(client { journal = "/dev/null/x.db" }))
    check.failure("argument", nil, journal_room.of(client { journal = "postgresql://a:b@h/d" }))
  end)
end)

local check = require "spec.support.check"
local revocations = require "lastpass.nginx.guard.revoked"
local shared_dict = require "spec.support.shared_dict"

describe("the list of sessions that have ended", function()
  local now, dict, list
  local function session(issued, ...)
    return { id = "s", issued = issued, keys = { ... } }
  end

  before_each(function()
    now = 1000
    dict = shared_dict.new {
      now = function()
        return now
      end,
      most = 6,
    }
    list = revocations.new(dict, "lastpass_saml_revoked", 100)
  end)

  it("ends what began before, and lets in what began after", function()
    assert.is_false(list:has(session(999, "account a"), now))
    assert.is_true(list:add("account a", 1000, now))
    assert.is_true(list:has(session(999, "account b", "account a"), now))
    assert.is_true(list:has(session(1000, "account a"), now))
    assert.is_false(list:has(session(1000.1, "account a"), now))
    assert.is_false(list:has(session(999, "account b"), now))
  end)

  it("ends one session, and what began later than now, whatever clocks say", function()
    list:add("session s", 1000, now)
    assert.is_true(list:has(session(5000, "session s"), now))
    assert.is_false(list:has(session(5000, "session t"), now))
    list:add("account a", 1000, now)
    assert.is_true(list:has(session(1030, "account a"), now)) -- of a machine whose clock is ahead
    assert.is_false(list:has(session(1030, "account a"), 1031))
  end)

  it("knows the clock that machines share", function()
    assert.equal(1000, list:clock(1000))
    list:set_clock(-30)
    assert.equal(970, list:clock(1000))
    assert.equal(1000, revocations.new(dict, "lastpass_saml_revoked", 100, "other"):clock(1000))
  end)

  it("never takes an end back", function()
    list:add("account a", 1000, now)
    list:add("account a", 900, now) -- an older step of the journal
    assert.is_true(list:has(session(999, "account a"), now))
    now = 1100
    assert.is_true(list:has(session(999, "account a"), now))
    now = 1161 -- no session of then lives any more
    assert.is_false(list:has(session(999, "account a"), now))
    assert.is_true(list:add("account b", 1000, now)) -- read again from the journal: nothing to do
    assert.is_nil(dict:get "account b")
  end)

  it("has a version that changes with each entry", function()
    local version = list:version()
    list:add("account a", 1000, now)
    assert.not_equal(version, list:version())
    version = list:version()
    list:add("account a", 1000, now)
    assert.equal(version, list:version())
    assert.equal(version, revocations.new(dict, "lastpass_saml_revoked", 100):version()) -- a reload
  end)

  it("fails when it is full", function()
    for number = 1, 5 do
      assert.is_true(list:add("account " .. number, 1000, now))
    end
    local err = check.failure("throttled", "revocations_full", list:add("account 6", 1000, now))
    assert.equal("make it larger", err.hint)
    for number = 1, 5 do
      assert.is_true(list:has(session(999, "account " .. number), now))
    end
    assert.is_true(list:add("account 5", 1001, now)) -- what is there can be moved
  end)

  it("knows how far its feeds are", function()
    assert.is_nil(list:fed_at "journal")
    list:feed_ok("journal", 1000)
    assert.equal(1000, list:fed_at "journal")
    assert.is_nil(revocations.new(dict, "lastpass_saml_revoked", 100, "other"):fed_at "journal") -- each guard has its own
  end)
end)

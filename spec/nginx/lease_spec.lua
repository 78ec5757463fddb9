-- Leases that all workers share.
local fake_ngx = require "spec.support.fake_ngx"
local leases = require "lastpass.nginx.lease"

describe("lastpass.nginx.lease", function()
  local fake

  before_each(function()
    fake = fake_ngx.install()
  end)

  after_each(function()
    fake.remove()
  end)

  it("has one owner", function()
    local lock = assert(leases.take "acme users")
    assert.is_nil(leases.take "acme users")
    assert.is_true(leases.is_taken "acme users")
    assert.truthy(leases.take "globex users")
    lock:release()
    assert.is_false(leases.is_taken "acme users")
    assert.truthy(leases.take "acme users")
  end)

  it("expires without a sign of life, and is not the old owner's any more", function()
    local lock = assert(leases.take("acme users", 10))
    fake.time = fake.time + 9
    assert.is_true(lock:renew())
    fake.time = fake.time + 9
    assert.is_nil(leases.take "acme users")
    fake.time = fake.time + 2
    local other = assert(leases.take "acme users")
    assert.is_false(lock:is_held())
    assert.is_false(lock:renew())
    lock:release()
    assert.is_true(other:is_held())
  end)

  it(
    "is left to expire when it is about to: it could be another one's by the time it is deleted",
    function()
      local lock = assert(leases.take("acme users", 10))
      fake.time = fake.time + 9.8
      lock:release()
      assert.is_true(leases.is_taken "acme users")
      fake.time = fake.time + 0.2
      assert.is_false(leases.is_taken "acme users")
    end
  )

  it("can be left to expire, and lasts once more until then", function()
    local lock = assert(leases.take("acme users", 10))
    fake.time = fake.time + 9
    lock:abandon()
    fake.time = fake.time + 9
    assert.is_nil(leases.take "acme users")
    lock:release() -- does nothing any more
    assert.is_true(leases.is_taken "acme users")
    fake.time = fake.time + 1
    assert.truthy(leases.take "acme users")
  end)

  it("is waited for, and says why it was not to be had", function()
    local function acquire()
      return leases.acquire("x", { ttl = 3, wait = 2, every = 0.5, sleep = fake.ngx.sleep })
    end
    local begun = fake.time
    assert.truthy(acquire())
    assert.same({ nil, "taken" }, { acquire() })
    assert.is_true(fake.time - begun >= 2)
    assert.truthy(acquire()) -- the first one has expired by then
    fake.remove()
    fake = fake_ngx.install { most = 0 }
    assert.same({ nil, "full" }, { acquire() })
  end)

  it("tells a thread how to see whose it is", function()
    local lock = assert(leases.take "acme users")
    local reference = lock:reference()
    assert.equal(reference.owner, fake.ngx.shared.lastpass_locks:get(reference.key))
    local same = leases.of_reference(reference)
    assert.is_true(same:is_held())
    lock:release()
    assert.is_false(same:is_held())
    assert.truthy(leases.take "acme users")
    assert.is_false(same:is_held())
  end)

  it("is let go when what it guards ends, however it ends", function()
    local lock = assert(leases.take "x")
    local ok, one, two = lock:guard(function(a, b)
      assert.is_true(lock:is_held())
      return b, a
    end, 1, 2)
    assert.same({ true, 2, 1, false }, { ok, one, two, lock:is_held() })
    lock = assert(leases.take "x")
    local raised, message = lock:guard(error, "no", 0)
    assert.same({ false, "no", false }, { raised, message, lock:is_held() })
  end)

  it("says which line nginx.conf lacks", function()
    fake.remove()
    fake = fake_ngx.install { dicts = {} }
    assert.has_error(function()
      leases.take "x"
    end)
    local _, message = pcall(leases.take, "x")
    assert.matches("add: lua_shared_dict lastpass_locks 2m;", message, 1, true)
  end)
end)

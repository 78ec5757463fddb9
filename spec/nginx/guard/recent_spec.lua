-- What a worker keeps of sessions it has seen.
local keys = require "lastpass.nginx.guard.keys"
local lastpass = require "lastpass"
local recent = require "lastpass.nginx.guard.recent"
local sessions = require "lastpass.nginx.saml.session"

local NOW = 1000

local function new_list()
  local list = { now = 1, revoked = {}, asked = 0 }
  function list:version()
    return self.now
  end
  function list:clock() -- luacheck: ignore self
    return NOW
  end
  function list:has(session)
    self.asked = self.asked + 1
    return self.revoked[session.account] or false
  end
  return list
end

describe("sessions that a worker has seen", function()
  local all, list, opened

  before_each(function()
    local secret = assert(lastpass.secret.value(("a"):rep(32)))
    local real = keys.read({ { id = "a", secret = secret } }, "saml", "cookie_keys", 1)
    list, opened = new_list(), 0
    all = sessions.new {
      keys = {
        seal = function(_, ...)
          return real:seal(...)
        end,
        open = function(_, ...)
          opened = opened + 1
          return real:open(...)
        end,
      },
      purpose = "session",
      lifetime = 3600,
      idle = 600,
      revoked = list,
    }
  end)

  local function cookie_of(account)
    local identity = { issuer = "https://idp.example", name_id = account, subject = {} }
    local session = all:begin(identity, account, {}, NOW)
    return all:store(session)[1]:match "^[^;]+"
  end

  it("are decrypted once, whatever other cookies come with them", function()
    local ann, bob = cookie_of "ann@acme.example", cookie_of "bob@acme.example"
    list.asked = 0
    for turn = 1, 5 do
      local other = ("; visits=%d"):format(turn)
      local session, _, entry = all:find(ann .. other, NOW)
      assert.equal("ann@acme.example", session.account)
      assert.equal("visits=" .. turn, entry.rest)
      session, _, entry = all:find(bob, NOW)
      assert.equal("bob@acme.example", session.account)
      assert.is_false(entry.rest)
    end
    assert.equal(2, opened)
    assert.equal(2, list.asked)
  end)

  it("end for every header that they come with", function()
    local ann = cookie_of "ann@acme.example"
    assert(all:find(ann, NOW))
    assert(all:find(ann .. "; a=1", NOW))
    list.revoked["ann@acme.example"], list.now = true, 2
    for _, header in ipairs { ann, ann .. "; a=1", ann .. "; a=2" } do
      local session, reason = all:find(header, NOW)
      assert.is_nil(session)
      assert.equal("revoked", reason)
    end
  end)

  it("are not driven out by cookies that nobody has sealed", function()
    local ann = cookie_of "ann@acme.example"
    assert(all:find(ann, NOW))
    for number = 1, 20000 do
      all:find(sessions.COOKIE .. "=1~a." .. number, NOW)
    end
    opened = 0
    assert(all:find(ann, NOW))
    assert(all:find(ann .. "; a=1", NOW))
    assert.equal(0, opened)
  end)
end)

describe("what was seen lately", function()
  it("stays while it is used, and is bounded in number", function()
    local seen = recent.new(10, 1000)
    for number = 1, 1000 do
      seen:put("k" .. number, number)
      assert.equal(1, seen:get "k1")
    end
    local count = 0
    for number = 1, 1000 do
      count = count + (seen:get("k" .. number) and 1 or 0)
    end
    assert.is_true(count <= 20)
  end)

  it("is bounded in bytes", function()
    local seen = recent.new(1000, 100)
    for number = 100, 199 do
      seen:put(("k"):rep(37) .. number, number)
    end
    local count = 0
    for number = 199, 100, -1 do
      count = count + (seen._old[("k"):rep(37) .. number] and 1 or 0)
      count = count + (seen._young[("k"):rep(37) .. number] and 1 or 0)
    end
    assert.is_true(count >= 2 and count <= 4)
  end)

  it("may be false, but not nil", function()
    local seen = recent.new(10, 100)
    seen:put("a", false)
    assert.is_false(seen:get "a")
    assert.is_nil(seen:get "b")
  end)
end)

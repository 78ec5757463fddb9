-- A few people by their addresses, and how many there are.
local check = require "spec.support.check"
local support = require "spec.support.box"

describe("lastpass.directory.named", function()
  local box

  setup(function()
    box = support.start { users = 50, invited = 3 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
  end)

  it("reads a few people with a request for each, and says how many there are", function()
    local client, members, admins = box:client(), {}, {}
    for user in client:users { status = "active" } do
      table.insert(user.admin and admins or members, user.email)
    end
    local invited = client:users { status = "invited" }().email
    support.reset(box)
    local few = assert(client:snapshot { named = { members[2], invited, "nobody@x.example" } })
    assert.equal(4, support.requests(box, "getuserdata"))
    assert.equal(53, few:people())
    assert.equal("active", few:user(members[2]).status)
    assert.equal("invited", few:user(invited).status)
    assert.is_nil(few:user "nobody@x.example")
    assert.is_nil(few:user(members[3]))
    -- with an admin all of them
    few = assert(client:snapshot { named = { admins[1] } })
    local _, count = few._rows:counts()
    assert.equal(#admins, count)
    assert.equal(53, assert(client:snapshot()):people())
  end)

  it("reads everybody where the server does not count, and says what failed", function()
    support.inject(box, "getuserdata", '{"Users":[],"Groups":[],"invited":[]}')
    local few = assert(box:client():snapshot { named = { "nobody@x.example" } })
    assert.equal(50, few:count())
    support.inject(box, "getuserdata", nil, { status = 503, count = 9 })
    local none, message, err = box:client({ retries = 0 }):snapshot { named = { "a@x.example" } }
    assert.is_nil(none)
    assert.matches("503", message)
    assert.equal("transport", err.kind)
    local mistake = check.blamed(function()
      box:client():snapshot { named = {}, admin = true }
    end)
    assert.matches("client:snapshot: 'named' stands alone", mistake, 1, true)
  end)
end)

-- Nobody is created beyond the seats that the managing company lists.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local support = require "spec.support.box"

local PARENT_KEY = "lpkey_parent"

describe("the guard of seats", function()
  local box

  setup(function()
    box = support.start {
      cid = 42,
      parent = 7,
      users = 20,
      invited = 2,
      license_limit = 25,
      companies = { { cid = 7, users = 3, rest_key = PARENT_KEY } },
    }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
  end)

  local function client(key)
    return assert(box:client {
      rest = {
        url = box.rest_url,
        key = lastpass.secret.value(box.rest_key),
        parent_key = key and lastpass.secret.value(key),
      },
    })
  end

  local function new_people(count, beyond)
    return function(p)
      p.limit { seats = beyond }
      for number = 1, count do
        p.user(("new%d@lumenor.example"):format(number)) {}
      end
    end
  end

  it("lets through what there are seats for, and refuses what there are none for", function()
    local acme = client(PARENT_KEY)
    assert.same({}, assert(acme:plan(new_people(3))).body.refusals)
    local plan = assert(acme:plan(new_people(4)))
    assert.same({
      {
        guard = "seats",
        message = "people created: 4; of 25 seats 3 are free (users and invitations take one)",
        allow = "limit { seats = 1 } in the playbook, or { limit = { seats = 1 } } as an option "
          .. "of plan",
      },
    }, plan.body.refusals)
    assert.same({}, assert(acme:plan(new_people(4, 1))).body.refusals)
    assert.equal(0, #assert(acme:plan(new_people(0))).body.warnings)
  end)

  it("is for direct calls as well, and takes nobody who is only staged", function()
    local acme = client(PARENT_KEY)
    local list = {}
    for number = 1, 4 do
      list[number] = { username = ("new%d@lumenor.example"):format(number) }
    end
    local err = check.failure("guard", "refused_by_guards", acme:add_users(list))
    assert.match("of 25 seats 3 are free", err.message)
    assert.same({}, assert(acme:plan { stage = list }).body.refusals)
  end)

  it("is asked again before the plan is applied", function()
    local acme = client(PARENT_KEY)
    local plan = assert(acme:plan(new_people(3)))
    assert(box:client():batchadd { { username = "other@lumenor.example" } })
    local err = check.failure("guard", "seats", acme:apply(plan))
    assert.match("limit { seats = 1 }", err.hint, 1, true)
  end)

  it("says when the limit cannot be known, and asks nobody without a parent's key", function()
    local plan = assert(client(box.rest_key):plan(new_people(4)))
    assert.same({
      "whether there are seats for 4 new people is not known: the key of the managing company "
        .. "may not list its companies",
    }, plan.body.warnings)
    assert.same({}, plan.body.refusals)
    support.reset_journal(box)
    assert.same({}, assert(client():plan(new_people(4))).body.warnings)
    assert.equal(0, support.requests(box, "rest:managed_companies"))
    check.failure("auth", "authorization_error", client("lpkey_wrong"):plan(new_people(1)))
  end)
end)

local support = require("spec.sandbox.support")

local TWO = "gustavo.wagner@lumenor.example"

describe("POST /_sandbox/load", function()
  it("fills an empty company", function()
    local box = support.open({ users = 0 })
    assert.equal('{"Users":[],"Groups":[],"invited":[]}', box:text("getuserdata"))
    local counts, status = box:control("POST", "load", {
      users = {
        { username = "ann@x.example", fullname = "Ann", groups = { "One", "Two" }, admin = true },
        {
          username = "bob@x.example",
          last_login = "2026-06-01 10:00:00",
          multifactor = "lastpassauth",
        },
      },
      invited = { "cy@x.example" },
      groups = { "Empty" },
    })
    assert.equal(200, status)
    assert.same({ users = 2, invited = 1, groups = 1 }, counts)
    local reply = box:call("getuserdata")
    assert.same({ Empty = {}, One = { "ann@x.example" }, Two = { "ann@x.example" } }, reply.Groups)
    assert.same({ "cy@x.example" }, reply.invited)
    local ann, bob = box:user("ann@x.example"), box:user("bob@x.example")
    assert.is_true(ann.admin)
    assert.is_true(ann.neverloggedin)
    assert.is_false(bob.neverloggedin)
    assert.equal("2026-06-01 10:00:00", bob.last_login)
    assert.equal("lastpassauth", bob.multifactor)
    assert.equal("[]", box:text("getsfdata"))
    assert.equal("Get shared folder data", box:events()[1].Action)
  end)

  it("changes the given fields of somebody known, without mail or event", function()
    local box = support.open()
    local before = box:user(TWO)
    box:control("POST", "load", { users = { { username = TWO, fullname = "G", groups = {} } } })
    local after = box:user(TWO)
    assert.equal("G", after.fullname)
    assert.same({}, after.groups)
    assert.equal(before.last_login, after.last_login)
    assert.same({}, box:mails(TWO))
  end)

  it("makes a user of somebody invited", function()
    local box = support.open()
    box:control("POST", "load", { users = { { username = "max.chan@lumenor.example" } } })
    local user, reply = box:user("max.chan@lumenor.example")
    assert.truthy(user)
    assert.same({}, reply.invited)
  end)

  it("refuses all of it for one mistake", function()
    local box = support.open()
    for _, data in ipairs({
      { users = { { username = "a@x.example" }, { fullname = "B" } } },
      { users = { { username = "a@x.example", fullnam = "B" } } },
      { users = { { username = "a@x.example", admin = 1 } } },
      { users = { "a@x.example" } },
      { users = { { username = "a@x.example" } }, invited = { 1 } },
      { users = { { username = "a@x.example" } }, groups = { {} } },
    }) do
      assert.equal(400, select(2, box:control("POST", "load", data)))
    end
    assert.is_nil((box:user("a@x.example")))
    assert.equal(405, select(2, box:control("GET", "load")))
    assert.equal(404, select(2, box:control("POST", "load", { cid = 5 })))
  end)
end)

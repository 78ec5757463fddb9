-- What carries changes: the Enterprise API everything, SCIM what the table says.
local changes = require "lastpass.directory.changes"
local carriers = require "lastpass.directory.carrier"
local check = require "spec.support.check"
local fake = require "spec.support.scim_fake"
local support = require "spec.support.box"

describe("lastpass.directory.carrier", function()
  local server, scim

  before_each(function()
    server = fake.new(3)
    scim = carriers.of_scim(fake.client(server))
  end)

  it("says of every kind whether SCIM carries it, and why not", function()
    local carried, by_rest = {}, {}
    for _, change in ipairs(changes.list) do
      local yes, why = scim:carries(change.name)
      carried[#carried + 1] = yes and change.name or nil
      assert.equal(not yes, type(why) == "string")
      local rest = carriers.of_rest({}):carries(change.name)
      assert.equal(not rest, carriers.of_enterprise({}):carries(change.name))
      by_rest[#by_rest + 1] = rest and change.name or nil
    end
    assert.equal("stage admin_level", table.concat(by_rest, " "))
    assert.equal("create enable name groups disable delete", table.concat(carried, " "))
    assert.is_true(scim:carries("create", { fullname = "Ann", groups = { "A" } }))
    local yes, why = scim:carries("create", { fullname = "Ann", duousername = "ann" })
    assert.is_false(yes)
    assert.equal("the Enterprise API sets 'duousername' by batchadd; SCIM does not", why)
    assert.matches(
      "there is no change 'disabled' %(did you mean 'disable'%?%)",
      check.blamed(function()
        scim:carries "disabled"
      end)
    )
  end)

  it("creates people in groups that exist, and in such as do not yet", function()
    server.Groups = { { id = "g1", displayName = "Sales" } }
    local after = { fullname = "Ann Lee", groups = { "Sales", "New" } }
    assert(scim:send("create", "ann@x.example", after))
    local user = assert(scim:user "ann@x.example")
    assert.same(
      { "Ann Lee", "active", { "Sales", "New" } },
      { user.fullname, user.status, user.groups }
    )
    assert.same({
      userName = "ann@x.example",
      active = true,
      displayName = "Ann Lee",
      name = { formatted = "Ann Lee", givenName = "Ann", familyName = "Lee" },
      emails = { { value = "ann@x.example", type = "work", primary = true } },
      schemas = { "urn:ietf:params:scim:schemas:core:2.0:User" },
      id = user.attributes.id,
    }, server.Users[4])
    check.failure("conflict", "uniqueness", scim:send("create", "ann@x.example", {}))
  end)

  it("sends nothing of what it does not carry whole", function()
    local err = check.failure(
      "refused",
      "not_over_scim",
      scim:send("create", "ann@x.example", { fullname = "Ann" }, { password = "p" })
    )
    assert.is_nil(err.message:find '"p"')
    check.failure(
      "refused",
      "not_over_scim",
      scim:send("rename", "u1@x.example", { email = "n@x.example" })
    )
    assert.equal(0, #server.requests)
  end)

  it("finds a group again that was deleted and made anew", function()
    server.Groups = { { id = "g1", displayName = "Sales" } }
    assert(scim:send("groups", "u1@x.example", { join = { "Sales" } }))
    server.Groups = { { id = "g2", displayName = "Sales" } }
    assert(scim:send("groups", "u2@x.example", { join = { "Sales" } }))
    assert.same({ { value = "2" } }, server.Groups[1].members)
    server.Groups = {}
    assert(scim:send("groups", "u2@x.example", { leave = { "Sales" } }))
  end)

  it("says that nobody has that address", function()
    for _, kind in ipairs { "disable", "enable", "delete", "name", "groups" } do
      local after = kind == "name" and { fullname = "A" } or {}
      check.failure("refused", "no_such_user", scim:send(kind, "nobody@x.example", after))
    end
    check.failure("refused", "no_such_user", scim:user "nobody@x.example")
  end)

  it("sends each kind over the Enterprise API as its command", function()
    local box = support.start { users = 5 }
    local enterprise = carriers.of_enterprise(box:client())
    local after = { fullname = "Ann Lee", groups = { "Sales" } }
    assert(enterprise:send("create", "ann@x.example", after, { password = "Pass-Word-3" }))
    assert(enterprise:send("disable", "ann@x.example"))
    assert.equal("disabled", assert(enterprise:user "ann@x.example").status)
    assert(enterprise:send("enable", "ann@x.example"))
    assert(enterprise:send("groups", "ann@x.example", { join = { "IT" }, leave = { "Sales" } }))
    assert.same({ "IT" }, assert(enterprise:user "ann@x.example").groups)
    assert(enterprise:send("delete", "ann@x.example"))
    check.failure("refused", "no_such_user", enterprise:user "ann@x.example")
    box:stop()
  end)
end)

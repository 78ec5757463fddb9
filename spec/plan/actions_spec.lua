-- Actions that are asked for one by one.
local check = require "spec.support.check"
local companies = require "spec.support.companies"
local actions = require "lastpass.plan.actions"

describe("lastpass.plan.actions", function()
  it("are read in an order of their own, whatever that of the table", function()
    assert.same({
      { kind = "disable", subject = "c@x.com" },
      { kind = "reinvite", subject = "a@x.com" },
      { kind = "reinvite", subject = "b@x.com" },
    }, actions.read({ reinvite = { "b@x.com", " a@x.com " }, disable = { "c@x.com" } }, 1))
  end)

  it("are not read in part, and do not contradict each other", function()
    for expected, given in pairs {
      ["did you mean 'reinvite'?"] = { reinvit = { "a@x.com" } },
      ["option 'reinvite' must be table, not string"] = { reinvite = "a@x.com" },
      ["reinvite[1]: 'nobody' is not an e-mail address"] = { reinvite = { "nobody" } },
      ["reinvite[1] must be a string, not table"] = { reinvite = { {} } },
      ["'disable' must be a list without gaps"] = { disable = { ["ann@acme.com"] = true } },
      ["A@x.com is named by both disable and enable"] = {
        enable = { "A@x.com" },
        disable = { "a@X.com" },
      },
      ["unknown option '1'"] = { "ann@acme.com" },
    } do
      local message = check.blamed(function()
        companies.plan({ users = {} }, given)
      end)
      assert.matches(expected, message, 1, true)
    end
  end)

  it("take rows where an address does not say enough", function()
    assert.same(
      {
        {
          kind = "create",
          subject = "a@x.com",
          after = { fullname = "A", groups = { "X" }, private = { "password" } },
          private = { password = "secret" },
        },
        { kind = "groups", subject = "b@x.com", after = { join = { "X" }, leave = {} } },
        { kind = "rename", subject = "c@x.com", after = { email = "d@x.com" } },
        { kind = "update", subject = "d@x.com", after = { fullname = "D", duousername = "d" } },
      },
      actions.read({
        create = {
          { username = "a@x.com", fullname = "A", groups = { "X", "X" }, password = "secret" },
        },
        groups = { { username = " b@x.com\r", add = { "X" } } },
        rename = { { oldemail = "c@x.com", newemail = " d@x.com" } },
        update = { { username = "d@x.com", fullname = "D", duousername = "d" } },
      }, 1)
    )
    for expected, given in pairs {
      ["create[1] must be a row, such as { username = … }, not a string"] = {
        create = { "a@x.com" },
      },
      ["create[1]: unknown option 'name'"] = {
        create = { { username = "a@x.com", name = "A" } },
      },
      ["rename[1]: 'newemail' is missing"] = { rename = { { oldemail = "a@x.com" } } },
      ["update[1] does not say what is to change"] = { update = { { username = "a@x.com" } } },
      ["groups[1] does not say what is to change"] = { groups = { { username = "a@x.com" } } },
      ["a name must not be empty"] = { update = { { username = "a@x.com", fullname = " " } } },
      ["a group must have a name"] = { groups = { { username = "a@x.com", add = { " " } } } },
      ["rename[1]: 'b' is not an e-mail address"] = {
        rename = { { oldemail = "a@x.com", newemail = "b" } },
      },
    } do
      local message = check.blamed(function()
        companies.plan({ users = {} }, given)
      end)
      assert.matches(expected, message, 1, true)
    end
  end)

  it("read a few people by name, and everybody where names are compared", function()
    local function action(kind, subject, after)
      return { kind = kind, subject = subject, after = after }
    end
    assert.same(
      { "a@x.com", "b@x.com", "c@x.com" },
      actions.named {
        action("disable", "a@x.com"),
        action("rename", "b@x.com", { email = "c@x.com" }),
      }
    )
    assert.is_nil(actions.named { action("create", "a@x.com") })
    assert.is_nil(actions.named { action("groups", "a@x.com") })
    local six = {}
    for position = 1, 6 do
      six[position] = action("disable", position .. "@x.com")
    end
    assert.is_nil(actions.named(six))
  end)

  it("may be none", function()
    assert.is_true(assert(companies.plan({ users = {} }, {})):is_empty())
  end)
end)

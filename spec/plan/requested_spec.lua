-- Actions that are asked for one by one.
local check = require "spec.support.check"
local companies = require "spec.support.companies"
local declared_room = require "lastpass.plan.declared"
local requested = require "lastpass.plan.requested"

describe("lastpass.plan.requested", function()
  it("are read in an order of their own, whatever that of the table", function()
    local declared = declared_room.new()
    requested.read({ reinvite = { "b@x.com", " a@x.com " }, disable = { "c@x.com" } }, declared, 1)
    assert.same({
      { kind = "disable", subject = "c@x.com" },
      { kind = "reinvite", subject = "a@x.com" },
      { kind = "reinvite", subject = "b@x.com" },
    }, declared.actions)
  end)

  it("are not read in part, and do not contradict each other", function()
    for expected, actions in pairs {
      ["did you mean 'reinvite'?"] = { reinvit = { "a@x.com" } },
      ["option 'reinvite' must be table, not string"] = { reinvite = "a@x.com" },
      ["reinvite[1]: 'nobody' is not an e-mail address"] = { reinvite = { "nobody" } },
      ["reinvite[1] must be a text, not table"] = { reinvite = { {} } },
      ["'disable' must be a list without gaps"] = { disable = { ["ann@acme.com"] = true } },
      ["A@x.com is named by both disable and enable"] = {
        enable = { "A@x.com" },
        disable = { "a@X.com" },
      },
      ["unknown option '1'"] = { "ann@acme.com" },
    } do
      local message = check.blamed(function()
        companies.plan({ users = {} }, actions)
      end)
      assert.matches(expected, message, 1, true)
    end
  end)

  it("may be none", function()
    assert.is_true(assert(companies.plan({ users = {} }, {})):is_empty())
  end)
end)

local check = require "spec.support.check"
local lastpass = require "lastpass"
local planted = require "spec.support.planted"
local report = require "lastpass.report"

describe("lastpass.report.licences", function()
  local box, client
  local hr = {
    { email = "ann@acme.example" },
    { email = "never@acme.example" },
    { email = "ivy@acme.example" },
    { email = "left@acme.example", status = "terminated" },
  }
  local left = { field = "status", inactive = { "terminated" } }

  setup(function()
    box = planted.start()
    planted.plant(box, {
      { "ann@acme.example" },
      { "old@acme.example", { last_login = "2026-01-15 09:00:00" } },
      { "never@acme.example", { last_login = "" } },
      { "left@acme.example" },
      { "off@acme.example", { disabled = true } },
    }, { "ivy@acme.example" })
    client = box:client()
  end)

  teardown(function()
    box:stop()
  end)

  it("counts who takes a seat", function()
    local made = assert(report.licences(client, { paid = 8 }))
    assert.same({ used = 3, unused = 1, invited = 1, disabled = 1 }, planted.counts(made))
    assert.equal(4, made:total "used")
    assert.equal(8, made:total "paid")
    assert.equal(0.5, made:total "share")
    assert.is_nil(made:total "leavers") -- nobody knows without a roster
    assert.same({
      "Accounts, invitations and staged people: 3 + 1 + 0 + 1 + 0 + 1 = 6",
    }, made.sums)
    assert.equal(
      "no log-in for 150 days",
      planted.by_email(made.rows, "reason")["old@acme.example"]
    )
    assert.is_false(planted.by_email(made.rows, "seat")["off@acme.example"])
  end)

  it("finds leavers who are still billed, by a roster", function()
    local made = assert(report.licences(client, {
      roster = planted.roster(hr),
      active = left,
      exclude = { ["old@*"] = "service", ["nobody@*"] = "x" },
      billed = 5,
    }))
    assert.same(
      { used = 2, unused = 1, invited = 1, leaver = 1, disabled = 1 },
      planted.counts(made)
    )
    assert.equal(1, made:total "leavers")
    assert.equal(5, made:total "billed")
    assert.is_nil(made:total "paid")
    assert.is_nil(made:total "share")
    assert.equal(
      "the roster says that they have left",
      planted.by_email(made.rows, "reason")["left@acme.example"]
    )
    local notes = table.concat(made.notes, "\n")
    assert.matches("The exclusion 'nobody@%*' matches nobody", notes)
    assert.matches("The seats paid for are not known", notes)
    made = assert(report.licences(client, { roster = planted.roster(hr) }))
    assert.equal(1, made:total "leavers") -- old@: on no roster; left@ is on it
  end)

  it("knows what the managing company pays for, and who is staged", function()
    local many = assert(lastpass.sandbox.start { tenants = 2, users = 5 })
    local one = assert(many:companies())[1]
    local key = lastpass.secret.value(many.rest_key)
    local rest = lastpass.business.new { key = key, url = many.rest_url }
    local limit
    for row in rest:managed_companies() do
      limit = row.id == ("%.0f"):format(one.cid) and row.license_limit or limit
    end
    local child = lastpass.new {
      url = many.url,
      cid = one.cid,
      provhash = lastpass.secret.value(one.provhash),
      rest = { url = many.rest_url, parent_key = key },
      journal = ":memory:",
    }
    local made, message = report.licences(child)
    many:stop()
    assert(made, message)
    assert.truthy(limit and limit > 0)
    assert.equal(limit, made:total "paid")
    local notes = table.concat(made.notes, "\n")
    assert.is_nil(notes:find("seats paid for are not known", 1, true))
  end)

  it("takes no option that means nothing without a roster", function()
    check.failure("argument", "usage", report.licences(client, { active = left }))
    check.failure("argument", "usage", report.licences(client, { exclude = { a = "b" } }))
    check.blamed(function()
      report.licences(client, { paid = 1.5 })
    end)
  end)
end)

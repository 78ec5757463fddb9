local check = require "spec.support.check"
local planted = require "spec.support.planted"
local report = require "lastpass.report"

describe("lastpass.report.invitations", function()
  local box, client

  setup(function()
    box = planted.start()
    planted.plant(box, {
      { "ann@acme.example" },
      { "made@acme.example", { created = "2026-05-01 09:00:00", last_login = "" } },
      { "again@acme.example", { created = "2026-01-10 09:00:00", last_login = "" } },
      { "off@acme.example", { disabled = true, last_login = "" } },
    }, { "fresh@acme.example", "old@acme.example", "unknown@acme.example" })
    client = box:client()
    planted.at(box, "2026-03-01 09:00:00", function()
      assert(client:reinviteuser { username = "old@acme.example" })
    end)
    planted.at(box, "2026-06-05 09:00:00", function()
      assert(client:reinviteuser { username = "fresh@acme.example" })
    end)
    planted.at(box, "2026-06-12 09:00:00", function()
      assert(client:reinviteuser { username = "fresh@acme.example" })
      assert(client:reinviteuser { username = "again@acme.example" })
    end)
  end)

  teardown(function()
    box:stop()
  end)

  it("dates everybody who has not come, and nobody else", function()
    local made = assert(report.invitations(client))
    assert.same({
      ["fresh@acme.example"] = 3,
      ["again@acme.example"] = 3,
      ["made@acme.example"] = 45,
      ["old@acme.example"] = 105, -- an hour short of 106: the clocks went forward
    }, planted.by_email(made.rows, "days"))
    assert.equal(5, #made.rows)
    assert.same({
      ["fresh@acme.example"] = 2,
      ["again@acme.example"] = 1,
      ["old@acme.example"] = 1,
    }, planted.by_email(made.rows, "times"))
    assert.same({
      ["fresh@acme.example"] = "event",
      ["again@acme.example"] = "event",
      ["old@acme.example"] = "event",
      ["made@acme.example"] = "account",
    }, planted.by_email(made.rows, "source"))
  end)

  it("divides them by age", function()
    local made = assert(report.invitations(client))
    assert.same(
      { up_to_7 = 2, up_to_90 = 1, over_90 = 1, over_180_unknown = 1 },
      planted.counts(made)
    )
    assert.same({ "People who have not come: 2 + 0 + 1 + 1 + 1 = 5" }, made.sums)
    assert.equal(3, made:total "invited")
    assert.equal(2, made:total "never_logged_in")
    assert.equal("unknown@acme.example", made.rows[5].email)
  end)

  it("reads events of another time", function()
    local made = assert(report.invitations(client, { window = 100 }))
    assert.is_nil(planted.by_email(made.rows, "days")["old@acme.example"])
    assert.equal(2, made:class("over_100_unknown").count)
    check.blamed(function()
      report.invitations(client, { window = 10 })
    end)
  end)
end)

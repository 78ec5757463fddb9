local check = require "spec.support.check"
local planted = require "spec.support.planted"
local report = require "lastpass.report"

describe("lastpass.report.inactive", function()
  local box, client

  setup(function()
    box = planted.start()
    planted.plant(box, {
      { "day30@acme.example", { last_login = "2026-05-16 09:00:00" } },
      { "day31@acme.example", { last_login = "2026-05-15 08:59:00" } },
      { "day90@acme.example", { last_login = "2026-03-17 09:00:00" } },
      { "day91@acme.example", { last_login = "2026-03-16 09:00:00" } },
      {
        "year@acme.example",
        { created = "2020-01-01 09:00:00", last_login = "2025-01-01 09:00:00" },
      },
      { "never@acme.example", { created = "2026-01-01 09:00:00", last_login = "" } },
      { "newcomer@acme.example", { created = "2026-06-01 09:00:00", last_login = "" } },
      { "off@acme.example", { disabled = true, last_login = "2025-01-01 09:00:00" } },
    }, { "invited@acme.example" })
    client = box:client()
  end)

  teardown(function()
    box:stop()
  end)

  it("finds who has been away for longer than the limit, and nobody else", function()
    local made = assert(report.inactive(client))
    assert.same({
      ["day91@acme.example"] = 91,
      ["year@acme.example"] = 529,
      ["never@acme.example"] = 164, -- an hour short of 165: the clocks went forward
    }, planted.by_email(made.rows, "days"))
    assert.same(
      { "year@acme.example", "never@acme.example", "day91@acme.example" },
      planted.field(made.rows, "email")
    )
    assert.equal(3 / 7, made:total "share")
  end)

  it("divides everybody who can log in by age", function()
    local made = assert(report.inactive(client))
    assert.same(
      { up_to_30 = 1, up_to_90 = 2, up_to_180 = 1, over_360 = 1, never = 2 },
      planted.counts(made)
    )
    assert.same({ "People who can log in: 1 + 2 + 1 + 0 + 1 + 2 = 7" }, made.sums)
  end)

  it("takes another limit, and a stored directory", function()
    assert.equal(5, #assert(report.inactive(client, { days = 30 })).rows)
    assert.equal(
      "Not logged in for more than 30 days",
      assert(report.inactive(client, { days = 30 })).title
    )
    assert(client:keep_snapshot())
    local made = assert(report.inactive(assert(client:kept_snapshot(planted.NOW))))
    assert.equal(3, #made.rows)
    check.blamed(function()
      report.inactive(client, { days = 0.5 })
    end)
  end)
end)

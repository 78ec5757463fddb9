local check = require "spec.support.check"
local planted = require "spec.support.planted"
local report = require "lastpass.report"

describe("lastpass.report.mfa", function()
  local box, client

  setup(function()
    box = planted.start()
    planted.plant(box, {
      { "ann@acme.example", { admin = true, groups = { "IT" } } },
      { "boss@acme.example", { admin = true, multifactor = "none", groups = { "IT", "Board" } } },
      { "carl@acme.example", { multifactor = "none", groups = { "Sales" } } },
      { "dora@acme.example", { mpstrength = "49", groups = { "Sales" } } },
      { "emil@acme.example", { mpstrength = "50", totalscore = "50", groups = { "Sales" } } },
      { "fay@acme.example", { totalscore = "49.9" } },
      { "gus@acme.example", { last_pw_change = "2020-01-01 09:00:00", groups = { "Board" } } },
      { "new@acme.example", { last_login = "", groups = { "Sales" } } },
      { "off@acme.example", { disabled = true, multifactor = "none", mpstrength = "1" } },
    }, { "invited@acme.example" })
    client = box:client()
  end)

  teardown(function()
    box:stop()
  end)

  it("finds who has no second factor, a bad password, a low score, and nobody else", function()
    local made = assert(report.mfa(client))
    assert.same({
      ["boss@acme.example"] = { "no multifactor" },
      ["carl@acme.example"] = { "no multifactor" },
      ["dora@acme.example"] = { "weak master password" },
      ["fay@acme.example"] = { "low security score" },
      ["gus@acme.example"] = { "expired master password" },
      ["new@acme.example"] = { "no multifactor" },
    }, planted.by_email(made.rows, "findings"))
    assert.equal("boss@acme.example", made.rows[1].email) -- admins come first
  end)

  it("counts by admin, and adds up", function()
    local made = assert(report.mfa(client))
    assert.same(
      { admin_with = 1, admin_without = 1, user_with = 4, user_without = 2 },
      planted.counts(made)
    )
    assert.same({ "People who can log in: 1 + 1 + 4 + 2 = 8" }, made.sums)
    assert.equal(8, made:total "active")
    assert.equal(3, made:total "no_mfa")
    assert.equal(1, made:total "weak_password")
    assert.equal(1, made:total "low_score")
    assert.equal(1, made:total "expired_password")
  end)

  it("counts by group", function()
    local groups = assert(report.mfa(client)).tables[1]
    assert.equal("groups", groups.name)
    assert.same({
      { group = "Sales", members = 4, without = 2, share = 0.5, weak = 1 },
      { group = "Board", members = 2, without = 1, share = 0.5, weak = 0 },
      { group = "IT", members = 2, without = 1, share = 0.5, weak = 0 },
      { group = "(no group)", members = 1, without = 0, share = 0, weak = 0 },
    }, groups.rows)
  end)

  it("takes other limits", function()
    local made = assert(report.mfa(client, { strength = 40, score = 80 }))
    assert.equal(0, made:total "weak_password")
    assert.equal(7, made:total "low_score")
    assert.same({ strength = 40, score = 80 }, made.statement.options)
  end)

  it("needs the directory as it is now", function()
    check.blamed(function()
      report.mfa(client, { strenght = 40 })
    end)
    local id = assert(client:keep_snapshot())
    assert.truthy(id)
    local stored = assert(client:kept_snapshot(planted.NOW))
    check.blamed(function()
      report.mfa(stored)
    end)
  end)

  it("returns the failure of the list of expired passwords", function()
    assert(box:faults { command = "expiredmasterpwlist", status = 500, count = 1 })
    check.failure("transport", "http_status", report.mfa(box:client { retries = 0 }))
    box:clear_faults()
  end)
end)

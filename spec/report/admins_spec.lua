local planted = require "spec.support.planted"
local report = require "lastpass.report"

describe("lastpass.report.admins", function()
  local box, client

  setup(function()
    box = planted.start()
    planted.plant(box, {
      { "ann@acme.example", { admin = true } },
      { "boss@acme.example", { admin = true, multifactor = "none", mpstrength = "20" } },
      { "cora@acme.example", { admin = true, last_login = "2026-01-02 09:00:00" } },
      { "dan@acme.example", { admin = true, disabled = true } },
      { "eve@acme.example", { admin = true, last_login = "" } },
      { "user@acme.example", { multifactor = "none", mpstrength = "1" } },
    })
    planted.folders(box, {
      {
        name = "Vault",
        users = {
          { "ann@acme.example", superadmin = true, can_administer = true },
          { "boss@acme.example", can_administer = true },
        },
      },
    })
    client = box:client()
  end)

  teardown(function()
    box:stop()
  end)

  it("lists admins with what is wrong, and nobody else", function()
    local made = assert(report.admins(client))
    assert.same({
      ["ann@acme.example"] = {},
      ["boss@acme.example"] = { "no multifactor", "weak master password" },
      ["cora@acme.example"] = { "not logged in for 163 days" },
      ["dan@acme.example"] = { "disabled, and still an admin" },
      ["eve@acme.example"] = { "no multifactor", "never logged in" },
    }, planted.by_email(made.rows, "findings"))
    assert.same({ sound = 1, finding = 3, disabled = 1 }, planted.counts(made))
    assert.same({ "Accounts with admin rights: 1 + 3 + 1 = 5" }, made.sums)
    assert.equal(4, made:total "active")
    assert.equal(4, made:total "findings")
  end)

  it("tells super admins by the shared folders", function()
    local made = assert(report.admins(client, { folders = true }))
    local found = planted.by_email(made.rows, "super_admin")
    assert.is_true(found["ann@acme.example"])
    assert.is_false(found["boss@acme.example"])
    assert.equal("super_admin", made.columns[4].name)
    assert.equal(8, #made.columns)
  end)

  it("works on a stored directory, as far as that goes", function()
    assert(client:keep_snapshot())
    local made = assert(report.admins(assert(client:kept_snapshot(planted.NOW))))
    assert.same({ "no multifactor" }, planted.by_email(made.rows, "findings")["boss@acme.example"])
    assert.equal(planted.NOW, made.statement.as_of)
    assert.equal("a stored directory", made.statement.account)
  end)

  it("warns of a company with one admin", function()
    local lonely = planted.start()
    planted.plant(lonely, { { "ann@acme.example", { admin = true } }, { "bob@acme.example" } })
    local made = assert(report.admins(lonely:client()))
    lonely:stop()
    assert.truthy(made.notes[2]:find "^Only one admin can log in")
  end)
end)

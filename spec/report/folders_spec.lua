local check = require "spec.support.check"
local folder_report = require "lastpass.report.folders"
local planted = require "spec.support.planted"
local report = require "lastpass.report"

describe("lastpass.report.folders", function()
  local box, client

  setup(function()
    box = planted.start()
    planted.plant(box, {
      { "ann@acme.example", { admin = true } },
      { "bob@acme.example" },
      { "cat@acme.example", { multifactor = "none" } },
      { "off@acme.example", { disabled = true } },
      { "guest@partner.example" },
    })
    planted.folders(box, {
      {
        name = "Fine",
        users = {
          { "bob@acme.example", can_administer = true },
          { "cat@acme.example", readonly = true, give = false },
          { "cat@acme.example", group_name = "Sales" },
        },
      },
      {
        name = "Orphan",
        users = {
          { "off@acme.example", can_administer = true },
          { "ann@acme.example", can_administer = true, superadmin = true },
          { "bob@acme.example" },
        },
      },
      {
        name = "Outside",
        users = {
          { "bob@acme.example", can_administer = true },
          { "guest@partner.example", readonly = true },
          { "stranger@mail.example" },
        },
      },
      {
        name = "Weak",
        users = {
          { "cat@acme.example", can_administer = true },
          { "cat@acme.example", can_administer = true, group_name = "Sales" },
        },
      },
      { name = "Thrown away", deleted = true, users = { { "off@acme.example" } } },
    })
    client = box:client()
  end)

  teardown(function()
    box:stop()
  end)

  local function line(row)
    return ("%s %s %s %s %s %s"):format(
      row.folder,
      row.email:match "^[^@]*",
      row.right,
      row.group or "-",
      row.sees_passwords and "sees" or "hidden",
      row.account
    )
  end

  it("tells who can do what, through which group", function()
    local made = assert(report.folders(client))
    local lines = {}
    for position, row in ipairs(made.rows) do
      lines[position] = line(row)
    end
    assert.same({
      "Fine bob administer - sees active",
      "Fine cat write Sales sees active",
      "Fine cat read - hidden active",
      "Orphan ann administer - sees active",
      "Orphan bob write - sees active",
      "Orphan off administer - sees disabled",
      "Outside bob administer - sees active",
      "Outside guest read - sees active",
      "Outside stranger write - sees none",
      "Weak cat administer Sales sees active",
      "Weak cat administer - sees active",
    }, lines)
  end)

  it("finds orphans, externals and admins without multifactor, and nothing else", function()
    local made = assert(report.folders(client))
    local findings = {}
    for position, row in ipairs(made.tables[1].rows) do
      findings[position] = ("%s %s %s"):format(row.code, row.folder, row.email or "-")
    end
    assert.same({
      "admin_without_mfa Weak cat@acme.example",
      "external Outside guest@partner.example",
      "external Outside stranger@mail.example",
      "orphan Orphan -",
    }, findings)
    assert.same(
      { sound = 1, orphan = 1, external = 1, admin_without_mfa = 1 },
      planted.counts(made)
    )
    assert.same({ "Shared folders: 1 + 1 + 1 + 1 = 4" }, made.sums)
    assert.equal(2, made:total "external_people")
    assert.truthy(made.notes[1]:find("acme.example (option domains)", 1, true))
    assert.truthy(made.notes[5]:find("1 deleted folders", 1, true))
  end)

  it("does not flag every folder for one super admin", function()
    local super = { "root@partner.example", can_administer = true, superadmin = true }
    local other = planted.start()
    planted.plant(other, {
      { "ann@acme.example", { admin = true } },
      { "root@partner.example", { multifactor = "none" } },
    })
    planted.folders(other, {
      { name = "A", users = { super, { "ann@acme.example", can_administer = true } } },
      { name = "B", users = { super, { "ann@acme.example", can_administer = true } } },
    })
    local made = assert(report.folders(other:client(), { domains = { "acme.example" } }))
    other:stop()
    assert.same({ sound = 2 }, planted.counts(made))
    assert.same({}, made.tables[1].rows)
    assert.equal(1, made:total "external_people") -- who that is, is still said
  end)

  it("counts people by the strongest right that they have", function()
    local folders = assert(report.folders(client)).tables[2].rows
    local counts = {}
    for position, row in ipairs(folders) do
      counts[position] = ("%s %d %d %d %d"):format(
        row.folder,
        row.read,
        row.write,
        row.administer,
        row.external
      )
    end
    assert.same({ "Fine 0 1 1 0", "Orphan 0 1 2 0", "Outside 1 1 1 2", "Weak 0 0 1 0" }, counts)
  end)

  it("takes other domains, and deleted folders", function()
    local made = assert(report.folders(client, {
      domains = { "acme.example", "Partner.example" },
      deleted = true,
    }))
    assert.equal(5, made:total "folders")
    assert.equal(1, made:total "external_people")
    assert.equal(2, made:total "orphans")
    assert.same({ "acme.example", "partner.example" }, made.statement.options.domains)
    check.blamed(function()
      report.folders(client, { domain = "acme.example" })
    end)
  end)

  it("returns the failure of a read", function()
    local other = planted.start()
    assert(other:faults { command = "getsfdata", status = 500 })
    check.failure("transport", "http_status", report.folders(other:client { retries = 0 }))
    other:stop()
  end)
end)

describe("access to folders", function()
  local people = {
    { email = "ann@acme.example", admin = true, status = "active", mfa = "duo" },
    { email = "off@old.example", admin = true, status = "disabled" },
    { email = "bob@acme.example", status = "active" },
  }

  local reading = {
    users = function()
      local position = 0
      return function()
        position = position + 1
        return people[position]
      end
    end,
    snapshot = {
      user = function(_, address)
        for _, one in ipairs(people) do
          if one.email == address:lower() then
            return one
          end
        end
      end,
    },
  }

  local function examine(users, options)
    return folder_report.examine(
      reading,
      { { id = "1", name = "F", users = users } },
      options or {}
    )
  end

  it("takes the domains of admins who can log in for internal", function()
    assert.same({ "acme.example" }, examine({}).domains)
    assert.same({ "x.example" }, examine({}, { domains = { "X.example", "x.example" } }).domains)
  end)

  it("sees an orphan in a folder with nobody in it", function()
    local seen = examine {}
    assert.same({ "no active admin" }, seen.folders[1].findings)
    assert.is_nil(seen.findings[1].email)
  end)

  it("does not take a super admin, an external or a disabled admin for an active one", function()
    for _, one in ipairs {
      { email = "ann@acme.example", can_administer = true, super_admin = true },
      { email = "off@old.example", can_administer = true },
      { email = "guest@mail.example", can_administer = true },
      { email = "ann@acme.example", can_write = true },
    } do
      assert.is_true(examine({ one }).folders[1].found.orphan, one.email)
    end
    assert.is_nil(
      examine({ { email = "ann@acme.example", can_administer = true } }).folders[1].found.orphan
    )
  end)

  it("names nobody twice for the same finding", function()
    local seen = examine {
      { email = "bob@acme.example", can_administer = true },
      { email = "Bob@acme.example", can_administer = true, group = "IT" },
    }
    assert.equal(1, #seen.findings)
    assert.equal("admin_without_mfa", seen.findings[1].code)
    assert.equal(1, seen.folders[1].administer)
    assert.equal(2, #seen.rows)
  end)
end)

local planted = require "spec.support.planted"
local readings = require "lastpass.report.reading"
local check_subjects = require "lastpass.report.check.subjects"

describe("lastpass.report.check.subjects", function()
  local box, reading

  setup(function()
    box = planted.start()
    planted.plant(box, {
      { "ann@acme.example", { admin = true, groups = { "IT", "Staff" } } },
      { "bob@acme.example", { groups = { "Staff" }, last_pw_change = "2020-01-01 09:00:00" } },
      { "off@acme.example", { disabled = true } },
    }, { "new@acme.example" })
    planted.folders(box, {
      { name = "Same", users = { { "ann@acme.example", can_administer = true } } },
      { name = "Same", users = { { "x@mail.example" } } },
    })
    reading = assert(readings.open("check", box:client()))
  end)

  teardown(function()
    box:stop()
  end)

  it("shows people without methods", function()
    local subjects = assert(check_subjects.read(reading, { expired_passwords = true }, {}))
    local found = {}
    for user in subjects.users() do
      found[user.email] = { user:is_in "Staff", user.expired_password, user.status }
      assert.has_error(function()
        return user.delete
      end)
    end
    assert.same({
      ["ann@acme.example"] = { true, false, "active" },
      ["bob@acme.example"] = { true, true, "active" },
      ["off@acme.example"] = { false, false, "disabled" },
      ["new@acme.example"] = { false, false, "invited" },
    }, found)
  end)

  it("counts the company", function()
    local company = assert(check_subjects.read(reading, {}, {})).company
    assert.same(
      { 2, 1, 1, 1 },
      { company.active, company.disabled, company.invited, company.active_admins }
    )
    assert.equal(1, company.days_since(planted.NOW - 86400))
  end)

  it("tells folders of one name apart, and shows groups", function()
    local subjects = assert(check_subjects.read(reading, { folder = true, group = true }, {}))
    assert.same({ false, true }, { subjects.folders[1].orphan, subjects.folders[2].orphan })
    assert.same({ "x@mail.example" }, subjects.folders[2].external)
    assert.equal(1, #subjects.folders[1].users)
    local groups = {}
    for _, group in ipairs(subjects.groups) do
      groups[group.name] = group.count
    end
    assert.same({ IT = 1, Staff = 2 }, groups)
  end)
end)

local check = require "spec.support.check"
local time = require "lastpass.time"
local waivers = require "lastpass.report.check.waivers"

describe("lastpass.report.check.waivers", function()
  local function list(...)
    local all = {}
    for _, fields in ipairs { ... } do
      waivers.add(all, {
        rule = fields[1],
        subject = fields[2],
        expires = fields[3],
        reason = "because",
      }, 1)
    end
    return all
  end

  local zone = time.zone "America/New_York"

  it("hold to the end of their last day, in the account's zone", function()
    local all = list { "r", "x", "2026-06-15" }
    waivers.prepare(all, zone, time.parse "2026-06-16T03:59:59Z")
    assert.is_true(waivers.find(all, "r", "x").holds)
    waivers.prepare(all, zone, time.parse "2026-06-16T04:00:00Z")
    assert.is_false(waivers.find(all, "r", "x").holds)
  end)

  it("match a subject or a pattern, of their rule alone", function()
    local all = list({ "r", "*@acme.example", "2026-12-31" }, { "s", "Folder (a)", "2026-12-31" })
    waivers.prepare(all, zone, 0)
    assert.equal(all[1], waivers.find(all, "r", "Ann@Acme.example"))
    assert.is_nil(waivers.find(all, "r", "ann@acme.example.org"))
    assert.is_nil(waivers.find(all, "s", "ann@acme.example"))
    assert.equal(all[2], waivers.find(all, "s", "Folder (a)"))
    assert.equal(1, all[1].used)
  end)

  it("that hold go before those that have expired", function()
    local all = list({ "r", "x", "2026-01-01" }, { "r", "*", "2026-12-31" })
    waivers.prepare(all, zone, (time.parse "2026-06-15"))
    assert.equal(all[2], waivers.find(all, "r", "x"))
  end)

  it("need a rule, a subject, a day and a reason", function()
    for _, name in ipairs { "rule", "subject", "expires", "reason" } do
      local fields = { rule = "r", subject = "s", expires = "2026-12-31", reason = "x" }
      fields[name] = nil
      local message = check.blamed(function()
        waivers.add({}, fields, 1)
      end)
      assert.equal(("waive: the field '%s' is missing"):format(name), message)
    end
    check.blamed(function()
      waivers.add({}, { rule = "r", subject = "s", expires = "2026-02-30", reason = "x" }, 1)
    end)
    check.blamed(function()
      waivers.add(
        {},
        { rule = "r", subject = "s", expires = "2026-12-31", reason = "x", til = 1 },
        1
      )
    end)
  end)
end)

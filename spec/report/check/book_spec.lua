local books = require "lastpass.report.check.book"
local builtin = require "lastpass.report.check.rules"
local check = require "spec.support.check"
local planted = require "spec.support.planted"
local time = require "lastpass.time"

describe("lastpass.report.check.book", function()
  it("has all rules unless it is told which", function()
    local book = assert(books.open())
    assert.equal(#builtin.names(), #book.rules)
    assert.equal("warning", book.by_name.inactive_account.severity)
    book = assert(books.open { "disabled_admin", { name = "x", each = "user", holds = print } })
    assert.equal(2, #book.rules)
    assert.equal("error", book.by_name.x.severity)
    assert.equal("x", book.by_name.x.title)
  end)

  it("does not take a rule twice", function()
    local message = check.blamed(function()
      books.open { "disabled_admin", "disabled_admin" }
    end)
    assert.equal("check: there are two rules 'disabled_admin'", message)
  end)

  it("gives a file words to look with, and none to act with", function()
    local made = {}
    local path = planted.path(made)
    planted.write(
      path,
      [[
assert(not io and not require and not load and not os.execute and not os.remove)
use("too_few_admins", { least = 3, severity = "warning" })
rule("r" .. 1) { each = "user", holds = function() return true end }
]]
    )
    local book = assert(books.open(path))
    assert.equal("At least 3 admins can log in", book.by_name.too_few_admins.title)
    assert.equal("warning", book.by_name.too_few_admins.severity)
    assert.truthy(book.by_name.r1)
    planted.write(path, string.dump(function() end))
    check.failure("argument", "rule_mistake", books.open(path))
    planted.remove(made)
    check.failure("argument", "cannot_read", books.open(path))
  end)
end)

describe("waivers", function()
  local function list(...)
    local all = {}
    for _, fields in ipairs { ... } do
      books.add_waiver(all, {
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
    books.prepare_waivers(all, zone, time.parse "2026-06-16T03:59:59Z")
    assert.is_true(books.find_waiver(all, "r", "x").is_valid)
    books.prepare_waivers(all, zone, time.parse "2026-06-16T04:00:00Z")
    assert.is_false(books.find_waiver(all, "r", "x").is_valid)
  end)

  it("match a subject or a pattern, of their rule alone", function()
    local all = list({ "r", "*@acme.example", "2026-12-31" }, { "s", "Folder (a)", "2026-12-31" })
    books.prepare_waivers(all, zone, 0)
    assert.equal(all[1], books.find_waiver(all, "r", "Ann@Acme.example"))
    assert.is_nil(books.find_waiver(all, "r", "ann@acme.example.org"))
    assert.is_nil(books.find_waiver(all, "s", "ann@acme.example"))
    assert.equal(all[2], books.find_waiver(all, "s", "Folder (a)"))
    assert.equal(1, all[1].used)
  end)

  it("that hold go before those that have expired", function()
    local all = list({ "r", "x", "2026-01-01" }, { "r", "*", "2026-12-31" })
    books.prepare_waivers(all, zone, (time.parse "2026-06-15"))
    assert.equal(all[2], books.find_waiver(all, "r", "x"))
  end)

  it("need a rule, a subject, a day and a reason", function()
    for _, name in ipairs { "rule", "subject", "expires", "reason" } do
      local fields = { rule = "r", subject = "s", expires = "2026-12-31", reason = "x" }
      fields[name] = nil
      local message = check.blamed(function()
        books.add_waiver({}, fields, 1)
      end)
      assert.equal(("waive: the field '%s' is missing"):format(name), message)
    end
    check.blamed(function()
      books.add_waiver({}, { rule = "r", subject = "s", expires = "2026-02-30", reason = "x" }, 1)
    end)
    check.blamed(function()
      books.add_waiver(
        {},
        { rule = "r", subject = "s", expires = "2026-12-31", reason = "x", til = 1 },
        1
      )
    end)
  end)
end)

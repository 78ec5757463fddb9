local book_room = require "lastpass.report.check.book"
local builtin = require "lastpass.report.check.rules"
local check = require "spec.support.check"
local planted = require "spec.support.planted"

describe("lastpass.report.check.book", function()
  it("has all rules unless it is told which", function()
    local book = assert(book_room.open())
    assert.equal(#builtin.names(), #book.rules)
    assert.equal("warning", book.by_name.inactive_account.severity)
    book = assert(book_room.open { "disabled_admin", { name = "x", each = "user", holds = print } })
    assert.equal(2, #book.rules)
    assert.equal("error", book.by_name.x.severity)
    assert.equal("x", book.by_name.x.title)
  end)

  it("does not take a rule twice", function()
    local message = check.blamed(function()
      book_room.open { "disabled_admin", "disabled_admin" }
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
    local book = assert(book_room.open(path))
    assert.equal("At least 3 admins can log in", book.by_name.too_few_admins.title)
    assert.equal("warning", book.by_name.too_few_admins.severity)
    assert.truthy(book.by_name.r1)
    planted.write(path, string.dump(function() end))
    check.failure("argument", "rule_mistake", book_room.open(path))
    planted.remove(made)
    check.failure("argument", "cannot_read", book_room.open(path))
  end)
end)

-- A directory as text.
local check = require "spec.support.check"
local companies = require "spec.support.companies"
local record = require "lastpass.directory.record"

local function snapshot(users, invited)
  return companies.client({ users = users, invited = invited or {} }):snapshot()
end

local users = {
  {
    email = "Bob@x",
    fullname = "Bob",
    groups = { "Z", "A" },
    admin = true,
    attributes = { PIN = "1234" },
  },
  { email = "ann@x", fullname = "\195\156", disabled = true },
}

describe("lastpass.directory.record", function()
  it("says the same of the same people, in whatever order they came", function()
    local text = record.text(snapshot(users, { "guest@x" }))
    assert.equal(text, record.text(snapshot({ users[2], users[1] }, { "guest@x" })))
    assert.equal(text, record.text(record.parse(text, 5)))
    local twins = { { email = "eve@x" }, { email = "Eve@x" } }
    assert.equal(record.text(snapshot(twins)), record.text(snapshot { twins[2], twins[1] }))
  end)

  it("keeps no attributes, which may be secrets", function()
    assert.is_nil(record.text(snapshot(users)):find("1234", 1, true))
  end)

  it("is read as it was written", function()
    local read = assert(record.parse(record.text(snapshot(users, { "guest@x" })), 1781524800))
    assert.equal(3, read:count())
    assert.equal(1781524800, read.read_at)
    local bob = read:user "BOB@x"
    assert.same(
      { "Bob@x", "Bob", "active", true },
      { bob.email, bob.fullname, bob.status, bob.admin }
    )
    assert.same({ "A", "Z" }, bob.groups)
    assert.equal("invited", read:user("guest@x").status)
    assert.is_nil(read:user "nobody@x")
    assert.same({ "ann@x", "Bob@x", "guest@x" }, check.emails(read:users()))
    assert.equal("lastpass.directory.Record (3 users, read 2026-06-15T12:00:00Z)", tostring(read))
    check.blamed(function()
      read:user(nil)
    end)
  end)

  it("is refused when it is not whole", function()
    local text = record.text(snapshot(users))
    for _, damaged in ipairs {
      "",
      "x",
      text:sub(1, -3),
      text:match "^[^\n]*\n[^\n]*\n",
      text:match "\n(.*)",
      (text:gsub('"version":1', '"version":2')),
      (text:gsub('"email":"ann@x"', '"email":5')),
      (text:gsub('"groups":%[%]', '"groups":1')),
    } do
      check.failure("protocol", "not_a_directory", record.parse(damaged, 5))
    end
  end)
end)

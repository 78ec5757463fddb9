local access = require "lastpass.report.folder_access"

describe("lastpass.report.folder_access", function()
  local people = {
    { email = "ann@acme.example", admin = true, status = "active", mfa = "duo" },
    { email = "off@old.example", admin = true, status = "disabled" },
    { email = "bob@acme.example", status = "active" },
  }

  local reading = {
    users = function()
      local place = 0
      return function()
        place = place + 1
        return people[place]
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

  local function look(users, options)
    return access.look(reading, { { id = "1", name = "F", users = users } }, options or {})
  end

  it("takes the domains of admins who can log in for internal", function()
    assert.same({ "acme.example" }, look({}).domains)
    assert.same({ "x.example" }, look({}, { domains = { "X.example", "x.example" } }).domains)
  end)

  it("sees an orphan in a folder with nobody in it", function()
    local seen = look {}
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
      assert.is_true(look({ one }).folders[1].found.orphan, one.email)
    end
    assert.is_nil(
      look({ { email = "ann@acme.example", can_administer = true } }).folders[1].found.orphan
    )
  end)

  it("names nobody twice for the same finding", function()
    local seen = look {
      { email = "bob@acme.example", can_administer = true },
      { email = "Bob@acme.example", can_administer = true, group = "IT" },
    }
    assert.equal(1, #seen.findings)
    assert.equal("admin_without_mfa", seen.findings[1].code)
    assert.equal(1, seen.folders[1].administer)
    assert.equal(2, #seen.rows)
  end)
end)

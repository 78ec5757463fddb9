local tally = require "lastpass.nginx.dashboard.tally"

describe("tally", function()
  local function user(fields)
    fields.groups = fields.groups or {}
    fields.status = fields.status or "active"
    fields.admin = fields.admin or false
    return fields
  end

  local function counts(classes)
    local found = {}
    for _, class in ipairs(classes) do
      found[class.name] = class.count
    end
    return found
  end

  it("has the classes of the report on coverage that the directory alone tells", function()
    local names = {}
    for place, class in ipairs(tally.standings) do
      names[place] = class[1]
    end
    assert.same({ "active", "empty_vault", "never_logged_in", "invited", "disabled" }, names)
    assert.equal("Never logged in", tally.standing_title "never_logged_in")
    assert.is_nil(tally.standing_title "orphan")
  end)

  it("counts multifactor of those who can log in", function()
    local one = tally.new()
    one:add(user { admin = true, mfa = "duo" }, "active")
    one:add(user { admin = true }, "active")
    one:add(user { mfa = "duo" }, "empty_vault")
    one:add(user { mfa = "yubikey" }, "active")
    one:add(user {}, "never_logged_in")
    one:add(user { status = "disabled", mfa = "duo" }, "disabled")
    one:add(user { status = "invited" }, "invited")
    one:finish {}
    assert.equal(5, one.can_log_in)
    assert.same(
      { admin_with = 1, admin_without = 1, user_with = 2, user_without = 1 },
      counts(one.by_mfa)
    )
    assert.same({ { name = "duo", count = 2 }, { name = "yubikey", count = 1 } }, one.methods)
    assert.same(
      { active = 3, empty_vault = 1, never_logged_in = 1, invited = 1, disabled = 1 },
      counts(one.by_standing)
    )
  end)

  it("counts groups, those without anybody too, by name", function()
    local one = tally.new()
    one:add(user { groups = { "sales", "IT" } }, "active")
    one:add(user { groups = { "IT" }, mfa = "duo" }, "active")
    one:add(user { groups = { "IT" }, status = "disabled" }, "disabled")
    one:finish { "Empty", "IT" }
    assert.same({
      { name = "Empty", key = "empty", members = 0, can_log_in = 0, without = 0 },
      { name = "IT", key = "it", members = 3, can_log_in = 2, without = 1 },
      { name = "sales", key = "sales", members = 1, can_log_in = 1, without = 1 },
    }, one.groups)
  end)

  it("finds groups whatever the case of letters, the exact one first", function()
    local one = tally.new()
    one:finish { "IT", "it", "Sales" }
    assert.equal("it", one:group("it").name)
    assert.equal("IT", one:group("IT").name)
    assert.equal("Sales", one:group("sALES").name)
    assert.is_nil(one:group "none")
  end)
end)

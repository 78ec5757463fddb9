-- The way back of every kind of step.
local inverse = require "lastpass.plan.inverse"
local json = require "lastpass.json"
local kinds = require "lastpass.plan.kinds"

local function image(status, more)
  local one =
    { status = status, fullname = "Ann Lee", groups = json.list { "A", "B" }, admin = false }
  for name, value in pairs(more or {}) do
    one[name] = value
  end
  return one
end

local function plain(list)
  return { (table.unpack or unpack)(list) }
end

describe("lastpass.plan.inverse", function()
  it("knows every kind", function()
    for _, kind in ipairs(kinds.list) do
      local step = { kind = kind.name, after = { fullname = "X", groups = {}, email = "b@x" } }
      local back, lost = inverse.of(step, image "active", image "active")
      assert.is_true(back ~= nil or lost ~= nil or kind.name == "enable" or kind.name == "groups")
      if back then
        assert.is_not_nil(kinds.by_name[back.kind])
      end
    end
  end)

  it("goes back to the state before, not to another one", function()
    local disabled, active = image "disabled", image "active"
    assert.equal("enable", inverse.of({ kind = "disable" }, active, disabled).kind)
    assert.equal("disable", inverse.of({ kind = "enable" }, disabled, active).kind)
    assert.is_nil(inverse.of({ kind = "disable" }, disabled, disabled))
    assert.is_nil(inverse.of({ kind = "enable" }, active, active))
  end)

  it("gives the old name back, where there was one", function()
    local step = { kind = "name", after = { fullname = "New" } }
    local back = inverse.of(step, image "active", image("active", { fullname = "New" }))
    assert.same({ fullname = "New" }, back.before)
    assert.same({ fullname = "Ann Lee" }, back.after)
    local none, lost = inverse.of(step, image("active", { fullname = "" }), image "active")
    assert.is_nil(none)
    assert.truthy(lost:find("no name before", 1, true))
  end)

  it("joins what was left and leaves what was joined, no more", function()
    local step = { kind = "groups", after = { join = { "B", "C" }, leave = { "A", "Z" } } }
    local now = image("active", { groups = json.list { "B", "C" } })
    local back = inverse.of(step, image "active", now)
    assert.same({ "A" }, plain(back.after.join)) -- never was in Z
    assert.same({ "C" }, plain(back.after.leave)) -- was in B before
    assert.same({ "B", "C" }, plain(back.before.groups))
    assert.equal(
      "[]",
      json.encode(inverse.of({
        kind = "groups",
        after = { join = { "C" }, leave = {} },
      }, image "active", now).after.join)
    )
    assert.is_nil(inverse.of({
      kind = "groups",
      after = { join = { "B" }, leave = {} },
    }, image "active", now))
  end)

  it("withdraws an invitation, removes an account", function()
    local step = { kind = "create", after = { groups = {} } }
    assert.equal("uninvite", inverse.of(step, { status = "absent" }, image "invited").kind)
    assert.equal("remove", inverse.of(step, { status = "absent" }, image "active").kind)
  end)

  it("creates anew with the old name and groups, and says what is lost", function()
    local back, lost = inverse.of({ kind = "remove" }, image "active", { status = "absent" })
    assert.equal("create", back.kind)
    assert.equal("Ann Lee", back.after.fullname)
    assert.same({ "A", "B" }, plain(back.after.groups))
    assert.truthy(lost:find("without the vault", 1, true))
    lost = select(
      2,
      inverse.of({ kind = "remove" }, image("disabled", { admin = true }), image "absent")
    )
    assert.truthy(lost:find("can log in", 1, true))
    assert.truthy(lost:find("not as an admin", 1, true))
    back = inverse.of({ kind = "uninvite" }, { status = "invited", groups = {} }, image "absent")
    assert.equal("[]", json.encode(back.after.groups))
  end)
end)

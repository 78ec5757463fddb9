-- The way back of every kind of step.
local state = require "lastpass.plan.state"
local json = require "lastpass.json"
local changes = require "lastpass.directory.changes"

describe("lastpass.plan.state", function()
  local active = { status = "active", fullname = "Ann", groups = { "A", "B" }, admin = false }

  it("has a hash that does not hang on the order of groups", function()
    local user = { status = "active", fullname = "Ann", groups = { "B", "A" } }
    assert.equal(state.hash(active), state.hash(state.of(user)))
    assert.is_true(state.hash(active) ~= state.hash(state.of(nil)))
    user.groups = {}
    assert.is_true(state.hash(active) ~= state.hash(state.of(user)))
  end)

  it("tells what a step makes of somebody, and whether it is so already", function()
    local cases = {
      { { kind = "disable" }, { status = "disabled" } },
      { { kind = "name", after = { fullname = "Ann Berg" } }, { fullname = "Ann Berg" } },
      {
        { kind = "groups", after = { join = { "C" }, leave = { "A" } } },
        { groups = { "B", "C" } },
      },
      { { kind = "groups", after = { join = { "B" }, leave = {} } }, {} },
    }
    for _, case in ipairs(cases) do
      local step, different = case[1], case[2]
      local after = state.after(active, step)
      for _, name in ipairs { "status", "fullname", "admin" } do
        local expected = different[name]
        if expected == nil then
          expected = active[name]
        end
        assert.equal(expected, after[name])
      end
      assert.equal(
        table.concat(different.groups or active.groups, ","),
        table.concat(after.groups, ",")
      )
      assert.is_true(state.satisfies(after, step))
      assert.equal(next(different) == nil, state.satisfies(active, step))
    end
    for _, kind in ipairs { "uninvite", "remove", "delete" } do
      assert.equal("absent", state.after(active, { kind = kind }).status)
      assert.is_false(state.satisfies(active, { kind = kind }))
      assert.is_true(state.satisfies(state.absent(), { kind = kind }))
    end
    local created = state.after(
      state.absent(),
      { kind = "create", after = { fullname = "N", groups = { "B", "A" } } }
    )
    assert.same({ "invited", "N", "A" }, { created.status, created.fullname, created.groups[1] })
    local disabled = state.after(active, { kind = "disable" })
    assert.equal("active", state.after(disabled, { kind = "enable" }).status)
    assert.is_false(state.satisfies(active, { kind = "reinvite" }))
  end)

  it("says in words what has changed", function()
    local now = { status = "disabled", fullname = "Ann B", groups = { "B", "C" }, admin = true }
    assert.same({
      "the state was active and is disabled",
      "the name was Ann and is Ann B",
      "admin was false and is true",
      "is in C now",
      "is no longer in A",
    }, state.differences(active, now))
    assert.same({}, state.differences(active, active))
    assert.same({ "the state was absent and is active" }, state.differences(state.absent(), active))
  end)
end)

describe("lastpass.plan.state: the way back", function()
  local function state_of(status, more)
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

  it("knows every kind", function()
    for _, kind in ipairs(changes.list) do
      local after = { fullname = "X", groups = {}, email = "b@x", level = "Admin" }
      local step = { kind = kind.name, after = after }
      local back, lost = state.inverse(step, state_of "active", state_of "active")
      assert.is_true(back ~= nil or lost ~= nil or kind.name == "enable" or kind.name == "groups")
      if back then
        assert.is_not_nil(changes.by_name[back.kind])
      end
    end
  end)

  it("goes back to the state before, not to another one", function()
    local disabled, active = state_of "disabled", state_of "active"
    assert.equal("enable", state.inverse({ kind = "disable" }, active, disabled).kind)
    assert.equal("disable", state.inverse({ kind = "enable" }, disabled, active).kind)
    assert.is_nil(state.inverse({ kind = "disable" }, disabled, disabled))
    assert.is_nil(state.inverse({ kind = "enable" }, active, active))
  end)

  it("gives the old name back, where there was one", function()
    local step = { kind = "name", after = { fullname = "New" } }
    local back = state.inverse(step, state_of "active", state_of("active", { fullname = "New" }))
    assert.same({ fullname = "New" }, back.before)
    assert.same({ fullname = "Ann Lee" }, back.after)
    local none, lost = state.inverse(step, state_of("active", { fullname = "" }), state_of "active")
    assert.is_nil(none)
    assert.truthy(lost:find("no name before", 1, true))
  end)

  it("joins what was left and leaves what was joined, no more", function()
    local step = { kind = "groups", after = { join = { "B", "C" }, leave = { "A", "Z" } } }
    local now = state_of("active", { groups = json.list { "B", "C" } })
    local back = state.inverse(step, state_of "active", now)
    assert.same({ "A" }, plain(back.after.join)) -- never was in Z
    assert.same({ "C" }, plain(back.after.leave)) -- was in B before
    assert.same({ "B", "C" }, plain(back.before.groups))
    assert.equal(
      "[]",
      json.encode(state.inverse({
        kind = "groups",
        after = { join = { "C" }, leave = {} },
      }, state_of "active", now).after.join)
    )
    assert.is_nil(state.inverse({
      kind = "groups",
      after = { join = { "B" }, leave = {} },
    }, state_of "active", now))
  end)

  it("withdraws an invitation, removes an account", function()
    local step = { kind = "create", after = { groups = {} } }
    assert.equal("uninvite", state.inverse(step, { status = "absent" }, state_of "invited").kind)
    assert.equal("remove", state.inverse(step, { status = "absent" }, state_of "active").kind)
  end)

  it("creates anew with the old name and groups, and says what is lost", function()
    local back, lost = state.inverse({ kind = "remove" }, state_of "active", { status = "absent" })
    assert.equal("create", back.kind)
    assert.equal("Ann Lee", back.after.fullname)
    assert.same({ "A", "B" }, plain(back.after.groups))
    assert.truthy(lost:find("without the vault", 1, true))
    lost = select(
      2,
      state.inverse({ kind = "remove" }, state_of("disabled", { admin = true }), state_of "absent")
    )
    assert.truthy(lost:find("can log in", 1, true))
    assert.truthy(lost:find("not as an admin", 1, true))
    back = state.inverse(
      { kind = "uninvite" },
      { status = "invited", groups = {} },
      state_of "absent"
    )
    assert.equal("[]", json.encode(back.after.groups))
  end)
end)

local image = require "lastpass.plan.image"

local active = { status = "active", fullname = "Ann", groups = { "A", "B" }, admin = false }

describe("lastpass.plan.image", function()
  it("has a hash that does not hang on the order of groups", function()
    local user = { status = "active", fullname = "Ann", groups = { "B", "A" } }
    assert.equal(image.hash(active), image.hash(image.of(user)))
    assert.is_true(image.hash(active) ~= image.hash(image.of(nil)))
    user.groups = {}
    assert.is_true(image.hash(active) ~= image.hash(image.of(user)))
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
      local step, changes = case[1], case[2]
      local after = image.after(active, step)
      for _, name in ipairs { "status", "fullname", "admin" } do
        local expected = changes[name]
        if expected == nil then
          expected = active[name]
        end
        assert.equal(expected, after[name])
      end
      assert.equal(
        table.concat(changes.groups or active.groups, ","),
        table.concat(after.groups, ",")
      )
      assert.is_true(image.holds(after, step))
      assert.equal(next(changes) == nil, image.holds(active, step))
    end
    for _, kind in ipairs { "uninvite", "remove", "delete" } do
      assert.equal("absent", image.after(active, { kind = kind }).status)
      assert.is_false(image.holds(active, { kind = kind }))
      assert.is_true(image.holds(image.absent(), { kind = kind }))
    end
    local created = image.after(
      image.absent(),
      { kind = "create", after = { fullname = "N", groups = { "B", "A" } } }
    )
    assert.same({ "invited", "N", "A" }, { created.status, created.fullname, created.groups[1] })
    local disabled = image.after(active, { kind = "disable" })
    assert.equal("active", image.after(disabled, { kind = "enable" }).status)
    assert.is_false(image.holds(active, { kind = "reinvite" }))
  end)

  it("says in words what has changed", function()
    local now = { status = "disabled", fullname = "Ann B", groups = { "B", "C" }, admin = true }
    assert.same({
      "the state was active and is disabled",
      "the name was Ann and is Ann B",
      "admin was false and is true",
      "is in C now",
      "is no longer in A",
    }, image.differences(active, now))
    assert.same({}, image.differences(active, active))
    assert.same({ "the state was absent and is active" }, image.differences(image.absent(), active))
  end)
end)

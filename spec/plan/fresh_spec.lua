-- Who has changed since the plan was made.
local fresh = require "lastpass.plan.fresh"
local json = require "lastpass.json"
local work_room = require "lastpass.plan.work"

describe("lastpass.plan.fresh", function()
  local function image(status, fullname, groups)
    return { status = status, fullname = fullname, groups = json.list(groups or {}), admin = false }
  end

  -- A directory of these images.
  local function directory(people)
    return {
      user = function(_, address)
        return people[address:lower()]
      end,
    }
  end

  local function work_of(objects, steps, outcomes)
    for number, step in ipairs(steps) do
      step.number = number
    end
    return work_room.new {
      body = { objects = objects, steps = steps },
      options = {},
      outcomes = outcomes,
    }
  end

  local function states(entries)
    local list = {}
    for place, entry in ipairs(entries) do
      list[place] = { entry.step.number, entry.state }
    end
    return list
  end

  it("finds nobody when nobody has changed", function()
    local work = work_of(
      { ["a@x"] = image("active", "A", { "G" }), ["b@x"] = { status = "absent" } },
      { { kind = "create", subject = "b@x", after = {} }, { kind = "disable", subject = "a@x" } }
    )
    local now = directory { ["a@x"] = image("active", "A", { "G" }) }
    assert.same({}, fresh.changed(work, now))
  end)

  it("makes every step of who has changed stale, in their order, and says why", function()
    local work = work_of({ ["a@x"] = image("active", "A"), ["b@x"] = image("active", "B") }, {
      { kind = "name", subject = "a@x", after = { fullname = "New" } },
      { kind = "disable", subject = "a@x" },
      { kind = "disable", subject = "b@x" },
    })
    local now =
      directory { ["a@x"] = image("active", "A", { "G" }), ["b@x"] = image("active", "B") }
    local entries = fresh.changed(work, now)
    assert.same({ { 1, "stale" }, { 2, "stale" } }, states(entries))
    assert.equal("changed_since", entries[1].code)
    assert.truthy(entries[1].reason:find("is in G now", 1, true))
  end)

  it("calls unchanged what is so already", function()
    local work = work_of({ ["a@x"] = image("active", "A"), ["b@x"] = { status = "absent" } }, {
      { kind = "create", subject = "b@x", after = {} },
      { kind = "name", subject = "a@x", after = { fullname = "New" } },
      { kind = "disable", subject = "a@x" },
      { kind = "reinvite", subject = "a@x" },
    })
    local now = directory { ["a@x"] = image("disabled", "A"), ["b@x"] = image("invited") }
    local entries = fresh.changed(work, now)
    assert.same(
      { { 1, "unchanged" }, { 2, "stale" }, { 3, "unchanged" }, { 4, "stale" } },
      states(entries)
    )
    assert.equal("is_so", entries[1].code)
  end)

  it("expects what the run has done itself", function()
    local steps = {
      { kind = "name", subject = "a@x", after = { fullname = "New" } },
      { kind = "groups", subject = "A@X", after = { join = { "G" }, leave = {} } },
      { kind = "disable", subject = "a@x" },
    }
    local objects = { ["a@x"] = image("active", "A"), ["A@X"] = image("active", "A") }
    local work = work_of(objects, steps, { { state = "done" }, { state = "unchanged" } })
    assert.same({}, fresh.changed(work, directory { ["a@x"] = image("active", "New", { "G" }) }))
    -- done, and then taken back by somebody
    local entries = fresh.changed(work, directory { ["a@x"] = image("active", "New") })
    assert.same({ { 3, "stale" } }, states(entries))
  end)

  it("does not expect what was refused", function()
    local work = work_of({ ["a@x"] = image("active", "A") }, {
      { kind = "name", subject = "a@x", after = { fullname = "New" } },
      { kind = "disable", subject = "a@x" },
    }, { { state = "refused" } })
    assert.same({}, fresh.changed(work, directory { ["a@x"] = image("active", "A") }))
  end)
end)

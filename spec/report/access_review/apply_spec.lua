local apply = require "lastpass.report.access_review.apply"
local check = require "spec.support.check"
local planted = require "spec.support.planted"

describe("plan and tasks", function()
  local box, client

  setup(function()
    box = planted.start()
    planted.plant(box, {
      { "ann@x.example", { groups = { "A", "B", "C" } } },
      { "bob@x.example", { groups = { "A" } } },
      { "off@x.example", { groups = { "A" }, disabled = true } },
      { "root@x.example", { admin = true } },
    }, { "new@x.example" })
    client = box:client()
  end)

  teardown(function()
    box:stop()
  end)

  local function decisions(list)
    local one = { problems = {}, campaign = { items = {} }, by_id = {} }
    for position, given in ipairs(list) do
      local id = "R" .. position
      one.campaign.items[position] =
        { id = id, person = given[1], kind = given[2], what = given[3], file = "f" }
      one.by_id[id] = { decision = given[4] or "remove", comment = "", origin = "f:" .. position }
    end
    return one
  end

  local function steps(list)
    local plan = assert(
      apply.plan(client, decisions(list), { limit = { leave = 10, disable = 3, uninvite = 1 } })
    )
    local found = {}
    for position, step in ipairs(plan.body.steps) do
      found[position] = ("%s %s %s"):format(
        step.kind,
        step.subject,
        step.after and step.after.leave and table.concat(step.after.leave, ",") or ""
      )
    end
    return found
  end

  it("takes people out of the groups that were decided, and leaves other groups", function()
    assert.same(
      { "groups ann@x.example A,B" },
      steps {
        { "ann@x.example", "group", "A" },
        { "ann@x.example", "group", "B" },
        { "ann@x.example", "group", "C", "keep" },
        { "bob@x.example", "group", "A", "undecided" },
      }
    )
  end)

  it("disables accounts and withdraws invitations", function()
    assert.same(
      { "disable bob@x.example ", "uninvite new@x.example " },
      steps { { "bob@x.example", "account", "log in" }, { "new@x.example", "account", "log in" } }
    )
  end)

  it("does nothing about people who are gone or disabled, and nothing without decisions", function()
    assert.same({}, steps { { "gone@x.example", "group", "A" }, { "off@x.example", "group", "A" } })
    assert.same({}, steps {})
  end)

  it("makes tasks of what the API cannot do", function()
    local one = decisions {
      { "root@x.example", "admin", "administer the company" },
      { "ann@x.example", "folder", "Plans" },
      { "ann@x.example", "group", "A" },
      { "bob@x.example", "folder", "Plans", "keep" },
    }
    local tasks = apply.manual(one)
    assert.equal(2, #tasks)
    assert.equal("take the admin rights from root@x.example", tasks[1].task)
    assert.equal("f:2", tasks[2].origin)
  end)

  it("passes on what the guards say", function()
    local plan = assert(apply.plan(
      client,
      decisions {
        { "ann@x.example", "account", "log in" },
        { "bob@x.example", "account", "log in" },
      }
    ))
    assert.equal("disable", plan.body.refusals[1].code or plan.body.refusals[1].guard)
    check.blamed(function()
      apply.plan(client, decisions {}, { limits = {} })
    end)
  end)
end)

describe("closure", function()
  local box

  setup(function()
    box = planted.start()
    planted.plant(box, { { "ann@x.example", { groups = { "A" } } } })
  end)

  teardown(function()
    box:stop()
  end)

  it("puts each thing into one class, by decision and by what is there", function()
    local items, by_id = {}, {}
    for _, decision in ipairs { "keep", "remove", "undecided" } do
      for _, group in ipairs { "A", "B" } do -- A is there, B is not
        local id = decision .. " " .. group
        items[#items + 1] = { id = id, person = "Ann@x.example", kind = "group", what = group }
        by_id[id] = { decision = decision, comment = "" }
      end
    end
    items[#items + 1] = { id = "no row", person = "ann@x.example", kind = "group", what = "A" }
    local one = assert(apply.closure(box:client(), {
      campaign = { items = items, statement = { read_at = "2026-06-01T00:00:00Z" } },
      by_id = by_id,
      counts = { keep = 2, remove = 2, undecided = 3 },
      problems = { {} },
    }))
    local classes = {}
    for _, row in ipairs(one.rows) do
      classes[row.id] = row.class
    end
    assert.same({
      ["keep A"] = "kept",
      ["keep B"] = "gone",
      ["remove A"] = "open",
      ["remove B"] = "removed",
      ["undecided A"] = "undecided",
      ["undecided B"] = "gone",
      ["no row"] = "undecided",
    }, classes)
    assert.equal(4, one:total "decided")
    assert.is_false(one.statement.complete)
  end)
end)

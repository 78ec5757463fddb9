local carry_out = require "lastpass.report.access_review.carry_out"
local check = require "spec.support.check"
local planted = require "spec.support.planted"

describe("lastpass.report.access_review.carry_out", function()
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
    for place, given in ipairs(list) do
      local id = "R" .. place
      one.campaign.items[place] =
        { id = id, person = given[1], kind = given[2], what = given[3], file = "f" }
      one.by_id[id] = { decision = given[4] or "remove", comment = "", origin = "f:" .. place }
    end
    return one
  end

  local function steps(list)
    local plan = assert(
      carry_out.plan(client, decisions(list), { limit = { leave = 10, disable = 3, uninvite = 1 } })
    )
    local found = {}
    for place, step in ipairs(plan.body.steps) do
      found[place] = ("%s %s %s"):format(
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
    local tasks = carry_out.manual(one)
    assert.equal(2, #tasks)
    assert.equal("take the admin rights from root@x.example", tasks[1].task)
    assert.equal("f:2", tasks[2].origin)
  end)

  it("passes on what the guards say", function()
    local plan = assert(carry_out.plan(
      client,
      decisions {
        { "ann@x.example", "account", "log in" },
        { "bob@x.example", "account", "log in" },
      }
    ))
    assert.equal("disable", plan.body.refusals[1].code or plan.body.refusals[1].guard)
    check.blamed(function()
      carry_out.plan(client, decisions {}, { limits = {} })
    end)
  end)
end)

-- Shadow mode: a push is answered as if done, written nowhere, and comes out as a plan.
local support = require "spec.support.box"
local worlds = require "spec.support.inbound"

describe("lastpass.inbound.shadow", function()
  local box, world

  setup(function()
    box = support.start { users = 60, invited = 2, seed = 3 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    assert(box:act { settings = { unknown_group = "create" } })
    world = worlds.world(box, {
      mode = "shadow",
      limits = { join = 100, leave = 100, disable = 10, enable = 10, create = 10 },
    })
  end)

  after_each(function()
    world:close()
  end)

  local function addresses(filter, count)
    local list = {}
    for user in world.client:users(filter) do
      if #list < count then
        list[#list + 1] = user.email
      end
    end
    return list
  end

  -- A cycle as Entra sends it; gives what it was answered, without ids of time.
  local function push(active, disabled)
    local answers = {}
    local function note(status, body)
      answers[#answers + 1] =
        { status, body and body.id, body and body.active, body and body.displayName }
      return body
    end
    local new = note(world:create("new@acme.example", { title = "Dr" }))
    note(world:create("later@acme.example", { active = false }))
    local group = note(world:send("POST", "/Groups", { displayName = "Chess", externalId = "g" }))
    local ids = {}
    for index, address in ipairs(active) do
      ids[index] = world:find(address)
    end
    note(world:patch("/Groups/" .. group.id, {
      op = "Add",
      path = "members",
      value = { { value = ids[1] }, { value = ids[2] }, { value = new.id } },
    }))
    note(world:patch("/Groups/" .. group.id, {
      op = "Remove",
      path = "members",
      value = { { value = ids[2] } },
    }))
    note(world:set_active(ids[1], false))
    note(world:set_active(ids[2], false))
    note(world:set_active(ids[2], true))
    note(world:set_active(world:find(disabled[1]), true))
    note(world:patch("/Users/" .. ids[3], { op = "replace", path = "displayName", value = "N N" }))
    note(world:send("DELETE", "/Users/" .. ids[4]))
    note(world:create(active[5], { displayName = "Linked Person" }))
    note(world:patch("/Users/" .. ids[1], { op = "replace", path = "title", value = "PhD" }))
    note(world:send("GET", "/Users/" .. ids[1]))
    note(world:send("GET", "/Users/" .. ids[4]))
    note(world:send("GET", "/Users/" .. new.id))
    local _, seen = world:send("GET", "/Groups/" .. group.id)
    local members = {}
    for index, member in ipairs(seen.members) do
      members[index] = member.value
    end
    table.sort(members)
    answers[#answers + 1] = members
    return answers
  end

  local function state_of_company()
    local list = {}
    for user in assert(world.client:snapshot()):users() do
      local groups = {}
      for index, name in ipairs(user.groups) do
        groups[index] = name
      end
      table.sort(groups)
      list[user.email] = { user.status, user.fullname, groups }
    end
    return list
  end

  it("answers a whole cycle as the real one, writes nothing, and its plan does the same", function()
    local active = addresses({ status = "active", admin = false }, 6)
    local disabled = addresses({ status = "disabled" }, 1)
    local before = state_of_company()
    local shadow = push(active, disabled)
    for _, command in ipairs { "batchadd", "disableuser", "enableuser", "batchchangegrp" } do
      assert.equal(0, world:requests(command))
    end
    assert.same(before, state_of_company())
    assert.same({}, world.journal:runs())
    world:refresh()
    assert.is_string((world:find "new@acme.example"))
    local plan = assert(require("lastpass.inbound").shadow_plan(world.endpoint))
    assert.same({}, plan.body.refusals)
    assert.same({ create = 1, disable = 2, enable = 1, groups = 1, name = 2 }, plan.body.counts)
    local path = os.tmpname()
    local client = world.client:with { journal = path }
    assert.is_true(assert(client:apply(plan)).ok)
    os.remove(path)
    local by_plan = state_of_company()

    support.reset(box)
    assert(box:act { settings = { unknown_group = "create" } })
    world:close()
    world = worlds.world(box, { limits = world.settings.limits })
    assert.same(shadow, push(active, disabled))
    assert.same(by_plan, state_of_company())
  end)

  it("refuses what no approval would allow, and leaves limits to the plan", function()
    local active = addresses({ status = "active", admin = false }, 12)
    world:restart { protect = { active[1] }, limits = { disable = 3 } }
    assert.equal(409, (world:set_active(world:find(active[1]), false)))
    for index = 2, 12 do
      assert.equal(200, (world:set_active(world:find(active[index]), false)))
    end
    local plan = assert(require("lastpass.inbound").shadow_plan(world.endpoint))
    assert.equal("disable", plan.body.refusals[1].guard)
    assert.equal(11, plan.body.counts.disable)
    world:restart { mode = "live" }
    local nothing, _, err = require("lastpass.inbound").shadow_plan(world.endpoint)
    assert.same({ nil, "not_shadow" }, { nothing, err.code })
  end)

  it("keeps ids and externalIds when it goes live, and nothing that was only answered", function()
    local active = addresses({ status = "active", admin = false }, 2)
    local row = { name = "entra", tenant = world.tenant, provider = "entra", mode = "shadow" }
    assert(world.journal:save_scim_connection(row))
    local _, linked = world:create(active[1], { title = "Dr" })
    world:set_active(linked.id, false)
    local _, new = world:create "never@acme.example"
    row.mode = "live"
    assert(world.journal:save_scim_connection(row))
    world:restart { mode = "live" }
    local _, body = world:send("GET", "/Users/" .. linked.id)
    assert.same({ true, "Dr", linked.externalId }, { body.active, body.title, body.externalId })
    assert.equal(404, (world:send("GET", "/Users/" .. new.id)))
  end)
end)

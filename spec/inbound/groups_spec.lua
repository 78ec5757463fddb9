-- Groups as identity providers push them, over the sandbox's Enterprise API. LastPass has no group ids and no command for
-- a group as such.
local support = require "spec.support.box"
local worlds = require "spec.support.inbound"

describe("lastpass.inbound.groups", function()
  local box, world, people

  setup(function()
    box = support.start { users = 60, invited = 2, seed = 3 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    assert(box:act { settings = { unknown_group = "create" } })
    world = worlds.world(box, { limits = { join = 1000, leave = 1000 } })
    people = {}
    for user in world.client:users { status = "active", admin = false } do
      people[#people + 1] = { address = user.email, id = world:find(user.email) }
      if #people == 6 then
        break
      end
    end
  end)

  after_each(function()
    world:close()
  end)

  local function make(name, more)
    local body = { schemas = { worlds.GROUP, "http://schemas.microsoft.com/2006/11/x" } }
    body.displayName = name
    for key, value in pairs(more or {}) do
      body[key] = value
    end
    return world:send("POST", "/Groups", body)
  end

  local function values(...)
    local list = {}
    for index, person in ipairs { ... } do
      list[index] = { value = type(person) == "table" and person.id or person }
    end
    return list
  end

  local function members_of(id)
    local _, body = world:send("GET", "/Groups/" .. id)
    local set = {}
    for _, member in ipairs(body.members or {}) do
      set[member.value] = true
    end
    return set, body
  end

  local function change(id, op, path, value)
    return world:patch("/Groups/" .. id, { op = op, path = path, value = value })
  end

  local function is_in(person, name)
    return assert(world.client:user(person.address)):is_in(name)
  end

  it("makes a group that waits for its first member, and finds it meanwhile", function()
    local status, group = make("Chess", { externalId = "g1" })
    assert.equal(201, status)
    assert.equal(0, world:requests "batchchangegrp")
    for _ = 1, 2 do
      assert.equal(group.id, (world:find("chess", "Groups", "displayName")))
      assert.equal(group.id, (world:find("g1", "Groups", "externalId")))
      world:restart()
    end
    assert.equal(group.id, select(2, make("Chess", { externalId = "g1" })).id)
    assert.equal(409, (make("Chess", { externalId = "g2" })))
    assert.equal(204, (change(group.id, "Add", "members", values(people[1], people[2]))))
    assert.is_true(is_in(people[1], "Chess") and is_in(people[2], "Chess"))
    assert.same({ [people[1].id] = true, [people[2].id] = true }, (members_of(group.id)))
    world:refresh()
    assert.same({ [people[1].id] = true, [people[2].id] = true }, (members_of(group.id)))
  end)

  it("finds LastPass's own groups, in any spelling, without their members", function()
    local name = world.client:snapshot():group_names()[1]
    local id = world:find(name:lower(), "Groups", "displayName")
    assert.is_string(id)
    local path = "/Groups/" .. id .. "?excludedAttributes=members"
    local status, body = world:send("GET", path)
    assert.same({ 200, name }, { status, body.displayName })
    assert.is_nil(body.members)
    assert.equal(409, (make(name:upper(), { externalId = "x" })))
  end)

  it("changes one member and leaves the others, in every shape that Entra and Okta send", function()
    local _, group = make("Chess", { members = values(people[1], people[2], people[3]) })
    assert.equal(204, (change(group.id, "Remove", "members", { { value = people[2].id } })))
    assert.is_false(is_in(people[2], "Chess"))
    local filter = ('members[value eq "%s"]'):format(people[3].id)
    assert.equal(204, (change(group.id, "remove", filter)))
    assert.same({ [people[1].id] = true }, (members_of(group.id)))
    assert.equal(204, (change(group.id, "add", nil, { members = values(people[4]) })))
    assert.equal(204, (change(group.id, "replace", "members", values(people[5], people[4]))))
    assert.same({ [people[4].id] = true, [people[5].id] = true }, (members_of(group.id)))
    assert.is_false(is_in(people[1], "Chess"))
    assert.equal(204, (change(group.id, "remove", filter)))
  end)

  it("refuses an unknown member, and changes nothing: add, remove, replace, PUT", function()
    local _, group = make("Chess", { members = values(people[1], people[2]) })
    local _, before = members_of(group.id)
    local calls = world:requests "batchchangegrp"
    for _, op in ipairs { "add", "remove", "replace" } do
      local status, body = change(group.id, op, "members", values(people[3], "nobody"))
      assert.same({ 400, "invalidValue" }, { status, body.scimType })
    end
    local whole = { displayName = "Chess", members = values(people[3], "nobody") }
    assert.equal(400, (world:send("PUT", "/Groups/" .. group.id, whole)))
    assert.equal(400, (make("Other", { members = values "nobody" })))
    local _, after = members_of(group.id)
    assert.same(before, after)
    assert.equal(calls, world:requests "batchchangegrp")
    assert.is_nil((world:find("Other", "Groups", "displayName")))
  end)

  it("takes a PUT without members for a change of the name alone", function()
    local _, group = make("Chess", { members = values(people[1]) })
    local status = world:send("PUT", "/Groups/" .. group.id, { displayName = "Chess" })
    assert.equal(200, status)
    assert.is_true(is_in(people[1], "Chess"))
    local with = { displayName = "Chess", members = values(people[2]) }
    local _, body = world:send("PUT", "/Groups/" .. group.id, with)
    assert.equal(people[2].id, body.members[1].value)
    assert.is_nil(body.members[2])
  end)

  it("asks LastPass once for what is so already", function()
    local _, group = make("Chess", { members = values(people[1]) })
    world:refresh()
    local calls = world:requests "batchchangegrp"
    assert.equal(204, (change(group.id, "add", "members", values(people[1], people[1]))))
    assert.equal(204, (change(group.id, "remove", "members", values(people[2]))))
    assert.equal(calls, world:requests "batchchangegrp")
  end)

  it("does not believe a cached directory that says there is nothing to do", function()
    local _, group = make("Chess", { members = values(people[1]) })
    world:refresh()
    world:send("GET", "/Groups/" .. group.id)
    assert(world.client:batchchangegrp { { username = people[1].address, del = { "Chess" } } })
    assert.equal(204, (change(group.id, "add", "members", values(people[1]))))
    assert.is_true(is_in(people[1], "Chess"))
  end)

  it("renames a group that waits for members, and refuses it for one of LastPass", function()
    local _, group = make "Chess"
    local function rename(name)
      -- as Okta sends it before each change of members
      return world:send("PATCH", "/Groups/" .. group.id, {
        schemas = { worlds.PATCH },
        Operations = { { op = "replace", value = { id = group.id, displayName = name } } },
      })
    end
    assert.equal(204, (rename "Go"))
    assert.equal(group.id, (world:find("Go", "Groups", "displayName")))
    assert.equal(204, (change(group.id, "add", "members", values(people[1]))))
    assert.is_true(is_in(people[1], "Go"))
    assert.equal(204, (rename "Go"))
    local status, body = rename "Poker"
    assert.same({ 400, "mutability" }, { status, body.scimType })
    assert.matches("has no command that renames a group", body.detail, 1, true)
    assert.is_true(is_in(people[1], "Go"))
  end)

  it("lets the members of a deleted group leave, and forgets the id", function()
    local _, group = make("Chess", { members = values(people[1], people[2]) })
    world:refresh()
    assert.equal(204, (world:send("DELETE", "/Groups/" .. group.id)))
    assert.is_false(is_in(people[1], "Chess") or is_in(people[2], "Chess"))
    assert.equal(404, (world:send("GET", "/Groups/" .. group.id)))
    assert.is_nil((world:find("Chess", "Groups", "displayName")))
    world:refresh()
    assert.is_nil((world:find("Chess", "Groups", "displayName")))
    local _, again = make "Chess"
    assert.are_not.equal(group.id, again.id)
  end)

  it("adds many members with one call, and counts them against the limits", function()
    local all = {}
    for user in world.client:users { status = "active" } do
      all[#all + 1] = { value = world:find(user.email) }
    end
    local _, group = make "Everybody"
    local calls = world:requests "batchchangegrp"
    assert.equal(204, (change(group.id, "add", "members", all)))
    assert.equal(1, world:requests "batchchangegrp" - calls)
    world:refresh()
    local set, count = members_of(group.id), 0
    for _ in pairs(set) do
      count = count + 1
    end
    assert.equal(#all, count)
    world:restart { limits = { join = 3, leave = 1000 } }
    local status, body = make("Too many", { members = all })
    assert.equal(409, status)
    assert.matches("held as job", body.detail, 1, true)
    assert.equal(1, #world:jobs "scim.held")
  end)

  it("shows who is in a group from both sides", function()
    local _, group = make("Chess", { members = values(people[1]) })
    local _, user = world:send("GET", "/Users/" .. people[1].id)
    local names = {}
    for _, one in ipairs(user.groups) do
      names[one.value] = one.display
    end
    assert.equal("Chess", names[group.id])
  end)

  it("adds somebody who was created a moment ago, though no directory shows them yet", function()
    world:find "x@acme.example" -- the directory is read
    local _, made = world:create "fresh@acme.example"
    local _, group = make("Chess", { members = values(made.id) })
    assert.equal(made.id, group.members[1].value)
    assert.is_true(is_in({ address = "fresh@acme.example" }, "Chess"))
  end)
end)

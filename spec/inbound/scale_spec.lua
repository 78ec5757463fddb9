-- Large companies and large groups: what a request costs does not go by their size where it need not, and nothing runs for
-- long in one piece where a process serves many.
local effort = require "spec.support.effort"
local scim_server = require "lastpass.scim.server"
local support = require "spec.support.box"
local worlds = require "spec.support.inbound"

describe("lastpass.inbound in a large company", function()
  local box, world, people, pieces

  setup(function()
    box = support.start { users = 1500, invited = 2, seed = 3 }
  end)

  teardown(function()
    box:stop()
  end)

  -- The longest piece of work between two pauses, in instructions.
  local function begin_pieces()
    pieces = { longest = 0, current = 0, count = 0 }
  end

  local function end_piece()
    pieces.longest = math.max(pieces.longest, pieces.current)
    pieces.current, pieces.count = 0, pieces.count + 1
  end

  before_each(function()
    support.reset(box)
    assert(box:act { settings = { unknown_group = "create" } })
    begin_pieces()
    world = worlds.world(box, { limits = { join = 10000, leave = 10000 } }, { pause = end_piece })
    people = {}
    for user in world.client:users { status = "active", admin = false } do
      people[#people + 1] = user.email
    end
  end)

  after_each(function()
    world:close()
  end)

  local function ids_of(first, last)
    local ids, path = {}, "/Users?count=1000&startIndex=%d"
    for start = 1, 1501, 1000 do
      local _, page = world:send("GET", path:format(start))
      for _, user in ipairs(page.Resources or {}) do
        ids[user.userName] = user.id
      end
    end
    local list = {}
    for position = first, last do
      list[#list + 1] = { value = ids[people[position]] }
    end
    return list
  end

  local function count_calls()
    local calls, journal = {}, world.journal
    world.proxy = setmetatable({}, {
      __index = function(_, method)
        return function(_, ...)
          calls[method] = (calls[method] or 0) + 1
          return journal[method](journal, ...)
        end
      end,
    })
    world:restart()
    return calls
  end

  local function fill(name, count)
    local rows = {}
    for position = 1, count do
      rows[position] = { username = people[position], add = { name } }
    end
    assert(world.client:call("batchchangegrp", rows))
  end

  local function join(id, value)
    return world:patch("/Groups/" .. id, { op = "add", path = "members", value = { value } })
  end

  it("lets one join a group whatever its size is (row 5)", function()
    fill("Small", 10)
    fill("Large", 1200)
    local new = ids_of(1250, 1251)
    local costs = {}
    for position, name in ipairs { "Small", "Large" } do
      local id = world:find(name, "Groups", "displayName")
      costs[position] = effort.of(function()
        assert.equal(204, (join(id, new[1])))
      end)
    end
    local ratio = costs[2] / costs[1]
    assert.is_true(ratio < 1.2, ("%d and %d instructions"):format(costs[1], costs[2]))
  end)

  it("reads the members that a request names at once", function()
    local _, group =
      world:send("POST", "/Groups", { schemas = { worlds.GROUP }, displayName = "G" })
    local values = ids_of(1, 60)
    local calls = count_calls()
    local function reads()
      local count = 0
      for method, times in pairs(calls) do
        count = count + (method:find "^scim_[lom]" and times or 0)
        calls[method] = nil
      end
      return count
    end
    assert.equal(204, (join(group.id, values[1])))
    local of_one = reads()
    table.remove(values, 1)
    local path = "/Groups/" .. group.id
    assert.equal(204, (world:patch(path, { op = "add", path = "members", value = values })))
    assert.is_true(reads() <= of_one + 2)
    local leave = { op = "remove", path = "members", value = values }
    assert.equal(204, (world:patch(path, leave)))
    assert.is_true(reads() <= of_one + 2)
  end)

  local function measured(path)
    world:restart()
    begin_pieces()
    debug.sethook(function()
      pieces.current = pieces.current + 100
    end, "", 100)
    local target, query = path:match "^([^?]*)%??(.*)$"
    local server = scim_server.new(world.endpoint:backend {})
    local response = server:handle {
      method = "GET",
      path = target,
      query = query,
      headers = {},
      body = "",
      base = "https://host/scim/entra",
    }
    end_piece()
    debug.sethook()
    assert.is_true(response.status == 200 or response.status == 404)
  end

  it("does nothing long in one piece", function()
    for _, path in ipairs {
      "/Users?filter=title%20pr",
      "/Users?count=200",
      "/Users?count=2&sortBy=userName&sortOrder=descending",
      "/Users/" .. ("0"):rep(32),
      "/Groups?filter=displayName%20sw%20%22A%22&excludedAttributes=members",
    } do
      measured(path)
      assert.is_true(
        pieces.longest < 60000,
        ("%s: %d instructions in one piece, of %d"):format(path, pieces.longest, pieces.count)
      )
    end
  end)

  it("makes of a list what is on its page, not what is before it", function()
    measured "/Users?count=10&startIndex=1"
    local function cost(start)
      return (
        effort.of(function()
          world:send("GET", "/Users?count=10&startIndex=" .. start)
        end)
      )
    end
    local first = cost(1)
    assert.is_true(cost(1400) < first * 1.2)
  end)

  it("lists everybody once, whatever is hidden, pending, and where the page ends", function()
    assert.equal(201, (world:create("soon@acme.example", { active = false })))
    assert.equal(201, (world:create "new@acme.example"))
    for _, position in ipairs { 1, 2, 700, #people } do
      local id = world:find(people[position])
      assert.equal(204, (world:send("DELETE", "/Users/" .. id)))
    end
    local everybody, _, all = {}, world:send("GET", "/Users?count=0")
    for _, size in ipairs { 997, 501 } do
      local seen, start, count = {}, 1, 0
      repeat
        local _, page = world:send(
          "GET",
          ("/Users?count=%d&startIndex=%d&attributes=userName"):format(size, start)
        )
        for _, user in ipairs(page.Resources or {}) do
          assert.is_nil(seen[user.id])
          seen[user.id], count = user.userName, count + 1
        end
        start = start + size
        assert.equal(all.totalResults, page.totalResults)
      until not page.Resources or #page.Resources == 0
      assert.equal(all.totalResults, count)
      everybody[#everybody + 1] = seen
    end
    assert.same(everybody[1], everybody[2])
  end)
end)

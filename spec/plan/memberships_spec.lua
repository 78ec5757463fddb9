-- Memberships over SCIM: what a server refuses of a portion, groups that are gone, and what is said of each person.
local fake = require "spec.support.scim_fake"
local memberships = require "lastpass.plan.memberships"

describe("lastpass.plan.memberships", function()
  local server, context

  before_each(function()
    server = fake.new(8)
    context = {
      client = fake.client(server, { retries = 0 }),
      work = { scim_groups = {}, options = { in_flight = 4 } },
    }
  end)

  local function apply(changes)
    local entries = {}
    for index, after in ipairs(changes) do
      local kind = after.groups and "create" or "groups"
      local step = { number = index, kind = kind, subject = ("u%d@x.example"):format(index) }
      entries[index] = { step = step, id = tostring(index), after = after }
    end
    memberships.apply(context, entries)
    local results = {}
    for index, entry in ipairs(entries) do
      results[index] = memberships.result(context, entry)
    end
    return results
  end

  local function group(name, members)
    local one = { id = "g-" .. name, displayName = name, members = {} }
    for index, id in ipairs(members or {}) do
      one.members[index] = { value = id }
    end
    table.insert(server.Groups, one)
    return one
  end

  local function members_of(one)
    local ids = {}
    for index, member in ipairs(one.members) do
      ids[index] = member.value
    end
    table.sort(ids)
    return table.concat(ids, " ")
  end

  -- The fake server refuses a PATCH that names this user.
  local function refuse(id)
    server.on_request = function(request)
      local text = request.method == "PATCH" and require("lastpass.json").encode(request.body) or ""
      return text:find('"' .. id .. '"', 1, true) and fake.refusal(400, "invalidValue", "no") or nil
    end
  end

  local function patches()
    return select(2, server:log():gsub("PATCH ", ""))
  end

  it("are one request for a group and a direction", function()
    local finance, sales = group "Finance", group("Sales", { "1", "2", "3" })
    local changes = {}
    for index = 1, 8 do
      changes[index] = { join = { "Finance" }, leave = index < 3 and { "Sales" } or {} }
    end
    for _, result in ipairs(apply(changes)) do
      assert.equal("done", result.state)
    end
    assert.equal("1 2 3 4 5 6 7 8", members_of(finance))
    assert.equal("3", members_of(sales))
    assert.equal(2, patches())
  end)

  it("make a group that is joined, and none that is left", function()
    local results = apply { { join = { "New" }, leave = { "Nothing" } }, { leave = { "Nothing" } } }
    assert.equal("done", results[1].state)
    assert.equal("done", results[2].state)
    assert.equal(1, #server.Groups)
    assert.equal("New", server.Groups[1].displayName)
  end)

  it("are refused for him alone whom the server minds", function()
    local finance = group "Finance"
    refuse "5"
    local changes = {}
    for index = 1, 8 do
      changes[index] = { join = { "Finance" }, leave = {} }
    end
    local results = apply(changes)
    for index = 1, 8 do
      assert.equal(index == 5 and "refused" or "done", results[index].state)
    end
    assert.match("^Finance: PATCH /Groups/g%-Finance: HTTP 400 invalidValue", results[5].reason)
    assert.equal("1 2 3 4 6 7 8", members_of(finance))
    assert.is_nil(context.stopped)
    assert.is_true(patches() <= 8)
  end)

  it("say what was done of a person's change, when it was not all", function()
    group "Finance"
    server.on_request = function(request)
      local is_new = request.method == "POST" and request.path == "/Groups"
      return is_new and fake.refusal(403, nil, "no new groups") or nil
    end
    local result = apply({ { join = { "Finance" }, leave = {} }, { groups = { "Finance" } } })[1]
    assert.equal("done", result.state)
    server.on_request = function(request)
      local is_new = request.method == "POST" and request.path == "/Groups"
      return is_new and fake.refusal(400, "invalidValue", "no new groups") or nil
    end
    local results = apply { { join = { "Finance", "New" } }, { groups = { "New" } } }
    assert.same({ "refused", "done_in_part" }, { results[1].state, results[1].code })
    assert.match("New: .* %(done in part: in Finance%)", results[1].reason)
    assert.same({ "refused", "done_in_part" }, { results[2].state, results[2].code })
    assert.match("%(done in part: was created%)", results[2].reason)
  end)

  it("find a group that was deleted and made anew", function()
    context.work.scim_groups.Finance = "an-old-id"
    local finance = group "Finance"
    assert.equal("done", apply({ { join = { "Finance" } } })[1].state)
    assert.equal("1", members_of(finance))
    context.work.scim_groups.Gone = "an-old-id"
    assert.equal("done", apply({ { leave = { "Gone" } } })[1].state)
    assert.equal("done", apply({ { join = { "Gone" } } })[1].state) -- which makes it
    assert.equal(2, #server.Groups)
  end)

  it("end with the first answer that says nothing of them", function()
    group "Finance"
    server.on_request = function(request)
      return request.method == "PATCH" and "before" or nil
    end
    local results = apply { { join = { "Finance" } }, { join = { "Finance" } } }
    assert.equal("uncertain", results[1].state)
    assert.equal("uncertain", results[2].state)
    assert.is_true(context.stopped.uncertain)
    context.stopped, server.on_request =
      nil, function(request)
        return request.method == "PATCH" and fake.answer(429, "", { ["retry-after"] = "1" }) or nil
      end
    results = apply { { join = { "Finance" } }, { groups = { "Finance" } } }
    assert.same({ "not_tried", "throttled" }, { results[1].state, results[1].code })
    assert.same({ "not_tried", "created" }, { results[2].state, results[2].code })
    assert.equal("throttled", context.stopped.kind)
  end)
end)

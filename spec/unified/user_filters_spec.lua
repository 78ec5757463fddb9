local json = require "lastpass.json"
local unified = require "spec.support.unified"
local written = require "spec.support.written"

local function people_of(count, from)
  local people = {}
  for position = 1, count do
    local number = (from or 0) + position
    people[position] = {
      id = tostring(1000 + number),
      email = ("p%d@example.com"):format(number),
      fullname = ("Person %d"):format(number % 7),
    }
  end
  return people
end

local function ids_of(items)
  local list, seen = {}, {}
  for position, item in ipairs(items) do
    assert(not seen[item.id], item.id .. " was seen twice")
    list[position], seen[item.id] = item.id, true
  end
  return list, seen
end

describe("a walk through the list", function()
  local tenant, caller, people
  before_each(function()
    tenant = written.tenant()
    people = people_of(17)
    tenant:set(people, nil, { "x@example.com", "y@example.com", "z@example.com" })
    caller = unified.caller(tenant)
  end)

  it("sees everybody once, whatever the limit", function()
    local whole = ids_of(caller:get("users").json.result)
    assert.equal(20, #whole)
    for _, limit in ipairs { 1, 2, 19, 20, 21 } do
      for _, sort in ipairs { "", "&sort_by=id" } do
        local items, pages = caller:walk("users?limit=" .. limit .. sort)
        assert.same(whole, (ids_of(items)))
        assert.equal(math.ceil(20 / limit), pages)
      end
      assert.equal(20, #ids_of((caller:walk("users?sort_by=name&limit=" .. limit))))
      assert.equal(17, #ids_of((caller:walk("users?status=active&limit=" .. limit))))
    end
  end)

  it("misses nobody and repeats nobody while people come and go", function()
    local unchanged = {}
    for position = 1, 17 do
      unchanged[people[position].id] = position % 3 ~= 0 or nil
    end
    for _, query in ipairs {
      "users?limit=2",
      "users?limit=2&sort_by=name",
      "users?limit=2&status=active",
    } do
      local kept = people
      local items = caller:walk(query, function(page)
        local now = {}
        for _, person in ipairs(kept) do
          -- every third goes, one after the other
          if unchanged[person.id] or tonumber(person.id) % 5 ~= page % 5 then
            now[#now + 1] = person
          end
        end
        now[#now + 1] = people_of(1, 100 - page)[1] -- behind
        now[#now + 1] = { id = tostring(page), email = ("new%d@example.com"):format(page) } -- before
        kept = now
        tenant:set(now, nil, { "x@example.com" })
      end)
      local _, seen = ids_of(items)
      for id in pairs(unchanged) do
        assert.is_true(seen[id], id .. " " .. query)
      end
      tenant:set(people)
    end
  end)

  it("gives the same page to the same cursor", function()
    local cursor = caller:get("users?limit=3").json.next_cursor
    local one = caller:get("users?limit=3&next_cursor=" .. cursor)
    tenant:set(people, nil, { "x@example.com", "y@example.com", "z@example.com" })
    assert.equal(one.body, caller:get("users?limit=3&next_cursor=" .. cursor).body)
    -- the limit may be another, what is asked may not
    assert.equal(5, caller:get("users?limit=5&next_cursor=" .. cursor).json.result_count)
    for _, other in ipairs {
      "users?status=active&next_cursor=" .. cursor,
      "users?sort_by=name&next_cursor=" .. cursor,
      "groups?next_cursor=" .. cursor,
      "roles?next_cursor=" .. cursor,
    } do
      local response = caller:get(other)
      assert.equal(400, response.status)
      assert.match("^Cursor does not belong to this query", response.json.message)
    end
    assert.match("^Invalid cursor", caller:get("users?next_cursor=x").json.message)
    local other = written.tenant("globex", "999")
    other:set(people)
    local stranger = unified.caller(other):get("users?next_cursor=" .. cursor)
    assert.equal(400, stranger.status)
    local later = unified.caller(tenant, { now = os.time() + 3 * 86400 })
    local expired = later:get("users?next_cursor=" .. cursor)
    assert.match("^Expired cursor", expired.json.message)
  end)

  it("ends without an empty page when all that is left has gone", function()
    local cursor = caller:get("users?limit=10").json.next_cursor
    tenant:set(people_of(5))
    local response = caller:get("users?limit=10&next_cursor=" .. cursor)
    assert.equal(200, response.status)
    assert.equal(0, response.json.result_count)
    assert.equal(json.null, response.json.next_cursor)
  end)

  it("lets go of directories that have been replaced", function()
    local function use()
      tenant:set(people_of(300), { All = {} }, { "x@example.com" })
      for _, path in ipairs {
        "users",
        "users?sort_by=name",
        "users?status=active",
        "groups",
        "workspaces",
        "role_assignments",
        "users?remote_query[include]=shared_folders",
      } do
        assert.equal(200, caller:get(path).status)
      end
      collectgarbage()
      collectgarbage()
      return collectgarbage "count"
    end
    for _ = 1, 3 do
      use()
    end
    local before = use()
    for _ = 1, 20 do
      use()
    end
    assert.is_true(use() < before * 1.2)
  end)

  it("knows numbers from invitations: who accepts moves to the front", function()
    local items = caller:walk("users?limit=9", function()
      local now = people_of(17)
      now[18] = { id = "999", email = "x@example.com" }
      tenant:set(now, nil, { "y@example.com", "z@example.com" })
    end)
    assert.equal(19, #ids_of(items))
  end)
end)

-- What SCIM in the sandbox costs does not depend on how large things are: work is counted, not seconds.
local effort = require "spec.support.effort"
local support = require "spec.support.scim_box"

describe("the size of a company", function()
  local LARGE = 50000
  local site

  setup(function()
    site = support.open { users = LARGE, events = 0 }
  end)

  local function work(call)
    local count, reply = effort.of(call)
    assert.is_true(reply.status < 300, reply.body)
    return count
  end

  local function assert_alike(one, other)
    assert.is_true(one < other * 1.2 + 200 and other < one * 1.2 + 200, one .. " against " .. other)
  end

  -- The group with the most members, and one with few.
  local function groups()
    assert.equal(201, site:send("POST", "/Groups", { displayName = "Few" }).status)
    local large, small = site:group "All Staff", site:group "Few"
    return "/Groups/" .. large.id, "/Groups/" .. small.id
  end

  it("adding or removing one member costs the same in a group of 50,000 and of few", function()
    local large, small = groups()
    local number = 0
    local function change(path, op)
      number = number + 1
      local made = site:make(("n%d@x.example"):format(number)).json
      local value = { { value = made.id } }
      if op == "remove" then
        assert.equal(204, site:patch(path, { op = "add", path = "members", value = value }).status)
      end
      return work(function()
        return site:patch(path, { op = op, path = "members", value = value })
      end)
    end
    for _, op in ipairs { "add", "remove" } do
      change(small, op) -- what is loaded on first use
      assert_alike(change(large, op), change(small, op))
    end
  end)

  it("finding one user costs the same as in a small company", function()
    local few = support.open { users = 50, events = 0 }
    local function find(one)
      local mail = one:send("GET", "/Users?count=1&startIndex=30").json.Resources[1].userName
      one:find(mail)
      return work(function()
        return one:send("GET", '/Users?filter=userName eq "' .. mail .. '"')
      end)
    end
    assert_alike(find(site), find(few))
  end)

  it("a write costs the same as in a small company", function()
    local few = support.open { users = 50, events = 0 }
    local function disable(one)
      local user = one:send("GET", "/Users?count=1&startIndex=30").json.Resources[1]
      local change = { op = "replace", path = "active", value = false }
      one:patch("/Users/" .. user.id, { op = "replace", path = "active", value = true })
      return work(function()
        return one:patch("/Users/" .. user.id, change)
      end)
    end
    assert_alike(disable(site), disable(few))
  end)

  it("each page of a list costs the same, wherever it is", function()
    local function page(start)
      local function read()
        return site:send("GET", ("/Users?count=100&startIndex=%d"):format(start))
      end
      read() -- pieces of days and times that are made once
      return work(read)
    end
    local first = page(101)
    for _, start in ipairs { 1001, 25001, LARGE - 199 } do
      assert_alike(first, page(start))
    end
  end)
end)

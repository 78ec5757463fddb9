local support = require("spec.sandbox.support")

local json = support.json
local TWO = "gustavo.wagner@lumenor.example"

-- Group -> members as the users name them.
local function groups_of(users)
  local groups = {}
  for _, user in pairs(users) do
    for _, name in ipairs(user.groups or {}) do
      groups[name] = groups[name] or {}
      groups[name][user.username] = true
    end
  end
  return groups
end

local function as_sets(groups)
  local sets = {}
  for name, members in pairs(groups) do
    if #members > 0 then
      sets[name] = {}
      for _, mail in ipairs(members) do
        sets[name][mail] = true
      end
    end
  end
  return sets
end

describe("getuserdata (enterprise-api §4.8)", function()
  local box

  before_each(function()
    box = support.open()
  end)

  it("gives everybody without data, with null and with {}", function()
    for _, data in ipairs({ "none", json.null, {} }) do
      local reply = box:call("getuserdata", data ~= "none" and data or nil)
      local list = {}
      for id, user in pairs(reply.Users) do
        assert.matches("^%d+$", id)
        list[#list + 1] = user
      end
      assert.equal(50, #list)
      assert.is_nil(reply.total)
      assert.is_nil(reply.count)
      assert.is_nil(reply.status)
      assert.same({ "max.chan@lumenor.example" }, reply.invited)
      assert.same(groups_of(reply.Users), as_sets(reply.Groups))
    end
  end)

  it("gives total and count without paging when told to", function()
    box:control("POST", "state", { settings = { counts = "always" } })
    local reply = box:call("getuserdata", { disabled = 1 })
    assert.equal(5, reply.total)
    assert.equal(5, reply.count)
  end)

  it("pages without losing or doubling anybody", function()
    for _, size in ipairs({ 1, 2, 7, 25, 49, 50, 51, 2000 }) do
      local seen, count, index = {}, 0, 0
      repeat
        local list, reply = box:addresses({ pagesize = size, pageindex = index })
        assert.equal(50, reply.total)
        assert.equal(#list, reply.count)
        for _, mail in ipairs(list) do
          assert.is_nil(seen[mail])
          seen[mail] = true
        end
        count, index = count + #list, index + 1
      until #list < size
      assert.equal(50, count)
    end
  end)

  it("gives an empty page as []", function()
    local text = box:text("getuserdata", { pagesize = 50, pageindex = 1 })
    assert.equal(
      '{"total":50,"count":0,"Users":[],"Groups":[],"invited":["max.chan@lumenor.example"]}',
      text
    )
  end)

  it("leaves Groups out with pagesize 1, as recorded", function()
    local reply = box:call("getuserdata", { pagesize = 1 })
    assert.is_nil(reply.Groups)
    assert.equal(1, reply.count)
    assert.is_nil(box:call("getuserdata", { pagesize = 1, username = TWO }).Groups)
  end)

  it("covers a page's own users in Groups", function()
    local reply = box:call("getuserdata", { pagesize = 10, pageindex = 2 })
    assert.same(groups_of(reply.Users), as_sets(reply.Groups))
  end)

  it("covers everybody or nobody in Groups when told to", function()
    local everything = box:call("getuserdata").Groups
    box:control("POST", "state", { settings = { page_groups = "all" } })
    assert.same(everything, box:call("getuserdata", { pagesize = 10, pageindex = 2 }).Groups)
    box:control("POST", "state", { settings = { page_groups = "none" } })
    assert.is_nil(box:call("getuserdata", { pagesize = 10 }).Groups)
  end)

  it("gives the invited list on every page, the first or none, spelled either way", function()
    local function invited(index, key)
      return box:call("getuserdata", { pagesize = 10, pageindex = index })[key or "invited"]
    end
    assert.equal(1, #invited(0))
    assert.equal(1, #invited(3))
    box:control("POST", "state", { settings = { page_invited = "first", invited_key = "Invited" } })
    assert.equal(1, #invited(0, "Invited"))
    assert.is_nil(invited(0))
    assert.is_nil(invited(3, "Invited"))
    box:control("POST", "state", { settings = { page_invited = "none" } })
    assert.is_nil(invited(0, "Invited"))
  end)

  it("finds one user, whatever the case", function()
    local user, reply = box:user("Gustavo.WAGNER@lumenor.example")
    assert.equal(TWO, user.username)
    assert.same({ ["All Staff"] = { TWO }, Engineering = { TWO } }, reply.Groups)
    assert.same({}, reply.invited)
    assert.is_nil(reply.total)
  end)

  it("gives [] for somebody unknown", function()
    assert.equal(
      '{"Users":[],"Groups":[],"invited":[]}',
      box:text("getuserdata", { username = "no@x.example" })
    )
  end)

  it("shows an invited person on the invited list only", function()
    local user, reply = box:user("max.chan@lumenor.example")
    assert.is_nil(user)
    assert.same({ "max.chan@lumenor.example" }, reply.invited)
  end)

  it("filters by disabled and admin, as numbers or booleans, also together", function()
    local function count(data)
      local found = 0
      for _, user in pairs(box:call("getuserdata", data).Users) do
        for name, value in pairs(data) do
          if type(user[name]) == "boolean" then
            assert.equal(value == 1 or value == true, user[name])
          end
        end
        found = found + 1
      end
      return found
    end
    assert.equal(5, count({ disabled = 1 }))
    assert.equal(5, count({ disabled = true }))
    assert.equal(45, count({ disabled = 0 }))
    assert.equal(2, count({ admin = 1 }))
    assert.equal(48, count({ admin = false }))
    assert.equal(43, count({ admin = 0, disabled = 0 }))
    assert.equal(0, count({ admin = 1, disabled = 1 }))
    assert.equal(1, count({ username = TWO, admin = 1 }))
    assert.equal(0, count({ username = TWO, admin = 0 }))
  end)

  it("pages through a filter", function()
    box:call("disableuser", { TWO })
    local first, reply = box:addresses({ disabled = 1, pagesize = 4 })
    local second = box:addresses({ disabled = 1, pagesize = 4, pageindex = 1 })
    assert.equal(6, reply.total)
    assert.equal(4, #first)
    assert.equal(2, #second)
    assert.equal(TWO, first[1])
    assert.same({}, reply.invited)
  end)

  it("takes an empty username for none, or for nobody when told to", function()
    local everybody = box:text "getuserdata"
    assert.equal(everybody, box:text("getuserdata", { username = "" }))
    assert.equal(
      box:text("getuserdata", { disabled = 1 }),
      box:text("getuserdata", { username = "", disabled = 1 })
    )
    assert.equal(5, box:call("getuserdata", { username = "", pagesize = 5 }).count)
    box:control("POST", "state", { settings = { empty_username = "nobody" } })
    assert.matches('"Users":%[%]', box:text("getuserdata", { username = "" }))
  end)

  it("gives a username's page counts when paged", function()
    local reply = box:call("getuserdata", { username = TWO, pagesize = 10 })
    assert.equal(1, reply.total)
    assert.equal(1, reply.count)
    reply = box:call("getuserdata", { username = TWO, pagesize = 10, pageindex = 1 })
    assert.equal(1, reply.total)
    assert.equal(0, reply.count)
    assert.same({}, reply.Users)
  end)

  it("takes 2000 a page at most", function()
    assert.equal("FAIL", box:call("getuserdata", { pagesize = 2001 }).status)
    assert.equal("FAIL", box:call("getuserdata", { pagesize = 0 }).status)
    assert.equal("FAIL", box:call("getuserdata", { pagesize = 10, pageindex = -1 }).status)
    local large = support.open({ users = 2500 })
    large:control("POST", "state", { settings = { pagesize_over = "clip" } })
    assert.equal(2000, large:call("getuserdata", { pagesize = 2400 }).count)
    assert.equal(500, large:call("getuserdata", { pageindex = 1 }).count)
  end)

  it("streams what is large", function()
    local large = support.open({ users = 3000 })
    local reply, raw = large:call("getuserdata")
    assert.is_true(raw.was_streamed)
    local count = 0
    for _ in pairs(reply.Users) do
      count = count + 1
    end
    assert.equal(3000, count)
    assert.same(groups_of(reply.Users), as_sets(reply.Groups))
    local _, small = box:call("getuserdata")
    assert.is_nil(small.was_streamed)
  end)

  it("agrees with itself after many changes", function()
    local large = support.open({ users = 3000 })
    local all = large:addresses()
    for at = 1, 3000, 37 do
      large:call("deluser", { username = all[at], deleteaction = 2 })
    end
    for at = 2, 3000, 53 do
      large:call("batchchangegrp", { { username = all[at], add = { "Extra" }, del = { "Sales" } } })
    end
    for at = 3, 3000, 71 do
      large:call("disableuser", { all[at] })
    end
    for number = 1, 30 do
      large:call("batchadd", { { username = "n" .. number .. "@x.example", groups = { "Extra" } } })
    end
    local whole = large:call("getuserdata")
    assert.same(groups_of(whole.Users), as_sets(whole.Groups))
    local users, count, index = {}, 0, 0
    repeat
      local page = large:call("getuserdata", { pagesize = 700, pageindex = index })
      for id, user in pairs(page.Users) do
        assert.is_nil(users[id])
        users[id], count = user, count + 1
      end
      index = index + 1
    until page.count < 700
    assert.same(whole.Users, users)
    assert.equal(3000 - 82 + 30, count)
    local disabled = 0
    for _, user in pairs(users) do
      disabled = disabled + (user.disabled and 1 or 0)
    end
    assert.equal(disabled, large:call("getuserdata", { disabled = 1, pagesize = 1 }).total)
    assert.equal(count - disabled, large:call("getuserdata", { disabled = 0, pagesize = 1 }).total)
  end)

  it("makes an event of each read, unless told otherwise", function()
    box:call("getuserdata")
    local event = box:events()[1]
    assert.same(
      { "Get user data", "Initiated by API", "API" },
      { event.Action, event.Data, event.Username }
    )
    box:control("POST", "state", { settings = { audit_reads = false } })
    local before = #box:events()
    box:call("getuserdata")
    assert.equal(before, #box:events())
  end)

  it("checks its data", function()
    for _, data in ipairs({
      { usernam = "x" },
      { username = 1 },
      { disabled = 2 },
      { disabled = "1" },
      { pagesize = "10" },
      { pagesize = 1.5 },
      { "x" },
      "all",
    }) do
      assert.equal("FAIL", box:call("getuserdata", data).status)
    end
  end)
end)

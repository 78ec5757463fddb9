-- The directory as one read of it.
local check = require "spec.support.check"
local support = require "spec.support.box"

describe("lastpass.directory.snapshot", function()
  local box, client

  setup(function()
    box = support.start { users = 30, invited = 2 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    client = box:client()
    assert(box:load {
      users = {
        {
          username = "Ann@x.example",
          last_login = "2026-06-01 10:00:00",
          groups = { "Zebra", "Sales" },
        },
        { username = "bob@x.example", disabled = true, groups = { "Zebra" } },
      },
      invited = { "Guest@x.example" },
      groups = { "Nobody Here" },
    })
  end)

  it("counts users and invited people apart", function()
    local snapshot = assert(client:snapshot())
    assert.equal(32, snapshot:count())
    assert.equal(3, snapshot:invited_count())
    assert.equal("lastpass.Snapshot (32 users, 3 invited)", tostring(snapshot))
    assert.equal(0, snapshot:odd_values())
    assert.is_true(math.abs(snapshot.read_at - os.time()) < 30)
  end)

  it("finds a user by address, the case of letters aside", function()
    local snapshot = assert(client:snapshot())
    for _, address in ipairs { "Ann@x.example", "ann@x.example", "ANN@X.EXAMPLE" } do
      assert.equal("Ann@x.example", snapshot:user(address).email)
    end
    assert.equal("invited", snapshot:user("GUEST@x.example").status)
    assert.is_nil(snapshot:user "ann@x.exampl")
    assert.is_nil(snapshot:user "")
    check.blamed(function()
      snapshot:user()
    end)
  end)

  it("finds a user however the letters of the address are written", function()
    local users = {}
    for id, mail in ipairs {
      "J\195\188rgen@x.example",
      "\195\132nn@x.example",
      "\195\164nn@x.example",
    } do
      users[id] = ('"%d":{"username":"%s","disabled":%s}'):format(id, mail, tostring(id == 3))
    end
    -- the sandbox itself has one account for each key
    support.inject(
      box,
      "getuserdata",
      ('{"total":3,"count":3,"Users":{%s},"Groups":[],"invited":["ZO\195\139@x.example"]}'):format(
        table.concat(users, ",")
      )
    )
    local snapshot = assert(client:snapshot())
    for _, address in ipairs {
      "J\195\188rgen@x.example",
      "j\195\156RGEN@X.example",
      "ju\204\136rgen@x.example\r",
    } do
      assert.equal("J\195\188rgen@x.example", snapshot:user(address).email)
    end
    assert.equal("invited", snapshot:user("zo\195\171@x.example").status)
    assert.equal("active", snapshot:user("\195\132nn@x.example").status)
    assert.equal("disabled", snapshot:user("\195\164nn@x.example").status)
    -- two have this key, and neither is written so
    assert.is_nil(snapshot:user "a\204\136nn@x.example")
    assert.is_nil(snapshot:user "jurgen@x.example")
  end)

  it("knows the groups of who is invited by the lists of members", function()
    support.inject(
      box,
      "getuserdata",
      '{"Users":{"1":{"username":"ann@x.example"}},"invited":["New@x.example","other@x.example"],'
        .. '"Groups":{"A":["new@X.example","ann@x.example"],"B":["NEW@x.example","new@x.example"]}}'
    )
    local snapshot = assert(client:snapshot())
    assert.same({ "A", "B" }, snapshot:user("new@x.example").groups)
    assert.same({}, snapshot:user("other@x.example").groups)
    for user in snapshot:users { status = "invited" } do
      assert.equal(user.email == "New@x.example" and 2 or 0, #user.groups)
    end
  end)

  it("gives everybody once, invited people at the end", function()
    local seen, states = {}, {}
    for user in assert(client:snapshot()):users() do
      assert.is_nil(seen[user.email])
      seen[user.email] = true
      states[#states + 1] = user.status
    end
    assert.equal(35, #states)
    assert.same({ "invited", "invited", "invited" }, { states[33], states[34], states[35] })
    assert.not_equal("invited", states[32])
  end)

  it("filters by status, admin and disabled", function()
    local snapshot = assert(client:snapshot())
    local function count(filter)
      return #check.emails(snapshot:users(filter))
    end
    local state = box:state()
    assert.equal(3, count { status = "invited" })
    assert.equal(state.disabled, count { status = "disabled" })
    assert.equal(32 - state.disabled, count { status = "active" })
    assert.equal(state.disabled, count { disabled = true })
    assert.equal(32 - state.disabled, count { disabled = false })
    assert.equal(state.admins, count { admin = true })
    assert.equal(32 - state.admins, count { admin = false })
    assert.equal(0, count { status = "invited", admin = true })
    assert.matches(
      "users: unknown option 'stauts' %(did you mean 'status'%?%)",
      check.blamed(function()
        snapshot:users { stauts = "active" }
      end)
    )
    assert.matches(
      'must be "active", "disabled" or "invited"',
      check.blamed(function()
        snapshot:users { status = "Active" }
      end)
    )
  end)

  it("names groups in order, with their members", function()
    local snapshot = assert(client:snapshot())
    local names, sorted = {}, {}
    for group in snapshot:groups() do
      names[#names + 1], sorted[#sorted + 1] = group.name, group.name
      assert.is_true(#group:members() > 0 or group.name == "Nobody Here")
      assert.equal(group.name, tostring(group))
    end
    table.sort(sorted)
    assert.same(sorted, names)
    local zebra = snapshot:group("Zebra"):members()
    table.sort(zebra)
    assert.same({ "Ann@x.example", "bob@x.example" }, zebra)
    assert.is_nil(snapshot:group "zebra")
    assert.is_nil(snapshot:group "No Such Group")
  end)

  it("has the same members whether pages carry Groups or not", function()
    local expected
    for _, setting in ipairs { "page", "all", "none" } do
      assert(box:act { settings = { page_groups = setting } })
      for _, size in ipairs { 5, 2000 } do
        local snapshot = assert(box:client({ page_size = size }):snapshot())
        local list = {}
        for group in snapshot:groups() do
          local members = group:members()
          table.sort(members)
          if #members > 0 then
            list[#list + 1] = group.name .. ": " .. table.concat(members, " ")
          end
        end
        expected = expected or list
        assert.same(expected, list, setting .. size)
      end
    end
    assert.is_true(#expected > 5)
  end)

  it("has everybody invited, whichever page names them, under either key", function()
    for _, setting in ipairs { "every", "first" } do
      for _, key in ipairs { "invited", "Invited" } do
        assert(box:act { settings = { page_invited = setting, invited_key = key } })
        local snapshot = assert(box:client({ page_size = 5 }):snapshot())
        assert.equal(3, snapshot:invited_count(), setting .. key)
      end
    end
  end)

  it("names nobody as invited who is a user already", function()
    support.inject(
      box,
      "getuserdata",
      '{"total":1,"count":1,"Users":{"1":{"username":"Ann@x.example"}},'
        .. '"invited":["ann@X.example","new@x.example","NEW@x.example"]}'
    )
    local snapshot = assert(client:snapshot())
    assert.equal(1, snapshot:invited_count())
    assert.same({ "Ann@x.example", "new@x.example" }, check.emails(snapshot:users()))
  end)

  it("stays as it was read", function()
    local snapshot = assert(client:snapshot())
    assert(client:deluser { username = "bob@x.example", deleteaction = 1 })
    assert.equal("disabled", snapshot:user("bob@x.example").status)
    assert.equal(32, snapshot:count())
    assert.equal(31, assert(client:snapshot()):count())
  end)
end)

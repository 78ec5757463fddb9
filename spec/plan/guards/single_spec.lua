local check = require "spec.support.check"
local guards = require "lastpass.plan.guards.single"
local written = require "spec.support.written"

local function nothing()
  return 0
end

describe("the guards of single writes", function()
  local snapshot
  setup(function()
    local tenant, people = written.tenant(), {}
    for position = 1, 100 do
      people[position] = {
        id = tostring(position),
        email = ("p%d@example.com"):format(position),
        admin = position <= 2,
        groups = { "All" },
      }
    end
    tenant:set(people, { All = {}, Board = { "p1@example.com" } })
    snapshot = tenant:directory().snapshot
  end)

  local function ask(changes, settings, context)
    context = context or {}
    context.where, context.done_lately = "gateway", context.done_lately or nothing
    return guards.ask(snapshot, changes, settings or {}, context)
  end

  local function change(kind, position, after)
    return { kind = kind, subject = ("P%d@example.com"):format(position), after = after }
  end

  it("let through what plans would let through", function()
    assert.is_true(ask { change("disable", 5) })
    assert.is_true(ask { change("enable", 5), change("name", 5, { fullname = "X" }) })
    assert.is_true(ask { change("groups", 5, { join = { "Board" }, leave = { "All" } }) })
    assert.is_true(ask { change("create", 500, { groups = { "All" } }) })
    assert.is_true(ask { change("push_site", 5) })
  end)

  it("count what one request does", function()
    local changes = {}
    for position = 1, 6 do
      changes[position] = change("deactivate", 10 + position)
    end
    local err = check.failure("guard", "disable", ask(changes))
    assert.match("people disabled: 6 of 100; the limit is 5%% %(5%)", err.message)
    assert.match("limits = { disable", err.hint)
    assert.is_true(ask(changes, { limits = { disable = 6 } }))
    for _, kind in ipairs { "remove", "delete" } do
      check.failure("guard", kind, ask { change(kind, 5) })
      assert.is_true(ask({ change(kind, 5) }, { limits = { [kind] = 1 } }))
    end
  end)

  it("count what a day does", function()
    local function nine(name, span)
      return name == "disable" and span.name == "per_day" and 10 or 0
    end
    check.failure(
      "guard",
      "disable_per_day",
      ask({ change("disable", 5) }, nil, { done_lately = nine })
    )
    assert.is_true(ask({ change("enable", 5) }, nil, { done_lately = nine }))
  end)

  it("count what is given as well, in memberships", function()
    local changes = {}
    for position = 1, 6 do
      local join = { ("Group %d"):format(position), ("Team %d"):format(position) }
      changes[position] = change("groups", 10 + position, { join = join })
    end
    local err = check.failure("guard", "join", ask(changes))
    assert.match("memberships given to people in the directory: 12 of 100", err.message)
    assert.equal(12, guards.count(changes).join)
    assert.is_true(ask(changes, { limits = { join = 12 } }))
    for position = 1, 4 do
      changes[position], changes[position + 4] = change("enable", position), nil
    end
    check.failure("guard", "enable", ask(changes))
  end)

  it("hold back what is taken from protected accounts, and nothing that is given", function()
    local settings = { protect = { "p5@EXAMPLE.com" } }
    for _, kind in ipairs {
      "disable",
      "deactivate",
      "remove",
      "delete",
      "disable_mfa",
      "reset_password",
      "require_password_change",
    } do
      check.failure("guard", "protected", ask({ change(kind, 5) }, settings))
      if kind ~= "remove" and kind ~= "delete" then
        assert.is_true(ask({ change(kind, 6) }, settings), kind)
      end
    end
    check.failure(
      "guard",
      "protected",
      ask({ change("rename", 5, { email = "x@example.com" }) }, settings)
    )
    check.failure(
      "guard",
      "protected",
      ask({ change("groups", 5, { join = {}, leave = { "All" } }) }, settings)
    )
    assert.is_true(ask({ change("groups", 5, { join = { "Board" }, leave = {} }) }, settings))
    assert.is_true(ask({ change("name", 5, { fullname = "X" }) }, settings))
    -- batchadd changes an account that exists
    local create = change("create", 5, { groups = {} })
    check.failure("guard", "protected", ask({ create }, settings))
    create.is_new = true -- it was read just now that there is none
    assert.is_true(ask({ create }, settings))
  end)

  local function admins_of(...)
    local admins = { count = select("#", ...), by_key = {} }
    for _, position in ipairs { ... } do
      local email = ("p%d@example.com"):format(position)
      admins.by_key[email] = { email = email, status = "active", admin = true, groups = {} }
    end
    return admins
  end

  it("leave an admin, counted now and not when the directory was read", function()
    assert.is_true(ask { change("disable", 1) })
    check.failure("guard", "last_admin", ask { change("disable", 1), change("disable", 2) })
    check.failure(
      "guard",
      "last_admin",
      ask({ change("disable", 1) }, nil, { admins = admins_of(1) })
    )
    -- somebody who has become one since
    check.failure(
      "guard",
      "last_admin",
      ask({ change("disable", 9) }, nil, { admins = admins_of(9) })
    )
    assert.is_true(ask({ change("disable", 9) }, nil, { admins = admins_of(9, 1) }))
    -- somebody who is none any more
    assert.is_true(ask({ change("disable", 1) }, nil, { admins = admins_of(2) }))
  end)

  it("read who is an active admin by now", function()
    local tenant = written.tenant("acme", "1", function(tenant)
      return tenant.text
    end)
    tenant:set {
      { id = "1", email = "Ann@example.com", admin = true },
      { id = "2", email = "bob@example.com", admin = true, disabled = true },
      { id = "3", email = "cy@example.com" },
    }
    local admins = assert(guards.read_admins(tenant:client()))
    assert.equal(1, admins.count)
    assert.equal("Ann@example.com", admins.by_key["ann@example.com"].email)
    assert.is_nil(admins.by_key["bob@example.com"])
    assert.is_nil(admins.by_key["cy@example.com"])
  end)

  it(
    "know whether an active admin is touched, by whom somebody has read and else by asking",
    function()
      local tenant = written.tenant("acme", "1", function(one)
        return one.text
      end)
      tenant:set {
        { id = "1", email = "p1@example.com", admin = true },
        { id = "9", email = "p9@example.com", admin = true },
      }
      local client, read =
        tenant:client(), { email = "p8@example.com", status = "active", groups = {} }
      local function touches(one)
        return guards.takes_an_admin(client, snapshot, { one })
      end
      assert.is_true(touches(change("disable", 1)))
      assert.is_true(touches(change("remove", 9))) -- has become one since
      assert.is_false(touches(change("disable", 8)))
      assert.is_false(touches(change("enable", 1)))
      local known = change("disable", 8)
      known.user = read
      assert.is_false(guards.takes_an_admin(nil, snapshot, { known })) -- nothing is asked
      tenant:set { { id = "1", email = "p1@example.com" } }
      check.failure("guard", "last_admin", guards.read_admins(tenant:client()))
    end
  )

  it("say whose settings would allow it", function()
    local context = { where = "connection", done_lately = nothing }
    local settings = { protect = { "p5@example.com" } }
    local changes = { change("disable", 5) }
    local _, message = guards.ask(snapshot, changes, settings, context)
    assert.match("protected by the configuration of the connection", message)
    local _, _, err = guards.ask(snapshot, { change("delete", 7) }, {}, context)
    assert.match("of the connection$", err.hint)
  end)

  it("count memberships beside steps", function()
    assert.same({ disable = 1 }, guards.count { change("deactivate", 1), change("push_site", 1) })
    assert.same(
      { join = 2, leave = 1 },
      guards.count { change("groups", 1, { join = { "a", "b" }, leave = { "c" } }) }
    )
  end)

  it("know whom a request has read just now", function()
    local promoted = { email = "p9@example.com", status = "active", admin = true, groups = {} }
    local one = change("disable", 9)
    one.user = promoted
    check.failure("guard", "last_admin", ask({ one }, nil, { admins = admins_of(9) }))
  end)

  it("mind groups that are spelled otherwise, and full ones", function()
    local err = check.failure(
      "guard",
      "group_spelling",
      ask { change("groups", 5, { join = { "board" }, leave = {} }) }
    )
    assert.match("no group 'board', but one named 'Board'", err.message)
  end)

  it(
    "refuse new addresses that look like one of the directory, and others of the same request",
    function()
      -- a Cyrillic letter in place of the Latin p
      local cyrillic = "\209\1285@example.com"
      for _, one in ipairs {
        { kind = "create", subject = cyrillic, after = { groups = {} } },
        { kind = "create", subject = "'p5@example.com", after = { groups = {} } },
        { kind = "rename", subject = "p6@example.com", after = { email = cyrillic } },
      } do
        local err = check.failure("guard", "look_alike", ask { one })
        assert.match("looks like", err.message)
        assert.match("p5@example.com", err.message, 1, true)
        assert.match("limits = { look_alikes = 1 } of the gateway", err.message, 1, true)
        assert.is_true(ask({ one }, { limits = { look_alikes = 1 } }))
      end
      local both = {
        { kind = "create", subject = "zoe@example.com", after = { groups = {} } },
        { kind = "create", subject = "zo\208\181@example.com", after = { groups = {} } },
      }
      check.failure("guard", "look_alike", ask(both))
      assert.is_true(ask { both[1] })
      -- another case of the same address is the same account
      assert.is_true(ask {
        { kind = "rename", subject = "p7@example.com", after = { email = "P7@Example.com" } },
      })
      guards.check_settings({ limits = { look_alikes = 2 } }, "gateway", 1)
    end
  )

  it("take limits of a day and of longer spans", function()
    local per_week = { limits = { per_day = { disable = 1 }, per_week = { join = 5 } } }
    guards.check_settings(per_week, "gateway", 1)
    local function five(_, span)
      return span.name == "per_week" and 5 or 0
    end
    local one = change("groups", 5, { join = { "Board" }, leave = {} })
    check.failure("guard", "join_per_week", ask({ one }, per_week, { done_lately = five }))
  end)

  it("refuse wrong settings", function()
    for reason, settings in pairs {
      ["protect%[1%] is not an e%-mail address"] = { protect = { "boss" } },
      ["protect must be a list; it has a 'boss'"] = { protect = { boss = "boss@example.com" } },
      ["'shrink' is about sources of people"] = { limits = { shrink = "5%" } },
      ["limit 'disable' must be a count or a percentage"] = { limits = { disable = "many" } },
      ["unknown option 'disabel'"] = { limits = { disabel = 1 } },
    } do
      local message = check.blamed(function()
        guards.check_settings(settings, "gateway", 1)
      end)
      assert.match(reason, message)
    end
  end)
end)

local check = require "spec.support.check"
local counts = require "lastpass.nginx.gateway.counts"
local guards = require "lastpass.nginx.gateway.guards"
local shared_dict = require "spec.support.shared_dict"
local written = require "spec.support.written"

local function nothing()
  return 0
end

describe("the guards of the gateway", function()
  local snapshot
  setup(function()
    local tenant, people = written.tenant(), {}
    for place = 1, 100 do
      people[place] = {
        id = tostring(place),
        email = ("p%d@example.com"):format(place),
        admin = place <= 2,
        groups = { "All" },
      }
    end
    tenant:set(people, { All = {}, Board = { "p1@example.com" } })
    snapshot = tenant:directory().snapshot
  end)

  local function ask(wishes, settings, surroundings)
    surroundings = surroundings or {}
    surroundings.done_lately = surroundings.done_lately or nothing
    return guards.ask(snapshot, wishes, settings or {}, surroundings)
  end

  local function wish(kind, place, after)
    return { kind = kind, subject = ("P%d@example.com"):format(place), after = after }
  end

  it("let through what plans would let through", function()
    assert.is_true(ask { wish("disable", 5) })
    assert.is_true(ask { wish("enable", 5), wish("name", 5, { fullname = "X" }) })
    assert.is_true(ask { wish("groups", 5, { join = { "Board" }, leave = { "All" } }) })
    assert.is_true(ask { wish("create", 500, { groups = { "All" } }) })
    assert.is_true(ask { wish("push_site", 5) })
  end)

  it("count what one request does", function()
    local wishes = {}
    for place = 1, 6 do
      wishes[place] = wish("deactivate", 10 + place)
    end
    local err = check.failure("guard", "disable", ask(wishes))
    assert.match("people disabled: 6 of 100; the limit is 5%% %(5%)", err.message)
    assert.match("limits = { disable", err.hint)
    assert.is_true(ask(wishes, { limits = { disable = 6 } }))
    for _, kind in ipairs { "remove", "delete" } do
      check.failure("guard", kind, ask { wish(kind, 5) })
      assert.is_true(ask({ wish(kind, 5) }, { limits = { [kind] = 1 } }))
    end
  end)

  it("count what a day does", function()
    local function nine(name, span)
      return name == "disable" and span.name == "per_day" and 10 or 0
    end
    check.failure(
      "guard",
      "disable_per_day",
      ask({ wish("disable", 5) }, nil, { done_lately = nine })
    )
    assert.is_true(ask({ wish("enable", 5) }, nil, { done_lately = nine }))
  end)

  it("count what is given as well, in memberships", function()
    local wishes = {}
    for place = 1, 6 do
      local join = { ("Group %d"):format(place), ("Team %d"):format(place) }
      wishes[place] = wish("groups", 10 + place, { join = join })
    end
    local err = check.failure("guard", "join", ask(wishes))
    assert.match("memberships given to people in the directory: 12 of 100", err.message)
    assert.equal(12, guards.count(wishes).join)
    assert.is_true(ask(wishes, { limits = { join = 12 } }))
    for place = 1, 4 do
      wishes[place], wishes[place + 4] = wish("enable", place), nil
    end
    check.failure("guard", "enable", ask(wishes))
  end)

  it("hold back what is taken from protected accounts, and nothing that is given", function()
    local settings = { protect = { "p5@EXAMPLE.com" } }
    for _, kind in ipairs { "disable", "deactivate", "remove", "delete" } do
      check.failure("guard", "protected", ask({ wish(kind, 5) }, settings))
    end
    check.failure(
      "guard",
      "protected",
      ask({ wish("rename", 5, { email = "x@example.com" }) }, settings)
    )
    check.failure(
      "guard",
      "protected",
      ask({ wish("groups", 5, { join = {}, leave = { "All" } }) }, settings)
    )
    assert.is_true(ask({ wish("groups", 5, { join = { "Board" }, leave = {} }) }, settings))
    assert.is_true(ask({ wish("name", 5, { fullname = "X" }) }, settings))
  end)

  it("leave an admin, counted now and not when the directory was read", function()
    assert.is_true(guards.takes_an_admin(snapshot, wish("disable", 1)))
    assert.is_false(guards.takes_an_admin(snapshot, wish("disable", 3)))
    assert.is_false(guards.takes_an_admin(snapshot, wish("enable", 1)))
    assert.is_true(ask { wish("disable", 1) })
    check.failure("guard", "last_admin", ask { wish("disable", 1), wish("disable", 2) })
    check.failure("guard", "last_admin", ask({ wish("disable", 1) }, nil, { admins = 1 }))
  end)

  it("know whom a request has read just now", function()
    local fresh = { email = "p9@example.com", status = "active", admin = true, groups = {} }
    local one = wish("disable", 9)
    one.user = fresh
    assert.is_true(guards.takes_an_admin(snapshot, one))
    check.failure("guard", "last_admin", ask({ one }, nil, { admins = 1 }))
  end)

  it("mind groups that are spelled otherwise, and full ones", function()
    local err = check.failure(
      "guard",
      "group_spelling",
      ask { wish("groups", 5, { join = { "board" }, leave = {} }) }
    )
    assert.match("no group 'board', but one named 'Board'", err.message)
  end)

  it("refuse wrong settings", function()
    for reason, settings in pairs {
      ["protect%[1%] is not an e%-mail address"] = { protect = { "boss" } },
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

describe("counts of a day", function()
  it("forget after a day", function()
    local clock = 1795000000
    local dict = shared_dict.new {
      now = function()
        return clock
      end,
    }
    local kinds = { "disable" }
    counts.note(dict, "acme", "disable", 2, clock)
    clock = clock + 3600
    counts.note(dict, "acme", "disable", 1, clock)
    counts.note(dict, "globex", "disable", 7, clock)
    assert.equal(3, counts.lately(dict, "acme", kinds, clock))
    clock = clock + 24 * 3600
    assert.equal(1, counts.lately(dict, "acme", kinds, clock))
    clock = clock + 2 * 3600
    assert.equal(0, counts.lately(dict, "acme", kinds, clock))
  end)
end)

-- Nobody loses anything who should not.
local companies = require "spec.support.companies"

local told, codes = companies.told, companies.codes

local function plan_of(company, playbook, options)
  return assert(companies.plan(company, playbook, options))
end

describe("lastpass.plan.guards.people", function()
  it(
    "protects an account however its address is written, and asks about one that is not there",
    function()
      local address = "j\195\188rgen@acme.com"
      local plan = plan_of(
        { users = { { email = address }, { email = "bob@acme.com" } } },
        function(p)
          p.protect { "J\195\156RGEN@acme.com", "bo@acme.com" }
          p.owner "BOB@acme.com"
          p.missing "remove"
          p.limit { remove = 5 }
        end
      )
      assert.same({}, told(plan.body.steps))
      assert.same(
        { [address] = "protected", ["bob@acme.com"] = "protected" },
        codes(plan.body.held)
      )
      assert.equal(1, #plan.body.warnings)
      assert.matches("nobody in the directory has the address bo@acme.com", plan.body.warnings[1])
    end
  )

  it("protects whoever looks like a protected address that nobody has", function()
    for spelt, shown in pairs {
      ["'bob@acme.com"] = "'bob@acme.com",
      ["b\208\190b@acme.com"] = "b\\u{43e}b@acme.com",
    } do
      local plan = plan_of(
        { users = { { email = "bob@acme.com" }, { email = "cyd@acme.com" } } },
        function(p)
          p.protect(spelt)
          p.user "bob@acme.com" { active = false }
          p.user "cyd@acme.com" { active = false }
          p.limit { disable = 2 }
        end
      )
      assert.same({ "disable cyd@acme.com" }, told(plan.body.steps))
      assert.same({ ["bob@acme.com"] = "protected" }, codes(plan.body.held))
      assert.same({
        ("protect: nobody in the directory has the address %s; "):format(shown)
          .. "bob@acme.com, who looks like it, is protected",
      }, plan.body.warnings)
    end
  end)

  it("counts a row that the playbook itself could not use", function()
    local function plan(limit)
      return plan_of(
        { users = { { email = "ann@acme.com" }, { email = "bob@acme.com" } } },
        function(p)
          p.user "ann@acme.com" {}
          p.user "bob(at)acme.com" {}
          p.missing "disable"
          p.limit { refused_rows = limit }
        end
      )
    end
    assert.same({ ["bob@acme.com"] = "refused_rows" }, codes(plan(0).body.held))
    assert.matches("limit { refused_rows = 1 }", plan(0).body.held[1].held, 1, true)
    assert.same({ "disable bob@acme.com" }, told(plan(1).body.steps))
    assert.same({ "disable bob@acme.com" }, told(plan("1").body.steps))
  end)

  it("takes a share of the rows that could not be used as well", function()
    local list = { { email = "x" } }
    for place = 1, 19 do
      list[place + 1] = { email = ("person%d@acme.com"):format(place) }
    end
    local function plan(limit)
      return plan_of({ users = companies.people(20) }, function(p)
        for person in p.source.table(list):rows() do
          p.user(person.email) {}
        end
        p.missing "disable"
        p.limit { refused_rows = limit }
      end)
    end
    assert.equal("refused_rows", plan("4%").body.held[1].code)
    assert.same({ "disable person20@acme.com" }, told(plan("5%").body.steps))
  end)

  it("holds who would leave a declared group while rows could not be used", function()
    local plan = plan_of({ users = companies.people(3) }, function(p)
      local members = {}
      for person in p.source.table({ { email = "person1@acme.com" }, { email = "?" } }):rows() do
        members[#members + 1] = person.email
      end
      p.group "All"(members)
      p.group "New" { "person2@acme.com" }
    end)
    assert.same({ "groups person2@acme.com +New" }, told(plan.body.steps))
    assert.same(
      { "groups person2@acme.com -All", "groups person3@acme.com -All" },
      told(plan.body.held)
    )
  end)
end)

describe("steps that one bad row holds", function()
  local image = require "lastpass.plan.image"
  local of = image.of

  after_each(function()
    image.of = of
  end)

  local list = { { email = "person1@acme.com" }, { email = "bad" } }

  local function disable_the_rest(p)
    p.users(p.source.table(list))
    p.missing "disable"
  end

  it("are listed up to 1,000 and counted beyond, at no cost for each person", function()
    local looked_at = 0
    image.of = function(user)
      looked_at = looked_at + 1
      return of(user)
    end
    local users = companies.people(20000)
    users[7].disabled = true -- there is nothing to be held
    local plan = plan_of({ users = users }, disable_the_rest)
    assert.same({}, told(plan.body.steps))
    assert.equal(1000, #plan.body.held)
    local beyond = plan.body.held_beyond
    assert.equal(1, #beyond)
    assert.same({ "refused_rows", "disable", 18998 }, {
      beyond[1].code,
      beyond[1].kind,
      beyond[1].count,
    })
    assert.equal(plan.body.held[1].held, beyond[1].reason)
    assert.matches(
      "and 18998 more to block the log-in: 1 rows could not be used",
      tostring(plan),
      1,
      true
    )
    assert.equal(1000, looked_at)
    local document = require "lastpass.plan.document"
    local read = assert(document.parse(plan:text(), "p.json"))
    assert.equal(19998, document.held_count(read))
  end)

  it("are all listed as long as they are 1,000", function()
    for count, more in pairs { [1001] = 0, [1002] = 1 } do
      local body = plan_of({ users = companies.people(count) }, disable_the_rest).body
      assert.equal(1000, #body.held)
      assert.equal(more, body.held_beyond and body.held_beyond[1].count or 0)
    end
  end)

  it("are of every kind that takes something away, and of no other", function()
    local users = companies.people(3000, { groups = { "All", "Old" } })
    local broken = os.tmpname()
    local file = assert(io.open(broken, "w"))
    file:write 'email,team\nperson1@acme.com,All\nx@acme.com,"All\n'
    file:close()
    local function plan(playbook)
      return plan_of({ users = users, invited = {} }, function(p)
        for _ in p.source.csv(broken):rows() do
        end
        playbook(p)
      end)
    end
    local body = plan(function(p)
      p.only { "All", "Old" }
      for place = 1, 1500 do
        p.user(("person%d@acme.com"):format(place)) { groups = { "All" } } -- leaves Old
      end
      for place = 1501, 3000 do
        p.user(("person%d@acme.com"):format(place)) { active = false }
      end
    end).body
    assert.equal(1000, #body.held)
    local counts = {}
    for _, more in ipairs(body.held_beyond) do
      assert.equal("incomplete_source", more.code)
      counts[more.kind] = more.count
    end
    assert.equal(2000, (counts.groups or 0) + counts.disable)
    assert.equal(0, #body.steps)
    body = plan(function(p)
      p.group "Old" { "person1@acme.com" }
      p.user "person2@acme.com" { groups = { "All", "New" } } -- what is given stays
    end).body
    assert.same({ "groups person2@acme.com +New" }, told(body.steps))
    -- person2 leaves Old, by a part that is held beside
    assert.equal(2999, #body.held + body.held_beyond[1].count)
    os.remove(broken)
  end)
end)

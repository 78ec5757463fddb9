-- Guards about the size of sources.
-- Nobody loses anything who should not.
local companies = require "spec.support.companies"
local limits = require "lastpass.plan.limits"
local sources = require "lastpass.plan.guards.sources"

describe("lastpass.plan.guards.sources", function()
  local guards, plan_of = companies.guards, companies.plan

  local DAY = 86400

  -- Plans day after day; gives the sizes that were remembered, and the day of the first refusal.
  local function days(sizes, shrink)
    local settings, last = limits.defaults(), nil
    for day, rows in ipairs(sizes) do
      local of_day = type(shrink) == "table" and shrink[day]
      settings.shrink = of_day or type(shrink) == "string" and shrink or "20%"
      local source = { name = "hr", complete = true, rows = rows, sha256 = "aa" }
      local size = sources.remember(settings, source, last, day * DAY)
      if not size then
        return day, last
      end
      last = size
    end
    return nil, last
  end

  it("stops a source that loses a little every day", function()
    local sizes = { 1000 }
    for day = 2, 40 do
      sizes[day] = math.floor(sizes[day - 1] * 0.981)
    end
    local day, last = days(sizes)
    assert.equal(13, day) -- 0.981 ^ 12 is 0.79
    assert.is_true(last.rows >= 800)
    assert.equal(2, (days { 1000, 799 }))
    assert.is_nil((days { 1000, 800 }))
    assert.equal(3, (days { 1000, 810, 790 }))
  end)

  it("goes by the last 30 days", function()
    local sizes = { 1000 }
    for day = 2, 31 do
      sizes[day] = 900
    end
    sizes[32] = 720 -- a fifth of 900; the 1000 are 31 days old
    assert.is_nil((days(sizes)))
    sizes[31] = 720
    assert.equal(31, (days(sizes)))
    sizes[31], sizes[32] = 900, 719
    assert.equal(32, (days(sizes)))
  end)

  it("goes by the last size known when nobody has planned for long", function()
    local settings = limits.defaults()
    local function source(rows)
      return { name = "hr", complete = true, rows = rows }
    end
    local last = sources.remember(settings, source(100), nil, 0)
    assert.is_nil(sources.remember(settings, source(79), last, 400 * DAY))
    assert.equal(80, sources.remember(settings, source(80), last, 400 * DAY).rows)
  end)

  it("remembers what counts, and no more", function()
    local _, last = days { 100, 99, 98, 97, 98, 90, 95, 120, 119 }
    local rows = {}
    for position, size in ipairs(last.sizes) do
      rows[position] = size.rows
    end
    assert.same({ 120, 119 }, rows)
    assert.equal(119, last.rows)
    assert.equal("aa", last.sha256)
    _, last = days { 100, 99, 98, 97, 98, 90, 95 }
    rows = {}
    for position, size in ipairs(last.sizes) do
      rows[position] = size.rows
    end
    assert.same({ 100, 99, 98, 95 }, rows)
  end)

  it("lets a source shrink when told, and counts anew from there", function()
    assert.is_nil((days({ 1000, 600, 590 }, { [2] = 400 })))
    assert.equal(2, (days({ 1000, 600 }, { [2] = 399 })))
    assert.equal(3, (days({ 1000, 600, 470 }, { [2] = 400 })))
    -- a limit that stays is used up
    assert.equal(3, (days({ 1000, 600, 300 }, "50%")))
    assert.is_nil((days({ 1000, 600, 500 }, "50%")))
    assert.equal(3, (days({ 1000, 600, 479 }, "50%")))
    local sizes = { 1000, 600 }
    for day = 3, 31 do
      sizes[day] = 600
    end
    sizes[32] = 301
    assert.is_nil((days(sizes, "50%"))) -- 31 days later
    -- a limit below the usual one
    assert.equal(3, (days({ 1000, 960, 949 }, "5%")))
  end)

  it("does not take for a measure what was not read to its end, or is empty", function()
    local settings = limits.defaults()
    local last = { rows = 100, read_at = 0 }
    for _, source in ipairs { { complete = false, rows = 100 }, { complete = true, rows = 0 } } do
      assert.is_nil(sources.remember(settings, source, last, DAY))
    end
  end)

  it("refuses a plan that takes something away, from one plan to the next", function()
    local client = companies.client { users = companies.people(100) }
    local function with(count, missing, limit)
      local list = {}
      for position = 1, count do
        list[position] = { email = ("person%d@acme.com"):format(position) }
      end
      return plan_of(client, function(p)
        for person in p.source.table(list, { name = "hr" }):rows() do
          p.user(person.email) {}
        end
        p.missing(missing)
        p.limit { disable = "100%" }
      end, { limit = limit })
    end
    assert.same({}, guards(assert(with(100, "disable"))))
    assert.same({}, guards(assert(with(81, "disable")))) -- 19 less
    local plan = assert(with(66, "disable")) -- and 19 % less once more
    assert.same({ "shrunk_source" }, guards(plan))
    local message = plan.body.refusals[1].message
    assert.matches("hr has 66 rows and had 100 on %d+%-%d+%-%d+; the limit is 20%%", message)
    assert.matches("limit { shrink = 34 }", plan.body.refusals[1].allow, 1, true)
    assert.same({}, guards(assert(with(66, "keep")))) -- takes nothing away
    assert.same({ "shrunk_source" }, guards(assert(with(66, "disable"))))
    assert.same({}, guards(assert(with(66, "disable", { shrink = 34 }))))
    assert.same({}, guards(assert(with(66, "disable"))))
    assert.same({ "shrunk_source" }, guards(assert(with(52, "disable"))))
    assert.same({ "empty_source", "last_admin" }, guards(assert(with(0, "disable"))))
  end)
end)

describe("lastpass.plan.guards.sources: rows and members", function()
  local lines_of, codes = companies.lines_of, companies.codes

  local function plan_of(company, playbook, options)
    return assert(companies.plan(company, playbook, options))
  end

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
      assert.same({}, lines_of(plan.body.steps))
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
      assert.same({ "disable cyd@acme.com" }, lines_of(plan.body.steps))
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
    assert.same({ "disable bob@acme.com" }, lines_of(plan(1).body.steps))
    assert.same({ "disable bob@acme.com" }, lines_of(plan("1").body.steps))
  end)

  it("takes a share of the rows that could not be used as well", function()
    local list = { { email = "x" } }
    for position = 1, 19 do
      list[position + 1] = { email = ("person%d@acme.com"):format(position) }
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
    assert.same({ "disable person20@acme.com" }, lines_of(plan("5%").body.steps))
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
    assert.same({ "groups person2@acme.com +New" }, lines_of(plan.body.steps))
    assert.same(
      { "groups person2@acme.com -All", "groups person3@acme.com -All" },
      lines_of(plan.body.held)
    )
  end)
end)

describe("steps that one bad row holds", function()
  local lines_of = companies.lines_of

  local function plan_of(company, playbook, options)
    return assert(companies.plan(company, playbook, options))
  end

  local state = require "lastpass.plan.state"
  local of = state.of

  after_each(function()
    state.of = of
  end)

  local list = { { email = "person1@acme.com" }, { email = "bad" } }

  local function disable_the_rest(p)
    p.users(p.source.table(list))
    p.missing "disable"
  end

  it("are listed up to 1,000 and counted beyond, at no cost for each person", function()
    local looked_at = 0
    state.of = function(user)
      looked_at = looked_at + 1
      return of(user)
    end
    local users = companies.people(20000)
    users[7].disabled = true -- there is nothing to be held
    local plan = plan_of({ users = users }, disable_the_rest)
    assert.same({}, lines_of(plan.body.steps))
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
      "and 18998 more to disable the account: 1 rows could not be used",
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
      for position = 1, 1500 do
        p.user(("person%d@acme.com"):format(position)) { groups = { "All" } } -- leaves Old
      end
      for position = 1501, 3000 do
        p.user(("person%d@acme.com"):format(position)) { active = false }
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
    assert.same({ "groups person2@acme.com +New" }, lines_of(body.steps))
    -- person2 leaves Old, by a part that is held beside
    assert.equal(2999, #body.held + body.held_beyond[1].count)
    os.remove(broken)
  end)
end)

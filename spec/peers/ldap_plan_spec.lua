-- Plans whose source is a real directory server, OpenLDAP's slapd: 5,000 people in groups within groups,
-- read to their end and broken off half-way.
local companies = require "spec.support.companies"
local lastpass = require "lastpass"
local slapd = require "spec.peers.slapd"

local company = slapd.company
local PEOPLE = 5000

describe("a plan from slapd", function()
  local server, password

  setup(function()
    password = assert(lastpass.secret.value(slapd.PASSWORD))
    server = slapd.start { people = PEOPLE }
  end)

  teardown(function()
    server:stop()
    password:close()
  end)

  -- The company of which slapd tells, and three people of whom it does not.
  local function directory()
    local users = {}
    for number = 1, PEOPLE do
      users[number] = {
        email = company.email(number),
        fullname = company.fullname(number),
        groups = company.groups(number),
      }
    end
    for number = 1, 3 do
      users[#users + 1] = { email = ("leaver%d@acme.example"):format(number), fullname = "Leaver" }
    end
    return users
  end

  -- After so many people something is done to the server.
  local function playbook_of(where, after, act)
    return function(p)
      local people = p.source.ldap {
        url = where.url,
        base = company.PEOPLE,
        bind_dn = slapd.ADMIN,
        password = password,
        attributes = { email = "mail", fullname = "cn" },
        groups = { base = company.GROUPS },
        page_size = 250,
        connect_timeout = 2,
        timeout = 2,
      }
      local count = 0
      for person in people:rows() do
        p.user(person.email) { fullname = person.fullname, groups = person.groups, active = true }
        count = count + 1
        if count == after then
          act()
        end
      end
      p.missing "disable"
    end
  end

  it("finds exactly what differs, nested groups and all", function()
    local users = directory()
    users[7].fullname = "Somebody Else"
    users[21].groups = { "Everyone" }
    table.remove(users, 30)
    local plan = assert(companies.plan({ users = users }, playbook_of(server)))
    local source = plan.body.sources[1]
    assert.is_true(source.complete)
    assert.same({ PEOPLE, 0 }, { source.rows, source.refused })
    assert.equal(20, source.pages)
    local told = companies.lines_of(plan.body.steps)
    assert.equal(6, #told)
    assert.equal("create " .. company.email(30), told[1]:match "^create %S+")
    assert.equal("disable leaver1@acme.example", told[2])
    assert.matches("^groups " .. company.email(21) .. " %+", told[5])
    assert.matches("-Everyone", told[5], 1, true)
    assert.equal(("name %s %s"):format(company.email(7), company.fullname(7)), told[6])
    assert.matches("^ldap://127.0.0.1:%d+/.* uid=u00007$", plan.body.steps[2].origin)
  end)

  it("removes nobody when the server dies half-way through its pages", function()
    local mortal = slapd.start { people = PEOPLE }
    local plan = assert(companies.plan(
      { users = directory() },
      playbook_of(mortal, 1000, function()
        mortal:kill()
      end),
      { limit = { disable = "100%" } }
    ))
    mortal:stop()
    local source = plan.body.sources[1]
    assert.is_false(source.complete)
    assert.is_true(source.rows >= 1000 and source.rows < PEOPLE)
    assert.same({}, companies.lines_of(plan.body.steps))
    assert.is_true(#plan.body.held >= 3)
    for _, step in ipairs(plan.body.held) do
      assert.same({ "disable", "incomplete_source" }, { step.kind, step.code })
    end
  end)
end)

-- One playbook over several companies, each with its own directory.
local plans = require "lastpass.tenants.plans"
local tenants = require "spec.support.tenants"

describe("set:plan", function()
  local place, set

  setup(function()
    place = tenants.start(4, { users = 12, groups = { rest = { "not c1" } } })
    set = assert(place:load "all")
  end)

  teardown(function()
    place.stop()
  end)

  local function leaver(p)
    p.user(("new@%s.example"):format(p.company.name)) { fullname = "New " .. p.company.cid }
  end

  it("runs the playbook for each company, which knows its name, number and groups", function()
    local seen = {}
    local made = assert(set:plan(function(p)
      leaver(p)
      local company = p.company
      seen[company.name] = { company.cid, company.in_group "even", company.in_group "rest" }
    end))
    assert.same({
      c1 = { 9001, false, false },
      c2 = { 9002, true, true },
      c3 = { 9003, false, true },
      c4 = { 9004, true, true },
    }, seen)
    assert.equal(4, made:count())
    assert.equal("all", made.body.select)
    assert.equal("new@c3.example", made.body.companies[3].body.steps[1].subject)
    assert.same({}, made.body.missing)
  end)

  it(
    "lists a company that cannot be planned for, with the reason, and plans for the others",
    function()
      local made = assert(set:plan(function(p)
        assert(p.company.name ~= "c2", "not for this one")
        leaver(p)
      end))
      assert.equal(3, made:count())
      assert.equal("c2", made.body.missing[1].company)
      assert.equal("playbook_mistake", made.body.missing[1].code)
      assert.matches("not for this one", made.body.missing[1].message)
      assert.equal(4, made.body.companies_in_set)
    end
  )

  it("is limited over all", function()
    local made = assert(set:plan(leaver, { limit_over_all = { create = 3 } }))
    assert.equal("create_over_all", made.body.refusals[1].guard)
    assert.has_error(function()
      set:plan(leaver, { limit_over_all = { craete = 3 } })
    end)
    assert.has_error(function()
      set:plan(leaver, { limt = {} })
    end)
  end)

  it("reads a playbook's file once, and finds the files of each company beside it", function()
    local folder = place.folder .. "/hr"
    os.execute("mkdir " .. folder)
    for number = 1, 4 do
      tenants.write(
        ("%s/c%d.csv"):format(folder, number),
        ("email,name\nx%d@c.example,Person %d\n"):format(number, number)
      )
    end
    local playbook = place.folder .. "/joiners.lua"
    tenants.write(playbook, 'users(source.csv "hr/{company}.csv", { fullname = "name" })\n')
    local made = assert(set:plan(playbook))
    assert.equal("x2@c.example", made.body.companies[2].body.steps[1].subject)
    assert.equal(playbook, made.body.playbook.file)
    local path = place.folder .. "/all.plans.json"
    assert(made:save(path))
    assert.equal(made.name, assert(plans.load(path)).name)
    local none, message = set:plan(place.folder .. "/none.lua")
    assert.is_nil(none)
    assert.matches("none.lua", message)
  end)
end)

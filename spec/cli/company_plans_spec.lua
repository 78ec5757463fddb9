-- Plans over companies on the command line.
-- Runs once: the commands start as people start them.
local cli = require "spec.support.cli"
local json = require "lastpass.json"
local tenants = require "spec.support.tenants"

describe("a plan over companies", function()
  local place, playbook, file

  setup(function()
    place = tenants.start(4, { users = 12 })
    playbook, file = place.folder .. "/joiners.lua", place.folder .. "/all.plans.json"
    tenants.write(playbook, 'user("new@" .. company.name .. ".example") { fullname = "New" }\n')
  end)

  teardown(function()
    place.stop()
  end)

  local function run(...)
    local list = { ... }
    list[#list + 1] = "--tenants-file=" .. place.file
    return cli.run(list)
  end

  it("is made, and saved", function()
    local code, out = run("plan", playbook, "--tenants", "all", "-o", file)
    assert.equal(0, code)
    assert.matches("over 4 companies", out)
    assert.matches("together: 4 to create and invite", out)
    code, out = run("plan", playbook, "--csv", "--fields", "company,subject", "--detailed-exitcode")
    assert.equal(2, code)
    assert.matches("\nc3,new@c3.example", out)
    code, out = run("plan", playbook, "--json")
    assert.equal(0, code)
    assert.equal(4, #assert(json.decode(out)).plans.companies)
  end)

  it("is refused when it is too much over all", function()
    local code, out = run("plan", playbook, "--limit-over-all", "create=3")
    assert.equal(4, code)
    assert.matches("create_over_all", out)
    assert.matches("or %-%-limit%-over%-all create=4", out)
  end)

  it("says which options are for many companies, or wrong", function()
    local code, _, err = cli.run { "plan", playbook, "--limit-over-all", "create=3" }
    assert.equal(64, code)
    assert.matches("about many companies: %-%-tenants", err)
    for expected, words in pairs {
      ["--waves rest,1: must be a list"] = { "--waves", "rest,1" },
      ["--budget x: must be"] = { "--budget", "x" },
      ["--processes: a plan over companies"] = { "--processes", "2" },
      ["--tenants is for making a plan"] = { "--tenants", "all" },
      ["--limit and --limit-over-all are for making"] = { "--limit", "create=3" },
      ["--cid does not go with --tenants"] = { "--cid", "1" },
    } do
      code, _, err = run("apply", file, (table.unpack or unpack)(words))
      assert.equal(64, code)
      assert.is_truthy(err:find(expected, 1, true), err)
    end
    code, _, err = run("plan", playbook, "--queue")
    assert.equal(64, code)
    assert.matches("is made here", err)
  end)

  it("is applied in waves, told again, and taken back", function()
    local code, out, err = run("apply", file, "--yes", "--waves", "2,rest", "--budget", "0")
    assert.equal(0, code)
    assert.matches("\nc1%s+1%s+done", out)
    assert.matches("\nc3%s+2%s+done", out)
    assert.matches("4 of 4 companies", err)
    code, out = run("apply", file, "--yes", "--json")
    assert.equal(0, code)
    assert.equal(4, assert(json.decode(out)).done)
    code, out = run("runs", "--tenants", "all", "--ndjson")
    assert.equal(0, code)
    assert.matches('"company":"c4"', out)
    code, out, err = run("drift", "--tenants", "all", "--csv")
    assert.equal(0, code)
    assert.matches("^company,email", out)
    assert.matches("4 of 4 companies", err)
    code, out = run("tenants", "undo", "1", "--dry-run")
    assert.equal(0, code)
    assert.matches("4 to remove from the company", out)
    code, out = run("tenants", "undo", "1", "--yes", "--csv", "--fields", "company,state")
    assert.equal(0, code)
    assert.matches("\nc4,done", out)
  end)

  it("is left to workers", function()
    local code, out = run("apply", playbook, "--yes", "--queue", "--csv")
    assert.equal(0, code)
    local id = out:match "(%d+)%s*$"
    code, out = run("tenants", "status", id, "--csv")
    assert.equal(0, code)
    assert.matches("c2,held", out)
  end)

  it("is printed as Lua", function()
    local code, out = run("plan", playbook, "--print-lua", "--limit-over-all", "create=3")
    assert.matches("set:plan%(.-limit_over_all = { create = 3 }", out)
    assert.equal(0, code)
    code, out = run("apply", file, "--print-lua", "--budget", "2")
    assert.equal(0, code)
    assert.matches("set:load_plan%(.-set:apply%(plans, { budget = 2 }%)", out)
    code, out = run("tenants", "undo", "1", "--print-lua", "--dry-run")
    assert.equal(0, code)
    assert.matches("set:undo%(1%)", out)
  end)

  it("is applied in companies of any name", function()
    local profiles = {}
    for number, name in ipairs { 'x "y"', "a*, (b) and all" } do
      profiles[name] = place.profiles["c" .. number]
    end
    local others, made = place.folder .. "/odd.json", place.folder .. "/odd.plans.json"
    tenants.write(others, json.encode { profiles = profiles })
    tenants.write(
      playbook .. "2.lua",
      'user("odd@" .. company.cid .. ".example") { fullname = "O" }\n'
    )
    local from = "--tenants-file=" .. others
    local code = cli.run { "plan", playbook .. "2.lua", "--tenants", "all", "-o", made, from }
    assert.equal(0, code)
    local out, err
    code, out, err = cli.run { "apply", made, "--yes", from }
    assert.equal(0, code, err)
    assert.matches('x "y" .* done', out)
    assert.matches("2 of 2 companies", err)
  end)
end)

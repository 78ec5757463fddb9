local cli = require "spec.support.cli"
local json = require "lastpass.json"

local place

setup(function()
  place = cli.start { users = 40, seed = 9 }
end)

teardown(function()
  place:stop()
end)

before_each(function()
  place:reset()
end)

local number = 0
-- A playbook that changes something each time.
local function rename_playbook(email)
  number = number + 1
  return place:file(('user "%s" { fullname = "Name %d" }'):format(email, number), ".lua")
end

local function newest_run()
  return place:json("runs --limit 1")[1]
end

describe("lastpass plan", function()
  it("shows the plan, saves it, and changes nothing", function()
    local email = place:people()[1]
    local before = place:json({ "user", "show", email }).fullname
    local path = os.tmpname()
    local code, out = place:run { "plan", rename_playbook(email), "-o", path }
    assert.equals(0, code)
    assert.truthy(out:find("change the name: " .. before, 1, true), out)
    assert.equals(before, place:json({ "user", "show", email }).fullname)
    local file = assert(io.open(path))
    assert.truthy(file:read("*a"):find('"format":"lastpass.plan"', 1, true) or true)
    file:close()
    os.remove(path)
  end)

  it("is the plan file in JSON, and its steps as rows elsewhere", function()
    local email = place:people()[1]
    local plan = place:json { "plan", rename_playbook(email) }
    assert.equals(1, #plan.plan.steps)
    local code, out = place:run { "plan", rename_playbook(email), "--ndjson" }
    assert.equals(0, code)
    assert.equals("name", json.decode(out).kind)
    assert.equals(
      email,
      place:json({ "plan", rename_playbook(email), "--fields", "subject" })[1].subject
    )
  end)

  it("takes limits, and says what a guard minds in words of the program", function()
    local path = place:file(('user "%s" { active = false }'):format(place:people()[1]), ".lua")
    local code, out = place:run { "plan", path, "--limit", "disable=0" }
    assert.equals(4, code)
    assert.truthy(out:find("--limit disable=1", 1, true), out)
    local _, _, err = place:run { "plan", path, "--limit", "disable=0", "--ndjson" }
    assert.truthy(err:find("refused by the guard 'disable'", 1, true), err)
    assert.equals(
      0,
      (place:run { "plan", path, "--limit", "disable=5%", "--limit", "per_day.disable=9" })
    )
    for _, limit in ipairs { "disablee=3", "disable=many", "disable", "per_day.nothing=3" } do
      assert.equals(64, (place:run { "plan", path, "--limit", limit }), limit)
    end
  end)

  it("says where a playbook is wrong", function()
    local path = place:file("usr 'x' {}", ".lua")
    local failure, code = place:failure { "plan", path }
    assert.equals(64, code)
    assert.truthy(failure.message:find("there is no 'usr' in a playbook", 1, true), failure.message)
    assert.equals(64, (place:run "plan /nowhere.lua"))
  end)
end)

describe("lastpass apply", function()
  it("shows the plan, asks, applies and says how to take it back", function()
    local email = place:people()[1]
    local path = rename_playbook(email)
    local code, out, err = place:run({ "apply", path, "-q" }, { answers = { "n" } })
    assert.equals(4, code)
    assert.truthy(out:find("change the name", 1, true))
    local question = ("apply 1 step to %s in account %.0f at "):format(email, place.box.cid)
    assert.truthy(err:find(question, 1, true), err)
    code, out = place:run({ "apply", path, "-q" }, { answers = { "y" } })
    assert.equals(0, code)
    assert.truthy(out:find("lastpass run undo " .. newest_run().id, 1, true), out)
    assert.equals("Name " .. number, place:json({ "user", "show", email }).fullname)
  end)

  it("gives the run as JSON, or its steps as rows", function()
    local run, code = place:json { "apply", rename_playbook(place:people()[1]), "--yes", "-q" }
    assert.equals(0, code)
    assert.is_true(run.ok)
    assert.equals(1, run.counts.done)
    local _, out = place:run { "apply", rename_playbook(place:people()[1]), "--yes", "-q", "--csv" }
    assert.truthy(out:find("^number,kind,subject,state,reason,code\r\n1,name,"), out)
  end)

  it("does nothing in a dry run, and nothing when there is nothing to do", function()
    local path = rename_playbook(place:people()[1])
    local before = newest_run()
    assert.equals(0, (place:run { "apply", path, "--dry-run" }))
    assert.equals(0, (place:run { "apply", place:file("", ".lua"), "--yes" }))
    assert.same(before, newest_run())
  end)

  it("asks nobody where nobody is", function()
    local failure, code = place:failure { "apply", rename_playbook(place:people()[1]) }
    assert.equals(4, code)
    assert.equals("not_confirmed", failure.code)
  end)

  it("wants what is final to be counted", function()
    local email = place:people()[2]
    local path =
      place:file(('user "%s" { delete = true }\nlimit { delete = 1 }'):format(email), ".lua")
    local failure, code = place:failure { "apply", path, "--yes", "-q" }
    assert.equals(4, code)
    assert.truthy(failure.hint:find("--confirm-final 1", 1, true), failure.hint)
    assert.equals(4, (place:run { "apply", path, "--yes", "-q", "--confirm-final", "2" }))
    assert.equals(0, (place:run { "apply", path, "-q", "--confirm-final", "1" }))
    assert.equals(1, (place:run { "user", "show", email }))
  end)

  it("writes the rows that did not go through into a file", function()
    local email = place:people()[3]
    local plan, refused = os.tmpname(), os.tmpname()
    assert.equals(0, (place:run { "plan", rename_playbook(email), "-o", plan }))
    assert.equals(0, (place:run { "user", "update", email, "--name", "Somebody Else" }))
    local code = place:run { "apply", plan, "--yes", "-q", "--refused", refused }
    assert.equals(5, code)
    local file = assert(io.open(refused))
    assert.truthy(file:read("*a"):find(email, 1, true))
    file:close()
    os.remove(plan)
    os.remove(refused)
  end)

  it("says that the file of refused rows could not be written", function()
    local email = place:people()[4]
    local plan, folder = os.tmpname(), os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
    assert.equals(0, (place:run { "plan", rename_playbook(email), "-o", plan }))
    local _, _, err = place:run { "apply", plan, "--yes", "-q", "--refused", folder }
    assert.truthy(err:find("--refused: " .. folder .. ": ", 1, true), err)
    assert.matches("lastpass run show %d+ lists them", err)
    os.remove(plan)
    os.remove(folder)
  end)

  it("does not take what is no plan and no playbook", function()
    assert.equals(64, (place:run "apply /nowhere"))
    assert.equals(5, (place:run { "apply", place:file '{"plan": 1}', "--yes" }))
    -- only what is named as a playbook is run
    for _, name in ipairs { ".plan.json", ".json", ".txt", "", ".lua.bak", ".lua.json" } do
      local path = place:file("error 'it was run'", name)
      local failure, code = place:failure { "apply", path, "--dry-run" }
      assert.equals(64, code)
      assert.equals("not_a_plan", failure.code)
      assert.truthy(failure.message:find(path .. ": is not a plan file", 1, true))
      assert.truthy(failure.hint:find(".lua", 1, true))
    end
    local _, _, told = place:run { "apply", place:file("error 'it was run'", ".lua"), "--dry-run" }
    assert.truthy(told:find("it was run", 1, true), told)
    local plan = os.tmpname()
    place:run { "plan", rename_playbook(place:people()[1]), "-o", plan }
    assert.equals(64, (place:run { "apply", plan, "--limit", "disable=3" }))
    os.remove(plan)
  end)
end)

describe("lastpass runs and run show", function()
  it("show what was done", function()
    place:run { "apply", rename_playbook(place:people()[1]), "--yes", "-q" }
    local run = newest_run()
    assert.equals("finished", run.state)
    local code, out = place:run "runs"
    assert.equals(0, code)
    assert.truthy(out:find("^run +started +state"), out)
    assert.same({}, place:json "runs --state running")
    local id = tostring(run.id)
    assert.equals(run.id, place:json({ "run", "show", id }).id)
    code, out = place:run { "run", "show", id }
    assert.equals(0, code)
    assert.truthy(out:find("finished: 1 done", 1, true), out)
    assert.truthy(out:find("who +what +state +why\n"), "step by step: " .. out)
    assert.truthy(out:find("change the name: .- +done"), out)
  end)

  it("fit the terminal, addresses whole", function()
    local email = place:people()[1]
    local playbook = rename_playbook(email)
    for _, line in ipairs { { "plan", playbook }, { "apply", playbook, "--yes", "-q" } } do
      local _, out = place:run(line, { width = 72 })
      local found = 0
      for row in out:gmatch "[^\n]+" do
        found = found + (row:find("^~?%s*" .. email:gsub("%p", "%%%0")) and 1 or 0)
        if row:find "^[-~ ]" then
          assert.is_true(require("lastpass.text").width(row) <= 72, row)
        end
      end
      assert.equals(1, found, out)
      assert.is_nil(out:find("…", 1, true), out)
    end
  end)

  it("say when there is no such run", function()
    for _, verb in ipairs { "show", "undo", "resume" } do
      local failure, code = place:failure { "run", verb, "99999" }
      assert.equals(1, code, verb)
      assert.equals("no_such_run", failure.code, verb)
      assert.equals(64, (place:run { "run", verb, "x" }), verb)
    end
    assert.equals(64, (place:run "runs --state asleep"))
  end)
end)

describe("lastpass run resume", function()
  it("goes on with what was interrupted", function()
    local list, lines = place:people(), {}
    for place_of = 1, 6 do
      lines[place_of] = ('user "%s" { fullname = "Resumed %d" }'):format(list[place_of], place_of)
    end
    local interrupt = require "lastpass.cli.interrupt"
    local has_come, asked = interrupt.has_come, 0
    function interrupt.has_come()
      asked = asked + 1
      return asked > 3
    end
    local path = place:file(table.concat(lines, "\n"), ".lua")
    local code, out = place:run { "apply", path, "--yes", "-q", "--in-flight", "1" }
    interrupt.has_come = has_come
    assert.equals(130, code, out)
    local id = tostring(newest_run().id)
    assert.truthy(out:find("lastpass run resume " .. id, 1, true), out)
    assert.equals("stopped", newest_run().state)
    assert.equals(4, (place:run { "run", "resume", id }))
    assert.equals(0, (place:run { "run", "resume", id, "--dry-run" }))
    local run
    run, code = place:json { "run", "resume", id, "--yes", "-q" }
    assert.equals(0, code)
    assert.equals(6, run.counts.done)
    assert.equals("Resumed 6", place:json({ "user", "show", list[6] }).fullname)
    assert.equals(4, (place:run { "run", "resume", id, "--yes" }), "it is finished")
  end)
end)

describe("lastpass run undo", function()
  it("takes a run back", function()
    local email = place:people()[4]
    local before = place:json({ "user", "show", email }).fullname
    place:run { "apply", rename_playbook(email), "--yes", "-q" }
    local id = tostring(newest_run().id)
    local code, out = place:run { "run", "undo", id, "--dry-run" }
    assert.equals(0, code)
    assert.truthy(out:find("takes back step 1 of run " .. id, 1, true), out)
    local plan = os.tmpname()
    assert.equals(0, (place:run { "run", "undo", id, "-o", plan }))
    os.remove(plan)
    code, out = place:run { "run", "undo", id, "--dry-run", "--limit", "name=0" }
    assert.equals(4, code)
    assert.truthy(out:find("to allow it: --limit name=1", 1, true), out)
    assert.equals(64, (place:run { "run", "undo", id, "--limit", "nam=1" }))
    assert.equals(0, (place:run { "run", "undo", id, "--yes", "-q", "--limit", "name=100%" }))
    assert.equals(before, place:json({ "user", "show", email }).fullname)
  end)
end)

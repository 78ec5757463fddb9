-- scim held, scim worker, scim disconnect.
local cli = require "spec.support.cli"
local connection = require "lastpass.inbound.connection"
local json = require "lastpass.json"
local planted = require "spec.support.planted"
local store = require "lastpass.store"
local support = require "spec.support.store"
local wait = require "spec.support.wait"
local worlds = require "spec.support.inbound"

local place, journal, world, people
local paths = {}

setup(function()
  place = cli.start { users = 20, seed = 5 }
  people = place:people()
end)

teardown(function()
  planted.remove(paths)
  place:stop()
end)

-- An endpoint that lets one account be disabled a day.
before_each(function()
  place:reset()
  place:new_journal()
  journal = assert(store.open { path = place.journal })
  local limits = { disable = 1, per_day = { disable = 1 } }
  local more = { journal = journal }
  world = worlds.world(place.box, { limits = limits, protect = { people[9] } }, more)
  assert(journal:save_scim_connection(connection.row(world.endpoint.connection)))
end)

after_each(function()
  journal:close()
end)

-- Pushes `active: false` for so many people; all but the first are held.
local function push_leavers(count)
  for position = 1, count do
    local status = world:set_active(assert(world:find(people[position])), false)
    assert.equals(position == 1 and 200 or 409, status)
  end
  return world:jobs "scim.held"
end

-- The endpoint's lock on the company is as old as if it had written nothing for a while.
local function let_go()
  support.tamper(journal, "UPDATE lastpass_locks SET heartbeat = heartbeat - 100")
end

local function status_of(address)
  return place:person(address).status
end

local function run(words, options)
  return place:run(words, options)
end

local function approve(...)
  return { "scim", "held", "approve", "--reason", "they have left", ... }
end

describe("lastpass scim held approve without what it needs", function()
  it("takes no blank reason, and says which guard has held nothing", function()
    push_leavers(2)
    for _, reason in ipairs { "", "  " } do
      local code, _, err = run { "scim", "held", "approve", "--all", "--reason", reason, "--yes" }
      assert.equals(64, code)
      assert.matches("%-%-reason is needed", err)
    end
    local code, _, err =
      run { "scim", "held", "approve", "--all", "--code", "look_alike", "--reason", "x", "--yes" }
    assert.equals(0, code)
    assert.matches("nothing that look_alike has held waits", err)
    assert.equals("held", world:jobs("scim.held")[1].state)
  end)
end)

describe("a journal that no endpoint writes to", function()
  it("is said to be one by what lists and by what works", function()
    local path = os.tmpname()
    for _, line in ipairs { "connections", "held list", "log", "token list", "worker --once" } do
      local code, _, err = run("--journal=" .. path .. " scim " .. line)
      assert.equals(0, code, line)
      assert.matches("no endpoint has reported a connection of this company", err, 1, false)
    end
    planted.remove { path }
  end)
end)

describe("lastpass scim held list and show", function()
  it("show who waits for what, and why", function()
    local jobs = push_leavers(3)
    local list = place:json "scim held list"
    assert.equals(2, #list)
    local row = list[1]
    assert.equals(jobs[1].id, row.id)
    assert.same({ people[2], "disable the account", "held", "limit" }, {
      row.subject,
      row.what,
      row.state,
      row.code,
    })
    assert.same({ people[2] }, row.people)
    local _, out = run "scim held list"
    assert.truthy(out:find("^job +connection +subject +what +state +held because"), out)
    local shown = place:json { "scim", "held", "show", tostring(row.id) }
    assert.same(row, shown)
    _, out = run { "scim", "held", "show", tostring(row.id) }
    assert.truthy(out:find("subject +" .. people[2]:gsub("%p", "%%%0")), out)
    assert.equals(2, place:json("scim connections")[1].held)
  end)

  it("choose by state and connection, and say what is wrong", function()
    push_leavers(2)
    assert.same({}, (place:json "scim held list --state done"))
    assert.equals(1, #place:json "scim held list --all")
    assert.equals(1, #place:json "scim held list --connection entra")
    assert.equals(1, (run "scim held list --connection okta"))
    assert.equals(64, (run "scim held list --all --state done"))
    assert.equals(64, (run "scim held list --state asleep"))
    local failure, code = place:failure "scim held show 999"
    assert.same({ 1, "no_such_job" }, { code, failure.code })
    assert.equals(64, (run "scim held show first"))
  end)
end)

describe("lastpass scim held approve", function()
  it("does what was held, at once, and the journal knows by whom and why", function()
    local job = push_leavers(2)[1]
    local rows, code, err = place:json(approve(tostring(job.id), "--yes", "--by", "ann"))
    assert.equals(0, code, err)
    assert.same({ job.id, people[2], "done" }, { rows[1].id, rows[1].subject, rows[1].outcome })
    assert.equals("number", type(rows[1].run))
    assert.truthy(err:find("1 done", 1, true), err)
    assert.equals("disabled", status_of(people[2]))
    local shown = place:json { "scim", "held", "show", tostring(job.id) }
    assert.same({ "done", "ann", "they have left" }, {
      shown.state,
      shown.decided_by,
      shown.decision,
    })
    -- the identity provider's next try finds that it is done
    assert.equals(200, (world:set_active(assert(world:find(people[2])), false)))
  end)

  it("asks, names who approves, and previews", function()
    local job = tostring(push_leavers(2)[1].id)
    local code, out, err = run(approve(job, "--dry-run"))
    assert.equals(0, code, err)
    assert.truthy(out:find("would be done", 1, true), out)
    code, out, err = run(approve(job))
    assert.same({ 4, "" }, { code, out })
    assert.truthy(err:find("approve disable the account: " .. people[2], 1, true), err)
    assert.equals(4, (run(approve(job), { answers = { "n" } })))
    assert.equals("held", place:json({ "scim", "held", "show", job }).state)
    code, out, err = run(approve(job), { answers = { "y" } })
    assert.equals(0, code, err)
    assert.truthy(out:find("done", 1, true), out)
    local by = place:json({ "scim", "held", "show", job }).decided_by
    assert.truthy(by:find("@", 1, true), by)
  end)

  it("takes all of a connection, row by row", function()
    push_leavers(4)
    local rows, code, err = place:json(approve("--all", "--connection", "entra", "--yes"))
    assert.equals(0, code, err)
    assert.equals(3, #rows)
    for position = 2, 4 do
      assert.equals("disabled", status_of(people[position]))
    end
    code, rows, err = run(approve("--all", "--yes"))
    assert.same({ 0, "" }, { code, rows })
    assert.truthy(err:find("nothing waits for a decision", 1, true), err)
  end)

  it("leaves it to a worker when it is told to, or cannot do it", function()
    local jobs = push_leavers(3)
    local rows, code = place:json(approve(tostring(jobs[1].id), "--yes", "--later"))
    assert.equals(3, code)
    assert.equals("approved", rows[1].outcome)
    assert.truthy(rows[1].reason:find("lastpass scim worker", 1, true), rows[1].reason)
    assert.equals("active", status_of(people[2]))
    local there = { "--retries=0" }
    rows, code =
      place:json(approve(tostring(jobs[2].id), "--yes", "--provhash-file=/dev/null", there[1]))
    assert.equals(3, code)
    assert.equals("approved", rows[1].outcome)
    assert.truthy(rows[1].reason:find("not done from here", 1, true), rows[1].reason)
    local _, out, err = run "scim worker --once"
    assert.equals("", out)
    assert.truthy(err:find("2 done, 0 not done", 1, true), err)
    assert.equals("disabled", status_of(people[2]))
    assert.equals("disabled", status_of(people[3]))
  end)

  it("ends in part for what waits for no decision, and names it", function()
    local jobs = push_leavers(3)
    assert.equals(0, (run(approve(tostring(jobs[1].id), "--yes"))))
    local ids = { tostring(jobs[1].id), tostring(jobs[2].id), "999" }
    local rows, code = place:json(approve(ids[1], ids[2], ids[3], "--yes"))
    assert.equals(3, code)
    assert.same({ "refused", "done", "refused" }, {
      rows[1].outcome,
      rows[2].outcome,
      rows[3].outcome,
    })
    assert.same({ "not_held", "no_such_job" }, { rows[1].code, rows[3].code })
    rows, code = place:json(approve("999", "--yes"))
    assert.same({ 1, "no_such_job" }, { code, rows[1].code })
  end)

  it("says what is wrong", function()
    local job = tostring(push_leavers(2)[1].id)
    assert.equals(64, (run { "scim", "held", "approve", job, "--yes" })) -- no reason
    assert.equals(64, (run(approve "--yes")))
    assert.equals(64, (run(approve(job, "--all", "--yes"))))
    assert.equals(64, (run(approve(job, "--code", "limit", "--yes"))))
    assert.equals(64, (run(approve("first", "--yes"))))
    assert.equals(64, (run(approve(job, "--fields", "email", "--yes"))))
    assert.equals("held", place:json({ "scim", "held", "show", job }).state)
  end)
end)

describe("lastpass scim held refuse", function()
  it("ends it without doing it", function()
    local job = tostring(push_leavers(2)[1].id)
    local words = { "scim", "held", "refuse", job, "--reason", "wrong scope" }
    local code, out, err = run(words)
    assert.same({ 4, "" }, { code, out })
    assert.truthy(err:find("refuse disable the account: " .. people[2], 1, true), err)
    table.insert(words, "--dry-run")
    code, out, err = run(words)
    assert.equals(0, code, err)
    assert.truthy(out:find("would be refused", 1, true), out)
    words[#words] = "--yes"
    local rows
    rows, code = place:json(words)
    assert.equals(0, code)
    assert.equals("will not be done", rows[1].outcome)
    assert.equals("refused", place:json({ "scim", "held", "show", job }).state)
    assert.equals("active", status_of(people[2]))
    rows, code = place:json(words)
    assert.same({ 1, "not_held" }, { code, rows[1].code })
    -- the identity provider asks again, and it is held again
    assert.equals(409, (world:set_active(assert(world:find(people[2])), false)))
    local again = place:json "scim held list"
    assert.equals(1, #again)
    assert.are_not.equal(tonumber(job), again[1].id)
  end)
end)

describe("lastpass run show and undo", function()
  it("know what identity providers changed, and take it back", function()
    local id = assert(world:find(people[1]))
    local operation = { op = "replace", path = "displayName", value = "Another Name" }
    assert.equals(200, (world:patch("/Users/" .. id, operation)))
    assert.equals(200, (world:set_active(id, false)))
    local run_id = tostring(journal:runs({ tenant = world.tenant })[1].id)
    local code, out, err = run { "run", "show", run_id }
    assert.equals(0, code, err)
    assert.truthy(out:find("-> Another Name", 1, true), out)
    assert.truthy(out:find("disable the account", 1, true), out)
    assert.is_nil(out:find("to go on", 1, true), out)
    let_go()
    code, out, err = run { "run", "undo", run_id, "--yes", "-q" }
    assert.equals(0, code, out .. err)
    assert.equals("active", status_of(people[1]))
    assert.are_not.equal("Another Name", place:person(people[1]).fullname)
  end)
end)

describe("lastpass scim shadow plan", function()
  it("is what a shadow was asked for, and changes nothing before it is applied", function()
    local shadow = worlds.world(place.box, { mode = "shadow" }, { journal = journal })
    assert(journal:save_scim_connection(connection.row(shadow.endpoint.connection)))
    assert.equals(200, (shadow:set_active(assert(shadow:find(people[1])), false)))
    assert.equals(201, (shadow:create "new@lumenor.example"))
    assert.equals("shadow", place:json("scim connections")[1].mode)
    local path = planted.path(paths)
    local code, out, err = run("scim shadow plan entra -o " .. path)
    assert.equals(0, code, err)
    assert.truthy(out:find("disable the account", 1, true), out)
    assert.truthy(out:find("new@lumenor.example", 1, true), out)
    assert.equals("active", status_of(people[1]))
    assert.equals(2, (run "scim shadow plan entra --detailed-exitcode"))
    local document = place:json "scim shadow plan entra"
    assert.equals(2, #document.plan.steps)
    code, out, err = run("apply --yes -q " .. path)
    assert.equals(0, code, out .. err)
    assert.equals("disabled", status_of(people[1]))
    assert.equals("new@lumenor.example", place:person("new@lumenor.example").email)
    document = place:json "scim shadow plan entra"
    assert.equals(0, #document.plan.steps)
  end)

  it("says what is wrong, and what its guards refuse", function()
    local failure, code = place:failure "scim shadow plan entra"
    assert.same({ 64, "not_shadow" }, { code, failure.code })
    assert.equals(1, (run "scim shadow plan okta"))
    local settings = { mode = "shadow", limits = { disable = 1 } }
    local shadow = worlds.world(place.box, settings, { journal = journal })
    assert(journal:save_scim_connection(connection.row(shadow.endpoint.connection)))
    for position = 1, 2 do
      assert.equals(200, (shadow:set_active(assert(shadow:find(people[position])), false)))
    end
    assert.equals(4, (run "scim shadow plan entra"))
    assert.equals(0, (run "scim shadow plan entra --limit disable=2"))
    assert.equals(64, (run "scim shadow plan entra --limit disbale=2"))
  end)
end)

describe("lastpass scim worker", function()
  it("ends after its step when a signal comes, and says what it did", function()
    local job = push_leavers(2)[1]
    assert(journal:decide_job(job.id, "approved", { by = "ann", reason = "left" }))
    local line = '%slua5.4 bin/lastpass scim worker --every 1s 2>&1 & echo $!; wait $!; echo "<$?>"'
    local pipe = assert(io.popen(line:format(place:environment())))
    local pid = assert(pipe:read "*n")
    wait("the worker", function()
      return journal:jobs({ id = job.id })[1].state == "done"
    end)
    os.execute("kill -TERM " .. ("%d"):format(pid))
    local out, code = pipe:read("*a"):match "^(.-)<(%d+)>%s*$"
    pipe:close()
    assert.equals("0", code, out)
    assert.truthy(out:find("SIGTERM: 1 done, 0 not done", 1, true), out)
    assert.equals("disabled", status_of(people[2]))
  end)

  it("has nothing to do, or says what is wrong", function()
    local code, out, err = run "scim worker --once entra"
    assert.same({ 0, "", "0 done, 0 not done\n" }, { code, out, err })
    assert.equals(1, (run "scim worker --once okta"))
    assert.equals(64, (run "scim worker --once --every 5s"))
    assert.equals(64, (run "scim worker --every 0"))
    push_leavers(2)
    run(approve("--all", "--later", "--yes"))
    assert.equals(64, (run "scim worker --once --provhash-file=/dev/null"))
  end)
end)

describe("lastpass scim disconnect", function()
  it("lists what is linked, and changes nothing by itself", function()
    push_leavers(2)
    run "scim token new entra"
    local list, code, err = place:json "scim disconnect entra"
    assert.equals(0, code, err)
    local names = {}
    for position, object in ipairs(list) do
      names[position] = object.name
    end
    table.sort(names)
    local expected = { people[1], people[2] }
    table.sort(expected)
    assert.same(expected, names)
    assert.truthy(err:find("nothing was changed", 1, true), err)
    assert.equals(1, #place:json("scim connections")[1].tokens)
  end)

  it("keeps or forgets the ids, and closes the connection after a question", function()
    local job = push_leavers(2)[1]
    run "scim token new entra"
    assert.equals(4, (run "scim disconnect entra --objects keep"))
    local code, _, err = run "scim disconnect entra --objects keep --dry-run"
    assert.equals(0, code)
    assert.truthy(err:find("would close entra", 1, true), err)
    code, _, err = run "scim disconnect entra --objects keep --yes"
    assert.equals(0, code, err)
    assert.truthy(err:find("1 token revoked, 1 change that waited will not be done", 1, true), err)
    local row = place:json("scim connections")[1]
    assert.same({ "closed", 2, 0 }, { row.state, row.objects, row.held })
    assert.same({}, row.tokens)
    assert.equals("superseded", place:json({ "scim", "held", "show", tostring(job.id) }).state)
    assert.equals(0, (run "scim disconnect entra --objects unlink --yes"))
    assert.equals(0, place:json("scim connections")[1].objects)
    assert.equals("active", status_of(people[2]))
  end)

  it("disables by a plan, under the guards, and leaves whom it is told to", function()
    push_leavers(3)
    let_go()
    local path = planted.path(paths)
    local code, _, err = run("scim disconnect entra --objects disable -o " .. path)
    assert.equals(0, code, err)
    assert.equals(2, #assert(json.decode(planted.read(path))).plan.steps)
    assert.equals("open", place:json("scim connections")[1].state)
    code, _, err = run "scim disconnect entra --objects disable --limit disable=1 --yes"
    assert.equals(4, code, err)
    assert.equals("open", place:json("scim connections")[1].state)
    code, _, err = run {
      "scim",
      "disconnect",
      "entra",
      "--objects",
      "disable",
      "--protect",
      people[3],
      "--yes",
      "-q",
    }
    assert.equals(0, code, err)
    assert.equals("disabled", status_of(people[2]))
    assert.equals("active", status_of(people[3]))
    assert.equals("closed", place:json("scim connections")[1].state)
  end)

  it("says what is wrong", function()
    assert.equals(1, (run "scim disconnect okta"))
    assert.equals(64, (run "scim disconnect entra --objects delete"))
    assert.equals(64, (run "scim disconnect entra --objects keep -o x.json"))
    assert.equals(64, (run "scim disconnect entra --protect a@b.cc"))
    assert.equals(64, (run "scim disconnect"))
  end)
end)

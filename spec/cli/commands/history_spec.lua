local cli = require "spec.support.cli"

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

describe("lastpass drift", function()
  it("shows what has changed since, and ends with 7", function()
    local email = place:people()[1]
    place:run { "apply", rename_playbook(email), "--yes", "-q" }
    local list, code = place:json "drift"
    assert.equals(0, code)
    assert.same({}, list)
    place:run { "user", "update", email, "--name", "Drifted" }
    list, code = place:json "drift"
    assert.equals(7, code)
    assert.equals(email, list[1].email)
    assert.equals("Drifted", list[1].after)
    local _, out = place:run "drift"
    assert.truthy(out:find("^email +what +before +after"), out)
  end)

  it("says when no plan was ever applied", function()
    local failure, code = place:failure { "drift", "--journal=:memory:" }
    assert.equals(1, code)
    assert.equals("no_plan_applied", failure.code)
  end)
end)

describe("lastpass snapshot and diff", function()
  it("keep and compare", function()
    local email = place:people()[1]
    local kept, code = place:json "snapshot --keep"
    assert.equals(0, code)
    assert.is_true(kept.users > 30)
    assert.equals(kept.id, place:json("snapshot --limit 1")[1].id)
    local _, out = place:run "snapshot"
    assert.truthy(out:find("^id +read at"), out)
    assert.equals(kept.users, #place:json "snapshot --as-of now")
    assert.same({}, place:json "diff now")
    place:run { "user", "update", email, "--name", "Changed" }
    local time = tostring(os.time() + 5)
    local list
    list, code = place:json { "diff", time, "--detailed-exitcode" }
    assert.equals(2, code)
    assert.equals("Changed", list[1].after)
    assert.equals(0, (place:run { "diff", time, time, "--detailed-exitcode" }))
  end)

  it("say what they cannot", function()
    local failure, code = place:failure "snapshot --as-of 2001-01-01"
    assert.equals(1, code)
    assert.equals("no_snapshot", failure.code)
    assert.equals(64, (place:run "snapshot --as-of yesteryear"))
    assert.equals(64, (place:run "snapshot --keep --as-of now"))
    assert.equals(64, (place:run "diff yesteryear"))
    assert.equals(1, (place:run "diff 2001-01-01 2002-01-01"))
  end)
end)

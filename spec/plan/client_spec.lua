-- The door: what plans add to a client, and what it refuses.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

describe("a client", function()
  local box, client, files

  setup(function()
    box = support.start { users = 30, seed = 5 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    files = {}
    client = box:client { journal = plans.path(files) }
  end)

  after_each(function()
    plans.remove(files)
  end)

  it("blames wrong arguments on the caller's line", function()
    for expected, call in pairs {
      ["client:plan: 'playbook' must be a string or function or table, not a number"] = function()
        client:plan(5)
      end,
      ["unknown option 'limits'"] = function()
        client:plan(function() end, { limits = {} })
      end,
      ["did you mean 'disable'"] = function()
        client:plan(function() end, { limit = { disabl = 1 } })
      end,
      ["client:apply: 'plan' must be a Plan, not a table"] = function()
        client:apply {}
      end,
      ["needs the path of a file"] = function()
        client:load_plan ""
      end,
      ["client:undo: 'id' must be an integer, not a string: client:undo(id, options?)"] = function()
        client:undo "1"
      end,
      ["client:resume: needs the number of a run"] = function()
        client:resume(0)
      end,
      ["client:run: 'id' must be an integer, not a number: client:run(id)"] = function()
        client:run(1.5)
      end,
      ["client:runs: unknown option 'tenant'"] = function()
        client:runs { tenant = "x" }
      end,
    } do
      assert.matches(expected, check.blamed(call), 1, true)
    end
  end)

  it("returns what can happen", function()
    check.failure("argument", "no_playbook", client:plan "/nonexistent.lua")
    check.failure("argument", "no_such_run", client:undo(99))
    check.failure("argument", "no_such_run", client:resume(99))
    check.failure("argument", "no_such_run", client:run(99))
    check.failure("argument", "cannot_read", client:load_plan "/nonexistent.json")
  end)

  it("lists its runs, newest first, and shows one", function()
    local people = plans.active(client, 2)
    for _, email in ipairs(people) do
      assert(client:apply(plans.plan(client, { { "disable", email } })))
    end
    local runs = assert(client:runs())
    assert.same({ 2, 1 }, { runs[1].id, runs[2].id })
    assert.equal(1, #assert(client:runs { limit = 1 }))
    assert.equal(0, #assert(client:runs { state = "stopped" }))
    local run = assert(client:run(1))
    assert.same({ [people[1]] = "done" }, plans.states(run))
  end)

  it("works strictly as well", function()
    local strict = lastpass.strict(client)
    local plan = strict:plan(function(p)
      p.user(plans.active(client, 1)[1]) { active = false }
    end)
    assert.equal(1, plan:count())
    assert.equal("finished", strict:apply(plan).state)
    check.raised("argument", "no_such_run", function()
      strict:undo(99)
    end)
  end)

  it("tells a function without the words how it is given them", function()
    local _, _, err = client:plan(function()
      user "ann@acme.com" {} -- luacheck: ignore 113
    end)
    assert.equal("playbook_mistake", err.code)
    assert.equal("a function is given the words: function(words) words.user … end", err.hint)
  end)

  it("never shows the hash in a plan, a run or the journal", function()
    local email = plans.active(client, 1)[1]
    local plan = assert(client:plan(function(p)
      p.user(email) { active = false }
    end))
    local run = assert(client:apply(plan))
    local seen = plan:text() .. tostring(plan) .. tostring(run)
    for _, ending in ipairs { "", "-wal" } do
      local file = io.open(client:option "journal" .. ending, "rb")
      seen = seen .. (file and file:read "*a" or "")
      if file then
        file:close()
      end
    end
    assert.is_true(#seen > 10000)
    assert.is_nil(seen:find(box.provhash, 1, true))
  end)
end)

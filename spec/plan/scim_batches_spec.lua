-- Steps as requests of SCIM: answers that are lost or late, what is refused in part, and what is sent again.
local lastpass = require "lastpass"
local plans = require "spec.support.plans"
local unpack = table.unpack or unpack
local support = require "spec.support.box"

describe("steps over SCIM", function()
  local box, client, files, active

  setup(function()
    box = support.start { users = 60, seed = 5 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    files = {}
    client = box:client { journal = plans.path(files), retries = 0 }
    active = plans.active(client, 20)
  end)

  after_each(function()
    plans.remove(files)
  end)

  local function plan(given)
    local limit = { create = 50, disable = 50, delete = 50, leave = 50, join = 200 }
    return assert(client:plan(given, { via = "scim", limit = limit }))
  end

  local function lose(command, more)
    local rule = { command = "scim:" .. command, drop = "after", count = 1 }
    for name, value in pairs(more or {}) do
      rule[name] = value
    end
    assert(box:faults(rule))
  end

  local function apply(made, more, by)
    local cancel, restore = plans.fast_clock(100)
    local options = { settle_after = 0.05, cancel = cancel, confirm_within = 0 }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    local run = assert((by or client):apply(made, options))
    restore()
    return run
  end

  local function count(command)
    return support.requests(box, "scim:" .. command)
  end

  local function mails(address)
    return (assert(box:state { mails = true }).mails[address] or {}).invitation or 0
  end

  it("are not repeated when the answer is lost and the directory shows them", function()
    lose "patch_user"
    local run = apply(plan { disable = { active[1] } })
    assert.is_true(run.ok, tostring(run))
    assert.equal(1, count "patch_user")
    assert.equal("read_back", plans.row(run, active[1]).code)
  end)

  it("are tried once more when the directory shows that nothing was done", function()
    lose("patch_user", { drop = "before" })
    local run = apply(plan { disable = { active[1], active[2] } })
    assert.is_true(run.ok, tostring(run))
    assert.equal(3, count "patch_user")
    lose("patch_user", { drop = "before", count = 9 })
    run = apply(plan { enable = { active[1] } })
    assert.is_false(run.ok)
    assert.equal("not_confirmed", plans.row(run, active[1]).state)
    assert.equal(5, count "patch_user")
  end)

  it("make one account and send one invitation, whatever is lost of it", function()
    for _, drop in ipairs { "after", "before" } do
      support.reset(box)
      support.reset_journal(box)
      lose("create_user", { drop = drop })
      local made = plan {
        create = { { username = "one@x.example", fullname = "One", groups = { "Pilots" } } },
      }
      local run = apply(made)
      assert.is_true(run.ok, tostring(run))
      assert.equal(1, mails "one@x.example", drop)
      assert.equal(drop == "before" and 2 or 1, count "create_user")
      assert.same({ "Pilots" }, client:user("one@x.example").groups)
    end
  end)

  it("give the groups of an account whose creation went well and whose groups were lost", function()
    for _, drop in ipairs { "after", "before" } do
      support.reset(box)
      lose("patch_group", { drop = drop })
      local made = plan {
        create = {
          { username = "one@x.example", groups = { "Pilots", "Others" } },
          { username = "two@x.example", groups = { "Pilots" } },
        },
      }
      local run = apply(made)
      assert.is_true(run.ok, tostring(run))
      local one = client:user "one@x.example"
      assert.is_true(one:is_in "Others" and one:is_in "Pilots")
      assert.same({ "Pilots" }, client:user("two@x.example").groups)
      assert.equal(1, mails "one@x.example")
      assert.equal(1, mails "two@x.example")
    end
  end)

  it("change memberships whose answers are lost", function()
    for _, drop in ipairs { "after", "before" } do
      support.reset(box)
      lose("patch_group", { drop = drop })
      local joins = {}
      for index = 1, 6 do
        joins[index] = { username = active[index], add = { "Pilots", "Others" } }
      end
      local run = apply(plan { groups = joins })
      assert.is_true(run.ok, tostring(run))
      for index = 1, 6 do
        assert.is_true(client:user(active[index]):is_in "Others")
      end
    end
  end)

  it("wait when the server asks to, and go on", function()
    assert(box:faults {
      command = "scim:patch_user",
      status = 429,
      headers = { ["Retry-After"] = "0" },
      count = 3,
      commit = false,
    })
    local run = apply(plan { disable = { active[1], active[2] } }, { in_flight = 1 })
    assert.is_true(run.ok, tostring(run))
  end)

  it("stop after so many failures, and are resumed", function()
    assert(box:faults { command = "scim:patch_user", status = 400, commit = false, count = 3 })
    local run = apply(
      plan { disable = { active[1], active[2], active[3], active[4], active[5], active[6] } },
      { stop_after = 3, in_flight = 1 }
    )
    assert.equal("too_many_failures", run.stopped.code)
    assert.equal(3, run.counts.refused)
    assert.equal(3, run.counts.not_tried)
    local resumed = assert(client:resume(run.id))
    assert.equal(3, resumed.counts.done)
  end)

  it("are refused one by one where SCIM does not show the user", function()
    local made = plan { disable = { active[1], active[2] } }
    assert(box:faults {
      command = "scim:list_users",
      body = '{"totalResults":0,"Resources":[]}',
      count = 1,
    })
    local run = apply(made, { in_flight = 1 })
    assert.equal(1, run.counts.refused)
    assert.equal(1, run.counts.done)
    for row in run:steps() do
      if row.state == "refused" then
        assert.equal("no_such_user", row.code)
        assert.match("a plan without via changes them", row.reason)
      end
    end
  end)

  it("find many people by one list, and few by looking each up", function()
    support.reset_journal(box)
    assert.is_true(apply(plan { disable = { active[1], active[2] } }).ok)
    assert.equal(2, count "list_users")
    support.reset_journal(box)
    local many = { unpack(active, 3, 12) }
    assert.is_true(apply(plan { disable = many }).ok)
    assert.equal(2, count "list_users") -- the second shows that there are no more
    assert.equal(10, count "patch_user")
  end)

  -- Calls of the journal while something is done.
  local function counting(fn)
    local store, counts = require("lastpass.store").of(client), { intend = 0, record = 0 }
    for name in pairs(counts) do
      local real = store[name]
      rawset(store, name, function(...)
        counts[name] = counts[name] + 1
        return real(...)
      end)
    end
    fn()
    for name in pairs(counts) do
      rawset(store, name, nil)
    end
    return counts
  end

  -- A client that tells of each change before it is sent.
  local function watching(fn)
    return client:with {
      scim = {
        url = box.scim_url,
        token = lastpass.secret.value(box.scim_token),
        on_request = function(request)
          if request.method == "PATCH" then
            fn()
          end
        end,
      },
    }
  end

  it("share an intent and an outcome in the journal, several calls under way at once", function()
    local made, states = plan { disable = active }, {}
    local watched = watching(function()
      local journal = require("lastpass.store").of(client)
      local id, known = journal:runs({ limit = 1 })[1].id, 0
      for _, row in ipairs(journal:steps(id)) do
        known = known + (row.state == "intended" and 1 or 0)
      end
      states[#states + 1] = known > 0
    end)
    local counts = counting(function()
      assert.is_true(assert(watched:apply(made, { in_flight = 4 })).ok)
    end)
    assert.equal(20, count "patch_user")
    assert.equal(4, counts.intend)
    assert.is_true(counts.record <= 5)
    assert.equal(20, #states)
    for _, is_intended in ipairs(states) do
      assert.is_true(is_intended)
    end
  end)

  it("go on behind one of the same part whose answer is lost", function()
    lose("patch_user", { nth = 3 })
    local run = apply(plan { disable = { unpack(active, 1, 6) } }, { in_flight = 1 })
    assert.is_true(run.ok, tostring(run))
    assert.equal(6, run.counts.done)
    assert.equal(6, count "patch_user")
  end)

  it("are not sent any more once the run is cancelled, and nothing of them is in doubt", function()
    local sent = 0
    local watched = watching(function()
      sent = sent + 1
    end)
    local made = plan { disable = active }
    local run = assert(watched:apply(made, {
      in_flight = 1,
      cancel = function()
        return sent >= 3
      end,
    }))
    assert.equal("interrupted", run.stopped.code)
    assert.same({ 3, 17, 0 }, { run.counts.done, run.counts.not_tried, run.counts.uncertain })
    assert.is_true(assert(client:resume(run.id)).ok)
    assert.equal(20, count "patch_user")
  end)

  it("keep what is recorded when nothing more can be sent", function()
    local sent = 0
    assert(box:faults { command = "scim:patch_user", status = 400, commit = false, count = 1 })
    local watched = watching(function()
      sent = sent + 1
      if sent > 3 then
        error({ kind = "argument", code = "store_full", message = "the disk is full" }, 0)
      end
    end)
    local made = plan { disable = { unpack(active, 1, 8) } }
    local cancel, restore = plans.fast_clock(100)
    local run = assert(watched:apply(made, { in_flight = 1, settle_after = 0.05, cancel = cancel }))
    restore()
    assert.equal("store_full", run.stopped.code)
    assert.equal(1, run.counts.refused)
    assert.equal(0, run.counts.not_confirmed)
  end)

  -- A directory that shows over the Enterprise API, some reads later, what was done over SCIM: until then each read
  -- gives the company as it was.
  local function lagging(reads)
    local before, number = assert(client:snapshot()), 0
    local late = client:with { journal = client:option "journal" }
    function late.snapshot(self, ...)
      number = number + 1
      return number <= reads and before or client.snapshot(self, ...)
    end
    return late, function()
      return number
    end
  end

  it("are not done before the directory shows them, however late that is", function()
    local made = plan { disable = { active[1], active[2] } }
    local late, reads = lagging(4)
    local cancel, restore = plans.fast_clock(100)
    local run = assert(late:apply(made, { confirm_within = 60, cancel = cancel }))
    restore()
    assert.is_true(run.ok, tostring(run))
    assert.equal(5, reads())
    support.reset(box)
    late = lagging(99)
    run = assert(late:apply(plan { disable = { active[3] } }, { confirm_within = 0.1 }))
    assert.is_false(run.ok)
    assert.equal("not_confirmed", plans.row(run, active[3]).state)
  end)

  it("are sent once though answer and directory are late", function()
    lose "patch_user"
    local made = plan { disable = { active[1] } }
    local late = lagging(2)
    local run = apply(made, { confirm_within = 60 }, late)
    assert.is_true(run.ok, tostring(run))
    assert.equal(1, count "patch_user")
  end)

  it("do not believe a server that says yes and does nothing", function()
    assert(box:faults { command = "scim:patch_user", commit = false, status = 204, body = "" })
    local run = apply(plan { disable = { active[1] } })
    assert.equal(1, run.counts.not_confirmed)
    assert.is_false(run.ok)
  end)
end)

describe("a person who is only invited, and was to be put into groups over SCIM", function()
  local reconcile = require "lastpass.plan.reconcile"
  local works = require "lastpass.plan.work"

  local function yes()
    return true
  end

  local function new_work(groups, user)
    local step = {
      number = 1,
      kind = "create",
      subject = "new@x.example",
      via = "scim",
      after = { groups = groups },
    }
    local work = works.new {
      journal = { record = yes, intend = yes },
      lock = { renew = yes },
      body = { steps = { step }, objects = { ["new@x.example"] = { status = "absent" } } },
      options = { settle_after = 0, late_margin = 0, stop_after = 20 },
      outcomes = { { state = "uncertain", intended_at = 0, doubt_until = 0 } },
    }
    work.read_directory = function()
      return {
        user = function()
          return user
        end,
      }
    end
    return work, step
  end

  local invited = { status = "invited", groups = {}, admin = false }

  it("is created and gets the groups once more, for the directory does not show them", function()
    local work, step = new_work({ "Pilots" }, invited)
    reconcile.lost_answers(work, { step })
    assert.same({ "not_tried", "created" }, { work.outcomes[1].state, work.outcomes[1].code })
    assert.same({}, reconcile.changed(work, work:read_directory()))
    work.client = {
      option = function()
        return 1
      end,
    }
    assert.is_true(work:intend { step })
    assert.is_true(work.outcomes[1].created)
    work:record { { step = step, state = "uncertain" } }
    work.outcomes[1].doubt_until = 0
    reconcile.lost_answers(work, { step })
    assert.same(
      { "not_confirmed", "groups_unknown" },
      { work.outcomes[1].state, work.outcomes[1].code }
    )
  end)

  it("is done when there are no groups, or all of them show", function()
    local work, step = new_work({}, invited)
    reconcile.lost_answers(work, { step })
    assert.equal("done", work.outcomes[1].state)
    work, step = new_work({ "Pilots" }, { status = "active", groups = { "Pilots" } })
    reconcile.lost_answers(work, { step })
    assert.equal("done", work.outcomes[1].state)
    work, step = new_work({ "Pilots" }, { status = "active", groups = {} })
    reconcile.lost_answers(work, { step })
    assert.equal("created", work.outcomes[1].code)
  end)

  it("is no change by somebody else where a part of the groups was changed before", function()
    local step = {
      number = 1,
      kind = "groups",
      subject = "u@x.example",
      via = "scim",
      after = { join = { "A", "B" }, leave = { "C" } },
    }
    local function changed(via, now)
      local work = new_work({}, { status = "active", groups = now, admin = false })
      step.via = via
      work.body.steps = { step }
      work.body.objects =
        { ["u@x.example"] = { status = "active", groups = { "C" }, admin = false } }
      work.outcomes = { { state = "not_tried", code = "lost", intended_at = 5 } }
      local entry = reconcile.changed(work, work:read_directory())[1]
      return entry and entry.state
    end
    assert.is_nil(changed("scim", { "A", "C" }))
    assert.is_nil(changed("scim", { "A" }))
    assert.equal("stale", changed("scim", { "A", "D" }))
    assert.equal("stale", changed("enterprise", { "A", "C" }))
  end)
end)

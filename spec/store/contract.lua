-- What every journal does, whatever database is behind it. Each part is a function(make, busted):
-- make() gives options of store.open for an empty database.
local assert = require "luassert"
local check = require "spec.support.check"
local json = require "lastpass.json"
local store = require "lastpass.store"
local support = require "spec.support.store"

local M = {}

local DAY = 86400
local ALL_BYTES = {}
for code = 0, 255 do
  ALL_BYTES[#ALL_BYTES + 1] = string.char(code)
end
ALL_BYTES = table.concat(ALL_BYTES)

-- Opens a journal for each test of a block.
local function journal_of(make, busted)
  local held = {}
  busted.before_each(function()
    held.options = make()
    held.journal = assert(store.open(held.options))
  end)
  busted.after_each(function()
    held.journal:close()
  end)
  return held
end

--- A part on files of its own, as a block of tests.
---@param name string
---@param part fun(make: function, busted: table) of this module
---@param busted table describe, it, setup …
function M.on_files(name, part, busted)
  busted.describe(name, function()
    local folder
    local count = 0

    busted.setup(function()
      folder = support.folder()
    end)

    busted.teardown(function()
      support.remove(folder)
    end)

    part(function()
      count = count + 1
      return { path = ("%s/%d.db"):format(folder, count) }
    end, busted)
  end)
end

local function begin(journal, more)
  local run = { tenant = 5, plan = "sha", kind = "apply", document = "{}", total = 3 }
  for name, value in pairs(more or {}) do
    run[name] = value
  end
  return assert(journal:begin_run(run))
end

local function step(number, more)
  local item = { number = number, kind = "disable", subject = ("u%d@acme.example"):format(number) }
  for name, value in pairs(more or {}) do
    item[name] = value
  end
  return item
end

local function steps(first, last, more)
  local list = {}
  for number = first, last do
    list[#list + 1] = step(number, more)
  end
  return list
end

local function outcomes(first, last, state)
  local list = {}
  for number = first, last do
    list[#list + 1] = { number = number, state = state }
  end
  return list
end

function M.runs(make, busted)
  local it = busted.it
  local held = journal_of(make, busted)

  it("keeps a run with every byte of its document", function()
    local before = os.time()
    local id = begin(held.journal, {
      tenant = 8771312,
      plan = ("ab"):rep(32),
      document = ALL_BYTES:rep(300) .. "\0\0",
      total = 7,
    })
    local run = assert(held.journal:run(id))
    assert.equal(ALL_BYTES:rep(300) .. "\0\0", run.document)
    assert.equal("8771312", run.tenant)
    assert.equal(("ab"):rep(32), run.plan)
    assert.equal("apply", run.kind)
    assert.equal("running", run.state)
    assert.equal(7, run.total)
    assert.is_true(run.started >= before and run.started <= os.time())
    assert.is_nil(run.finished)
    assert.is_nil(run.of_run)
    assert.is_nil(run.summary)
    assert.is_string(run.owner.host)
    assert.is_number(run.owner.pid)
    assert.equal(id, run.id)
    if math.type then
      assert.equal("integer", math.type(run.started))
      assert.equal("integer", math.type(run.id))
    end
  end)

  it("keeps an empty document, and one of many megabytes", function()
    local id = begin(held.journal, { document = "" })
    assert.equal("", held.journal:run(id).document)
    local large = ("0123456789abcdef\n"):rep(500000)
    id = begin(held.journal, { document = large })
    assert.is_true(held.journal:run(id).document == large)
  end)

  it("ends a run with its summary", function()
    local id = begin(held.journal)
    assert.is_true(held.journal:end_run(id, "finished", { done = 3, note = "Žofie" }))
    local run = held.journal:run(id)
    assert.equal("finished", run.state)
    assert.same({ done = 3, note = "Žofie" }, run.summary)
    assert.is_true(run.finished >= run.started)
    id = begin(held.journal, { kind = "undo", of_run = id })
    assert.equal("undo", held.journal:run(id).kind)
    assert.equal(id - 1, held.journal:run(id).of_run)
  end)

  it("lists runs, the newest first", function()
    local first = begin(held.journal)
    local other = begin(held.journal, { tenant = "other" })
    local last = begin(held.journal)
    assert(held.journal:end_run(first, "stopped"))
    local function ids(options)
      local list = {}
      for index, run in ipairs(assert(held.journal:runs(options))) do
        assert.is_nil(run.document)
        list[index] = run.id
      end
      return list
    end
    assert.same({ last, other, first }, ids())
    assert.same({ last, first }, ids { tenant = 5 })
    assert.same({ last }, ids { tenant = "5", limit = 1 })
    assert.same({ first }, ids { tenant = 5, state = "stopped" })
    assert.same({}, ids { tenant = 6 })
  end)

  it("knows the last run that came to its end", function()
    assert.is_nil((held.journal:last_applied(5)))
    local first = begin(held.journal, { document = "one" })
    assert.is_nil((held.journal:last_applied(5)))
    local second = begin(held.journal)
    assert(held.journal:end_run(first, "finished"))
    assert(held.journal:end_run(second, "stopped"))
    assert(held.journal:end_run(begin(held.journal, { tenant = 6 }), "finished"))
    assert(held.journal:end_run(begin(held.journal, { kind = "direct" }), "finished"))
    local run = assert(held.journal:last_applied(5))
    assert.equal(first, run.id)
    assert.equal("one", run.document)
  end)

  it("says when there is no such run", function()
    check.failure("argument", "no_such_run", held.journal:run(99))
    check.failure("argument", "no_such_run", held.journal:end_run(99, "finished"))
  end)

  it("says when a document is damaged", function()
    local id = begin(held.journal, { document = "document" })
    support.tamper(held.journal, "UPDATE lastpass_runs SET document = '00ff'")
    local err = check.failure("protocol", "store_damaged", held.journal:run(id))
    assert.truthy(err.hint)
    support.tamper(held.journal, "UPDATE lastpass_runs SET owner = '{'")
    check.failure("protocol", "store_damaged", held.journal:runs())
  end)

  it("blames wrong arguments on their line", function()
    assert.matches(
      "unknown option 'plam'",
      check.blamed(function()
        held.journal:begin_run { plam = "x" }
      end)
    )
    assert.matches(
      "did you mean 'apply'",
      check.blamed(function()
        held.journal:begin_run { tenant = 5, plan = "x", kind = "aply", total = 1 }
      end)
    )
    assert.matches(
      "tenant must be a non%-empty string",
      check.blamed(function()
        held.journal:begin_run { plan = "x", kind = "apply", total = 1 }
      end)
    )
    assert.matches(
      "state 'done' is not known",
      check.blamed(function()
        held.journal:end_run(1, "done")
      end)
    )
    assert.matches(
      "whole number",
      check.blamed(function()
        held.journal:run "1"
      end)
    )
  end)
end

function M.steps(make, busted)
  local it = busted.it
  local held = journal_of(make, busted)

  it("keeps what is intended, with images of both sides", function()
    local run = begin(held.journal)
    local before =
      { fullname = 'Žofie "Q"', groups = json.list { "A", "B ' ; --" }, active = true }
    assert.is_true(held.journal:intend(run, {
      step(1, { before = before, after = { groups = json.list() } }),
      step(7, { kind = "create" }),
    }))
    local list = assert(held.journal:steps(run))
    assert.equal(2, #list)
    assert.same(before, list[1].before)
    assert.same({ groups = {} }, list[1].after)
    assert.equal(1, list[1].number)
    assert.equal("disable", list[1].kind)
    assert.equal("u1@acme.example", list[1].subject)
    assert.equal("intended", list[1].state)
    assert.equal(1, list[1].attempt)
    assert.is_true(math.abs(list[1].intended_at - os.time()) < 5)
    assert.is_nil(list[1].settled_at)
    assert.is_nil(list[2].before)
    assert.equal("create", list[2].kind)
  end)

  it("records in every state, with reason and code", function()
    local run = begin(held.journal)
    local states = {
      "done",
      "unchanged",
      "refused",
      "stale",
      "uncertain",
      "unknown",
      "not_tried",
      "held",
      "not_confirmed",
    }
    assert(held.journal:intend(run, steps(1, #states)))
    local list = {}
    for number, state in ipairs(states) do
      list[number] = { number = number, state = state, reason = "because " .. state, code = "c" }
    end
    assert.is_true(held.journal:record(run, list))
    for number, item in ipairs(held.journal:steps(run)) do
      assert.equal(states[number], item.state)
      assert.equal("because " .. states[number], item.reason)
      assert.equal("c", item.code)
      assert.equal(1, item.attempt)
      assert.is_number(item.settled_at)
      assert.equal(("u%d@acme.example"):format(number), item.subject)
    end
    local counts = held.journal:step_counts(run)
    assert.equal(1, counts.done)
    assert.equal(1, counts.held)
    assert.is_nil(counts.intended)
    assert.same({}, held.journal:step_counts(run + 1))
  end)

  it("keeps until when the server may be at work, and moves it when a call had to wait", function()
    local run = begin(held.journal)
    local now = os.time()
    assert(held.journal:intend(run, { step(1, { doubt_until = now + 182 }), step(2), step(3) }))
    local list = held.journal:steps(run)
    assert.equal(now + 182, list[1].doubt_until)
    assert.is_nil(list[2].doubt_until)
    assert(held.journal:record(run, { { number = 2, state = "done" } }))
    support.tamper(held.journal, "UPDATE lastpass_steps SET intended_at = ?", 7)
    assert.is_true(held.journal:renew_intent(run, { 1, 2 }, now + 300))
    list = held.journal:steps(run)
    assert.equal(now + 300, list[1].doubt_until)
    assert.is_true(list[1].intended_at >= now)
    assert.equal(1, list[1].attempt)
    assert.equal(7, list[2].intended_at) -- it is over
    assert.equal(7, list[3].intended_at)
    check.failure("argument", "no_such_run", held.journal:renew_intent(99, { 1 }, now))
  end)

  it("counts how often an answer was lost, and what was confirmed", function()
    local run = begin(held.journal)
    assert(held.journal:intend(run, steps(1, 4)))
    for _ = 1, 2 do
      assert(held.journal:record(run, { { number = 1, state = "not_tried", code = "lost" } }))
      assert(held.journal:intend(run, steps(1, 1)))
    end
    assert(held.journal:record(run, {
      { number = 2, state = "done" },
      { number = 3, state = "unchanged" },
      { number = 4, state = "not_confirmed" },
    }))
    assert.is_true(held.journal:confirm(run))
    local list = held.journal:steps(run)
    assert.equal(2, list[1].lost)
    assert.is_nil(list[1].confirmed_at)
    assert.is_number(list[2].confirmed_at)
    assert.is_number(list[3].confirmed_at)
    assert.is_nil(list[4].confirmed_at)
  end)

  it("intends an open step again, and counts the attempts", function()
    local run = begin(held.journal)
    assert(held.journal:intend(run, { step(1, { before = { a = 1 } }), step(2) }))
    assert(
      held.journal:record(run, { { number = 2, state = "refused", reason = "x", code = "y" } })
    )
    assert(held.journal:intend(run, { step(1), step(2) }))
    local list = held.journal:steps(run)
    assert.equal(2, list[1].attempt)
    assert.same({ a = 1 }, list[1].before)
    assert.equal(2, list[2].attempt)
    assert.equal("intended", list[2].state)
    assert.is_nil(list[2].reason)
    assert.is_nil(list[2].code)
    assert.is_nil(list[2].settled_at)
  end)

  it("refuses to intend what is done, and writes nothing of that list", function()
    local run = begin(held.journal)
    assert(held.journal:intend(run, steps(1, 2)))
    assert(held.journal:record(run, outcomes(2, 2, "done")))
    assert.matches(
      "step 2 of run %d+ is done",
      check.blamed(function()
        held.journal:intend(run, steps(1, 3))
      end)
    )
    local list = held.journal:steps(run)
    assert.equal(2, #list)
    assert.equal(1, list[1].attempt)
    -- and the journal goes on
    assert.is_true(held.journal:intend(run, steps(3, 3)))
  end)

  it("refuses an outcome without an intent, unless nothing was done", function()
    local run = begin(held.journal)
    for _, state in ipairs { "done", "uncertain", "unknown" } do
      assert.matches(
        "was never intended",
        check.blamed(function()
          held.journal:record(run, outcomes(1, 1, state))
        end)
      )
    end
    assert.same({}, held.journal:steps(run))
    assert.is_true(held.journal:record(run, {
      {
        number = 1,
        state = "held",
        reason = "rename",
        kind = "rename",
        subject = "a@acme.example",
      },
      { number = 2, state = "not_tried" },
    }))
    local list = held.journal:steps(run)
    assert.equal("rename", list[1].kind)
    assert.equal("a@acme.example", list[1].subject)
    assert.equal(0, list[1].attempt)
    assert.is_nil(list[1].intended_at)
    assert.equal("not_tried", list[2].state)
    -- what was held may be done after all
    assert.is_true(held.journal:intend(run, { step(1), step(2) }))
    assert.equal("u2@acme.example", held.journal:steps(run)[2].subject)
  end)

  it("takes 10,000 steps at once, and sees each of them", function()
    local run = begin(held.journal)
    assert.is_true(held.journal:intend(run, steps(1, 10000, { before = { name = "N" } })))
    assert.is_true(held.journal:record(run, outcomes(1, 9000, "done")))
    assert.is_true(held.journal:record(run, outcomes(9999, 9999, "done")))
    local list = assert(held.journal:steps(run))
    assert.equal(10000, #list)
    for number, item in ipairs(list) do
      assert.equal(number, item.number)
    end
    assert.same({ done = 9001, intended = 999 }, held.journal:step_counts(run))
    -- one of the last part is done: nothing of the first parts is written either
    assert.matches(
      "step 9999 ",
      check.blamed(function()
        held.journal:intend(run, steps(9500, 10000))
      end)
    )
    assert.equal(1, held.journal:steps(run, { from = 9500 })[1].attempt)
    assert.is_true(held.journal:intend(run, {}))
    assert.is_true(held.journal:record(run, {}))
  end)

  it("keeps what others said, whatever bytes it has", function()
    local run = begin(held.journal)
    assert(held.journal:intend(run, steps(1, 1)))
    local reason = 'it\'s "bad" \0 \255 ? $1 ; -- \n end'
    assert.is_true(held.journal:record(run, { { number = 1, state = "refused", reason = reason } }))
    assert.equal(
      'it\'s "bad" \239\191\189 \239\191\189 ? $1 ; -- \n end',
      held.journal:steps(run)[1].reason
    )
  end)

  it("goes on with a stopped run, not with one that has ended", function()
    local run = begin(held.journal)
    assert(held.journal:end_run(run, "stopped"))
    assert.is_true(held.journal:intend(run, steps(1, 1)))
    assert.equal("running", held.journal:run(run).state)
    assert.is_nil(held.journal:run(run).finished)
    for _, state in ipairs { "finished", "abandoned" } do
      assert(held.journal:end_run(run, state))
      check.failure("conflict", "run_ended", held.journal:intend(run, steps(2, 2)))
    end
    -- what was in flight when it ended is written down all the same
    assert.is_true(held.journal:record(run, outcomes(1, 1, "done")))
  end)

  it("says when there is no such run", function()
    check.failure("argument", "no_such_run", held.journal:intend(99, steps(1, 1)))
    check.failure("argument", "no_such_run", held.journal:record(99, outcomes(1, 1, "done")))
    assert.same({}, held.journal:steps(99))
  end)

  it("takes numbers and times beyond 32 bits", function()
    local run = begin(held.journal, { total = 2 ^ 53 })
    assert(held.journal:intend(run, { step(2 ^ 52 + 1) }))
    support.tamper(held.journal, "UPDATE lastpass_steps SET intended_at = ?", 4102444800)
    local item = held.journal:steps(run, { from = 2 ^ 52 })[1]
    assert.equal(2 ^ 52 + 1, item.number)
    assert.equal(4102444800, item.intended_at)
    assert.equal(2 ^ 53, held.journal:run(run).total)
  end)

  it("blames wrong arguments on their line", function()
    local run = begin(held.journal)
    for expected, list in pairs {
      ["number must be a whole number"] = { { kind = "x", subject = "y" } },
      ["kind must be a non%-empty string"] = { { number = 1, subject = "y" } },
      ["subject must be a non%-empty string"] = { { number = 1, kind = "x" } },
      ["before must be a table"] = { step(1, { before = "x" }) },
      ["step 1 is in the list twice"] = { step(1), step(1) },
      ["a step must be a table"] = { "x" },
      ["is not valid UTF%-8, or holds a NUL"] = { step(1, { subject = "a\0b" }) },
    } do
      assert.matches(
        expected,
        check.blamed(function()
          held.journal:intend(run, list)
        end)
      )
    end
    assert.matches(
      "did you mean 'uncertain'",
      check.blamed(function()
        held.journal:record(run, outcomes(1, 1, "uncertan"))
      end)
    )
    assert.matches(
      "state 'intended' is not known",
      check.blamed(function()
        held.journal:record(run, outcomes(1, 1, "intended"))
      end)
    )
    assert.matches(
      "unknown option 'sate'",
      check.blamed(function()
        held.journal:steps(run, { sate = "done" })
      end)
    )
    assert.same({}, held.journal:steps(run))
  end)
end

function M.step_lists(make, busted)
  local it = busted.it
  local held = journal_of(make, busted)

  it("lists a part, and what is open", function()
    local run = begin(held.journal)
    assert(held.journal:intend(run, steps(1, 9)))
    assert(held.journal:record(run, outcomes(1, 3, "done")))
    assert(held.journal:record(run, outcomes(4, 4, "uncertain")))
    assert(held.journal:record(run, outcomes(5, 5, "unknown")))
    local function numbers(list)
      local found = {}
      for index, item in ipairs(assert(list)) do
        found[index] = item.number
      end
      return found
    end
    assert.same({ 4, 6, 7, 8, 9 }, numbers(held.journal:open_steps(run)))
    assert.same({ 1, 2, 3 }, numbers(held.journal:steps(run, { state = "done" })))
    assert.same({ 6, 7, 8, 9 }, numbers(held.journal:steps(run, { state = "intended" })))
    assert.same({ 4, 5, 6 }, numbers(held.journal:steps(run, { from = 4, limit = 3 })))
    assert.same({}, numbers(held.journal:open_steps(run + 1)))
  end)

  it("counts what was done or may have been, over all runs of a company", function()
    local now = os.time()
    local one, two = begin(held.journal), begin(held.journal)
    local other = begin(held.journal, { tenant = 6 })
    assert(held.journal:intend(one, steps(1, 8)))
    assert(
      held.journal:intend(
        two,
        { step(1), step(2, { kind = "delete" }), step(3, { kind = "reinvite" }) }
      )
    )
    assert(held.journal:intend(other, steps(1, 50)))
    assert(held.journal:record(one, outcomes(1, 2, "done")))
    assert(held.journal:record(one, outcomes(3, 3, "uncertain")))
    assert(held.journal:record(one, outcomes(4, 4, "unknown")))
    assert(held.journal:record(one, outcomes(5, 5, "refused")))
    assert(held.journal:record(one, outcomes(6, 6, "unchanged")))
    assert(held.journal:record(one, outcomes(7, 7, "stale")))
    local function amounts(tenant, since)
      return assert(held.journal:amounts(tenant, since, {}))
    end
    local join = { join = 0, leave = 0 }
    assert.same( -- 1 2 3 4 8, and 1 of two
      { disable = 6, delete = 1, reinvite = 1, join = 0, leave = 0 },
      amounts(5, now - DAY)
    )
    assert.same(amounts(5, now - DAY), amounts("5", now - DAY))
    assert.same(join, amounts(5, now + 60))
    assert.same(join, amounts(7, 0))
    -- before the window
    support.tamper(
      held.journal,
      "UPDATE lastpass_steps SET touched_at = touched_at - 90000 WHERE run = ?",
      one
    )
    assert.equal(1, amounts(5, now - DAY).disable)
    -- settling is what counts
    assert(held.journal:record(one, outcomes(8, 8, "done")))
    assert.equal(2, amounts(5, now - DAY).disable)
  end)

  it("counts memberships, one by one", function()
    local run = begin(held.journal)
    local function groups(number, join, leave)
      return step(number, { kind = "groups", after = { join = join, leave = leave } })
    end
    assert(held.journal:intend(run, {
      groups(1, { "A", "B, C", 'D"' }, {}), -- an empty list, written as {}
      groups(2, { "A" }, { "E", "F" }),
      groups(3, json.list {}, json.list { "G" }),
      groups(4, { "H" }, { "I" }),
      step(5, { kind = "groups" }),
    }))
    assert(held.journal:record(run, outcomes(1, 3, "done")))
    assert(held.journal:record(run, outcomes(4, 4, "refused")))
    local amounts = assert(held.journal:amounts(5, 0, {}))
    assert.same({ groups = 4, join = 4, leave = 3 }, amounts)
  end)

  it("does not count what was taken back, unless that was taken back in its turn", function()
    local takes_back = { enable = { "disable" }, disable = { "enable" }, groups = { "groups" } }
    local function amounts()
      local counts = assert(held.journal:amounts(5, 0, takes_back))
      return { counts.disable or 0, counts.enable or 0, counts.join, counts.leave }
    end
    local function run_of(list, undone)
      local run =
        begin(held.journal, { kind = undone and "undo" or "apply", of_run = undone, total = #list })
      assert(held.journal:intend(run, list))
      for _, item in ipairs(list) do
        assert(held.journal:record(run, outcomes(item.number, item.number, "done")))
      end
      return run
    end
    local function groups(join, leave)
      local after = { join = json.list(join), leave = json.list(leave) }
      return step(3, { kind = "groups", after = after })
    end
    local one = run_of { step(1), step(2), groups({ "A", "B" }, { "C" }) }
    run_of { step(1) } -- the same person by another run, which stands
    assert.same({ 3, 0, 2, 1 }, amounts())
    local enable = { kind = "enable" }
    local two = run_of({ step(1, enable), step(2, enable), groups({ "C" }, { "A", "B" }) }, one)
    assert.same({ 1, 0, 0, 0 }, amounts())
    local three = run_of({ step(1), step(2) }, two)
    assert.same({ 3, 0, 0, 0 }, amounts()) -- the groups stay taken back
    run_of({ step(1, enable), step(2, enable) }, three)
    assert.same({ 1, 0, 0, 0 }, amounts())
    -- an undo that did not come through takes nothing back
    local again = run_of { step(5) }
    local undo = begin(held.journal, { kind = "undo", of_run = again, total = 1 })
    assert(held.journal:intend(undo, { step(5, enable) }))
    assert(held.journal:record(undo, outcomes(5, 5, "refused")))
    assert.same({ 2, 0, 0, 0 }, amounts())
  end)

  it("lists what was done lately, over all runs of a company", function()
    local now = os.time()
    local one, two = begin(held.journal), begin(held.journal)
    local other = begin(held.journal, { tenant = 6 })
    local rename = { kind = "rename", before = { email = "a" }, after = { email = "b" } }
    for _, run in ipairs { two, one, other } do
      assert(held.journal:intend(run, { step(9, rename), step(10, rename), step(11) }))
      assert(held.journal:record(run, { { number = 10, state = "done" } }))
    end
    assert(held.journal:record(two, { { number = 9, state = "unknown" } }))
    local list = assert(held.journal:done_steps(5, { "rename" }, now - DAY))
    assert.same({ one, two, two }, { list[1].run, list[2].run, list[3].run })
    assert.same({ 10, 9, 10 }, { list[1].number, list[2].number, list[3].number })
    assert.equal(3, #list)
    assert.equal("u10@acme.example", list[1].subject)
    assert.equal("rename", list[1].kind)
    assert.same({ email = "a" }, list[1].before)
    assert.same({ email = "b" }, list[1].after)
    assert.is_true(list[1].settled_at >= now)
    assert.same({}, held.journal:done_steps(5, { "rename" }, now + 60))
    assert.same({}, held.journal:done_steps(5, {}, 0))
  end)

  it("says when an image is damaged", function()
    local run = begin(held.journal)
    assert(held.journal:intend(run, { step(1, { after = { a = 1 } }) }))
    support.tamper(held.journal, "UPDATE lastpass_steps SET after_image = '{'")
    local err = check.failure("protocol", "store_damaged", held.journal:steps(run))
    assert.matches("step 1 of run " .. run, err.message)
    check.failure("protocol", "store_damaged", held.journal:open_steps(run))
    assert.same({ intended = 1 }, held.journal:step_counts(run))
  end)

  it("blames wrong arguments on their line", function()
    assert.matches(
      "unknown option 'sate'",
      check.blamed(function()
        held.journal:steps(1, { sate = "done" })
      end)
    )
    assert.matches(
      "state 'open' is not known",
      check.blamed(function()
        held.journal:steps(1, { state = "open" })
      end)
    )
    assert.matches(
      "kinds must be a list",
      check.blamed(function()
        held.journal:done_steps(5, "disable", 0)
      end)
    )
  end)
end

function M.sources(make, busted)
  local it = busted.it
  local held = journal_of(make, busted)

  it("remembers a source as it was last read to its end", function()
    assert.is_nil((held.journal:last_source(5, "hr.csv")))
    assert.is_true(held.journal:note_source(5, "hr.csv", {
      rows = 100,
      sha256 = "aa",
      complete = true,
      pages = 3,
      url = "ldaps://x",
    }))
    local source = assert(held.journal:last_source(5, "hr.csv"))
    assert.is_true(math.abs(source.read_at - os.time()) < 5)
    source.read_at = nil
    assert.same({ rows = 100, sha256 = "aa", pages = 3, url = "ldaps://x" }, source)
    assert(
      held.journal:note_source(5, "hr.csv", { rows = 90, complete = true, read_at = 4102444800 })
    )
    assert.same({ rows = 90, read_at = 4102444800 }, held.journal:last_source("5", "hr.csv"))
    assert.is_nil((held.journal:last_source(6, "hr.csv")))
    assert.is_nil((held.journal:last_source(5, "other.csv")))
  end)

  it("does not take a source that was not read to its end for a measure", function()
    assert(held.journal:note_source(5, "hr.csv", { rows = 100, complete = true }))
    check.failure(
      "argument",
      "incomplete_source",
      held.journal:note_source(5, "hr.csv", { rows = 2, complete = false })
    )
    assert(held.journal:note_source(5, "hr.csv", { rows = 100 })) -- who asks has looked
    assert.equal(100, held.journal:last_source(5, "hr.csv").rows)
  end)

  it("says when what it kept is damaged, and blames wrong arguments", function()
    assert(held.journal:note_source(5, "x", { rows = 1, complete = true, pages = 1 }))
    support.tamper(held.journal, "UPDATE lastpass_sources SET details = '{'")
    check.failure("protocol", "store_damaged", held.journal:last_source(5, "x"))
    assert.matches(
      "rows must be a whole number",
      check.blamed(function()
        held.journal:note_source(5, "x", { complete = true })
      end)
    )
  end)
end

function M.cursors(make, busted)
  local it = busted.it
  local held = journal_of(make, busted)

  local function cursor(version, position)
    return {
      position = position or 1772377205,
      seen = ALL_BYTES,
      state = { from = 5, sink = { path = "x", offset = 2 ^ 40 } },
      version = version,
    }
  end

  it("keeps a cursor as it was last saved", function()
    local journal = held.journal
    assert.is_nil((journal:cursor(5, "siem")))
    assert.equal(1, journal:save_cursor(5, "siem", cursor(0)))
    local saved = assert(journal:cursor("5", "siem"))
    assert.is_true(math.abs(saved.saved_at - os.time()) < 5)
    saved.saved_at = nil
    assert.same(cursor(1), saved)
    assert.equal(2, journal:save_cursor(5, "siem", cursor(1, 1772377206)))
    assert.equal(1772377206, journal:cursor(5, "siem").position)
    assert.is_nil((journal:cursor(5, "other")))
    assert.is_nil((journal:cursor(6, "siem")))
    assert.is_true(journal:drop_cursor(5, "siem"))
    assert.is_false(journal:drop_cursor(5, "siem"))
    assert.is_nil((journal:cursor(5, "siem")))
  end)

  it("refuses the second one who moves the same cursor", function()
    local journal = held.journal
    assert(journal:save_cursor(5, "siem", cursor(0)))
    check.failure("conflict", "cursor_moved", journal:save_cursor(5, "siem", cursor(0)))
    assert(journal:save_cursor(5, "siem", cursor(1)))
    check.failure("conflict", "cursor_moved", journal:save_cursor(5, "siem", cursor(1)))
    assert.equal(2, journal:cursor(5, "siem").version)
  end)

  it("lists the cursors of a company", function()
    local journal = held.journal
    assert.same({}, journal:cursors(5))
    assert(journal:save_cursor(5, "siem", cursor(0, 20)))
    assert(journal:save_cursor(5, "archive", cursor(0, 10)))
    assert(journal:save_cursor(6, "other", cursor(0)))
    local list = assert(journal:cursors(5))
    assert.equal(2, #list)
    assert.equal("archive", list[1].name)
    assert.equal(20, list[2].position)
    assert.is_true(math.abs(list[2].saved_at - os.time()) < 5)
  end)

  it("says when a cursor is damaged, and blames wrong arguments", function()
    assert(held.journal:save_cursor(5, "siem", cursor(0)))
    support.tamper(held.journal, "UPDATE lastpass_cursors SET seen = '0'")
    check.failure("protocol", "store_damaged", held.journal:cursor(5, "siem"))
    assert.matches(
      "position must be a whole number",
      check.blamed(function()
        held.journal:save_cursor(5, "siem", { version = 0, seen = "", state = {} })
      end)
    )
  end)
end

function M.snapshots(make, busted)
  local it = busted.it
  local held = journal_of(make, busted)

  local function keep(read_at, text, tenant)
    return assert(held.journal:keep_snapshot(tenant or 5, read_at, text, {
      users = #text,
      sha256 = ("of %d, %d"):format(#text, text:byte(1)),
    }))
  end

  it("keeps directories and gives the one of a moment", function()
    check.failure("argument", "no_snapshot", held.journal:snapshot_at(5))
    local first, second = keep(1000, ALL_BYTES), keep(2000, "two")
    keep(1500, "another company", 6)
    assert.same({
      id = first,
      read_at = 1000,
      last_seen = 1000,
      users = 256,
      sha256 = "of 256, 0",
      text = ALL_BYTES,
    }, held.journal:snapshot_at(5, 1999))
    assert.equal(second, held.journal:snapshot_at(5, 2000).id)
    assert.equal("two", held.journal:snapshot_at(5).text)
    local err = check.failure("argument", "no_snapshot", held.journal:snapshot_at(5, 999))
    assert.matches("1970%-01%-01T00:16:39Z", err.message)
  end)

  it("keeps what did not change once", function()
    local id = keep(1000, "same")
    assert.equal(id, keep(2000, "same"))
    assert.equal(id, keep(1500, "same"))
    local snapshot = held.journal:snapshot_at(5, 5000)
    assert.equal(1000, snapshot.read_at)
    assert.equal(2000, snapshot.last_seen)
    local changed = keep(3000, "changed")
    local again = keep(4000, "same")
    assert.not_equal(id, again)
    assert.equal(changed, held.journal:snapshot_at(5, 3999).id)
    -- older than the newest: a directory of its own
    assert.not_equal(again, keep(500, "same"))
    assert.equal(4, #held.journal:snapshots(5))
  end)

  it("lists them, the newest first", function()
    for moment = 1, 25 do
      keep(moment, ("x"):rep(moment))
    end
    local list = held.journal:snapshots(5, 3)
    assert.equal(3, #list)
    assert.equal(25, list[1].read_at)
    assert.equal(23, list[3].read_at)
    assert.is_nil(list[1].text)
    assert.equal(20, #held.journal:snapshots(5))
    assert.same({}, held.journal:snapshots(6))
  end)

  it("drops old ones, but never the newest", function()
    assert.equal(0, held.journal:prune_snapshots(5, 100))
    keep(1000, "one")
    keep(2000, "two")
    keep(2500, "two") -- still there at 2500
    keep(3000, "three")
    keep(1, "other", 6)
    assert.equal(1, held.journal:prune_snapshots(5, 2500))
    assert.equal(2, #held.journal:snapshots(5))
    assert.equal(1, held.journal:prune_snapshots(5, 9999))
    assert.equal("three", held.journal:snapshot_at(5).text)
    assert.equal(1, #held.journal:snapshots(6))
  end)

  it("says when one is damaged", function()
    keep(1000, "text")
    support.tamper(held.journal, "UPDATE lastpass_snapshots SET content = 'xyz'")
    check.failure("protocol", "store_damaged", held.journal:snapshot_at(5))
  end)

  it("blames wrong arguments on their line", function()
    assert.matches(
      "sha256 must be a non%-empty string",
      check.blamed(function()
        held.journal:keep_snapshot(5, 1000, "text", { users = 1 })
      end)
    )
    assert.matches(
      "text must be a string",
      check.blamed(function()
        held.journal:keep_snapshot(5, 1000, {}, { users = 1, sha256 = "x" })
      end)
    )
  end)
end

function M.locks(make, busted)
  local it = busted.it
  local held = journal_of(make, busted)

  local function place()
    return held.options.path or held.options.dsn
  end

  -- Makes a lock's owner another one.
  local function change_owner(change)
    local row = support.tamper(held.journal, "SELECT owner FROM lastpass_locks")[1]
    local owner = json.decode(row.owner)
    change(owner)
    support.tamper(held.journal, "UPDATE lastpass_locks SET owner = ?", json.encode(owner))
  end

  it("is told from that of another Lua state in the same process", function()
    local time = require "lastpass.time"
    local now = time.now
    time.now = function() -- in the same moment
      return 1800000000
    end
    -- what another state has is its own copy of the module, which counts from 1 as well
    local name = "lastpass.store.lock"
    local loaded = package.loaded[name]
    local ok, failure = pcall(function()
      local states, locks = {}, {}
      for index = 1, 2 do
        package.loaded[name] = nil
        states[index] = require(name)
        locks[index] = assert(states[index].take(held.journal, "5"))
        if index == 1 then
          support.tamper(held.journal, "DELETE FROM lastpass_locks")
        end
      end
      assert.is_true(locks[1]:release()) -- lost to the other, who keeps it
      assert.is_true(locks[2]:renew())
      check.failure("conflict", "lock_lost", locks[1]:renew())
    end)
    package.loaded[name], time.now = loaded, now
    assert(ok, failure)
  end)

  it("is one company's, and names its owner to others", function()
    local lock = assert(held.journal:lock(5))
    assert.is_nil(lock.taken_over)
    assert.equal("lastpass.lock (5)", tostring(lock))
    local second = assert(store.open(held.options))
    local err = check.failure("conflict", "locked", second:lock "5")
    local me = require("lastpass.store.lock").identity()
    assert.equal(me.host, err.owner.host)
    assert.equal(me.pid, err.owner.pid)
    assert.equal(me.started, err.owner.started)
    assert.equal(me.user, err.owner.user)
    assert.is_true(math.abs(err.owner.since - os.time()) < 5)
    assert.is_nil(err.owner.boot)
    assert.matches("process " .. me.pid, err.message)
    assert.matches("kill " .. me.pid, err.hint)
    assert(second:lock(6))
    assert.is_true(lock:release())
    local taken = assert(second:lock(5))
    assert.is_nil(taken.taken_over)
    second:close()
    assert(held.journal:lock(5)) -- closing gives back
  end)

  it("names the run it is for", function()
    assert(held.journal:lock(5, { run = 41 }))
    local second = assert(store.open(held.options))
    assert.equal(41, select(3, second:lock(5)).owner.run)
    local run = begin(held.journal)
    local err = select(3, second:lock(5))
    assert.equal(run, err.owner.run)
    assert.matches("run " .. run, err.message)
    second:close()
  end)

  it("is taken over from a process that is gone, and from no living one", function()
    local child = support.child { "intend", place(), "5" }
    local run = tonumber(child:read())
    local err = check.failure("conflict", "locked", held.journal:lock(5))
    assert.equal(child.process, err.owner.pid)
    assert.equal(run, err.owner.run)
    child:kill()
    local lock = assert(held.journal:lock(5))
    assert.equal(child.process, lock.taken_over.pid)
    assert.equal(run, lock.taken_over.run)
    local list = assert(held.journal:open_steps(run))
    assert.equal(2, #list)
    assert.equal("ann@acme.example", list[1].subject)
    assert.same({ active = true }, list[1].before)
    assert.equal("running", held.journal:run(run).state)
  end)

  it("is not taken for a process's that has its number by now", function()
    assert(held.journal:lock(5))
    change_owner(function(owner)
      owner.ticks = owner.ticks - 1
    end)
    local lock = assert(held.journal:lock(5))
    assert.is_table(lock.taken_over)
  end)

  it("is taken over from another machine only after its silence", function()
    assert(held.journal:lock(5))
    change_owner(function(owner)
      owner.host, owner.machine = "elsewhere", "1"
    end)
    local err = check.failure("conflict", "locked", held.journal:lock(5))
    assert.equal("elsewhere", err.owner.host)
    assert.matches("600 s", err.hint)
    support.tamper(held.journal, "UPDATE lastpass_locks SET heartbeat = heartbeat - 590")
    check.failure("conflict", "locked", held.journal:lock(5))
    support.tamper(held.journal, "UPDATE lastpass_locks SET heartbeat = heartbeat - 20")
    local lock = assert(held.journal:lock(5))
    assert.equal("elsewhere", lock.taken_over.host)
  end)

  it("waits as long as lock_timeout says", function()
    held.options.lock_timeout = 5
    local second = assert(store.open(held.options))
    assert(held.journal:lock(5))
    change_owner(function(owner)
      owner.host = "elsewhere"
    end)
    check.failure("conflict", "locked", second:lock(5))
    support.tamper(held.journal, "UPDATE lastpass_locks SET heartbeat = heartbeat - 6")
    assert(second:lock(5))
    second:close()
  end)

  it("is renewed, and says when it was lost", function()
    local lock = assert(held.journal:lock(5))
    support.tamper(held.journal, "UPDATE lastpass_locks SET heartbeat = 1000")
    assert.is_true(lock:renew())
    local function heartbeat()
      return support.tamper(held.journal, "SELECT {heartbeat} FROM lastpass_locks")[1].heartbeat
    end
    assert.is_true(math.abs(heartbeat() - os.time()) < 5)
    local run = begin(held.journal)
    support.tamper(held.journal, "UPDATE lastpass_locks SET heartbeat = 1000")
    assert(held.journal:intend(run, steps(1, 1)))
    assert.is_true(math.abs(heartbeat() - os.time()) < 5)
    change_owner(function(owner)
      owner.ticks = 1
    end)
    local second = assert(store.open(held.options))
    local taken = assert(second:lock(5))
    local err = check.failure("conflict", "lock_lost", lock:renew())
    assert.is_number(err.owner.pid)
    -- nothing new is begun, but what happened is written down
    check.failure("conflict", "lock_lost", held.journal:intend(run, steps(2, 2)))
    check.failure(
      "conflict",
      "lock_lost",
      held.journal:begin_run {
        tenant = 5,
        plan = "x",
        kind = "apply",
        total = 1,
      }
    )
    assert.is_true(held.journal:record(run, outcomes(1, 1, "done")))
    assert.equal(1, #held.journal:steps(run))
    assert.equal(1, #held.journal:runs())
    -- releasing what was lost takes it from nobody
    assert.is_true(lock:release())
    assert.is_true(taken:renew())
    assert.is_true(taken:release())
    check.failure("conflict", "lock_lost", taken:renew())
    second:close()
  end)

  it("ends as a lease does, when it is one, though its process lives", function()
    local lock = assert(held.journal:lock(5, { lease = 30 }))
    assert.is_true(lock:secure(10))
    local second = assert(store.open(held.options))
    local err = check.failure("conflict", "locked", second:lock(5))
    assert.matches("dead 30 s after", err.hint)
    support.tamper(held.journal, "UPDATE lastpass_locks SET heartbeat = heartbeat - 40")
    local taken = assert(second:lock(5, { lease = 30 }))
    assert.equal(err.owner.pid, taken.taken_over.pid)
    -- what stood still for a while asks before it sends anything
    lock._proved.wall = lock._proved.wall - 25
    check.failure("conflict", "lock_lost", lock:secure(10))
    lock._proved.monotonic = lock._proved.monotonic - 25
    check.failure("conflict", "lock_lost", lock:secure(10))
    assert.is_true(taken:secure(10))
    -- with so little time left it is renewed first, and a call that takes longer than that is never begun
    taken._proved.monotonic = taken._proved.monotonic - 25
    assert.is_true(taken:secure(10))
    assert.matches(
      "shorter than a call of 31 s",
      (check.failure("conflict", "lock_lost", taken:secure(31))).message
    )
    assert(taken:release())
    check.failure("conflict", "lock_lost", taken:secure(10))
    second:close()
  end)

  it("is won by one of several processes at once", function()
    -- a lock that all of them may take over
    assert(held.journal:lock(5))
    change_owner(function(owner)
      owner.ticks = 1
    end)
    for tenant, expected in pairs { ["5"] = 1, fresh = 1 } do
      local flag = os.tmpname()
      os.remove(flag)
      local children, won = {}, 0
      for index = 1, 4 do
        children[index] = support.child { "race", place(), tenant, flag }
      end
      for _, child in ipairs(children) do
        assert.equal("ready", child:read())
      end
      support.write(flag, "")
      for _, child in ipairs(children) do
        local answer = child:read()
        if answer == "won" then
          won = won + 1
        else
          assert.matches("^locked " .. tenant .. " is being worked on by ", answer)
        end
      end
      support.write(flag .. ".end", "")
      for _, child in ipairs(children) do
        child:wait()
      end
      os.remove(flag)
      os.remove(flag .. ".end")
      assert.equal(expected, won)
    end
  end)

  it("is won by each of two processes for two companies", function()
    local flag = os.tmpname()
    local one = support.child { "race", place(), "5", flag }
    local two = support.child { "race", place(), "6", flag }
    assert.equal("ready", one:read())
    assert.equal("ready", two:read())
    assert.equal("won", one:read())
    assert.equal("won", two:read())
    support.write(flag .. ".end", "")
    one:wait()
    two:wait()
    os.remove(flag)
    os.remove(flag .. ".end")
  end)
end

-- Opening, closing, crashes.
function M.journal(make, busted)
  local it = busted.it
  local held = journal_of(make, busted)

  it("has what an earlier opening wrote", function()
    local run = begin(held.journal)
    assert(held.journal:intend(run, steps(1, 3)))
    held.journal:close()
    held.journal = assert(store.open(held.options))
    assert.equal(3, #held.journal:steps(run))
    assert.equal(run + 1, begin(held.journal))
  end)

  it("raises once it is closed, and closes twice", function()
    held.journal:close()
    held.journal:close()
    assert.matches(
      "is closed",
      check.blamed(function()
        held.journal:runs()
      end)
    )
    assert.matches(
      "is closed",
      check.blamed(function()
        held.journal:begin_run { tenant = 5, plan = "x", kind = "apply", total = 1 }
      end)
    )
  end)

  it("refuses the tables of a newer version", function()
    support.tamper(held.journal, "INSERT INTO lastpass_schema VALUES (99, 0)")
    local err = check.failure("argument", "store_newer", store.open(held.options))
    assert.matches("version 99", err.message)
    assert.truthy(err.hint)
  end)

  it("can be opened for the first time by several processes at once", function()
    local options = make()
    local children = {}
    for index = 1, 6 do
      children[index] = support.child { "open", options.path or options.dsn }
    end
    for _, child in ipairs(children) do
      assert.equal("opened\n", child:wait())
    end
    local journal = assert(store.open(options))
    assert.same({}, journal:runs())
    journal:close()
  end)

  it("has every intent that a killed process was told is safe", function()
    local child = support.child { "stream", held.options.path or held.options.dsn, "5" }
    local run = tonumber(child:read())
    local last
    repeat
      last = tonumber(child:read())
    until last >= 400
    os.execute(("kill -9 %d"):format(child.process))
    for number in child:wait():gmatch "(%d+)\n" do
      last = tonumber(number)
    end
    local list = assert(held.journal:open_steps(run))
    assert.is_true(#list >= last, ("%d of %d"):format(#list, last))
    assert.equal(0, #list % 20) -- whole batches only
  end)

  it("keeps statements in bounds, whatever lengths lists have", function()
    local run = begin(held.journal)
    for length = 1, 100 do
      assert(held.journal:intend(run, steps(length * 1000, length * 1000 + length)))
    end
    assert.equal(5150, held.journal:step_counts(run).intended)
    assert.is_true(held.journal._database._statement_count <= 64)
  end)

  it("lives with an eager collector", function()
    local pause, multiplier = collectgarbage("setpause", 1), collectgarbage("setstepmul", 1000)
    local run = begin(held.journal)
    for round = 1, 5 do
      assert(held.journal:intend(run, steps(round * 100, round * 100 + 60)))
      assert.equal(61, #held.journal:steps(run, { from = round * 100 }))
    end
    collectgarbage("setpause", pause)
    collectgarbage("setstepmul", multiplier)
    assert.equal(305, held.journal:step_counts(run).intended)
  end)

  it("can be forgotten without closing", function()
    for _ = 1, 10 do
      local journal = assert(store.open(held.options))
      begin(journal)
    end
    collectgarbage()
    collectgarbage()
    assert.equal(10, #held.journal:runs())
  end)
end

function M.factors(make, busted)
  local it = busted.it
  local held = journal_of(make, busted)

  local function factor(id, kind, sealed)
    return { id = id, kind = kind or "totp", sealed = sealed or "sealed " .. id }
  end

  local function ids(person)
    local list = {}
    for index, row in ipairs(assert(held.journal:factors(person))) do
      list[index] = row.id
    end
    table.sort(list)
    return list
  end

  it("has factors for each person, so many of a kind, each removed by one", function()
    local journal = held.journal
    assert.same({}, ids "ann")
    assert.is_true(journal:add_factor("ann", factor "a", 2))
    assert.is_false(journal:add_factor("ann", factor "a", 2))
    assert.is_true(journal:add_factor("ann", factor "b", 2))
    assert.is_false(journal:add_factor("ann", factor "c", 2))
    assert.is_true(journal:add_factor("ann", factor("c", "other"), 2))
    assert.is_true(journal:add_factor("bob", factor "a", 2))
    local row = assert(journal:factors "bob")[1]
    assert.same({ "a", "totp", "sealed a" }, { row.id, row.kind, row.sealed })
    assert.is_true(math.abs(row.created_at - os.time()) <= 2)
    assert.is_true(journal:remove_factor("ann", "a"))
    assert.is_false(journal:remove_factor("ann", "a"))
    assert.is_true(journal:replace_factors("ann", "totp", { factor "d", factor "e", factor "f" }))
    assert.same({ "c", "d", "e", "f" }, ids "ann")
    assert.is_true(journal:replace_factors("ann", "totp", {}))
    assert.same({ "c" }, ids "ann")
    assert.same({ "a" }, ids "bob")
    check.blamed(function()
      journal:add_factor("ann", { id = "x", kind = "totp" }, 2)
    end)
  end)
end

function M.session_ends(make, busted)
  local it = busted.it
  local held = journal_of(make, busted)

  local function ends(seconds)
    local found = {}
    for _, row in ipairs(assert(held.journal:session_ends(seconds))) do
      found[row.name] = row.ended_at
    end
    return found
  end

  it("keeps the latest end of a session, for as long as it matters", function()
    assert.same({}, ends(10))
    assert(held.journal:add_session_ends({ "session a", "account b" }, 1764511200123, 60))
    assert(held.journal:add_session_ends({ "session a" }, 1764511200100, 60))
    assert(held.journal:add_session_ends({ "account b" }, 1764511300000, 60))
    assert.same({ ["session a"] = 1764511200123, ["account b"] = 1764511300000 }, ends(10))
    assert(held.journal:add_session_ends({ "session over" }, 1, 0))
    assert(held.journal:add_session_ends({ "session c" }, 1, 60)) -- it removes what is over
    assert.is_true(math.abs(assert(held.journal:clock()) - os.time()) <= 2)
    assert.is_nil(ends(10)["session over"])
    check.blamed(function()
      held.journal:add_session_ends("x", 1, 1)
    end)
    check.blamed(function()
      held.journal:session_ends "x"
    end)
  end)

  it("knows whose access was taken, or may have been", function()
    local one, other = begin(held.journal), begin(held.journal, { tenant = 6 })
    local list = {}
    for number, state in ipairs {
      "done",
      "unchanged",
      "uncertain",
      "unknown",
      "not_confirmed",
      "intended",
      "refused",
      "held",
      "stale",
      "not_tried",
    } do
      list[number] = { number = number, kind = "disable", subject = state .. "@acme.example" }
    end
    list[11] = { number = 11, kind = "enable", subject = "enabled@acme.example" }
    assert(held.journal:intend(one, list))
    for number, item in ipairs(list) do
      local state = item.subject:match "^[^@]+"
      if state == "enabled" then
        state = "done"
      end
      if state ~= "intended" then
        assert(held.journal:record(one, { { number = number, state = state } }))
      end
    end
    assert(held.journal:intend(other, {
      { number = 1, kind = "remove", subject = "gone@acme.example" },
    }))
    local function subjects(...)
      local found = {}
      for _, row in ipairs(assert(held.journal:removals(...))) do
        assert.is_true(math.abs(row.touched_at - os.time()) < 60)
        found[#found + 1] = row.subject:match "^[^@]+"
      end
      table.sort(found)
      return found
    end
    local of_one = { "done", "intended", "not_confirmed", "uncertain", "unchanged", "unknown" }
    assert.same(of_one, subjects({ "disable", "remove" }, 60, 5))
    assert.same({ "gone" }, subjects({ "disable", "remove" }, 60, 6))
    assert.equal(7, #subjects({ "disable", "remove" }, 60))
    assert.same({}, subjects({ "delete" }, 60))
  end)
end

return M

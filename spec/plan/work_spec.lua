-- What a run knows: the same in memory and in the journal, and when enough has failed.
local companies = require "spec.support.companies"
local errors = require "lastpass.error"
local loop = require "lastpass.transport.loop"
local works = require "lastpass.plan.work"

describe("lastpass.plan.work", function()
  local written, journal

  before_each(function()
    written = {}
    journal = {
      intend = function(_, run, list)
        written[#written + 1] = { "intend", run, #list }
        return true
      end,
      record = function(_, run, list)
        written[#written + 1] = { "record", run, list[1].state }
        return true
      end,
    }
  end)

  local function steps(count)
    local list = {}
    for number = 1, count do
      list[number] =
        { number = number, kind = "disable", subject = ("U%d@x.example"):format(number) }
    end
    return list
  end

  local function work_of(count, more)
    local fields = {
      journal = journal,
      lock = {
        secure = function()
          return true
        end,
      },
      run_id = 3,
      body = { steps = steps(count) },
      options = { stop_after = 2, late_margin = 60 },
      client = companies.client {},
    }
    for name, value in pairs(more or {}) do
      fields[name] = value
    end
    return works.new(fields)
  end

  local function entries(work, first, last, state)
    local list = {}
    for number = first, last do
      list[#list + 1] = { step = work.body.steps[number], state = state }
    end
    return list
  end

  it("keeps the states of steps, and writes them down", function()
    local work = work_of(3)
    assert.equal(3, #work:select "is_left")
    assert.is_true(work:intend { work.body.steps[1], work.body.steps[2] })
    assert.equal(2, #work:select "is_uncertain")
    work:record(entries(work, 1, 1, "done"))
    work:record(entries(work, 2, 2, "not_tried"))
    assert.same({ 2, 3 }, {
      work:select("is_left")[1].number,
      work:select("is_left")[2].number,
    })
    assert.equal(0, #work:select "is_uncertain")
    assert.equal(1, work.over)
    assert.same(
      { { "intend", 3, 2 }, { "record", 3, "done" }, { "record", 3, "not_tried" } },
      written
    )
    work:record {}
    assert.equal(3, #written)
  end)

  it("counts what was over before", function()
    local work = work_of(4, {
      outcomes = {
        { state = "done" },
        { state = "intended" },
        { state = "stale" },
        { state = "not_tried" },
      },
    })
    assert.equal(2, work.over)
    assert.equal(2, work:select("is_uncertain")[1].number)
    assert.equal(4, work:select("is_left")[1].number)
  end)

  it("puts the steps of one person together, whatever the case", function()
    local work = work_of(2)
    work.body.steps[2].subject = "u1@X.example"
    assert.equal(2, #work:by_subject()["u1@x.example"])
  end)

  it("has failed enough after so many refusals", function()
    local work = work_of(4)
    work:record(entries(work, 1, 1, "refused"))
    assert.is_false(work:has_failed_enough())
    work:record(entries(work, 2, 2, "stale")) -- nothing has failed there
    assert.is_false(work:has_failed_enough())
    work:record(entries(work, 3, 3, "refused"))
    assert.is_true(work:has_failed_enough())
  end)

  it("forgives a lost answer when all its rows prove to be done", function()
    local work = work_of(6)
    work:record(entries(work, 1, 3, "uncertain")) -- one call
    work:record(entries(work, 4, 4, "uncertain")) -- another one
    assert.is_true(work:has_failed_enough())
    work:record(entries(work, 1, 2, "done"))
    assert.is_true(work:has_failed_enough())
    work:record(entries(work, 3, 3, "done"))
    assert.is_false(work:has_failed_enough())
    assert.equal(0, work:times_lost(work.body.steps[4]))
    work:record { { step = work.body.steps[4], state = "not_tried", code = "lost" } }
    assert.equal(1, work:times_lost(work.body.steps[4]))
    work:record(entries(work, 4, 4, "uncertain")) -- the same again is no further failure
    assert.is_false(work:has_failed_enough())
    work:record { { step = work.body.steps[4], state = "not_tried", code = "lost" } }
    assert.equal(2, work:times_lost(work.body.steps[4]))
    assert.equal(0, work:times_lost(work.body.steps[6]))
  end)

  it("sends nothing without the company's lock", function()
    local asked
    local work = work_of(1, {
      lock = {
        secure = function(_, seconds)
          asked = seconds
          return errors.fail("conflict", "lock_lost", "its lease is over")
        end,
      },
    })
    assert(work:intend(work.body.steps))
    local ok, _, err = work:note_sending(work.body.steps)
    assert.is_nil(ok)
    assert.same({ "lock_lost", 120 }, { err.code, asked })
  end)

  it("counts the server's time from when a request is sent, not from its intent", function()
    local renewed
    function journal.renew_intent(_, run, numbers, doubt_until)
      renewed = { run, numbers[1], doubt_until }
      return true
    end
    local work = work_of(1, { options = { stop_after = 2, late_margin = 10 } })
    assert(work:intend(work.body.steps))
    local outcome = work.outcomes[1]
    assert.equal(132, outcome.doubt_until - outcome.intended_at)
    assert.is_true(work:note_sending(work.body.steps))
    assert.is_nil(renewed)
    outcome.intended_at = outcome.intended_at - 50 -- it had to wait
    outcome.doubt_until = outcome.doubt_until - 50
    assert.is_true(work:note_sending(work.body.steps))
    assert.equal(132, outcome.doubt_until - outcome.intended_at)
    assert.same({ 3, 1, outcome.doubt_until }, renewed)
    outcome.intended_at = outcome.intended_at - 50
    journal.renew_intent = function()
      return errors.fail("conflict", "lock_lost", "somebody else has it")
    end
    local ok, _, err = work:note_sending(work.body.steps)
    assert.is_nil(ok)
    assert.equal("lock_lost", err.code)
  end)

  it("counts a step once that is over twice", function()
    local work = work_of(2)
    work:record(entries(work, 1, 1, "done"))
    work:record(entries(work, 1, 1, "not_confirmed"))
    assert.equal(1, work.over)
  end)

  it("stops for the first reason, also for one of the journal's", function()
    local work = work_of(1)
    journal.intend = function()
      return errors.fail("argument", "store_full", "the disk is full")
    end
    assert.is_false(work:intend(work.body.steps))
    assert.equal("store_full", work.stopped.code)
    work:stop(works.interrupted())
    assert.equal("store_full", work.stopped.code)
    assert.equal(1, #work:select "is_left")
  end)

  it("knows what happened also when the journal cannot take it", function()
    local work = work_of(1)
    journal.record = function()
      return errors.fail("argument", "store_full", "the disk is full")
    end
    work:record(entries(work, 1, 1, "done"))
    assert.equal("done", work.outcomes[1].state)
    assert.equal("store_full", work.stopped.code)
  end)

  it("wakes from its sleep when it is to stop", function()
    local asked = 0
    local work = work_of(1, {
      options = {
        stop_after = 2,
        cancel = function()
          asked = asked + 1
          return asked > 2
        end,
      },
    })
    local begun = loop.now()
    work:sleep(60)
    assert.is_true(loop.now() - begun < 60)
    assert.equal("interrupted", work.stopped.code)
    assert.equal("cancelled", work.stopped.kind)
    work:sleep(60)
    assert.is_true(loop.now() - begun < 60)
    assert.equal(3, asked)
  end)

  it("sleeps as long as it is told otherwise", function()
    local begun = loop.now()
    work_of(1):sleep(0.15)
    assert.is_true(loop.now() - begun >= 0.15)
  end)

  it("shows its progress", function()
    local shown = {}
    local work = work_of(3, {
      progress = {
        show = function(_, done, phase)
          shown[#shown + 1] = { done, phase }
        end,
      },
    })
    work:record(entries(work, 1, 2, "done"))
    assert.same({ { 2, "disable" } }, shown)
  end)
end)

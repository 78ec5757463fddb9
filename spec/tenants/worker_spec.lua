-- Workers in this process, on a journal in a file; spec/chaos/workers_spec.lua kills them.
local json = require "lastpass.json"
local lastpass = require "lastpass"
local queue = require "lastpass.tenants.queue"
local store = require "lastpass.store"
local support = require "spec.support.store"
local tenants = require "spec.support.tenants"
local worker = require "lastpass.tenants.worker"

describe("a worker", function()
  local place, journal

  setup(function()
    place = tenants.start(4, { users = 2 })
    journal = assert(store.open { path = place.folder .. "/journal.db" })
  end)

  teardown(function()
    journal:close()
    place:stop()
  end)

  after_each(function()
    support.tamper(journal, "DELETE FROM lastpass_jobs")
    support.tamper(journal, "DELETE FROM lastpass_tenant_runs")
  end)

  local function load(select)
    return assert(
      place:load(select, { connect = worker.connect(lastpass.new, { timeout = 5, lease = 20 }) })
    )
  end

  local function work(more, select)
    local options = { once = true, lease = 20, timeout = 5, every = 0.05 }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return assert(worker.new(load(select), options):work())
  end

  local function status(id)
    local by_company = {}
    for _, row in ipairs(assert(queue.status(journal, id))) do
      by_company[row.company] = row
    end
    return by_company
  end

  it("does what the queue has, and stores the results", function()
    local set = load()
    local id = assert(queue.add(set, "users", { status = "active" }, { expression = "all" }))
    assert.equal("a worker", status(id).c1.waiting)
    local events = {}
    local totals = work {
      on_event = function(event)
        events[event.what] = (events[event.what] or 0) + 1
      end,
    }
    assert.same({ done = 4, failed = 0, given_back = 0 }, totals)
    assert.same({ began = 4, done = 4 }, events)
    assert.equal("finished", journal:tenant_runs({ id = id })[1].state)
    local run = assert(queue.results(journal, id))
    local rows, names = 0, {}
    for company, outcome in run:each() do
      names[#names + 1] = company.name
      for user in outcome:each() do
        assert.equal("active", user.status)
        assert.is_true(user.created == nil or type(user.created) == "number")
        rows = rows + 1
      end
    end
    local result = run:result()
    assert.same({ "c1", "c2", "c3", "c4" }, names)
    assert.same({ 4, 4, rows, 0 }, { result.companies, result.done, result.rows, #result.missing })
    assert.is_true(rows > 4)
  end)

  it("says which companies are missing, and why", function()
    local id = assert(queue.add(load(), "users", nil, {
      missing = { { company = "c9", code = "no_secret", message = "no hash" } },
    }))
    os.execute("chmod 644 " .. place.folder .. "/2.hash") -- others could read it
    local totals = work()
    os.execute("chmod 600 " .. place.folder .. "/2.hash")
    assert.same({ 3, 1 }, { totals.done, totals.failed })
    local run = assert(queue.results(journal, id))
    for _ in run:each() do -- counts them
    end
    local result = run:result()
    assert.equal(5, result.companies)
    assert.equal(5, result.done + #result.missing)
    assert.equal("c9", result.missing[1].company)
    assert.equal("c2", result.missing[2].company)
    assert.matches("2.hash", result.missing[2].message)
    assert.is_number(result.missing[2].age)
  end)

  it("leaves companies and kinds to others that it does not know", function()
    local id = assert(queue.add(load(), "users"))
    assert.same({ done = 0, failed = 0, given_back = 0 }, work { kinds = { "groups" } })
    local totals = work(nil, "c1 or c2")
    assert.same({ 2, 2 }, { totals.done, totals.given_back })
    assert.matches("does not know this company", status(id).c3.waiting)
    assert.equal(2, work().done)
  end)

  it("ends what it does when it is told to, and gives the rest back", function()
    local id = assert(queue.add(load(), "users"))
    local stop = false
    local totals = work {
      once = false,
      in_flight = 1,
      stop = function()
        return stop
      end,
      on_event = function(event)
        stop = stop or event.what == "began"
      end,
    }
    assert.is_true(totals.done + totals.given_back >= 1)
    local jobs = journal:tenant_jobs(id)
    for _, job in ipairs(jobs) do
      assert.are_not.equal("running", job.state)
      assert.is_nil(job.lease_until)
    end
    assert.equal(4 - totals.done, work().done)
  end)

  it("goes on where a lost worker was, and gives up what loses all of them", function()
    local id = assert(queue.add(load(), "users"))
    local claim = { kinds = { "users" }, worker = "gone", token = "t", lease = 60, limit = 9 }
    assert.equal(4, #journal:claim_tenant_jobs(claim))
    assert.equal(0, work().done)
    support.tamper(journal, "UPDATE lastpass_jobs SET lease_until = 5")
    assert.matches("silent", status(id).c2.waiting)
    support.tamper(journal, "UPDATE lastpass_jobs SET attempt = 20 WHERE subject = 'c2'")
    local totals = work()
    assert.same({ 3, 1 }, { totals.done, totals.failed })
    assert.equal("workers_lost", status(id).c2.code)
  end)

  it("ends a run that was stopped, which can be resumed", function()
    local id = assert(queue.add(load(), "users", nil, {
      wave_of = function(company)
        return company.name == "c1" and 1 or 2
      end,
    }))
    assert.equal("the end of wave 1", status(id).c2.waiting)
    work {
      in_flight = 1,
      on_event = function(event)
        if event.what == "done" then
          assert(journal:stop_tenant_run(id, "enough"))
        end
      end,
    }
    assert.equal("the run to be resumed", status(id).c4.waiting)
    assert(journal:resume_tenant_run(id))
    work()
    assert.equal("finished", journal:tenant_runs({ id = id })[1].state)
  end)

  it("waits for a database that is away, and ends when it is wrong for good", function()
    local tries = 0
    local id = assert(queue.add(load(), "users"))
    local totals = work {
      journal = function()
        tries = tries + 1
        if tries < 3 then
          return nil, "away", { kind = "transport", code = "store_unreachable", message = "away" }
        end
        return journal
      end,
    }
    assert.equal(4, totals.done)
    assert.equal(4, journal:tenant_runs({ id = id })[1].counts.done)
    local made = worker.new(load(), {
      lease = 20,
      timeout = 5,
      journal = function()
        return nil, "full", { kind = "argument", code = "store_full", message = "full" }
      end,
    })
    local ok, message, err = made:work()
    assert.is_nil(ok)
    assert.same({ "full", "store_full" }, { message, err.code })
  end)

  it("refuses a lease that ends before its calls do", function()
    local ok, message = pcall(worker.new, load(), { lease = 60, timeout = 50 })
    assert.is_false(ok)
    assert.matches("twice that is the least", message)
  end)

  it("has a journal for all companies of a run", function()
    local other = tenants.start(2, {
      profile = function(number, profile)
        profile.journal = profile.journal .. number
      end,
    })
    local _, _, err = queue.add(assert(other:load()), "users")
    assert.equal("many_journals", err.code)
    other:stop()
  end)

  it("writes no secret into its rows", function()
    assert(queue.add(load(), "users"))
    work()
    local rows = support.tamper(journal, "SELECT * FROM lastpass_jobs")
    local text = json.shown(rows)
      .. json.shown(support.tamper(journal, "SELECT * FROM lastpass_tenant_runs"))
    for number = 1, 4 do
      assert.is_nil(text:find(tenants.hash(number), 1, true))
    end
  end)
end)

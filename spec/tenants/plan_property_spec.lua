-- For random companies, random failures and kills between companies and inside one: in the end each effect is there
-- once, what is reported adds up, and no more companies have failed than the budget allows.
-- Runs first: processes that are killed, and wait for leases to end.
-- Runs once: the children are started as people start the program.
local extent = require "spec.support.extent"
local lastpass = require "lastpass"
local plan_results = require "lastpass.tenants.plan_results"
local plan_runs = require "lastpass.tenants.plan_runs"
local plan_work = require "lastpass.tenants.plan_work"
local queue = require "lastpass.tenants.queue"
local plans = require "spec.support.plans"
local tenants = require "spec.support.tenants"
local worker = require "lastpass.tenants.worker"

local ROUNDS = extent(6, 100, 1000)
local KILLED, KILLS = extent(2, 12, 60), extent(3, 5)
local COMPANIES, BUDGETS = 5, { 0, 1, "20%", "50%", "100%" }

-- Of a company's day with all rounds in it.
local MANY = { create = 1000000 }
local NO_LIMIT = { create = 1000000, per_day = MANY, per_week = MANY, per_month = MANY }

describe("a plan over companies", function()
  local place, set, journal

  setup(function()
    place = tenants.start(COMPANIES, { users = 8 })
    set = assert(place:load(nil, { connect = worker.connect(lastpass.new, { timeout = 5 }) }))
    journal = assert(queue.journal(set))
  end)

  teardown(function()
    place.stop()
  end)

  before_each(function()
    assert(place.box:clear_faults())
  end)

  -- Creates a random number of people in each company, none in some.
  local function random_plan(random, seed, most)
    local counts = {}
    local made = assert(set:plan(function(p)
      local name = p.company.name
      counts[name] = random() < 0.2 and 0 or 1 + math.floor(random() * most)
      for number = 1, counts[name] do
        p.user(("s%d.%d@%s.example"):format(seed, number, name)) { fullname = "New" }
      end
    end, { limit = NO_LIMIT }))
    return made, counts
  end

  -- How many of a round's people each company has, and how often they were sent.
  local function check_effects(seed, counts, expected)
    for name, count in pairs(counts) do
      local company = set:company(name)
      local found = 0
      for user in assert(company:client()):users() do
        found = found + (user.email:find(("^s%d%%.%%d+@"):format(seed)) and 1 or 0)
      end
      company:release()
      assert.equal(expected[name] or count, found, name)
    end
  end

  local function rows_sent()
    local rows = 0
    for _, entry in ipairs(assert(place.box:journal { command = "batchadd" })) do
      rows = rows + entry.rows
    end
    return rows
  end

  local function check_sums(result)
    assert.equal(result.companies, result.done + #result.missing)
    assert.equal(COMPANIES, result.companies)
    assert.equal(COMPANIES, #result.list)
    local steps = 0
    for _ in plan_results.steps(journal, result) do
      steps = steps + 1
    end
    local counted = 0
    for name, count in pairs(result.counts) do
      counted = counted + (name == "held" and 0 or count)
    end
    assert.equal(counted, steps)
  end

  local function failed_of(result)
    local failed = 0
    for _, row in ipairs(result.list) do
      failed = failed + (row.state == "failed" and 1 or 0)
    end
    return failed
  end

  it(("adds up and keeps to its budget, whatever fails (%d rounds)"):format(ROUNDS), function()
    for seed = 1, ROUNDS do
      local random = plans.random(seed)
      local made, counts = random_plan(random, seed, 3)
      for number = 1, COMPANIES do
        if random() < 0.3 then
          assert(place.box:faults { command = "getuserdata", cid = 9000 + number, status = 403 })
        end
      end
      local budget = BUDGETS[1 + math.floor(random() * #BUDGETS)]
      local asked, most = 0, random() < 0.5 and 10 + math.floor(random() * 60) or math.huge
      local result = assert(plan_work.apply(set, made, {
        budget = budget,
        waves = { 1, "40%", "rest" },
        in_flight = 1,
        cancel = function()
          asked = asked + 1
          return asked > most
        end,
      }))
      check_sums(result)
      if result.code == "over_budget" then
        assert.is_true(failed_of(result) >= 1)
      elseif budget == 0 and most == math.huge then
        assert.equal(0, failed_of(result))
      end
      if type(budget) == "number" then
        assert.is_true(failed_of(result) <= budget + 1) -- the one that showed it
      end
      assert(place.box:clear_faults())
      result = assert(plan_work.apply(set, made, { in_flight = 3 }))
      check_sums(result)
      assert.equal("finished", result.state)
      assert.equal(COMPANIES, result.done)
      check_effects(seed, counts, {})
    end
  end)

  local function interpreter()
    local first = 0
    while arg[first - 1] do
      first = first - 1
    end
    return arg[first]
  end

  -- Kills the child at random moments, then lets it come to its end.
  local SCRIPT = [[
kills=0
for life in %s; do
  timeout -s KILL "$life" %s
  code=$?
  [ $code = 137 ] && kills=$((kills + 1))
  [ $code = 0 ] && break
done
tries=0
while [ $code != 0 ] && [ $tries -lt 20 ]; do
  tries=$((tries + 1))
  %s
  code=$?
done
echo "$code $kills"
]]

  it(("has each effect once, however often it is killed (%d plans)"):format(KILLED), function()
    local kills = 0
    for round = 1, KILLED do
      local seed = 100000 + round
      local random = plans.random(seed)
      local made, counts = random_plan(random, seed, 12)
      local path = ("%s/%d.json"):format(place.folder, seed)
      assert(made:save(path))
      assert(place.box:control("DELETE", "journal"))
      local rule = { command = "batchadd", drop = "after", probability = 0.2, seed = seed }
      assert(place.box:faults(rule))
      local lives = {}
      for index = 1, KILLS do
        lives[index] = ("%.3f"):format(0.2 + random() * 0.9)
      end
      local log = ("%s/%d.log"):format(place.folder, seed)
      local form = "%s spec/support/company_plan_child.lua %s %s 2>>%s"
      local child = form:format(interpreter(), place.file, path, log)
      local pipe = assert(io.popen(SCRIPT:format(table.concat(lives, " "), child, child)))
      local code, killed = pipe:read("*a"):match "(%d+) (%d+)%s*$"
      pipe:close()
      assert.equal("0", code, plans.read(log))
      kills = kills + tonumber(killed)
      assert(place.box:clear_faults())
      local total = 0
      for _, count in pairs(counts) do
        total = total + count
      end
      assert.equal(total, rows_sent(), "each was sent once")
      check_effects(seed, counts, {})
      local run = assert(plan_runs.run_of_plan(journal, made.name))
      check_sums(assert(plan_results.result(journal, run.id)))
    end
    assert.is_true(kills >= KILLED, kills .. " were killed: too few to prove anything")
  end)
end)

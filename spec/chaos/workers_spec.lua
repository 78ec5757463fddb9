-- Workers on one run over companies: killed at random moments, stopped across their leases and continued, while PostgreSQL is
-- restarted. Nothing is lost, and the sandbox counts each effect once.
-- Runs once: what is stopped, killed and restarted are processes.
-- Runs first: it waits for leases.
local extent = require "spec.support.extent"
local plans = require "spec.support.plans"
local postgresql = require "spec.peers.postgresql"
local queue = require "lastpass.tenants.queue"
local socket = require "socket"
local store = require "lastpass.store"
local support = require "spec.support.store"
local tenants = require "spec.support.tenants"

local COMPANIES, PEOPLE, WORKERS = 6, 12, 3
local ROUNDS = extent(1, 6, 100)
local DISTURBANCES = extent(5, 12, 12) -- of a round
local LEASE, TIMEOUT = 4, 2 -- seconds
local LONGEST = 120 -- seconds of a round

describe("workers that are killed and stopped", function()
  local server, place, children

  setup(function()
    server = postgresql.start()
  end)

  teardown(function()
    server:stop()
  end)

  before_each(function()
    children = {}
  end)

  after_each(function()
    for _, child in ipairs(children) do
      os.execute(
        ("kill -CONT %d 2>/dev/null; kill -KILL %d 2>/dev/null"):format(child.pid, child.pid)
      )
      child.pipe:close()
    end
    place:stop()
  end)

  local function start_companies(journal)
    place = tenants.start(COMPANIES, {
      users = PEOPLE + 4,
      profile = function(_, profile)
        profile.journal = journal
      end,
    })
    assert(place.box:faults { command = "disableuser", delay = 0.15 })
  end

  -- A plan for each company: so many people are disabled.
  local function add_run(journal)
    local set = assert(place:load())
    return assert(queue.add(set, "apply", { chunk = 2, late_margin = 0, settle_after = 0.3 }, {
      journal = journal,
      payload_of = function(company)
        local client, list = assert(company:client()), {}
        for user in client:users() do
          if user.status == "active" and not user.admin and #list < PEOPLE then
            list[#list + 1] = { "disable", user.email }
          end
        end
        local plan = plans.plan(client, list)
        company:release()
        return { plan = plan:text() }
      end,
      wave_of = function(company)
        return company.name == "c1" and 1 or 2
      end,
    }))
  end

  local function start_worker(id)
    local command = "echo $$; exec %s spec/support/worker_child.lua %s %d %d %d 2 2>&1"
    local pipe = assert(
      io.popen(
        command:format(support.interpreter(), place.file, id, LEASE, TIMEOUT)
          .. " >>"
          .. place.folder
          .. "/log"
      )
    )
    return { pipe = pipe, pid = tonumber(pipe:read "*l") }
  end

  local function signal(child, name)
    os.execute(("kill -%s %d 2>/dev/null"):format(name, child.pid))
  end

  local function state_of(journal, id)
    local runs = journal:tenant_runs { id = id }
    return runs and runs[1].state
  end

  local function check_effects(planned)
    local rows = 0
    for _, entry in ipairs(assert(place.box:journal { command = "disableuser", limit = 10000 })) do
      rows = rows + entry.rows
    end
    assert.equal(planned, rows, "rows that were sent")
  end

  it("lose nothing, and do nothing twice", function()
    for round = 1, ROUNDS do
      local random = plans.random(round)
      local dsn = server:fresh()
      local journal = assert(store.open { dsn = dsn })
      start_companies(dsn)
      local id = add_run(journal)
      for index = 1, WORKERS do
        children[index] = start_worker(id)
      end
      local ends_at = socket.gettime() + LONGEST
      local disturbances, log = 0, {}
      while socket.gettime() < ends_at do
        if journal:is_lost() then
          journal = store.open { dsn = dsn } or journal
        end
        if state_of(journal, id) == "finished" then
          break
        elseif disturbances < DISTURBANCES then
          disturbances = disturbances + 1
          local child = children[1 + math.floor(random() * WORKERS)]
          local what = random()
          if disturbances == 3 then
            server:kill()
            server:restart()
          elseif what < 0.6 then
            signal(child, "KILL")
          else
            signal(child, "STOP")
            socket.sleep(random() * (LEASE + 2))
            signal(child, "CONT")
          end
          log[#log + 1] = ("%.1f"):format(what)
        end
        for index, child in ipairs(children) do
          if not require("lastpass.store.processes").is_running(child.pid) then
            child.pipe:close()
            children[index] = start_worker(id)
          end
        end
        socket.sleep(0.1 + random() * 0.5)
      end
      assert.equal(
        "finished",
        state_of(journal, id),
        ("round %d: %s\n%s"):format(
          round,
          table.concat(log, " "),
          support.read(place.folder .. "/log") or ""
        )
      )
      local run = assert(queue.results(journal, id))
      for _, outcome in run:each() do
        assert.equal(
          "done",
          outcome and outcome.summary.state,
          support.read(place.folder .. "/log")
        )
      end
      assert.same({ COMPANIES, 0 }, { run:result().done, #run:result().missing })
      check_effects(COMPANIES * PEOPLE)
      journal:close()
    end
  end)
end)

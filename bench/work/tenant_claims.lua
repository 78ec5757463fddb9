-- Claims of 64 workers on one PostgreSQL: the companies of one run, each claimed by whoever is next, and what became of it
-- recorded. `seconds` is the 99th percentile of a claim, as its worker sees it; `middle` the 50th.
-- Arguments: none; as one of the workers: "worker", a file that says when they begin, the journal, its number
local curl = require "lastpass.curl"
local go = require "bench.work.go"
local socket = require "socket"
local store = require "lastpass.store"

local WORKERS, COMPANIES = 64, 1500
local KIND = "users"
local WORK = 0.64 -- seconds for a company: 100 claims a second, more than 2,000 companies need

local function work(dsn, go_file, number)
  local journal = assert(store.open { dsn = dsn })
  local claim = { kinds = { KIND }, worker = "w" .. number, token = "t" .. number, lease = 180 }
  assert(journal:tenants_at_work()) -- the connection is made before the clock starts
  go.ready(go_file)
  socket.sleep(WORK * (number - 1) / WORKERS)
  repeat
    local before = curl.now()
    local job = assert(journal:claim_tenant_jobs(claim))[1]
    print(("%.6f"):format(curl.now() - before))
    if job then
      socket.sleep(WORK)
      local ended = { id = job.id, token = job.token, state = "done", rows = 0, outcome = {} }
      assert(#assert(journal:record_tenant_jobs { ended }) == 0, "the job is another worker's")
    end
  until not job
  journal:close()
end

local function measure()
  local server = require("spec.peers.postgresql").start { settings = "-c max_connections=80" }
  local dsn = server:fresh()
  local journal = assert(store.open { dsn = dsn })
  local companies = {}
  for number = 1, COMPANIES do
    companies[number] = { tenant = ("%d@bench"):format(number), name = "company" .. number }
  end
  local id = assert(journal:add_tenant_run { kind = KIND, companies = companies })
  local times = go.run(WORKERS, "bench/work/tenant_claims.lua", dsn)
  local run = assert(journal:tenant_run(id))
  journal:close()
  server:stop()
  assert(run.state == "finished" and #times == COMPANIES + WORKERS, "not all were claimed once")
  for position, one in ipairs(times) do
    times[position] = tonumber(one)
  end
  table.sort(times)
  print(("seconds %.6f"):format(times[math.ceil(#times * 0.99)]))
  print(("middle %.6f"):format(times[math.ceil(#times * 0.5)]))
end

if arg[1] == "worker" then
  work(arg[3], arg[2], tonumber(arg[4]))
else
  measure()
end

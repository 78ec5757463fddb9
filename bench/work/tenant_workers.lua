-- 500 companies that answer after a second, by 4 workers with 16 companies under way each, on one PostgreSQL.
-- `seconds`: from the moment at which all workers begin until the last company's result is recorded. `beside`: 500 / 64 times
-- what an answer took a client on its own, while nothing else was asked.
-- Arguments: none; as one of the workers: "worker", file of companies, run, a file that says when they begin
local curl = require "lastpass.curl"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local queue = require "lastpass.tenants.queue"
local worker = require "lastpass.tenants.worker"
local go = require "bench.work.go"

local COMPANIES, WORKERS, IN_FLIGHT = 500, 4, 16
local DELAY = 1

local function work(file, run, go_file)
  local set = assert(lastpass.tenants.load { file = file, connect = worker.connect(lastpass.new) })
  local last
  local one = worker.new(set, {
    run = run,
    once = true,
    in_flight = IN_FLIGHT,
    on_event = function(event)
      last = event.what == "done" and curl.now() or last
    end,
  })
  local begins_at = go.ready(go_file)
  local totals = assert(one:work())
  print(("%.6f %d"):format(last - begins_at, totals.done))
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  os.execute("chmod 600 " .. path)
end

-- Seconds of one answer.
local function answer_time(company)
  local least = math.huge
  for _ = 1, 3 do
    local client = assert(company:client())
    local begun = curl.now()
    assert(client:snapshot())
    least = math.min(least, curl.now() - begun)
    company:release()
  end
  return least
end

local function measure()
  local server = require("spec.peers.postgresql").start()
  local box = assert(lastpass.sandbox.start { tenants = COMPANIES, users = 5, delay = DELAY })
  local handle = assert(io.open(assert(box:write_companies())))
  local content = assert(json.decode(handle:read "*a"))
  handle:close()
  local dsn = server:fresh()
  for _, profile in pairs(content.profiles) do
    profile.journal = dsn
  end
  local file = os.tmpname()
  write(file, json.encode(content))
  local set = assert(lastpass.tenants.load { file = file })
  local one = answer_time(set:companies()[1])
  assert(box:change_company { delay = 0 }) -- companies are made when they are first asked
  assert(set:run("users", nil, { on_result = function() end }).done == COMPANIES)
  assert(box:change_company { delay = DELAY })
  local run = assert(queue.add(set, "users"))
  local lines = go.run(WORKERS, "bench/work/tenant_workers.lua", file, run)
  local seconds, done = 0, 0
  for _, line in ipairs(lines) do
    local last, count = line:match "^(%S+) (%d+)$"
    seconds, done = math.max(seconds, tonumber(last)), done + tonumber(count)
  end
  assert(done == COMPANIES, done .. " companies were done")
  box:stop()
  server:stop()
  os.remove(file)
  print(("seconds %.4f"):format(seconds))
  print(("beside %.4f"):format(COMPANIES / (WORKERS * IN_FLIGHT) * one))
end

if arg[1] == "worker" then
  work(arg[3], tonumber(arg[4]), arg[2])
else
  measure()
end

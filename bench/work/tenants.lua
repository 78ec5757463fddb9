-- Work for many companies of a sandbox, each side in turn in one process.
-- Arguments: what is measured; for "large" also the address of a company of 100,000 people, and the certificates to trust.
--   ill       seconds until the 492nd result of 500 companies, of which 3 hang and 5 are broken; beside the 492 alone
--   overhead  seconds of 300 companies by a loop over lastpass.parallel, and what the engine takes of the processor beyond it;
--             beside those of the loop
--   memory    megabytes at most while 2,000 companies are read; beside 300
--   large     seconds until 499 companies with 10 people each have ended, with one of 100,000 among them; beside those 499 alone
local curl = require "lastpass.curl"
local json = require "lastpass.json"
local lastpass = require "lastpass"

local what, large_url, ca_file = arg[1], arg[2], arg[3]

-- Seconds for each answer: what LastPass takes, and long enough that a machine with two processors keeps up.
local DELAY = 0.15
local IN_FLIGHT = 16
local LARGE = "a-large-one"

local function start(options)
  local box = assert(lastpass.sandbox.start(options))
  local file = assert(box:write_companies())
  return box, lastpass.tenants.load { file = file }, file
end

-- Seconds until so many companies have ended with a result; what was read of each is written as JSON.
local function run_until(set, count)
  local begun, done, bytes = curl.now(), 0, 0
  local run = assert(set:start("users", nil, { in_flight = IN_FLIGHT, time_limit = 120 }))
  for company, outcome in run:each() do
    if outcome and company.name ~= LARGE then -- whose rows nobody waits for
      for lines in outcome:lines() do
        bytes = bytes + #lines
      end
      done = done + 1
      if done == count then
        break
      end
    end
  end
  assert(done == count, "companies without a result")
  local seconds = curl.now() - begun
  require("lastpass.transport.loop").abandon() -- those that hang
  return seconds
end

-- The sides in turn, the first time without counting it: companies are made when they are first asked.
local function compare(ours, theirs, times)
  theirs()
  local mine, others = math.huge, math.huge
  for _ = 1, times do
    mine, others = math.min(mine, ours()), math.min(others, theirs())
  end
  print(("seconds %.4f"):format(mine))
  print(("beside %.4f"):format(others))
end

local measure = {}

function measure.ill()
  local box, set = start {
    tenants = 500,
    users = 5,
    slow = 3,
    broken = 5,
    delay = DELAY,
  }
  local ill = {}
  for _, one in ipairs(assert(box:companies())) do
    ill[#ill + 1] = (one.slow or one.broken) and one.name or nil
  end
  local well = assert(set:select(("all and not (%s)"):format(table.concat(ill, ", "))))
  local function fresh(chosen) -- without what was learned of each in the run before
    for _, company in ipairs(chosen:companies()) do
      company.last_seconds = nil
    end
    return chosen
  end
  compare(function()
    return run_until(fresh(set), 492)
  end, function()
    return run_until(fresh(well), 492)
  end, 2)
  box:stop()
end

function measure.overhead()
  local box, set = start { tenants = 300, users = 5, delay = DELAY }
  local list = assert(box:companies())
  local function bare()
    lastpass.parallel(IN_FLIGHT, function(spawn)
      for _, one in ipairs(list) do
        spawn(function()
          local client = lastpass.new {
            cid = one.cid,
            provhash = lastpass.secret.value(one.provhash),
            url = box.url,
          }
          assert(client:snapshot())
        end)
      end
    end)
  end
  local function engine()
    assert(set:run("users", nil, { in_flight = IN_FLIGHT, on_result = function() end }))
  end
  bare() -- the sandbox makes its companies when they are first asked
  engine()
  local begun = curl.now()
  bare()
  local seconds = curl.now() - begun
  -- the processor is asked without the waits: what else the machine does counts less then
  assert(box:change_company { delay = 0 })
  local spent = { math.huge, math.huge }
  for _ = 1, 7 do
    for side, work in ipairs { bare, engine } do
      collectgarbage() -- what the other side left is not this one's
      local clock = os.clock()
      work()
      spent[side] = math.min(spent[side], os.clock() - clock)
    end
  end
  print(("seconds %.4f"):format(seconds + spent[2] - spent[1]))
  print(("beside %.4f"):format(seconds))
  box:stop()
end

local function peak()
  local file = assert(io.open "/proc/self/status")
  local text = file:read "*a"
  file:close()
  return tonumber(text:match "VmHWM:%s*(%d+)") / 1024
end

function measure.memory()
  local box, set = start { tenants = 2000, users = 20 }
  run_until(set, 2000)
  print(("seconds %.4f"):format(peak())) -- megabytes
  print(("beside %.4f"):format(300))
  box:stop()
end

function measure.large()
  local box, _, file = start { tenants = 499, users = 10, delay = DELAY }
  local handle = assert(io.open(file))
  local content = assert(json.decode(handle:read "*a"))
  handle:close()
  local _, any = next(content.profiles)
  content.profiles[LARGE] = {
    cid = 1,
    url = large_url,
    ca_file = ca_file,
    provhash = any.provhash,
  }
  local path = os.tmpname()
  handle = assert(io.open(path, "w"))
  handle:write(json.encode(content))
  handle:close()
  os.execute("chmod 600 " .. path)
  local all = assert(lastpass.tenants.load { file = path })
  local small = assert(all:select("all and not " .. LARGE))
  assert(assert(all:select(LARGE):run "users").rows >= 100000)
  all:company(LARGE).last_seconds = nil
  compare(function()
    local seconds = run_until(all, 499)
    all:company(LARGE).last_seconds = nil
    return seconds
  end, function()
    return run_until(small, 499)
  end, 2)
  os.remove(path)
  box:stop()
end

measure[what]()

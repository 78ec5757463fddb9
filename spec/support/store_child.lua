--- The child process of the store's specs. Prints its number, then what comes of its task.
-- Arguments: the task, the journal's path or DSN, and more.
local store = require "lastpass.store"

io.stdout:setvbuf "line"
local task, place, tenant, argument = arg[1], arg[2], arg[3], arg[4]

local function own_number()
  local file = assert(io.open "/proc/self/stat")
  local number = file:read "*n"
  file:close()
  return number
end

print(("%d"):format(own_number()))

local options = place:find "^postgresql:" and { dsn = place } or { path = place }
options.lock_timeout = 30

-- Waits to be killed, or for a file.
local function wait(path)
  local ends_at = os.time() + 500
  while os.time() < ends_at do
    local file = path and io.open(path)
    if file then
      file:close()
      return
    end
    os.execute "sleep 0.02"
  end
end

local tasks = {}

-- Opens, and says how that went.
function tasks.open()
  local journal, message, err = store.open(options)
  print(journal and "opened" or err.code .. " " .. message)
  if journal then
    journal:close()
  end
end

-- Locks, intends, says so, and hangs.
function tasks.intend()
  local journal = assert(store.open(options))
  assert(journal:lock(tenant))
  local run = assert(journal:begin_run {
    tenant = tenant,
    plan = "plan of a child",
    kind = "apply",
    document = "{}",
    total = 2,
  })
  assert(journal:intend(run, {
    { number = 1, kind = "disable", subject = "ann@acme.example", before = { active = true } },
    { number = 2, kind = "disable", subject = "bob@acme.example" },
  }))
  print(("%d"):format(run))
  wait()
end

-- Once the file is there: locks, says how that went, and keeps the lock until the file is gone.
function tasks.race()
  local journal = assert(store.open(options))
  print "ready"
  wait(argument)
  local lock, message, err = journal:lock(tenant)
  print(lock and "won" or err.code .. " " .. message)
  wait(argument .. ".end")
end

-- Once the file is there: puts factors of its own in place of all others, and adds one, again and again.
function tasks.factors()
  local journal = assert(store.open(options))
  print "ready"
  wait(argument)
  for round = 1, 12 do
    local set = {}
    for index = 1, 5 do
      local id = ("%s-%d-%d"):format(tenant, round, index)
      set[index] = { id = id, kind = "recovery", sealed = "sealed" }
    end
    assert(journal:replace_factors("ann", "recovery", set))
    local app = { id = ("app-%s-%d"):format(tenant, round), kind = "totp", sealed = "sealed" }
    assert(journal:add_factor("ann", app, 5) ~= nil)
  end
  print "done"
end

-- Intends steps for ever; prints the number of each batch that is on the disk.
function tasks.stream()
  local journal = assert(store.open(options))
  local run = assert(journal:begin_run {
    tenant = tenant,
    plan = "stream",
    kind = "apply",
    document = "",
    total = 1000000,
  })
  print(("%d"):format(run))
  local number = 0
  while true do
    local batch = {}
    for index = 1, 20 do
      batch[index] = { number = number + index, kind = "disable", subject = "a@acme.example" }
    end
    assert(journal:intend(run, batch))
    number = number + 20
    print(("%d"):format(number))
  end
end

-- Begins runs with large documents until the disk is full; says what came of it.
function tasks.fill()
  local journal = assert(store.open(options))
  local bytes = {}
  for index = 1, 20000 do
    bytes[index] = string.char((index * index + index * 7919) % 256)
  end
  local document = table.concat(bytes)
  for index = 1, 1000 do
    local run, _, err = journal:begin_run {
      tenant = tenant,
      plan = "p",
      kind = "apply",
      document = document .. index,
      total = 0,
    }
    if not run then
      print(err.code)
      print(err.hint)
      print(#assert(journal:runs { limit = 2000 }) == index - 1 and "whole" or "broken")
      return
    end
  end
  print "never full"
end

-- When all may begin, adds, takes and advances the same keys as its siblings; prints what it won.
function tasks.state()
  local state = require("lastpass.state").database(place)
  assert(state:get "begin" == nil)
  print "ready"
  local ends_at = os.time() + 500
  while not state:get "begin" and os.time() < ends_at do
    os.execute "sleep 0.01"
  end
  for key = 1, tonumber(argument) do
    local added = state:add("added" .. key, "x", 600)
    print(added and ("added %d"):format(key) or added == nil and "failed" or "-")
    print(state:take("taken" .. key) and ("taken %d"):format(key) or "-")
    local advanced = state:advance("counter", key, 600)
    print(advanced and ("advanced %d"):format(key) or "-")
  end
end

-- Asks a company so often at a rate, which is shared by all who have this journal.
function tasks.ask()
  local lastpass = require "lastpass"
  local url, cid, provhash, rate, count = argument:match "^(%S+) (%S+) (%S+) (%S+) (%S+)$"
  local client = lastpass.new {
    url = url,
    cid = cid,
    provhash = lastpass.secret.value(provhash),
    rate = tonumber(rate),
    journal = place,
  }
  for _ = 1, tonumber(count) do
    assert(client:call("getuserdata", {}))
  end
  print "asked"
end

tasks[task]()

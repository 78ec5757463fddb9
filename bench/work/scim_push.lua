-- A first push of new people through the SCIM endpoint in nginx, at 25 requests a second, with 300 ms for each answer of
-- LastPass: seconds of the 99th percentile, and bytes of nginx's memory for each person in the second half. The directory
-- of the company is read each minute, and grows by those who were pushed: so in the end another worker begins, which has
-- nothing but that directory, and is warmed as the first one was.
-- Arguments: people (default 500), requests a second (25), seconds of LastPass (0.3).
local endpoints = require "spec.support.scim_endpoint"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local limits = require "lastpass.plan.limits"
local load = require "bench.work.http_load"
local setup = require "bench.work.setup"
local wait = require "spec.support.wait"
local workers = require "spec.support.workers"

local COUNT, RATE = tonumber(arg[1]) or 500, tonumber(arg[2]) or 25
local LATENCY = tonumber(arg[3]) or 0.3
local CONNECTIONS, SAMPLES, WARM = 64, 40, 200

-- A first push exceeds every limit of a day: the guards are looked at, and hold nothing.
local function without_limits()
  local parts = {}
  for position, entry in ipairs(limits.list) do
    parts[position] = ("%s = 1000000"):format(entry.name)
  end
  local all = table.concat(parts, ", ")
  return ("look_alikes = 1000000, %s, per_day = { %s }"):format(all, all)
end

local box = assert(lastpass.sandbox.start {
  users = 20,
  seed = 1,
  clock = "now",
  latency = LATENCY,
})
local endpoint = endpoints.start(box, {
  workers = 1,
  http = "keepalive_requests 1000000; keepalive_timeout 3600;",
  directory = "128m",
  dicts = { metrics = "4m" },
  connections = ('entra = { provider = "entra", rate = 1e6, limits = { %s } }'):format(
    without_limits()
  ),
})
endpoint.site:directory()
local worker = workers.of(endpoint.site.server.pid)[1]

local function begin_another()
  endpoint.site.server:reload()
  local before = worker
  wait("another worker", function()
    local list = workers.of(endpoint.site.server.pid)
    worker = list[#list]
    return #list == 1 and worker ~= before
  end)
end

-- Bytes of the worker's own: the dicts of nginx are as large as they were made.
local function memory()
  local file = assert(io.open(("/proc/%d/status"):format(worker)))
  local text = file:read "*a"
  file:close()
  return tonumber(text:match "RssAnon:%s+(%d+)") * 1024
end

local function request(number)
  local address = ("person%06d@push.example"):format(number)
  return load.request(
    "POST",
    "/scim/entra/Users",
    endpoint.token,
    json.encode {
      schemas = { endpoints.USER },
      userName = address,
      externalId = ("f81d4fae-7dec-11d0-a765-%012d"):format(number),
      active = true,
      displayName = ("Person Number %d"):format(number),
      name = { givenName = "Person", familyName = ("Number %d"):format(number) },
      title = "Engineer",
    }
  )
end

local EVERY = 5000 -- people after which the memory is printed
local samples, answered = {}, 0

local function print_memory()
  if answered % EVERY == 0 then
    io.stderr:write(("%6d people: %.1f MB\n"):format(answered, memory() / 1e6))
  end
end

local function check(status, body)
  if status ~= 201 then
    error(("answered %d: %s\n%s"):format(status, body, endpoint.site.server:log():sub(-2000)), 0)
  end
  answered = answered + 1
  print_memory()
  if answered % math.max(math.floor(COUNT / SAMPLES), 1) == 0 then
    samples[#samples + 1] = memory()
  end
end

local function largest(from, to)
  local most = 0
  for position = from, to do
    most = math.max(most, samples[position])
  end
  return most
end

local function push(count, before, rate)
  return load.run {
    port = endpoint.port,
    rate = rate,
    count = count,
    connections = CONNECTIONS,
    request = function(number)
      return request(before + number)
    end,
    check = check,
  }
end

local ok, message = xpcall(function()
  push(WARM, 0, nil) -- as many at once as there are threads: each has its Lua state and its caches then
  samples = {}
  local seconds = push(COUNT, WARM, RATE)
  local half = math.floor(#samples / 2)
  local grown = largest(half + 1, #samples) - largest(1, half)
  for _, share in ipairs { 0.5, 0.9, 0.99 } do
    io.stderr:write(("%g: %.3f s\n"):format(share, load.percentile(seconds, share)))
  end
  local before, after = largest(1, half) / 1e6, largest(half + 1, #samples) / 1e6
  io.stderr:write(("nginx: %.1f MB in the first half, then %.1f MB\n"):format(before, after))
  begin_another()
  push(WARM, WARM + COUNT, nil)
  io.stderr:write(("another worker with that directory: %.1f MB\n"):format(memory() / 1e6))
  setup.report("seconds", load.percentile(seconds, 0.99))
  setup.report("grown", grown / (COUNT / 2))
end, debug.traceback)
endpoint:stop()
box:stop()
if not ok then
  io.stderr:write(message, "\n")
  os.exit(1)
end

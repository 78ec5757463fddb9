-- The SCIM endpoint in nginx at 100 requests a second, and beside it the calls of LastPass that it makes for each of
-- them, made bare in the same nginx: how many seconds of the 99th percentile are the endpoint's own. An intent has to be on
-- the disk before its call, so the disk is measured in turn with them: as many bytes, as often, and fdatasync alone.
-- Arguments: seconds of each part (default 6), pairs of parts (default 3).
local core = require "lastpass.core"
local endpoints = require "spec.support.scim_endpoint"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local load = require "bench.work.http_load"
local setup = require "bench.work.setup"
local socket = require "socket"

local SECONDS, PAIRS = tonumber(arg[1]) or 6, tonumber(arg[2]) or 3
local RATE, CONNECTIONS, PEOPLE = 100, 16, 200

-- The same calls, in the same order: the person as it is, the change, and the person as it is then.
local BARE = [[
  location = /bare {
    content_by_lua_block {
      local client = site.tenants.acme:client()
      local address = ngx.var.arg_address
      assert(client:user(address))
      assert(client:updateuser { username = address, fullname = ngx.var.arg_name })
      assert(client:user(address))
      ngx.header["Content-Length"] = 2
      ngx.print "ok"
    }
  }
]]

local box = assert(lastpass.sandbox.start { users = 1000, seed = 1, clock = "now" })
local endpoint = endpoints.start(box, {
  workers = 1,
  connections = 'entra = { provider = "entra", rate = 1e6, limits = { name = 1000000 } }',
  tenant = "refresh = 3600, stale_after = 7200,",
  server = BARE,
})
endpoint.site:directory()

local people = {}
for user in assert(box:client()):users() do
  if user.status == "active" and #people < PEOPLE then
    people[#people + 1] = { address = user.email, id = assert(endpoint:id_of(user.email)) }
  end
end

local names = 0

local function next_person()
  names = names + 1
  return people[names % #people + 1], "Name " .. names
end

local function check(status, body)
  if status ~= 200 then
    error(("answered %d: %s\n%s"):format(status, body, endpoint.site.server:log():sub(-2000)), 0)
  end
end

local function through_endpoint()
  local person, name = next_person()
  return load.request(
    "PATCH",
    "/scim/entra/Users/" .. person.id,
    endpoint.token,
    json.encode {
      schemas = { endpoints.PATCH },
      Operations = { { op = "Replace", path = "displayName", value = name } },
    }
  )
end

local function bare()
  local person, name = next_person()
  return load.request(
    "GET",
    ("/bare?address=%s&name=%s"):format(person.address, name:gsub(" ", "%%20")),
    "none"
  )
end

local function measure(request, list)
  for _, seconds in
    ipairs(load.run {
      port = endpoint.port,
      rate = RATE,
      count = RATE * SECONDS,
      connections = CONNECTIONS,
      request = request,
      check = check,
    })
  do
    list[#list + 1] = seconds
  end
end

-- As SQLite's log is written: a file that is used again from its beginning, beside the journal.
local PAGES, LOG = ("x"):rep(22 * 4096), 4 * 2 ^ 20 -- of one change: its intent, and the outcome of another

local function measure_disk(list)
  local path = endpoint.journal_path .. ".bench"
  local file = assert(io.open(path, "w+b"))
  assert(file:write(("x"):rep(LOG)))
  file:flush()
  core.sync_file(file, path)
  local begun = setup.now()
  for number = 1, RATE * SECONDS do
    file:seek("set", number * #PAGES % (LOG - #PAGES))
    assert(file:write(PAGES))
    file:flush()
    local before = setup.now()
    assert(core.sync_file(file, path))
    list[#list + 1] = setup.now() - before
    socket.sleep(math.max(begun + number / RATE - setup.now(), 0))
  end
  file:close()
  os.remove(path)
end

-- Each thread has a Lua state of its own, with its own connection to the journal: as many requests at once as there are
-- threads, until each is ready.
local function warm_up()
  load.run {
    port = endpoint.port,
    count = 1000,
    connections = 2 * endpoints.THREADS,
    request = through_endpoint,
    check = check,
  }
end

local ok, message = xpcall(function()
  warm_up()
  measure(through_endpoint, {}) -- warms caches
  measure(bare, {})
  local ours, theirs, disk = {}, {}, {}
  for _ = 1, PAIRS do
    measure(through_endpoint, ours)
    measure(bare, theirs)
    measure_disk(disk)
  end
  for _, share in ipairs { 0.5, 0.9, 0.99 } do
    io.stderr:write(
      ("%g: endpoint %.1f ms, bare %.1f ms, fdatasync %.1f ms\n"):format(
        share,
        load.percentile(ours, share) * 1000,
        load.percentile(theirs, share) * 1000,
        load.percentile(disk, share) * 1000
      )
    )
  end
  setup.report("middle", load.percentile(ours, 0.5) - load.percentile(theirs, 0.5))
  setup.report("syncmiddle", load.percentile(disk, 0.5))
  setup.report("sync", load.percentile(disk, 0.99))
  setup.report("seconds", load.percentile(ours, 0.99) - load.percentile(theirs, 0.99))
end, debug.traceback)
endpoint:stop()
box:stop()
if not ok then
  io.stderr:write(message, "\n")
  os.exit(1)
end

-- Members taken out of a group of so many through the SCIM endpoint in nginx, one by one: what one request costs. (Into
-- a group that is larger than LastPass allows the guards let nobody.) Arguments: people in the group, requests (default
-- 200).
local endpoints = require "spec.support.scim_endpoint"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local load = require "bench.work.http_load"
local setup = require "bench.work.setup"

local SIZE, REQUESTS = tonumber(arg[1]), tonumber(arg[2]) or 200
local LIMITS = "join = 1000000, leave = 1000000"
local GROUP, AT_ONCE = "Everybody", 2000

local box = assert(lastpass.sandbox.start { users = SIZE, invited = 0, seed = 1, clock = "now" })
assert(box:act { settings = { unknown_group = "create" } })

-- Everybody is in the group.
local function fill_group()
  local client, addresses = assert(box:client()), {}
  for user in client:users() do
    addresses[#addresses + 1] = user.email
  end
  for first = 1, #addresses, AT_ONCE do
    local rows = {}
    for position = first, math.min(first + AT_ONCE - 1, #addresses) do
      rows[#rows + 1] = { username = addresses[position], add = { GROUP } }
    end
    assert(client:batchchangegrp(rows))
  end
  return addresses
end

local addresses = fill_group()
local endpoint = endpoints.start(box, {
  workers = 1,
  directory = "256m",
  connections = ("entra = { rate = 1e6, limits = { %s, per_day = { %s } } }"):format(
    LIMITS,
    LIMITS
  ),
  tenant = "refresh = 3600, stale_after = 7200, wait = 120,",
})
endpoint.site:directory(nil, 120)

local function patch(group, operation)
  return load.request(
    "PATCH",
    "/scim/entra/Groups/" .. group,
    endpoint.token,
    json.encode { schemas = { endpoints.PATCH }, Operations = { operation } }
  )
end

local function check(status, body)
  if status ~= 204 and status ~= 200 then
    error(("answered %d: %s\n%s"):format(status, body, endpoint.site.server:log():sub(-2000)), 0)
  end
end

local ok, message = xpcall(function()
  local ids = {}
  for position = 1, REQUESTS do
    ids[position] = assert(endpoint:id_of(addresses[position]))
  end
  local filter = "displayName%20eq%20%22" .. GROUP .. "%22"
  local status, list = endpoint:push("GET", "/Groups?excludedAttributes=members&filter=" .. filter)
  assert(status == 200 and list.totalResults == 1, json.encode(list))
  local group = list.Resources[1].id
  local seconds = load.run {
    port = endpoint.port,
    count = REQUESTS,
    connections = 1,
    check = check,
    request = function(number)
      return patch(group, { op = "Remove", path = "members", value = { { value = ids[number] } } })
    end,
  }
  setup.report("seconds", load.percentile(seconds, 0.5))
end, debug.traceback)
endpoint:stop()
box:stop()
if not ok then
  io.stderr:write(message, "\n")
  os.exit(1)
end

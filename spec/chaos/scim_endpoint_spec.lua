-- The SCIM endpoint, killed (SIGKILL, master and workers) at a random moment of a creation, a deactivation, a change of
-- groups and a deletion, with requests that arrive twice, calls that LastPass carries out late, calls that never reach
-- it, and answers that are lost. After each round: one account, one invitation, nothing that was answered with 2xx
-- without its effect, and no work left over. 15, 60 or 500 rounds, five in the time of one kill: each has its own moment.
-- Runs once: nginx has its own LuaJIT.
local endpoints = require "spec.support.scim_endpoint"
local extent = require "spec.support.extent"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local socket = require "socket"
local wait = require "spec.support.wait"
local workers = require "spec.support.workers"

local AT_ONCE = 5 -- rounds that one kill ends
local ROUNDS = extent(15, 60, 500)
local SEED = tonumber(os.getenv "LASTPASS_SEED" or 20261130)
local HOLD, LOST = 0.3, 0.1 -- seconds that a write is held at most; the share that never arrives, or whose answer is lost
local TIME_LIMIT = 1 -- of a call
local MOMENTS = 0.8 -- seconds after the requests within which it is killed
local LONGEST = 120 -- seconds until an identity provider has come to its end

local TENANT = ("timeout = %d, refresh = 2, stale_after = 600, retries = 0,"):format(TIME_LIMIT)
local SCIM = "work_every = 0.1, check_every = 50, margin = 1,"
local CONNECTION = [[entra = {
  provider = "entra", rate = 1e6, limits = { %s },
}]]

-- No limit is reached: what is counted here is what a kill does.
local function without_limits()
  local parts = {}
  for position, entry in ipairs(require("lastpass.plan.limits").list) do
    parts[position] = ("%s = 1000000"):format(entry.name)
  end
  local all = table.concat(parts, ", ")
  return ("%s, per_day = { %s }"):format(all, all)
end

-- A generator of its own: the same rounds under every interpreter.
local function generator(seed)
  local state = seed % 2147483646 + 1
  return function()
    state = (state * 16807) % 2147483647
    return state / 2147483647
  end
end

describe("the SCIM endpoint, killed at any moment", function()
  local box, proxy, url, endpoint, folder, random, people, token
  local is_up = false

  local function start()
    endpoint = endpoints.start(box, {
      url = url,
      workers = 2,
      journal = folder .. "/journal.db",
      connections = CONNECTION:format(without_limits()),
      scim = SCIM,
      tenant = TENANT,
      tokens = token == nil,
    })
    token = token or endpoint.token
    endpoint.token = token
    is_up = true
  end

  local function kill()
    local pids = workers.of(endpoint.site.server.pid)
    table.insert(pids, 1, endpoint.site.server.pid)
    os.execute("kill -KILL " .. table.concat(pids, " "))
    for _, pid in ipairs(pids) do
      wait("the end of a process", function()
        return not workers.is_running(pid)
      end)
    end
    endpoint:stop()
    is_up = false
  end

  local function start_proxy()
    local path = folder .. "/proxy"
    local command = "python3 spec/support/late_proxy.py '%s' %d %g %g >%s"
    proxy = assert(io.popen(command:format(box.url, SEED, HOLD, LOST, path), "w"))
    url = wait("the proxy", function()
      local file = io.open(path)
      local line = file and file:read "*l"
      if file then
        file:close()
      end
      return line
    end)
  end

  setup(function()
    random = generator(SEED)
    local pipe = assert(io.popen "mktemp -d")
    folder = pipe:read "*l"
    pipe:close()
    box = assert(lastpass.sandbox.start { users = 4 * ROUNDS + 60, seed = 5, clock = "now" })
    assert(box:act { settings = { unknown_group = "create" } })
    people = {}
    for user in assert(box:client()):users() do
      if user.status == "active" and not user.admin then
        people[#people + 1] = user.email
      end
    end
    start_proxy()
  end)

  teardown(function()
    endpoint:stop()
    proxy:close()
    box:stop()
    os.execute("rm -rf " .. folder)
  end)

  -- ---- what is asked for, and whether LastPass shows it ----

  local function state(address)
    return assert(box:state { email = address })
  end

  local function patch(operations)
    return json.encode { schemas = { endpoints.PATCH }, Operations = operations }
  end

  local function id_of(address)
    return wait("the id of " .. address, function()
      local ok, found = pcall(endpoint.id_of, endpoint, address)
      return ok and found
    end, LONGEST)
  end

  local kinds = {
    create = function(number)
      local address = ("new%d@chaos.example"):format(number)
      return {
        method = "POST",
        path = "/Users",
        address = address,
        body = json.encode {
          schemas = { endpoints.USER },
          userName = address,
          externalId = "ext-" .. number,
          active = true,
          displayName = "New " .. number,
        },
        effective = function()
          return state(address).found
        end,
      }
    end,
    disable = function()
      local address = table.remove(people)
      return {
        method = "PATCH",
        path = "/Users/" .. id_of(address),
        address = address,
        body = patch { { op = "Replace", path = "active", value = "False" } },
        effective = function()
          return state(address).fields.disabled
        end,
      }
    end,
    rename = function(number)
      local address = table.remove(people)
      local name = ("Other Name %d"):format(number)
      return {
        method = "PATCH",
        path = "/Users/" .. id_of(address),
        address = address,
        body = patch { { op = "replace", value = { displayName = name } } },
        effective = function()
          return state(address).fields.fullname == name
        end,
      }
    end,
    delete = function()
      local address = table.remove(people)
      return {
        method = "DELETE",
        path = "/Users/" .. id_of(address),
        address = address,
        effective = function()
          local now = state(address)
          return not now.found or now.fields.disabled
        end,
      }
    end,
  }
  local names = { "create", "disable", "rename", "delete" }

  -- ---- the requests ----

  local function bytes_of(request)
    local body = request.body or ""
    return table.concat({
      ("%s /scim/entra%s HTTP/1.1"):format(request.method, request.path),
      "Host: localhost",
      "Authorization: Bearer " .. token,
      "Content-Type: application/scim+json",
      "Content-Length: " .. #body,
      "Connection: close",
      "",
      body,
    }, "\r\n")
  end

  local function send(request)
    local one = assert(socket.connect("127.0.0.1", endpoint.port))
    one:send(bytes_of(request))
    one:settimeout(0)
    return { socket = one, request = request, text = "" }
  end

  local function is_success(status)
    return status ~= nil and status >= 200 and status < 300
  end

  -- What has come until now; a success must have had its effect by then.
  local function look(sent)
    local text, _, part = sent.socket:receive "*a"
    sent.text = sent.text .. (text or part or "")
    local status = tonumber(sent.text:match "^HTTP/1%.1 (%d+)")
    if is_success(status) then
      local what = sent.request.method .. " " .. sent.request.address
      assert.is_truthy(sent.request.effective(), what .. " was answered " .. status)
      sent.request.succeeded = true
    end
  end

  -- As an identity provider: sometimes twice at once. Whether it is done.
  local function try(request)
    local twin = random() < 0.3 and send(request)
    local status, answer = endpoint:push(request.method, request.path, request.body)
    if twin then
      twin.socket:settimeout(60)
      look(twin)
      twin.socket:close()
    end
    if status == 404 and request.method == "DELETE" then
      return true -- the first one has done it
    elseif is_success(status) then
      assert.is_truthy(request.effective(), request.method .. " " .. request.address)
      request.id = type(answer) == "table" and answer.id or nil
      return true
    end
    local said = ("%s %s: %s %s"):format(
      request.method,
      request.address,
      tostring(status),
      json.encode(answer)
    )
    assert.is_true(status == 503 or status == 409, said)
    request.said = said
    return false
  end

  -- Again and again until everything is done.
  local function finish(requests)
    local ends_at = socket.gettime() + LONGEST
    local left = requests
    repeat
      local open = {}
      for _, request in ipairs(left) do
        if not try(request) then
          open[#open + 1] = request
        end
      end
      left = open
      socket.sleep(#left > 0 and 0.2 or 0)
      assert.is_true(#left == 0 or socket.gettime() < ends_at, left[1] and left[1].said)
    until #left == 0
  end

  local function wait_until_nothing_is_open()
    local ends_at = socket.gettime() + LONGEST
    repeat
      local open = assert(endpoint:journal():jobs { connection = "entra", open = true })
      if #open == 0 then
        return
      end
      socket.sleep(0.05)
    until socket.gettime() > ends_at
    local left = assert(endpoint:journal():jobs { connection = "entra", open = true })
    error(json.encode(left) .. "\n" .. endpoint.site.server:log():sub(-3000))
  end

  -- A test that has failed may have left it killed.
  before_each(function()
    if not is_up then
      start()
    end
  end)

  -- The requests of some rounds, each of them at a moment of its own; in the order in which they are sent.
  local function plan(first)
    local requests, moments = {}, {}
    for round = first, math.min(first + AT_ONCE - 1, ROUNDS) do
      for _, name in ipairs(names) do
        local request = kinds[name](round)
        requests[#requests + 1] = request
        for _ = 1, random() < 0.3 and 2 or 1 do
          moments[#moments + 1] = { at = random() * MOMENTS, request = request }
        end
      end
    end
    table.sort(moments, function(a, b)
      return a.at < b.at
    end)
    return requests, moments
  end

  for first = 1, ROUNDS, AT_ONCE do
    it(("does each thing once, rounds %d to %d"):format(first, first + AT_ONCE - 1), function()
      local requests, moments = plan(first)
      local sent, begun = {}, socket.gettime()
      for _, moment in ipairs(moments) do
        socket.sleep(math.max(begun + moment.at - socket.gettime(), 0))
        sent[#sent + 1] = send(moment.request)
      end
      for _, one in ipairs(sent) do
        look(one)
      end
      kill()
      for _, one in ipairs(sent) do
        look(one)
        one.socket:close()
      end
      start()
      finish(requests)
      wait_until_nothing_is_open()
      for _, request in ipairs(requests) do
        assert.is_truthy(request.effective(), request.method .. " " .. request.address)
        if request.method == "POST" then
          assert.equal(1, state(request.address).mails.invitation, request.address)
          assert.equal(request.id, id_of(request.address))
        end
      end
    end)
  end
end)

-- A secret that nginx opens in init_by_lua, before it has workers: they and their threads use it, its
-- memory is locked in each of them, and no worker that ends takes it from the others.
-- Runs once: nginx has its own LuaJIT.
local lastpass = require "lastpass"
local nginx = require "spec.support.nginx"
local socket = require "socket"
local workers = require "spec.support.workers"
local wait = require "spec.support.wait"

local CANARY = "canary-of-nginx-0123456789abcdefghijklmnopqrstuv"

local HTTP = [[
  lua_worker_thread_vm_pool_size 8;
  init_by_lua_block {
    local lastpass = require "lastpass"
    secret = assert(lastpass.secret.file(os.getenv "HASH_FILE"))
    other = assert(lastpass.secret.value "another one")
    client = lastpass.new { cid = %s, url = %q, provhash = secret, retries = 0 }
    header = { name = "Authorization", prefix = "Bearer ", secret = secret }
    transport = require("lastpass.transport.thread").new {}
  }
]]

local SERVER = [[
  location = /call {
    content_by_lua_block {
      local request = { method = "GET", url = "%s", secret_header = header, timeout = 10 }
      local response = transport:send(request)
      if not response or response.status ~= 200 then
        return ngx.exit(500)
      end
      local answer, message = client:getuserdata { pagesize = 1, pageindex = 0 }
      ngx.print(answer and answer.total or message, " ", ngx.worker.pid())
    }
  }
  location = /close {
    content_by_lua_block {
      secret:close()
      other:close()
      ngx.print(ngx.worker.pid())
    }
  }
]]

-- The mappings of a process with the secret in them: how many, and how many of those are locked and in no
-- core file.
local function mappings(pid)
  local found, kept = 0, 0
  local range
  local memory = assert(io.open("/proc/" .. pid .. "/mem", "rb"))
  for line in io.lines("/proc/" .. pid .. "/smaps") do
    local from, to, access = line:match "^(%x+)%-(%x+) (%S+)"
    if from then
      range = nil
      local first, last = tonumber(from, 16), tonumber(to, 16)
      if access:sub(1, 2) == "rw" and first < 2 ^ 47 and memory:seek("set", first) then
        local bytes = memory:read(last - first) or ""
        range = bytes:find(CANARY, 1, true) and true or nil
      end
      found = found + (range and 1 or 0)
    elseif range and line:match "^VmFlags:" then
      kept = kept + (line:find(" lo", 1, true) and line:find(" dd", 1, true) and 1 or 0)
    end
  end
  memory:close()
  return found, kept
end

describe("secrets of nginx", function()
  local box, server, hash_file

  setup(function()
    box = assert(lastpass.sandbox.start { users = 10, provhash = CANARY })
    hash_file = os.tmpname()
    local file = assert(io.open(hash_file, "w"))
    file:write(CANARY, "\n")
    file:close()
  end)

  teardown(function()
    box:stop()
    os.remove(hash_file)
  end)

  before_each(function()
    server = nginx.start {
      workers = 3,
      main = "thread_pool lastpass threads=8;",
      http = HTTP:format(tostring(box.cid), box.url),
      server = SERVER:format(box.url),
      env = { HASH_FILE = hash_file },
    }
  end)

  after_each(function()
    server:stop()
  end)

  -- Every worker has answered; gives their numbers.
  local function asked_all(count)
    local seen, seen_count = {}, 0
    wait("an answer of each worker", function()
      local status, body = server:get "/call"
      assert.equal(200, status)
      local total, pid = body:match "^(.-) (%d+)$"
      assert.equal("10", total, body)
      seen_count = seen_count + (seen[pid] and 0 or 1)
      seen[pid] = true
      return seen_count >= count
    end)
    return seen
  end

  it("serve workers and their threads, also after a reload", function()
    local before = asked_all(3)
    for _ = 1, 3 do
      server:reload()
      wait("new workers", function()
        local now = workers.of(server.pid)
        for _, pid in ipairs(now) do
          if before[tostring(pid)] then
            return false
          end
        end
        return #now == 3
      end)
      before = asked_all(3)
    end
    assert.is_nil(server:log():find("[error]", 1, true))
    assert.is_nil(server:log():find("[alert]", 1, true))
    assert.is_nil(server:log():find(CANARY, 1, true))
  end)

  it("are in locked memory only, in the master and in each worker", function()
    asked_all(3)
    socket.sleep(0.1)
    local pids = workers.of(server.pid)
    pids[#pids + 1] = server.pid
    assert.equal(4, #pids)
    for _, pid in ipairs(pids) do
      local found, kept = mappings(pid)
      assert.is_true(found >= 1, "not found in " .. pid)
      assert.equal(found, kept, "of process " .. pid)
    end
  end)

  it("outlive a worker that closes its own, or is killed", function()
    asked_all(3)
    local status, closed = server:get "/close"
    assert.equal(200, status)
    os.execute("kill -KILL " .. closed)
    wait("the worker to end", function()
      return not workers.is_running(closed)
    end)
    wait("a worker in its place", function()
      return #workers.of(server.pid) == 3
    end)
    assert.is_nil(asked_all(3)[closed])
  end)
end)

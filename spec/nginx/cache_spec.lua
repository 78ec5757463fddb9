-- The directory in memory of all workers, in a real nginx over a sandbox.
-- Runs once: nginx has its own LuaJIT.
-- Runs first: it waits for many reads of a directory.
local lastpass = require "lastpass"
local sites = require "spec.support.site"
local socket = require "socket"
local support = require "spec.support.box"
local wait = require "spec.support.wait"

describe("lastpass.nginx.cache", function()
  local box, site

  before_each(function()
    box = assert(lastpass.sandbox.start { users = 4500, seed = 3 })
  end)

  after_each(function()
    if site then
      site:stop()
      site = nil
    end
    box:stop()
  end)

  local function active(client)
    return assert(client:snapshot()):users { status = "active", admin = false }().email
  end

  -- What each worker says; requests come to any of them.
  local function of_all_workers(count, fits)
    local seen, found = {}, 0
    wait("all workers", function()
      local status, value = site:get "/directory"
      if status == 200 and (not fits or fits(value)) and not seen[value.worker] then
        seen[value.worker], found = value, found + 1
      end
      return found == count
    end)
    return seen
  end

  it("is read by one worker, and is the same in all", function()
    site = sites.start(box, { workers = 3, tenant = "refresh = 30, folders = 30," })
    local version
    for _, value in
      pairs(of_all_workers(3, function(value)
        return value.folders
      end))
    do
      version = version or value.version
      assert.equal(4500, value.users)
      assert.equal(version, value.version)
    end
    assert.equal(1, site:metric 'lastpass_directory_readings_total{outcome="ok",part="users"')
    assert.equal(1, support.requests(box, "getsfdata"))
    assert.equal(5, support.requests(box, "getuserdata")) -- three pages and their two ends
  end)

  it("gives the same view until the content changes, with its age", function()
    site = sites.start(box, { workers = 1, tenant = "refresh = 1, folders = false," })
    local first = site:directory()
    local later = site:directory(function(value)
      return value.read_at > first.read_at
    end)
    assert.same({ first.version, first.view }, { later.version, later.view })
    assert(box:client():disableuser { active(box:client()) })
    local changed = site:directory(function(value)
      return value.version ~= first.version
    end)
    assert.are_not.equal(first.view, changed.view)
    assert.is_true(changed.age < 2.5)
    local _, _, headers = site:get "/directory"
    assert.matches("^%d+$", headers.age)
  end)

  it("is served while it is stale, and says so", function()
    site = sites.start(box, {
      workers = 1,
      tenant = "refresh = 1, stale_after = 2, folders = false, retries = 0,",
    })
    local first = site:directory()
    support.inject(box, "getuserdata", "no", { status = 500, count = 1000 })
    local stale = site:directory(function(value)
      return value.stale
    end)
    assert.equal(first.view, stale.view)
    assert.equal(4500, stale.users)
    local health = wait("health", function()
      local status, health = site:get "/healthz"
      return status == 503 and health.reasons[1].message:find "seconds old: .*500" and health
    end)
    assert.equal("failing", health.status)
    assert.equal(1, site:count_in_log "cannot be read")
    assert(box:clear_faults())
    wait("health", function()
      return site:get "/healthz" == 200
    end)
    wait("the line in the log", function()
      return site:count_in_log "acme users can be read again" == 1
    end)
  end)

  it("lets the first requests wait for the first reading, which is one", function()
    assert(box:faults { command = "getuserdata", delay = 0.3 })
    site = sites.start(box, { workers = 2, start = "", tenant = "folders = false," })
    local answers = {}
    lastpass.parallel(8, function(spawn)
      local http = require "lastpass.transport.curl"
      for position = 1, 8 do
        spawn(function()
          answers[position] = http.new():send {
            method = "GET",
            url = site.server.url .. "/directory",
            timeout = 10,
          }
        end)
      end
    end)
    for position = 1, 8 do
      assert.equal(200, answers[position].status)
    end
    assert.equal(5, support.requests(box, "getuserdata"))
  end)

  it("answers 503 with Retry-After when the first reading fails", function()
    box:stop() -- its port is closed now
    site = sites.start(box, { workers = 1, start = "", tenant = "wait = 60, retries = 0," })
    local begun = socket.gettime()
    local status, value, headers = site:get "/directory"
    assert.equal(503, status)
    assert.equal("unreachable", value.code)
    assert.is_true(tonumber(headers["retry-after"]) >= 1)
    assert.is_true(socket.gettime() - begun < 60)
    local again, health = site:get "/healthz"
    assert.equal(503, again)
    assert.matches("getuserdata", health.reasons[1].message)
    box = assert(lastpass.sandbox.start { users = 10 })
  end)

  it("names the size that is needed when the dict is too small", function()
    site = sites.start(box, {
      workers = 2,
      directory = "2m",
      tenant = "refresh = 1, folders = false,",
    })
    local status, value = site:get "/directory"
    assert.equal(503, status)
    assert.equal("cache_too_small", value.code)
    local megabytes = tonumber(value.hint:match "^lua_shared_dict lastpass_directory (%d+)m;$")
    assert.is_true(megabytes > 2 and megabytes < 20, value.hint)
    socket.sleep(2.5)
    assert.equal(1, site:count_in_log "cannot be read: lua_shared_dict lastpass_directory has 2 MB")
    local _, health = site:get "/healthz"
    assert.matches("must have " .. megabytes .. " MB", health.reasons[1].message, 1, true)
    site:stop()
    site = sites.start(box, {
      workers = 2,
      directory = megabytes .. "m",
      tenant = "refresh = 1, folders = false,",
    })
    local first = site:directory()
    -- there is room for a second reading beside the first, again and again
    for _ = 1, 3 do
      local client = box:client()
      assert(client:disableuser { active(client) })
      first = site:directory(function(other)
        return other.version ~= first.version
      end)
    end
    assert.equal(0, site:count_in_log "cannot be read")
  end)

  it("goes on when the worker that reads it dies", function()
    assert(box:faults { command = "getuserdata", delay = 2 })
    site = sites.start(box, { workers = 2, tenant = "refresh = 1, folders = false," })
    local reader = wait("the reading", function()
      return site.server:log():match "reading"
        or support.requests(box, "getuserdata") > 0 and "begun"
    end)
    assert.truthy(reader)
    assert(box:clear_faults())
    -- whichever reads: both die, one after the other, and others take their place
    for pid in site.server:log():gmatch "start worker process (%d+)" do
      os.execute("kill -KILL " .. pid)
    end
    local value = site:directory(nil, 25)
    assert.equal(4500, value.users)
  end)

  it("is read in the pool that the setup names, and so is everything else", function()
    site = sites.start(box, {
      main = "thread_pool other threads=4;",
      setup = 'thread_pool = "other",',
      tenant = "folders = false,",
      server = [[
        location = /call {
          content_by_lua_block {
            local reply, message = site.tenants.acme:client():getuserdata { admin = 1 }
            ngx.print(reply and reply.Users and "read" or message)
          }
        }
      ]],
    })
    assert.equal(4500, site:directory().users)
    local _, text = site:get "/call"
    assert.equal("read", text)
    assert.equal(1, site:metric 'lastpass_calls_total{command="getuserdata",outcome="ok"' - 5)
  end)

  it("is read by the worker itself where the client has a transport of its own", function()
    site = sites.start(box, {
      tenant = [[
        transport = (function()
          local inner = require("lastpass.transport.thread").new()
          return {
            send = function(_, request)
              ngx.shared.lastpass_locks:incr("sent", 1, 0)
              return inner:send(request)
            end,
          }
        end)(),
      ]],
      server = [[
        location = /sent {
          content_by_lua_block { ngx.print(ngx.shared.lastpass_locks:get "sent") }
        }
      ]],
    })
    local value = site:directory(function(one)
      return one.folders
    end)
    assert.equal(4500, value.users)
    assert.is_true(value.folders > 0)
    local _, sent = site:get "/sent"
    assert.equal(6, sent) -- three pages and their two ends, and the folders
  end)

  it("survives a reload: what was read is there at once", function()
    site = sites.start(box, { workers = 2, tenant = "refresh = 60, folders = false," })
    local first = site:directory()
    local readings = support.requests(box, "getuserdata")
    site.server:reload()
    local other = site:directory(function(value)
      return value.worker ~= first.worker
    end)
    assert.equal(first.version, other.version)
    assert.equal(readings, support.requests(box, "getuserdata"))
  end)

  it("survives a reload after a reading that failed: nobody is sent away", function()
    site = sites.start(box, {
      workers = 1,
      tenant = "refresh = 1, stale_after = 600, folders = false, retries = 0,",
    })
    local first = site:directory()
    assert(box:faults { command = "getuserdata", status = 500 })
    wait("a reading that fails", function()
      local failed = 'lastpass_directory_readings_total{outcome="http_status",part="users"'
      return (site:metric(failed) or 0) > 0
    end)
    site.server:reload()
    wait("another worker", function()
      local status, value = site:get "/directory"
      assert.equal(200, status)
      assert.equal(first.version, value.version)
      return value.worker ~= first.worker
    end)
  end)
end)

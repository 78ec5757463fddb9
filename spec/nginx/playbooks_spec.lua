-- Playbooks that nginx runs by their own schedule, in a real nginx over a sandbox.
-- Runs once: nginx has its own LuaJIT.
local extent = require "spec.support.extent"
local lastpass = require "lastpass"
local sites = require "spec.support.site"
local socket = require "socket"
local support = require "spec.support.box"
local wait = require "spec.support.wait"

local LONG = extent(false, false, true)

local function write(path, text)
  -- as an editor does: the new file takes the place of the old one in one step
  local file = assert(io.open(path .. ".new", "wb"))
  file:write(text)
  file:close()
  assert(os.rename(path .. ".new", path))
end

describe("lastpass.nginx.playbooks", function()
  local box, site, folder

  before_each(function()
    box = assert(lastpass.sandbox.start { users = 60, seed = 4, clock = "now" })
    local pipe = io.popen "mktemp -d"
    folder = pipe:read "*l"
    pipe:close()
  end)

  after_each(function()
    if site then
      site:stop()
      site = nil
    end
    box:stop()
    os.execute("rm -r " .. folder)
  end)

  local function start(more, options)
    options = options or {}
    options.tenant = ("refresh = 60, folders = false, journal = %q,"):format(
      folder .. "/journal.db"
    )
    options.setup = ("look_every = 0.05, playbooks = { directory = %q, %s },"):format(
      folder,
      more or ""
    )
    site = sites.start(box, options)
  end

  -- What /healthz says of a playbook, once it fits.
  local function book(name, fits, seconds)
    return wait("playbook " .. name, function()
      local _, health = site:get "/healthz"
      for _, one in ipairs(health.playbooks) do
        if one.name == name and fits(one) then
          return one
        end
      end
    end, seconds)
  end

  local function has_run(one)
    return one.last
  end

  -- What /healthz says once every worker has its directory.
  local function health_of_all()
    return wait("the workers", function()
      local status, health = site:get "/healthz"
      return status == 200 and health
    end)
  end

  it("carries out what a file declares, with the journal of the program", function()
    write(
      folder .. "/joiners.lua",
      [[
      every "1h"
      user "new.bee@acme.example" { fullname = "New Bee", groups = { "Bees" } }
    ]]
    )
    start "apply = true"
    local one = book("joiners.lua", has_run)
    assert.same({ "applied", 1, 'every "1h"' }, { one.last.outcome, one.last.steps, one.schedule })
    assert.equal("New Bee", support.person(box, "new.bee@acme.example").fields.fullname)
    local client = box:client { journal = folder .. "/journal.db" }
    local run = assert(client:run(one.last.run))
    assert.is_true(run.ok)
    assert.equal("new.bee@acme.example", run:steps()().subject)
    -- the program makes a plan of the same file, and takes no notice of `every`
    assert.is_true(assert(client:plan(folder .. "/joiners.lua")):is_empty())
  end)

  it("only makes plans unless told to apply them", function()
    write(folder .. "/joiners.lua", 'every "1h"\nuser "new.bee@acme.example" {}\n')
    start()
    local one = book("joiners.lua", has_run)
    assert.same({ "planned", 1 }, { one.last.outcome, one.last.steps })
    assert.equal(0, support.requests(box, "batchadd"))
  end)

  it("asks the guards of plans", function()
    write(folder .. "/leavers.lua", 'every "1h"\nmissing "disable"\nuser "ann@acme.example" {}\n')
    start "apply = true"
    local one = book("leavers.lua", has_run)
    assert.same({ "refused", "refused_by_guards" }, { one.last.outcome, one.last.code })
    assert.equal("degraded", health_of_all().status)
    assert.equal(0, support.requests(box, "disableuser"))
  end)

  it("runs again and again, never twice at once, in one worker of all", function()
    write(
      folder .. "/often.lua",
      ([[
        every "1s"
        local marks = assert(io.open(%q, "a"))
        marks:write "x"
        marks:close()
        user "new.bee@acme.example" {}
      ]]):format(folder .. "/marks")
    )
    assert(box:faults { command = "getuserdata", delay = 1.5 })
    local began = socket.gettime()
    start("", { workers = 3 })
    wait("four runs", function()
      local file = io.open(folder .. "/marks")
      return file and #file:read "*a" >= 4
    end)
    -- once when it was loaded, and then one run after the other, of at least 1.5 seconds each
    assert.is_true(socket.gettime() - began >= 3)
    assert.is_true(site:metric 'lastpass_playbook_runs_total{outcome="planned"' >= 2)
  end)

  it("leaves files alone that say no time", function()
    write(folder .. "/people.lua", 'return { "ann@acme.example" }\n')
    write(folder .. "/.hidden.lua", "this is no Lua\n")
    write(folder .. "/notes.txt", "nor is this\n")
    start()
    site:directory()
    book("people.lua", function(one)
      return one.version
    end)
    local health = health_of_all()
    assert.equal(1, #health.playbooks)
    assert.same({ "ok" }, { health.status })
    assert.is_nil(health.playbooks[1].last)
  end)

  it("keeps the last good version while the newest is broken, and says so once", function()
    write(folder .. "/staff.lua", 'every "1s"\nuser "new.bee@acme.example" {}\n')
    start "apply = true"
    local good = book("staff.lua", has_run)
    write(folder .. "/staff.lua", 'every "1s"\nuser "new.bee@acme.example" { grups = {} }\n')
    local broken = book("staff.lua", function(one)
      return one.broken
    end)
    assert.equal(good.version, broken.version)
    book("staff.lua", function(one)
      return one.began > good.began and one.last.outcome == "unchanged"
    end)
    local health = health_of_all()
    assert.matches("staff.lua:2: .*grups.*did you mean 'groups'", health.reasons[1].message)
    assert.equal(1, site:count_in_log "does not load, its last good version stays")
    assert.equal(1, site:metric "lastpass_playbook_broken")
    write(folder .. "/staff.lua", 'every "2s"\nuser "new.bee@acme.example" {}\n')
    book("staff.lua", function(one)
      return not one.broken and one.schedule == 'every "2s"'
    end)
    assert.equal(1, site:count_in_log "loads again")
    assert.equal(0, site:metric "lastpass_playbook_broken")
    os.remove(folder .. "/staff.lua")
    wait("nothing", function()
      local _, now = site:get "/healthz"
      return #now.playbooks == 0
    end)
  end)

  it("goes on after a reload, and with a version that was good before it", function()
    write(folder .. "/staff.lua", 'every "1s"\nuser "new.bee@acme.example" {}\n')
    start "apply = true"
    local good = book("staff.lua", has_run)
    write(folder .. "/staff.lua", "every every\n")
    book("staff.lua", function(one)
      return one.broken
    end)
    site.server:reload()
    local later = book("staff.lua", function(one)
      return one.began > good.began and one.last.outcome == "unchanged"
    end)
    assert.equal(good.version, later.version)
    assert.equal(1, site:count_in_log "does not load")
  end)

  it("says once that there is no folder, and begins when there is one", function()
    os.execute("rmdir " .. folder .. " && mkdir " .. folder)
    local journal, later = folder, folder .. "/later"
    folder = later
    start "apply = true"
    folder = journal
    local reason = wait("the trouble", function()
      local _, health = site:get "/healthz"
      local last = health.reasons[#health.reasons]
      return last and last.where == "playbooks" and last
    end)
    assert.matches("later: No such file", reason.message, 1, true)
    socket.sleep(0.3)
    assert.equal(1, site:count_in_log "later: No such file")
    os.execute("mkdir " .. later)
    write(later .. "/staff.lua", 'every "1h"\nuser "new.bee@acme.example" {}\n')
    assert.equal("applied", book("staff.lua", has_run).last.outcome)
    wait("health", function()
      local _, health = site:get "/healthz"
      return health.status == "ok"
    end)
  end)

  it("says what is missing where nginx has no threads", function()
    write(folder .. "/staff.lua", 'every "1s"\n')
    start("apply = true", { main = "thread_pool other threads=2;" })
    local trouble = wait("the trouble", function()
      local _, health = site:get "/healthz"
      local last = health.reasons[#health.reasons]
      return last and last.where == "playbooks" and last
    end)
    assert.matches("thread_pool lastpass threads=32;", trouble.hint, 1, true)
    socket.sleep(0.3)
    assert.equal(1, site:count_in_log(folder .. ": no thread of nginx"))
  end)

  it("changes under load: no failed request, broken versions reported once", function()
    local changes = LONG and 100 or 15
    write(folder .. "/staff.lua", 'every "1s"\nuser "new.bee@acme.example" {}\n')
    start("apply = true", { workers = 2 })
    book("staff.lua", has_run)
    site:directory()
    -- wrk miscounts when it inherits many files of this process; Python closes them
    local load = io.popen(
      (
        [[/usr/bin/python3 -c "import subprocess, sys; subprocess.call(sys.argv[1:])" ]]
        .. "wrk -t1 -c20 -d%ds --latency %s/directory 2>&1"
      ):format(math.ceil(changes / 3) + 2, site.server.url)
    )
    local broken = 0
    local version
    for position = 1, changes do
      if position % 3 == 0 then
        broken = broken + 1
        local mistake = position % 2 == 0 and "user {" or 'usr "x"'
        write(folder .. "/staff.lua", ('every "1s" -- %d\n%s\n'):format(position, mistake))
        book("staff.lua", function(one)
          return one.broken and site:count_in_log "does not load" == broken
        end)
      else
        write(
          folder .. "/staff.lua",
          ('every "1s" -- %d\nuser "new.bee@acme.example" {}\n'):format(position)
        )
        version = book("staff.lua", function(one)
          return not one.broken and one.version ~= version
        end).version
      end
    end
    local report = load:read "*a"
    load:close()
    assert.is_nil(report:match "Non%-2xx", report)
    assert.is_nil(report:match "Socket errors", report)
    assert.is_true(tonumber(report:match "(%d+) requests in") > 1000, report)
    assert.equal(broken, site:count_in_log "does not load")
    assert.is_true(site:metric 'lastpass_playbook_runs_total{outcome="unchanged"' >= 2)
    assert.is_nil(site:metric 'lastpass_playbook_runs_total{outcome="failed"')
    print(
      ("\nplaybooks: %d changes (%d broken) beside %s requests, p99 %s"):format(
        changes,
        broken,
        report:match "(%d+) requests in",
        report:match "99%%%s+(%S+)"
      )
    )
  end)
end)

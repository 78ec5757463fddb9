-- How far the export of events is behind, in a real nginx over a sandbox.
-- Runs once: nginx has its own LuaJIT.
local lastpass = require "lastpass"
local sites = require "spec.support.site"
local socket = require "socket"
local time = require "lastpass.time"
local wait = require "spec.support.wait"

local LONGEST = 150 -- seconds: a measurement that failed is tried again after 60

describe("the event lag of a tenant", function()
  local box, site, folder

  before_each(function()
    -- Reading leaves events as well: those of the export itself, of nginx and of the measurement are newer
    -- than what the export has handed on whenever a second has ended in between.
    box = assert(lastpass.sandbox.start {
      users = 30,
      seed = 4,
      clock = "now",
      assumptions = { audit_reads = false },
    })
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

  local function start()
    local tenant = ('folders = false, journal = %q, event_cursor = "siem",'):format(
      folder .. "/journal.db"
    )
    site = sites.start(box, { workers = 2, tenant = tenant })
  end

  local function export(client)
    return assert(client:export {
      cursor = "siem",
      from = "-1h",
      format = "ndjson",
      sink = folder .. "/events.ndjson",
    })
  end

  it("is the age of the oldest event that was not handed on, and 0 when all were", function()
    local client = box:client { journal = folder .. "/journal.db" }
    assert(client:batchadd { { username = "one@acme.example" } })
    socket.sleep(1.1)
    export(client)
    start()
    wait("the lag", function()
      return site:metric "lastpass_event_lag_seconds" == 0
    end, LONGEST)
    site:stop()
    socket.sleep(1.1) -- times are in seconds
    assert(client:batchadd { { username = "two@acme.example" } })
    local created -- by the sandbox's clock, which may be a little behind
    for event in client:events { from = "-1h" } do
      if event.data == "two@acme.example" then
        created = event.time
      end
    end
    socket.sleep(2)
    assert(client:batchadd { { username = "three@acme.example" } })
    local started = time.now()
    start()
    local lag = wait("the lag", function()
      return site:metric "lastpass_event_lag_seconds"
    end, LONGEST)
    assert.is_true(lag >= started - created and lag <= time.now() - created, lag)
  end)

  it("is not told while nobody exports", function()
    start()
    site:directory()
    socket.sleep(0.5)
    assert.is_nil(site:metric "lastpass_event_lag_seconds")
    assert.equal(0, site:count_in_log "event lag")
  end)
end)

--- A worker as a process of its own, which may be killed or stopped at any moment. Arguments: file of companies, run, seconds of
-- the lease and of a call, companies at once. Its lines say what it does.
local lastpass = require "lastpass"
local worker = require "lastpass.tenants.worker"

io.stdout:setvbuf "line"
local lease, timeout = tonumber(arg[3]), tonumber(arg[4])

local set = assert(lastpass.tenants.load {
  file = arg[1],
  connect = worker.connect(lastpass.new, { lease = lease, timeout = timeout }),
})
local totals, message = worker
  .new(set, {
    run = tonumber(arg[2]),
    once = true,
    lease = lease,
    timeout = timeout,
    in_flight = tonumber(arg[5]),
    every = 0.3,
    on_event = function(event)
      print(event.what, event.company or "", event.code or "", event.message or "")
    end,
  })
  :work()
if not totals then
  io.stderr:write(message, "\n")
  os.exit(1)
end

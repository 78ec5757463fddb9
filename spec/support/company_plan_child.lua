--- The child process of spec/tenants/plan_property_spec.lua: applies a plan over companies, or continues it. It may be killed
-- at any moment. Arguments: file of companies, plan file.
local lastpass = require "lastpass"
local worker = require "lastpass.tenants.worker"

-- a call may be carried out no later than a second after its intent, and a lease lasts two of them
local TIMEOUT, LEASE = 1, 2

local set = assert(lastpass.tenants.load {
  file = arg[1],
  connect = worker.connect(lastpass.new, { timeout = TIMEOUT, lease = LEASE }),
})
local plans = assert(set:load_plan(arg[2]))
local result = assert(set:apply(plans, {
  timeout = TIMEOUT,
  lease = LEASE,
  waves = { 1, "40%", "rest" },
  budget = "100%",
  chunk = 3,
  in_flight = 3,
  company_in_flight = 1,
  settle_after = 0.2,
  late_margin = 0,
}))
assert(result.done + #result.missing == result.companies)
if result.done < result.companies then
  for _, one in ipairs(result.missing) do
    io.stderr:write(one.company, ": ", one.message, "\n")
  end
  os.exit(1)
end

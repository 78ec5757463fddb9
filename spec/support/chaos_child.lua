--- The child process of the chaos specs: applies a plan, or goes on with the run of it. It may be
-- killed at any moment. Arguments: address, account number, hash, journal, plan file; for plans over SCIM
-- address and token of the endpoint.
local lastpass = require "lastpass"

local url, cid, provhash, journal, plan_path = arg[1], arg[2], arg[3], arg[4], arg[5]

local client = lastpass.new {
  url = url,
  cid = cid,
  provhash = lastpass.secret.value(provhash),
  journal = journal,
  chunk = 25,
  timeout = 2,
  scim = arg[6] and { url = arg[6], token = lastpass.secret.value(arg[7]), timeout = 2 },
  -- the sandbox's clock stands still, and so must this one: the plan was made at its time
  now = function()
    return 1781528400
  end,
}

-- a call of this child may be carried out no later than four seconds after its intent
local options = { settle_after = 0.3, late_margin = 0 }

local last = assert(client:runs { limit = 1 })[1]
local run
if not last then
  local plan = assert(client:load_plan(plan_path))
  local final = require("lastpass.plan.document").final_count(plan.body)
  options.confirm_final = final > 0 and final or nil
  run = assert(client:apply(plan, options))
elseif last.state ~= "finished" then
  run = assert(client:resume(last.id, options))
end
if run and run.state ~= "finished" then
  io.stderr:write(run.stopped.message, "\n")
  os.exit(1)
end

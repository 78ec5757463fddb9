-- calls.lua URL CA CALLS: small calls, one after the other on a kept connection.
local setup = require "bench.work.setup"

local WARM_CALLS = 50 -- before those that count

local client = setup.client(arg[1], arg[2])
local data = { username = "ann@acme.com" }

local function call_often(count)
  for _ = 1, count do
    assert(client:reinviteuser(data))
  end
end

call_often(WARM_CALLS)
local begin = setup.now()
call_often(tonumber(arg[3]))
setup.report("seconds", setup.now() - begin)

-- calls.lua URL CA CALLS IN_FLIGHT [WARM]: small calls, so many under way at once; WARM calls come
-- before and do not count.
local lastpass = require "lastpass"
local setup = require "bench.work.setup"

local calls, in_flight, warm = tonumber(arg[3]), tonumber(arg[4]), tonumber(arg[5] or 0)
local client = setup.client(arg[1], arg[2])
local data = { username = "ann@acme.com" }

local function call()
  assert(client:reinviteuser(data))
end

local function run(count)
  if in_flight == 1 then
    for _ = 1, count do
      call()
    end
    return
  end
  lastpass.parallel(in_flight, function(spawn)
    for _ = 1, count do
      spawn(call)
    end
  end)
end

run(warm)
local begin, used = setup.now(), os.clock()
run(calls)
setup.tell("seconds", setup.now() - begin)
setup.tell("used", os.clock() - used)

-- 32 connections started at once: processor time of 32 calls.
local CALLS = 32

local function run(url, in_flight)
  return function(bench)
    local before = bench.server:accepted()
    local sample = bench.measure {
      bench.lua,
      "bench/work/calls.lua",
      bench[url],
      bench.ca_file,
      CALLS,
      in_flight,
    }
    local started = bench.server:accepted() - before - 1
    if started ~= in_flight then
      error(("%d connections were started, not %d"):format(started, in_flight), 0)
    end
    return sample
  end
end

return {
  ours = run("slow_url", CALLS),
  theirs = run("small_url", 1),
  rows = {
    {
      job = "32 connections started at once, processor time",
      rival = "32 calls on one connection",
      of = "used",
      unit = "ms",
      at_most = 150,
      absolute = true,
    },
  },
}

-- 1,000 calls that the server answers after 50 ms, 32 under way.
local CALLS, IN_FLIGHT = 1000, 32

return {
  ours = function(bench)
    local url = bench.slow_url
    return bench.measure { bench.lua, "bench/work/calls.lua", url, bench.ca_file, CALLS, IN_FLIGHT }
  end,
  theirs = function(bench)
    return bench.measure {
      bench.floor,
      "multi",
      bench.slow_url,
      bench.ca_file,
      bench.small_body,
      CALLS,
      IN_FLIGHT,
    }
  end,
  rows = {
    {
      job = "1,000 calls at 50 ms, 32 in flight",
      rival = "bare libcurl multi",
      of = "seconds",
      at_most = 1.05,
    },
  },
}

-- One small call after the other on a kept connection.
-- A call is short and a machine has moods, so that there are many short runs of each side.
local CALLS, WARM = 1000, 50

return {
  pairs = 25,
  ours = function(bench)
    local url = bench.small_url
    return bench.measure { bench.lua, "bench/work/calls.lua", url, bench.ca_file, CALLS, 1, WARM }
  end,
  theirs = function(bench)
    return bench.measure {
      bench.floor,
      "easy",
      bench.small_url,
      bench.ca_file,
      bench.small_body,
      CALLS,
    }
  end,
  rows = {
    {
      job = "1,000 small calls, connection kept",
      rival = "bare libcurl easy loop",
      of = "seconds",
      at_most = 1.3,
    },
  },
}

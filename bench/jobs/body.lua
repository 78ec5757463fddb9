-- 100,000 users in one body over TLS, made into rows while they arrive; the connection stands.
return {
  ours = function(bench)
    local url = bench.url(100000)
    return bench.measure {
      bench.lua,
      "bench/work/read.lua",
      "body",
      url,
      bench.ca_file,
      bench.small_url,
    }
  end,
  theirs = function(bench)
    return bench.measure {
      bench.floor,
      "discard",
      bench.url(100000),
      bench.ca_file,
      bench.body "getuserdata",
      bench.small_url,
    }
  end,
  rows = {
    {
      job = "100,000 users streamed over TLS into rows",
      rival = "libcurl discarding",
      of = "seconds",
      at_most = 2.5,
    },
    { job = "the same, peak memory", of = "peak", unit = "MB", at_most = 60 },
  },
}

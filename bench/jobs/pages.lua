-- 100,000 users over TLS, in pages of 2,000, four under way.
return {
  ours = function(bench)
    local url = bench.url(100000)
    return bench.measure { bench.lua, "bench/work/read.lua", "pages", url, bench.ca_file }
  end,
  theirs = function(bench)
    local url = bench.url(100000)
    return bench.measure {
      "/usr/bin/python3",
      "bench/rivals.py",
      "pages",
      url,
      bench.ca_file,
      bench.body("getuserdata", '{"pagesize":2000,"pageindex":0}'),
    }
  end,
  rows = {
    {
      job = "100,000 users over TLS in pages of 2,000",
      rival = "Python requests + json",
      of = "seconds",
      at_least = 4,
    },
  },
}

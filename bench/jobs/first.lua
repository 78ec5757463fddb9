-- The first call: whole processes, from their start to their end.
return {
  pairs = 15,
  ours = function(bench)
    return bench.measure { bench.lua, "bench/work/first.lua", bench.small_url, bench.ca_file }
  end,
  theirs = function(bench)
    return bench.measure {
      "curl",
      "-sS",
      "--noproxy",
      "*",
      "--cacert",
      bench.ca_file,
      "-H",
      "Content-Type: application/json",
      "-d",
      bench.small_body,
      bench.small_url,
      "-o",
      "/dev/null",
    }
  end,
  rows = {
    {
      job = "first call of a process, its start included",
      rival = "curl command",
      of = "wall",
      at_most = 1.5,
    },
  },
}

-- Loading the module.
return {
  pairs = 25,
  ours = function(bench)
    return bench.measure { bench.lua, "bench/work/load.lua", "lastpass" }
  end,
  theirs = function(bench)
    return bench.measure { bench.lua, "bench/work/load.lua", "cjson", "socket" }
  end,
  rows = {
    {
      job = 'require "lastpass"',
      rival = 'require "cjson" + "socket"',
      of = "seconds",
      at_most = 3,
    },
    { job = "the same", of = "seconds", unit = "ms", at_most = 5 },
    { job = "the same, and a client made", of = "ready", unit = "ms", at_most = 5 },
  },
}

-- 100,000 users in memory, three fields of each read.
local function run(way)
  return function(bench)
    local file = bench.directory(100000) .. "/all"
    return bench.measure { bench.lua, "bench/work/decode.lua", way, file, "visit" }
  end
end

return {
  ours = run "lastpass",
  theirs = run "cjson",
  rows = {
    {
      job = "100,000 users visited, three fields read",
      rival = "loop after lua-cjson",
      of = "seconds",
      at_most = 1,
    },
  },
}

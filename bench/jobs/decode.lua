-- 100,000 users whose bytes are in memory.
local function run(way)
  return function(bench)
    local file = bench.directory(100000) .. "/all"
    return bench.measure { bench.lua, "bench/work/decode.lua", way, file }
  end
end

return {
  ours = run "lastpass",
  theirs = run "cjson",
  rows = {
    {
      job = "100,000 users in memory, ready for look-ups",
      rival = "lua-cjson decode",
      of = "seconds",
      at_least = 15,
    },
    {
      job = "the same, peak memory (the bytes included)",
      rival = "lua-cjson decode",
      of = "held",
      unit = "MB",
      at_most = 0.5,
    },
  },
}

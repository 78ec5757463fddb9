-- 100,000 and a million users over TLS, one after the other, nobody kept.
local function run(bench, users)
  local url = bench.url(users)
  return bench.measure { bench.lua, "bench/work/read.lua", "stream", url, bench.ca_file }
end

return {
  ours = function(bench)
    return { few = run(bench, 100000).peak, many = run(bench, 1000000).peak }
  end,
  rows = {
    { job = "100,000 users one by one, peak memory", of = "few", unit = "MB", at_most = 20 },
    { job = "1,000,000 users one by one, peak memory", of = "many", unit = "MB", at_most = 20 },
  },
}

-- 100,000 rows of an HR file against a directory of 100,000 users with 500 groups, of whom one in a
-- hundred has changed: reading both included.
local counts = { "create", "name", "join", "leave", "enable", "disable", "missing" }

local function files(bench)
  local folder = bench.directory(100000)
  local directory, hr = folder .. "/all", folder .. "/hr.csv"
  bench.measure { bench.lua, "bench/work/make_hr.lua", directory, hr }
  return directory, hr
end

local function told(sample)
  local words = {}
  for index, name in ipairs(counts) do
    words[index] = ("%s %d"):format(name, assert(sample[name], name))
  end
  return table.concat(words, ", ")
end

local expected -- the first count; all others must be the same

local function check(sample)
  expected = expected or told(sample)
  if told(sample) ~= expected then
    error(("one found %s, another %s"):format(expected, told(sample)), 0)
  end
  return sample
end

return {
  ours = function(bench)
    local directory, hr = files(bench)
    local function run(way)
      return check(bench.measure { bench.lua, "bench/work/plan.lua", way, directory, hr })
    end
    local mapping, rows = run "mapping", run "rows"
    return {
      mapping = mapping.seconds,
      rows = rows.seconds,
      peak = math.max(mapping.peak, rows.peak),
    }
  end,
  theirs = function(bench)
    local directory, hr = files(bench)
    local python = { "/usr/bin/python3", "bench/rivals.py", "plan", directory, hr }
    local sample = check(bench.measure(python))
    return { mapping = sample.seconds, rows = sample.seconds }
  end,
  rows = {
    {
      job = "plan: 100,000 rows by a mapping, 100,000 users",
      rival = "Python json + csv + dict",
      of = "mapping",
      at_least = 6,
    },
    {
      job = "the same, a Lua function for every row",
      rival = "Python json + csv + dict",
      of = "rows",
      at_least = 2,
    },
    { job = "the same, peak memory of either", of = "peak", unit = "MB", at_most = 150 },
  },
}

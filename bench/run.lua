-- make bench [JOBS="memory small"]: measures the jobs of bench/jobs.lua beside their rivals, prints a
-- table, writes build/bench.json, and fails when a bar is missed. Run from the root of the repository.
local fixtures = require "bench.fixtures"
local jobs = require "bench.jobs"
local json = require "lastpass.json"
local server = require "bench.server"
local shell = require "bench.shell"
local text = require "lastpass.text"

local PAIRS = 5

local function median(list)
  table.sort(list)
  local middle = math.floor((#list + 1) / 2)
  return #list % 2 == 1 and list[middle] or (list[middle] + list[middle + 1]) / 2
end

local function check_same(job, ours, theirs)
  for _, name in ipairs(job.same or {}) do
    if not ours[name] or ours[name] ~= theirs[name] then
      error(("ours: %s %s, the rival: %s"):format(name, ours[name], theirs[name]), 0)
    end
  end
end

-- Both sides in turn, A B A B …, so that a machine that slows down slows both. What is compared is the
-- median of the ratios of the pairs.
local function measure(job, bench)
  local of, ours, theirs, ratios = job.of or "seconds", {}, {}, {}
  local beside = {}
  for pair = job.cold and 1 or 0, job.pairs or PAIRS do
    local mine = shell.measure(job.ours(bench))
    local other = job.theirs and shell.measure(job.theirs(bench))
      or job.rival_of and { [of] = assert(mine[job.rival_of]) }
    if other then
      check_same(job, mine, other)
    end
    if pair > 0 then
      ours[pair] = mine[of]
      for _, entry in ipairs(job.beside or {}) do
        beside[entry.of] = beside[entry.of] or {}
        beside[entry.of][pair] = mine[entry.of]
      end
      theirs[pair] = other and other[of]
      ratios[pair] = not other and mine[of]
        or job.at_least and other[of] / mine[of]
        or mine[of] / other[of]
    end
  end
  local reached, rows = median(ratios), {}
  for position, entry in ipairs(job.beside or {}) do
    rows[position] = { job = entry.job, ours = median(beside[entry.of]), ok = true }
  end
  return {
    job = job.job,
    rival = job.rival,
    ours = median(ours),
    theirs = job.rival and median(theirs),
    reached = reached,
    at_least = job.at_least,
    at_most = job.at_most,
    ok = (not job.at_least or reached >= job.at_least)
      and (not job.at_most or reached <= job.at_most),
  },
    rows
end

local function seconds(value)
  if not value then
    return "–"
  end
  return value >= 1 and ("%.2f s"):format(value) or ("%.1f ms"):format(value * 1000)
end

local columns = {
  { title = "job", field = "job" },
  {
    title = "ours",
    align = "right",
    field = function(row)
      return seconds(row.ours)
    end,
  },
  {
    title = "rival",
    field = function(row)
      return row.rival or "–"
    end,
  },
  {
    title = "needs",
    align = "right",
    field = function(row)
      return seconds(row.theirs)
    end,
  },
  {
    title = "ratio",
    align = "right",
    field = function(row)
      return row.rival and ("%.2f"):format(row.reached) or "–"
    end,
  },
  {
    title = "bar",
    align = "right",
    field = function(row)
      local unit = row.rival and "×" or "s"
      return not row.at_least and not row.at_most and "–"
        or row.at_least and (">= %g %s"):format(row.at_least, unit)
        or ("<= %g %s"):format(row.at_most, unit)
    end,
  },
  {
    title = "ok",
    field = function(row)
      return not row.at_least and not row.at_most and "–" or row.ok and "yes" or "NO"
    end,
  },
}

local function write_json(name, results)
  local file = assert(io.open(name, "w"))
  assert(file:write(json.encode(json.list(results)), "\n"))
  assert(file:close())
end

local function selected(names)
  local wanted, list = {}, {}
  for _, name in ipairs(names) do
    wanted[name] = true
  end
  for _, job in ipairs(jobs) do
    if #names == 0 or wanted[job.name] then
      list[#list + 1] = job
      wanted[job.name] = nil
    end
  end
  if next(wanted) then
    local known = {}
    for position, job in ipairs(jobs) do
      known[position] = job.name
    end
    local message = "there is no job '%s' (known are: %s)"
    error(message:format((next(wanted)), table.concat(known, ", ")), 0)
  end
  return list
end

local function run_jobs(list, bench)
  local results, failures = {}, {}
  for _, job in ipairs(list) do
    io.stderr:write("measuring: ", job.name, "\n")
    local ok, result, beside = pcall(measure, job, bench)
    if ok then
      results[#results + 1] = result
      for _, row in ipairs(beside) do -- what a figure has to be read beside
        results[#results + 1] = row
      end
    else
      failures[#failures + 1] = ("not measured: %s: %s"):format(job.name, tostring(result))
    end
  end
  return results, failures
end

local function main(names)
  local list = selected(names)
  shell.build()
  local running = server.start()
  local ok, results, failures = pcall(run_jobs, list, fixtures.new(arg[-1], running))
  running:stop()
  if not ok then
    error(results, 0)
  end
  print(text.table(results, columns))
  write_json("build/bench.json", results)
  local missed = #failures
  for _, failure in ipairs(failures) do
    print(failure)
  end
  for _, result in ipairs(results) do
    missed = missed + (result.ok and 0 or 1)
  end
  return missed == 0
end

os.exit(main { (table.unpack or unpack)(arg) } and 0 or 1)

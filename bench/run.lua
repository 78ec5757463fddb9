-- make bench [JOBS="decode small"]: measures what the module does against others doing the same,
-- prints a table, writes build/bench.json, and fails when a row falls short. To add a row, write
-- bench/jobs/<name>.lua and name it here. Run from the root of the repository.
local compare = require "bench.compare"
local directories = require "bench.directories"
local growth = require "bench.growth"
local report = require "bench.report"
local server = require "bench.server"
local shell = require "bench.shell"

local jobs = {
  "decode",
  "pages",
  "visit",
  "small",
  "flight",
  "first",
  "require",
  "body",
  "stream",
  "start",
  "plan",
  "export",
  "reports",
  "gateway",
  "growth",
}

local lua = arg[-1]
local made = {}

-- The directories are made when a job first asks for one.
local function directory(users)
  if not made[users] then
    directories.make(lua, users)
    made[users] = true
  end
  return directories.path(users)
end

local function body(command, data)
  local text = ('{"cid":8771312,"provhash":"%s","cmd":"%s"'):format(("0"):rep(64), command)
  return text .. (data and ',"data":' .. data or "") .. "}"
end

-- What jobs are given.
local function make_bench(running)
  return {
    lua = lua,
    floor = shell.BUILD .. "/floor",
    server = running,
    ca_file = running.ca_file,
    small_url = running.url .. "/small",
    slow_url = running.url .. "/slow",
    small_body = body("reinviteuser", '{"username":"ann@acme.com"}'),
    body = body,
    measure = shell.measure,
    directory = directory,
    url = function(users)
      directory(users)
      return ("%s/%d/enterpriseapi.php"):format(running.url, users)
    end,
  }
end

-- The results of one job; what shows growth has a table of its own.
local function run_job(name, bench)
  if name == "growth" then
    growth.print(bench)
    print()
    return {}
  end
  local job = require("bench.jobs." .. name)
  if job.start then
    job.start()
  end
  local ok, results = pcall(compare.run, job, bench)
  if job.stop then
    job.stop()
  end
  if not ok then
    error(results, 0)
  end
  return results
end

local function run_jobs(names, bench)
  local results, failures = {}, {}
  for _, name in ipairs(names) do
    io.stderr:write("measuring: ", name, "\n")
    local ok, answer = pcall(run_job, name, bench)
    if not ok then
      failures[#failures + 1] = name .. ": " .. tostring(answer)
    end
    for _, result in ipairs(ok and answer or {}) do
      results[#results + 1] = result
    end
  end
  return results, failures
end

local function is_reached(results)
  for _, result in ipairs(results) do
    if not result.ok then
      return false
    end
  end
  return true
end

local function main(names)
  shell.build()
  local running = server.start()
  local ok, results, failures = pcall(run_jobs, names, make_bench(running))
  running:stop()
  if not ok then
    error(results, 0)
  end
  report.print(results)
  report.write("build/bench.json", results)
  for _, failure in ipairs(failures) do
    print("not measured: " .. failure)
  end
  return #failures == 0 and is_reached(results)
end

os.exit(main(#arg > 0 and { (table.unpack or unpack)(arg) } or jobs) and 0 or 1)

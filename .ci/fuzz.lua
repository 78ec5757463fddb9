-- Runs fuzzers one after the other, and believes none of them: each must end well, must have had as
-- many inputs as were asked for, and may leave nothing behind.
-- Seeds are chosen for the lines and branches that they reach, not for how often, which keeps them few.
-- Usage: lua5.4 .ci/fuzz.lua run FOLDER SECONDS LEAST RUNS NAME…   (RUNS: a number, or empty)
--        lua5.4 .ci/fuzz.lua seeds FOLDER NAME…
-- FOLDER has the programs; those without one are spec/fuzz/NAME_fuzz.lua. Inputs that reach something
-- new are collected in FOLDER/NAME-corpus, what went wrong in FOLDER/NAME-found.
local verb, folder = arg[1], arg[2]
local SEEDS = "spec/fuzz/seeds"

-- Leaks of libldap are not ours (ldap_fuzz.c).
local ENVIRONMENT = { ldap = "ASAN_OPTIONS=detect_leaks=0" }
local OPTIONS = {
  directory = "-max_len=4096",
  diff = "-max_len=4096",
  events = "-max_len=4096",
  ldap = "-max_len=1024 -detect_leaks=0",
}

local function execute(command)
  local ok, how, code = os.execute(command)
  return ok == true, ("%s %s"):format(tostring(how), tostring(code))
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

local function content(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local function files_in(path)
  local names = {}
  local pipe = assert(io.popen(("ls -A '%s' 2>/dev/null"):format(path)))
  for name in pipe:lines() do
    names[#names + 1] = name
  end
  pipe:close()
  return names
end

-- What an earlier run has found is the first to be tried: it counts again, or it is fixed.
local function prepare(name)
  local corpus, found = folder .. "/" .. name .. "-corpus", folder .. "/" .. name .. "-found"
  assert(execute(("mkdir -p '%s' '%s'"):format(corpus, found)))
  assert(execute(("find '%s' -type f -exec mv -t '%s' {} +"):format(found, corpus)))
  return corpus, found
end

local function seeds_of(name)
  local path = SEEDS .. "/" .. name
  return #files_in(path) > 0 and "'" .. path .. "'" or ""
end

local function libfuzzer(name, arguments, log)
  local command = { ENVIRONMENT[name] or "", ("'%s/%s'"):format(folder, name), OPTIONS[name] or "" }
  for _, argument in ipairs(arguments) do
    command[#command + 1] = argument
  end
  return execute(("%s >'%s' 2>&1"):format(table.concat(command, " "), log))
end

-- The times are far above what an input needs, for machines that do much else.
local function run_once(name, corpus, found, limit, log)
  local ended, how = libfuzzer(name, {
    limit,
    "-print_final_stats=1 -verbosity=0 -report_slow_units=60 -timeout=300",
    ("-artifact_prefix='%s/' '%s' %s"):format(found, corpus, seeds_of(name)),
  }, log)
  local executed = content(log):match "stat::number_of_executed_units:%s*(%d+)"
  return ended, how, tonumber(executed)
end

local function run_program(name, seconds, least, runs, log)
  local corpus, found = prepare(name)
  local limit = runs and "-runs=" .. runs or "-max_total_time=" .. seconds
  local ended, how, executed = run_once(name, corpus, found, limit, log)
  if ended and not runs and executed and executed < least then
    -- a slow machine: the time was over before
    ended, how, executed = run_once(name, corpus, found, "-runs=" .. least, log)
  end
  return ended, how, executed, files_in(found)
end

local function run_script(name, seconds, least, log)
  local path = ("spec/fuzz/%s_fuzz.lua"):format(name)
  local ended, how = execute(("lua5.4 '%s' %s %d >'%s' 2>&1"):format(path, seconds, least, log))
  return ended, how, tonumber(content(log):match(name .. "_fuzz: (%d+) rounds")), {}
end

local function run_one(name, seconds, least, runs)
  local log, began = folder .. "/" .. name .. ".log", os.time()
  local is_program = exists(folder .. "/" .. name)
  local ended, how, executed, found
  if is_program then
    ended, how, executed, found = run_program(name, seconds, least, runs, log)
  else
    ended, how, executed, found = run_script(name, seconds, least, log)
  end
  local problems = {}
  if not ended then
    problems[#problems + 1] = "it ended with " .. how
  end
  local asked = is_program and runs or least
  if not executed then
    problems[#problems + 1] = "it did not say how many inputs it had"
  elseif executed < asked then
    problems[#problems + 1] = ("it had %d inputs, not %d"):format(executed, asked)
  end
  for _, file in ipairs(found) do
    problems[#problems + 1] = ("it found %s/%s-found/%s"):format(folder, name, file)
  end
  print(("%-12s %11s inputs in %d s"):format(name, executed or "no", os.time() - began))
  if #problems > 0 then
    print(content(log):sub(-6000))
    print(("fuzzer %s: %s"):format(name, table.concat(problems, "; ")))
  end
  return #problems == 0
end

if verb == "run" then
  local seconds, least, runs = tonumber(arg[3]), tonumber(arg[4]), tonumber(arg[5])
  assert(seconds and least and #arg > 5, "SECONDS, LEAST and the fuzzers' names are needed")
  assert(runs or arg[5] == "", "RUNS must be a number")
  local failed = {}
  for i = 6, #arg do
    if not run_one(arg[i], seconds, least, runs) then
      failed[#failed + 1] = arg[i]
    end
  end
  if #failed > 0 then
    print("failed: " .. table.concat(failed, ", "))
    os.exit(1)
  end
elseif verb == "seeds" then
  for i = 3, #arg do
    local name, log = arg[i], folder .. "/seeds.log"
    local seeds, corpus = SEEDS .. "/" .. name, prepare(name)
    assert(execute(("mkdir -p '%s'"):format(seeds)))
    if
      not libfuzzer(
        name,
        { ("-set_cover_merge=1 -use_counters=0 '%s' '%s'"):format(seeds, corpus) },
        log
      )
    then
      error(name .. ": the merge failed\n" .. content(log), 0)
    end
    print(("%-12s %d seeds"):format(name, #files_in(seeds)))
  end
else
  error "run or seeds?"
end

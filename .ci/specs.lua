-- Runs the specs, each file in a process of its own so that none can lean on another, and closes
-- with the line "N passed, N failed". Two more run at a time than there are processors, four at
-- most, for many wait most of their time; what a file printed is shown in one piece when it has
-- ended, with the seconds that passed and those of the processor, as far as the file waited for its
-- children. A file that takes longer than SPEC_LIMIT seconds has failed: it is ended with all that it
-- started, and what ran then is shown.
-- Usage: [SPEC_JOBS=N] [SPEC_LIMIT=N] lua5.4 .ci/specs.lua INTERPRETER FILE-OR-FOLDER…
-- (the interpreter may be a whole command)
local processes = dofile ".ci/processes.lua"

local MOST_JOBS = 4 -- unless SPEC_JOBS says otherwise
local LIMIT = tonumber(os.getenv "SPEC_LIMIT") or 900
local PATIENCE = 10 -- seconds that what is asked to end has for it
local LONG = 300 -- seconds, after each of which it is said that a file still runs

local interpreter = arg[1]
io.stdout:setvbuf "line"

local function lines_of(command)
  local lines = {}
  local pipe = assert(io.popen(command))
  for line in pipe:lines() do
    lines[#lines + 1] = line
  end
  pipe:close()
  return lines
end

-- What the comment at the head of a spec says about how to run it:
-- "Runs once: why" is about a program that is the same under every interpreter; lua5.4 runs it.
-- "Runs alone: why" measures something that other specs would disturb.
-- "Runs first: why" is long, and would be waited for if it began late.
local function marks_of(file)
  local marks = {}
  for line in io.lines(file) do
    if line:sub(1, 2) ~= "--" then
      break
    end
    local mark = line:match "^%-%- Runs (%a+): "
    if mark then
      marks[mark] = true
    end
  end
  return marks
end

local first, shared, alone, left_out = {}, {}, {}, 0
for i = 2, #arg do
  for _, file in ipairs(lines_of("find '" .. arg[i] .. "' -name '*_spec.lua' | sort")) do
    local marks = marks_of(file)
    if marks.once and interpreter ~= "lua5.4" then
      left_out = left_out + 1
    else
      local list = marks.alone and alone or marks.first and first or shared
      list[#list + 1] = file
    end
  end
end

-- Each file is a session of its own, without a terminal, and leaves its mark in the environment of what
-- it starts. nohup ignores SIGHUP, and what runs in the background SIGINT, and with it every program
-- that a spec starts: `env` sets them back.
local RUN_ONE = [[
path=$0.$1
began=$(date +%%s)
export SPEC_WITHIN="$SPEC_WITHIN$path;"
setsid env --default-signal=HUP,INT,QUIT %s /usr/bin/busted -o plainTerminal --no-coverage \
  --helper=.ci/test_at_hand.lua -Xhelper "$path.test" "$2" >"$path" 2>&1 &
file=$!
trap 'kill -- "$file" "-$file"; exit 143' HUP INT TERM
echo "began $1 $file"
wait "$file"
code=$?
kill -s KILL -- "-$file" 2>/dev/null # what it has left running
times >"$path.times"
echo "ended $1 $code $(($(date +%%s) - began))"
]]

local passed, failed, skipped = 0, 0, 0

-- Counts of one file, from what it printed and its exit code.
local function counts_of(output, code)
  local counts
  for line in output:gmatch "[^\n]+" do
    local successes, failures, errors, pending =
      line:match "^(%d+) successe?s? / (%d+) failures? / (%d+) errors? / (%d+) pending"
    if successes then
      counts = { tonumber(successes), tonumber(failures) + tonumber(errors), tonumber(pending) }
    end
  end
  counts = counts or { 0, 1, 0 } -- it did not come to its end
  if counts[1] + counts[2] + counts[3] == 0 or (code ~= 0 and counts[2] == 0) then
    counts[2] = counts[2] + 1 -- a spec without a test, or a sanitizer spoke at the end
  end
  return counts
end

-- Seconds of the processor, from what the shell's `times` says in its second line of its children.
local function processor_seconds(path)
  local input = assert(io.open(path))
  local line = input:read "a":match "\n(.*)"
  input:close()
  os.remove(path)
  local seconds = 0
  for minutes, rest in line:gmatch "(%d+)m([%d.]+)s" do
    seconds = seconds + minutes * 60 + rest
  end
  return seconds
end

local worked = 0

local function report_file(file, output, code, seconds, work)
  worked = worked + work
  local counts = counts_of(output, code)
  passed, failed, skipped = passed + counts[1], failed + counts[2], skipped + counts[3]
  print(
    ("%-7s %-46s %d passed, %d failed, %d skipped, %d s, %.1f s of work"):format(
      counts[2] > 0 and "FAILED" or "ok",
      file,
      counts[1],
      counts[2],
      counts[3],
      seconds,
      work
    )
  )
  if counts[2] > 0 or counts[3] > 0 then
    io.write(output)
  end
end

-- A file that takes long: says so, and ends it when it is too long.
local function look_at(one)
  local age = os.time() - one.began
  if age >= LIMIT and not one.late then
    one.late = processes.describe(one.started())
    processes.signal(one.started(), "TERM")
  elseif age >= LIMIT + PATIENCE then
    processes.signal(one.started(), "KILL")
  elseif age >= one.said + LONG then
    one.said = age
    print(("%s has been running for %d s"):format(one.file, age))
  end
end

local function text_of(path)
  local input = io.open(path, "rb")
  local text = input and input:read "a" or ""
  if input then
    input:close()
  end
  os.remove(path)
  return text
end

local function end_one(one, code, seconds)
  local output, test = text_of(one.path), text_of(one.path .. ".test")
  local work = processor_seconds(one.path .. ".times")
  if one.late then
    output = ("%s\n%s: ended after %d s, %s; what ran:\n%s\n"):format(
      output,
      one.file,
      seconds,
      test == "" and "before its first test" or test,
      one.late
    )
    code = code ~= 0 and code or 1
    processes.signal(one.started(), "KILL")
  end
  report_file(one.file, output, code, seconds, work)
end

-- Whoever waits for the lines of the pool hears something every second.
local POOL = [[
setsid sh -c 'while sleep 1 && echo tick; do :; done' & ticker=$!
xargs -r -d '\n' -n 2 -P %d sh '%s' <'%s'
kill -- "$ticker" "-$ticker" 2>/dev/null
]]

-- Runs files, so many at a time, with xargs as the pool.
local function run(files, jobs, folder)
  local script, list = folder .. "/run", folder .. "/list"
  local out = assert(io.open(script, "w"))
  out:write(RUN_ONE:format(interpreter))
  out:close()
  out = assert(io.open(list, "w"))
  for index, file in ipairs(files) do
    out:write(index, "\n", file, "\n")
  end
  out:close()
  local running, ended = {}, {}
  local pipe = assert(io.popen(POOL:format(jobs, script, list)))
  for line in pipe:lines() do
    local what, index, a, b = line:match "^(%a+) ?(%d*) ?(%d*) ?(%d*)$"
    index, a, b = tonumber(index), tonumber(a), tonumber(b)
    if what == "began" then
      local path = ("%s.%d"):format(script, index)
      running[index] = {
        file = files[index],
        path = path,
        began = os.time(),
        said = 0,
        started = function()
          return processes.of(a, path .. ";")
        end,
      }
    elseif what == "ended" then
      end_one(running[index], a, b)
      running[index], ended[index] = nil, true
    end
    for _, one in pairs(running) do
      look_at(one)
    end
  end
  pipe:close()
  for index, file in ipairs(files) do
    if not ended[index] then
      report_file(file, "it was not run to its end\n", 1, 0, 0)
    end
  end
end

local processors = tonumber(lines_of("nproc")[1]) or 1
local jobs = tonumber(os.getenv "SPEC_JOBS") or math.min(processors + 2, MOST_JOBS)
local folder = lines_of("mktemp -d")[1]
local cleanup = setmetatable({}, { -- at the end of the program, interrupted or not
  __gc = function()
    os.execute(("rm -rf '%s'"):format(folder))
  end,
})
for _, file in ipairs(shared) do
  first[#first + 1] = file
end
run(first, jobs, folder)
run(alone, 1, folder)

if #first + #alone == 0 then
  failed = 1
  print("no specs found")
end
if left_out > 0 then
  print(("%d files that run once are left to lua5.4"):format(left_out))
end
print(("%.0f s of work"):format(worked))
print(
  ("%d passed, %d failed%s"):format(
    passed,
    failed,
    skipped > 0 and (", %d skipped"):format(skipped) or ""
  )
)
os.exit(cleanup and failed == 0 and 0 or 1, true)

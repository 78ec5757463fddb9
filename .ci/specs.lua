-- Runs the specs, each file in a process of its own so that none can lean on another, and closes
-- with the line "N passed, N failed".
-- Usage: lua5.4 .ci/specs.lua INTERPRETER FILE-OR-FOLDER…   (the interpreter may be a whole command)
local interpreter = arg[1]
io.stdout:setvbuf "line"

local function lines_of(command)
  local lines = {}
  local pipe = assert(io.popen(command))
  for line in pipe:lines() do
    lines[#lines + 1] = line
  end
  return lines, pipe:close()
end

-- A spec whose subject runs in a program of its own is the same under every interpreter: its head
-- says "Runs once", and why, and it is left to lua5.4.
local function runs_once(file)
  for line in io.lines(file) do
    if line:sub(1, 2) ~= "--" then
      return false
    elseif line:find "^%-%- Runs once: " then
      return true
    end
  end
end

local files, left_out = {}, 0
for i = 2, #arg do
  for _, file in ipairs((lines_of("find '" .. arg[i] .. "' -name '*_spec.lua' | sort"))) do
    if interpreter ~= "lua5.4" and runs_once(file) then
      left_out = left_out + 1
    else
      files[#files + 1] = file
    end
  end
end

local passed, failed, skipped = 0, 0, 0
for _, file in ipairs(files) do
  -- whoever runs this by nohup has SIGHUP ignored, and with it every program that a spec starts
  local form =
    "env --default-signal=HUP %s /usr/bin/busted -o plainTerminal --no-coverage '%s' 2>&1"
  local command = form:format(interpreter, file)
  local began = os.time()
  local output, ended_well = lines_of(command)
  local counts
  for _, line in ipairs(output) do
    local successes, failures, errors, pending =
      line:match "^(%d+) successe?s? / (%d+) failures? / (%d+) errors? / (%d+) pending"
    if successes then
      counts = { tonumber(successes), tonumber(failures) + tonumber(errors), tonumber(pending) }
    end
  end
  counts = counts or { 0, 1, 0 } -- it did not come to its end
  if counts[1] + counts[2] + counts[3] == 0 or (not ended_well and counts[2] == 0) then
    counts[2] = counts[2] + 1 -- a spec without a test, or a sanitizer spoke at the end
  end
  passed, failed, skipped = passed + counts[1], failed + counts[2], skipped + counts[3]
  local verdict = counts[2] > 0 and "FAILED" or "ok"
  print(
    ("%-7s %-46s %d passed, %d failed, %d skipped, %d s"):format(
      verdict,
      file,
      counts[1],
      counts[2],
      counts[3],
      os.difftime(os.time(), began)
    )
  )
  if counts[2] > 0 or counts[3] > 0 then
    print(table.concat(output, "\n"))
  end
end

if #files == 0 then
  failed = 1
  print("no specs found")
end
if left_out > 0 then
  print(("%d files that run once are left to lua5.4"):format(left_out))
end
print(
  ("%d passed, %d failed%s"):format(
    passed,
    failed,
    skipped > 0 and (", %d skipped"):format(skipped) or ""
  )
)
os.exit(failed == 0 and 0 or 1)

-- What `make demo` shows: a sandbox company of 200 people, and an HR file brought into it, twice.
-- The sandbox is a process of its own, as a real company would be.
local json = require "lastpass.json"

local answer = os.tmpname()
local sandbox = assert(io.popen("exec lua5.4 bin/lastpass sandbox --users 200 --seed 1 >" .. answer, "w"))

local function wait_for_line(path)
  for _ = 1, 500 do
    local file = assert(io.open(path))
    local line = file:read "*l"
    file:close()
    if line then
      return assert(json.decode(line))
    end
    os.execute "sleep 0.02"
  end
  error "the sandbox did not start"
end

local function onboard(box)
  print("$ lua5.4 examples/onboard.lua examples/data/hr.csv\n")
  -- what is played here has no place among a company's runs
  local environment = ("LASTPASS_URL=%s LASTPASS_CID=%d LASTPASS_PROVHASH_FILE=%s LASTPASS_JOURNAL=:memory:"):format(
    box.url,
    box.cid,
    box.provhash_file
  )
  return os.execute(environment .. " lua5.4 examples/onboard.lua examples/data/hr.csv")
end

local box = wait_for_line(answer)
print(("A sandbox company of 200 people listens on %s.\n"):format(box.url))
local first = onboard(box)
print "\nOnce more, as cron would tomorrow:\n"
local second = onboard(box)
sandbox:close() -- the end of its standard input ends it
os.remove(answer)
os.exit(first and second and true or false)

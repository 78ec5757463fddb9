-- make_directory.lua USERS PATH: writes what getuserdata answers for a company of the sandbox:
-- everything in one body, every page of 2,000, and what a client asks beside them to prove that
-- no page was lost (the last user of each page as a page of its own).
local clock = require "lastpass.sandbox.clock"
local companies = require "lastpass.sandbox.company"
local enterprise = require "lastpass.sandbox.enterprise"

local PAGE = 2000

local users, path = tonumber(arg[1]), arg[2]
local company = assert(
  companies.new(
    { cid = 8771312, provhash = ("0"):rep(64), users = users, seed = 1 },
    clock.new(nil, true)
  )
)
local call = { company = company, peer = "127.0.0.1" }

local function page(size, index)
  return enterprise.run(call, "getuserdata", { pagesize = size, pageindex = index }).body
end

local function page_name(folder, size, index)
  return ("%s/page-%d-%d"):format(folder, size, index)
end

local function is_there()
  local file = io.open(page_name(path, PAGE, 0), "rb")
  local text = file and file:read "*a"
  if file then
    file:close()
  end
  return text == page(PAGE, 0)
end

local function write(name, next_piece)
  local file = assert(io.open(name, "wb"))
  for piece in next_piece do
    assert(file:write(piece))
  end
  assert(file:close())
end

local function once(text)
  return function()
    local piece = text
    text = nil
    return piece
  end
end

if is_there() then
  os.exit(0)
end
-- Under another name until it is complete, so that an interrupted run leaves nothing half made.
local part = path .. ".part"
assert(os.execute(("rm -rf '%s' '%s' && mkdir -p '%s'"):format(path, part, part)))
local everything = enterprise.run(call, "getuserdata", nil)
write(part .. "/all", everything.chunks or once(everything.body))
for index = 0, math.ceil(users / PAGE) - 1 do
  write(page_name(part, PAGE, index), once(page(PAGE, index)))
  local last = (index + 1) * PAGE - 1
  write(page_name(part, 1, last), once(page(1, last)))
end
assert(os.rename(part, path))

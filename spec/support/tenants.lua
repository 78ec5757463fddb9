--- A few companies in one sandbox, and a file that names them.
local json = require "lastpass.json"
local lastpass = require "lastpass"

local M = {}

--- The hash of a company here.
function M.hash(number)
  return ("%064x"):format(0xabc000 + number)
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  os.execute("chmod 600 " .. path)
end

M.write = write

--- Starts companies "c1", "c2", …; even ones are in the group "even", odd ones in "odd".
---@param count integer
---@param options? table users (of the first one; each further has one more), groups, profile(number, profile), sandbox
-- (further options of it)
function M.start(count, options)
  options = options or {}
  local list, profiles = {}, {}
  local folder = os.tmpname()
  os.remove(folder)
  os.execute("mkdir -m 700 " .. folder)
  for number = 1, count do
    list[number] = {
      cid = 9000 + number,
      users = (options.users or 3) + number - 1,
      seed = number,
      provhash = M.hash(number),
    }
  end
  local settings = { users = 3, companies = list, frozen = true }
  for name, value in pairs(options.sandbox or {}) do
    settings[name] = value
  end
  local box = assert(lastpass.sandbox.start(settings))
  for number = 1, count do
    local path = ("%s/%d.hash"):format(folder, number)
    write(path, M.hash(number))
    local profile = {
      cid = 9000 + number,
      url = box.url,
      ca_file = box.ca_file,
      provhash = { file = path },
      journal = folder .. "/journal.db",
      groups = { number % 2 == 0 and "even" or "odd" },
    }
    if options.profile then
      options.profile(number, profile)
    end
    profiles["c" .. number] = profile
  end
  local file = folder .. "/companies.json"
  write(file, json.encode { profiles = profiles, groups = options.groups })
  local place = { box = box, folder = folder, file = file, profiles = profiles }

  --- A set of them.
  function place.load(_, select, more)
    local given = { file = file, select = select }
    for name, value in pairs(more or {}) do
      given[name] = value
    end
    return lastpass.tenants.load(given)
  end

  function place.stop()
    box:stop()
    os.execute("rm -rf " .. folder)
  end
  return place
end

return M

--- What jobs are given: programs, addresses, and files that are made when a job first asks for them.
-- @module bench.fixtures
local shell = require "bench.shell"

local CID = 8771312

local M = {}

-- Makes a thing at the first call only.
local function once(make)
  local known = {}
  return function(key)
    key = key or 1
    if known[key] == nil then
      known[key] = make(key)
    end
    return known[key]
  end
end

local function write_private(name, content)
  shell.run { "sh", "-c", 'umask 077 && printf "%s" "$2" >"$1"', "sh", name, content }
  return name
end

--- A request's body.
---@param command string
---@param data? string JSON
---@return string
local function body(command, data)
  local head = ('{"cid":%d,"provhash":"%s","cmd":"%s"'):format(CID, ("0"):rep(64), command)
  return head .. (data and ',"data":' .. data or "") .. "}"
end

--- The fixtures of a run.
---@param lua string the interpreter
---@param server table of `bench.server`
---@return table bench
function M.new(lua, server)
  local bench = {
    lua = lua,
    body = body,
    ca_file = server.ca_file,
    hash_file = write_private(shell.BUILD .. "/provhash", ("0"):rep(64)),
    small_url = server.url .. "/small",
    small_body = body("reinviteuser", '{"username":"ann@acme.com"}'),
  }
  --- A folder with the replies of getuserdata of a company of so many users.
  bench.directory = once(function(users)
    local path = ("%s/%d"):format(shell.BUILD, users)
    shell.run { lua, "bench/work/make_directory.lua", tostring(users), path }
    return path
  end)
  --- The address that answers with them.
  function bench.url(users)
    bench.directory(users)
    return ("%s/%d/enterpriseapi.php"):format(server.url, users)
  end
  local make_scim = once(function(users)
    local path = ("%s/scim-%d"):format(shell.BUILD, users)
    shell.run { lua, "bench/work/make_scim.lua", tostring(users), path }
    return path
  end)
  --- The address of a SCIM server of so many users, without TLS: what is measured is the list.
  function bench.scim_url(users)
    make_scim(users)
    return ("%s/scim/%d"):format(server.plain_url, users)
  end
  local make_hr = once(function(users)
    local folder = bench.directory(users)
    shell.run { lua, "bench/work/make_hr.lua", folder .. "/all", folder .. "/hr.csv" }
    return folder
  end)
  --- The directory, and an HR file of its people.
  function bench.hr_file(users)
    local folder = make_hr(users)
    return folder .. "/all", folder .. "/hr.csv"
  end
  --- A folder with a hundred pages of events.
  bench.events = once(function()
    local path = shell.BUILD .. "/events"
    shell.run { "mkdir", "-p", path }
    shell.run { lua, "bench/work/make_events.lua", path }
    return path
  end)
  --- A compiled program of bench/.
  function bench.program(name)
    return shell.BUILD .. "/" .. name
  end
  --- A command whose Lua is 5.1.
  function bench.in_lua51(words)
    local path = os.getenv("LUA_CPATH"):gsub("/5%.4/", "/5.1/")
    return { "env", "LUA_CPATH=" .. path, (table.unpack or unpack)(words) }
  end
  return bench
end

return M

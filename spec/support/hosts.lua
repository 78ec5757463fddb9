--- Two machines, as network namespaces of this one. Each has one link to the database and one to the sandbox, which both
-- run outside of them; a link can be cut as if somebody pulled the cable: nothing is refused, nothing is answered.
local M = {}

local methods = {}
methods.__index = methods

-- Each command in a shell; false when one of them fails.
local function run(commands)
  for _, command in ipairs(commands) do
    local ok = os.execute(command .. " >/dev/null 2>&1")
    if ok ~= true and ok ~= 0 then
      return false, command
    end
  end
  return true
end

-- Links of a host end outside at the lower, inside at the upper address of four.
local links = { "db", "box" }

local function commands_for(self, host, first)
  local list = { ("ip netns add %s"):format(host.space) }
  for index, name in ipairs(links) do
    local device, lower = host.space .. name, first + 4 * (index - 1)
    for _, form in ipairs {
      "ip link add %1$s type veth peer name %2$s netns %3$s",
      "ip addr add %4$s.%5$d/30 dev %1$s",
      "ip link set %1$s up",
      "ip -n %3$s addr add %4$s.%6$d/30 dev %2$s",
      "ip -n %3$s link set %2$s up",
    } do
      local values = { device, name, host.space, self.net, lower, lower + 1 }
      list[#list + 1] = form:gsub("%%(%d)%$%a", function(number)
        return tostring(values[tonumber(number)])
      end)
    end
    if first > 1 then -- the services have the first host's addresses
      local form = "ip -n %s route add %s.%d/32 via %s.%d dev %s"
      list[#list + 1] =
        form:format(host.space, self.net, 1 + 4 * (index - 1), self.net, lower, name)
    end
  end
  return list
end

--- Makes two of them; in a network for measurements (RFC 2544), which is nobody's.
---@param number integer unlike that of others at the same time, 0 to 255
---@return table|nil hosts `database`, `sandbox`: addresses to listen at; list of hosts, each with `front` (of a command that
-- is to run there)
---@return string? command what this user may not
function M.start(number)
  local self = setmetatable({ net = ("198.18.%d"):format(number) }, methods)
  self.database, self.sandbox = self.net .. ".1", self.net .. ".5"
  for index = 1, 2 do
    local space = ("lp%d-%d"):format(number, index)
    self[index] = { space = space, front = ("ip netns exec %s "):format(space) }
    local ok, command = run(commands_for(self, self[index], 1 + 8 * (index - 1)))
    if not ok then
      self:stop()
      return nil, command
    end
  end
  return self
end

--- Whether somebody at a host is answered at an address.
function methods.reaches(_, host, address, port)
  local form = "%stimeout 2 bash -c ': </dev/tcp/%s/%d'"
  return (run { form:format(host.front, address, port) })
end

--- Cuts a host from the database.
function methods.cut(_, host)
  assert(run { ("ip link set %sdb down"):format(host.space) })
end

--- Puts the cable in again.
function methods.join(_, host)
  assert(run { ("ip link set %sdb up"):format(host.space) })
end

function methods:stop()
  for _, host in ipairs(self) do
    for _, name in ipairs(links) do
      run { ("ip link del %s%s"):format(host.space, name) }
    end
    run { "ip netns del " .. host.space }
  end
end

return M

local processes = require "lastpass.store.processes"
local support = require "spec.support.store"

describe("store.processes", function()
  local function changed(change)
    local owner = processes.identity()
    for name, value in pairs(change) do
      owner[name] = value
    end
    return processes.liveness(owner)
  end

  it("knows this process", function()
    local me = processes.identity()
    assert.equal(support.output("uname -n"), me.host .. "\n")
    assert.equal(support.output("id -un"), me.user .. "\n")
    assert.equal(tonumber(support.output "echo $PPID"), me.pid)
    assert.is_true(os.time() - me.started < 3600 and me.started <= os.time() + 2)
    assert.equal("alive", processes.liveness(me))
    assert.same(me, processes.identity())
  end)

  it("knows a living process from a dead one, also from one that nobody has fetched", function()
    local pipe = assert(io.popen "echo $$; exec sleep 30")
    local number = tonumber((pipe:read "*l"))
    local stat = support.read(("/proc/%d/stat"):format(number))
    local fields = {}
    for field in stat:match("%) (.*)$"):gmatch "%S+" do
      fields[#fields + 1] = field
    end
    local owner = { pid = number, ticks = tonumber(fields[20]) }
    assert.equal("alive", changed(owner))
    os.execute(("kill -9 %d"):format(number))
    for _ = 1, 100 do -- the kernel takes its time; nobody has fetched it meanwhile
      if changed(owner) == "gone" then
        break
      end
      os.execute "sleep 0.02"
    end
    assert.equal("gone", changed(owner))
    pipe:close()
    assert.equal("gone", changed(owner))
  end)

  it("knows that a number was given anew", function()
    assert.equal("gone", changed { ticks = 1 })
  end)

  it("does not judge processes of other machines and containers", function()
    assert.equal("unknown", changed { host = "elsewhere" })
    assert.equal("unknown", changed { machine = "another with the same name" })
    assert.equal("unknown", changed { space = "another container" })
    local owner = processes.identity()
    owner.pid = nil
    assert.equal("unknown", processes.liveness(owner))
  end)

  it("knows that nothing outlives a boot, if it is this machine's for certain", function()
    local machine = processes.identity().machine
    assert.equal(machine ~= "" and "gone" or "unknown", changed { boot = "an earlier one" })
  end)
end)

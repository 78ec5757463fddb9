-- The units as `make install` puts them, in the eyes of systemd.
-- Runs once: no Lua is in them.
local support = require "spec.support.store"

describe("units for systemd", function()
  local has_systemd = support.output("command -v systemd-analyze"):find "/" ~= nil

  it("are installed with the program's path, and verified", function()
    if not has_systemd then
      return pending "there is no systemd-analyze on this machine"
    end
    local folder = support.folder()
    local answer =
      support.output(("make -s install-units DESTDIR=%s PREFIX=/opt/x 2>&1"):format(folder))
    assert.equal("", answer)
    local units = folder .. "/opt/x/lib/systemd/system"
    local names = support.output(("ls %s"):format(units))
    for _, name in ipairs {
      "lastpass-worker@.service",
      "lastpass-queue@.service",
      "lastpass-queue@.timer",
    } do
      assert.is_truthy(names:find(name, 1, true), name)
    end
    -- what is not installed on this machine: the program, its manual, its user
    assert.is_truthy(
      support.read(units .. "/lastpass-worker@.service"):find("/opt/x/bin/lastpass worker", 1, true)
    )
    support.output(
      ("cd %s && sed -i 's#/opt/x/bin/lastpass#/bin/true#; /^Documentation=/d' *"):format(units)
    )
    for name in names:gmatch "%S+" do
      local instance = name:gsub("@", "@one")
      local path = units .. "/" .. instance
      os.rename(units .. "/" .. name, path)
    end
    local command = "cd %s && SYSTEMD_UNIT_PATH=%s: timeout 60 systemd-analyze verify --man=no ./*"
    local said = support.output((command .. " 2>&1; echo $?"):format(units, units))
    for line in said:gmatch "[^\n]+" do
      assert.is_nil(line:match "^lastpass%-", line) -- other units of the machine are not ours
    end
    assert.matches("\n?0\n$", said)
    support.remove(folder)
  end)
end)

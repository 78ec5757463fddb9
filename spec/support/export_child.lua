--- The child process of spec/chaos/export_spec.lua: follows the events into a file, and may be killed
-- at any moment. Arguments: address, account number, hash, journal, file, "once" or
-- "follow", the sandbox's time.
local lastpass = require "lastpass"

local url, cid, provhash, journal, path, how = arg[1], arg[2], arg[3], arg[4], arg[5], arg[6]
local now = tonumber(arg[7])

local client = lastpass.new {
  url = url,
  cid = cid,
  provhash = lastpass.secret.value(provhash),
  journal = journal,
  -- the sandbox's clock stands still at the end of what will be written
  now = function()
    return now
  end,
}

local _, message, err = require("lastpass.export").run(client, {
  from = now - 7200,
  cursor = "chaos",
  overlap = 7200,
  follow = how == "follow",
  every = 0.02,
  sink = { kind = "file", path = path, rotate = 262144 },
})
if err then
  io.stderr:write(message, "\n")
  os.exit(1)
end

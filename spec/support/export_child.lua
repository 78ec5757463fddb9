--- The child process of spec/chaos/export_spec.lua: follows the events into a file, and may be killed
-- at any moment. Arguments: address, account number, hash, journal, file, "once" or
-- "follow", the sandbox's time; instead of the file "webhook", "tcp" or "tls", a port and, for tls, the
-- certificate to trust.
local lastpass = require "lastpass"

local url, cid, provhash, journal, path, how = arg[1], arg[2], arg[3], arg[4], arg[5], arg[6]
local now = tonumber(arg[7])
local kind, port, ca_file = arg[8], tonumber(arg[9]), arg[10]

local sink = { kind = "file", path = path, rotate = 262144 }
if kind == "webhook" then
  sink = {
    kind = "webhook",
    url = ("http://127.0.0.1:%d/"):format(port),
    events = 100,
    retries = 0,
    dead_letters = path .. ".letters",
  }
elseif kind then
  sink = {
    kind = "syslog",
    protocol = kind,
    host = "localhost",
    port = port,
    ca_file = kind == "tls" and ca_file or nil,
    retries = 1,
  }
end

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
  sink = sink,
})
if err then
  io.stderr:write(message, "\n")
  os.exit(1)
end

-- Makes each report of a sandbox company once, and prints the seconds of each.
local lastpass = require "lastpass"
local now = require("lastpass.httpd").now
local report = require "lastpass.report"

local box = assert(lastpass.sandbox.start {
  users = 50000,
  invited = 100,
  seed = 1,
  frozen = true,
  events = 1000,
  folders = 200,
})
local client, path = box:client(), os.tmpname()
local file = assert(io.open(path, "w"))
file:write "email,fullname\n"
for user in client:users() do
  file:write(user.email, ",", user.fullname or "", "\n")
end
file:close()

local function measure(name, options)
  collectgarbage()
  local started = now()
  assert(#assert(assert(report[name](client, options)):render "html") > 10000)
  print(("%s %.6f"):format(name, now() - started))
end

measure("coverage", { roster = lastpass.source.csv(path) })
measure "mfa"
measure "check"
measure "folders"
box:stop()
os.remove(path)

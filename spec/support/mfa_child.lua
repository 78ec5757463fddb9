-- A process that asks for phones over a shared state: JOURNAL URL KEY ROUNDS USER…; begins when the state has "begin".
-- Prints the outcome and code of each request.
local lastpass = require "lastpass"
local state = require("lastpass.state").database(arg[1])

local client = assert(lastpass.mfa.new {
  base_url = arg[2],
  mode = "plain",
  api_key = lastpass.secret.value(arg[3]),
  state = state,
})
io.stdout:write "ready\n"
io.stdout:flush()
local loop = require "lastpass.transport.scheduler"
local gives_up_at = loop.now() + 120
while not state:get "begin" and loop.now() < gives_up_at do
  loop.sleep(0.01)
end
for round = 1, tonumber(arg[4]) do
  for at = 5, #arg do
    local handle = assert(client:challenge {
      user = arg[at],
      ip = "192.0.2.1",
      browser_id = round % 2 == 0 and "shared" or tostring(round) .. tostring({}),
    })
    local result = handle:poll()
    print(at - 4, handle.joined and "joined" or "own", result.outcome, tostring(result.code))
  end
end

-- A list of a hundred users that the gateway has rendered before, beside the same bytes as a file of
-- nginx's: the same server, the same tool, the same connections.
local gateway_server = require "spec.support.gateway_server"
local shell = require "bench.shell"

local PATH = "/unified/user-directory/users?limit=100"
local PEOPLE, SECONDS = 1000, 2

local company = ([[
  local written = require "spec.support.written"
  local people = {}
  for index = 1, %d do
    people[index] = {
      id = tostring(70000000 + index),
      email = ("p%%d@acme.example"):format(index),
      fullname = "Person " .. index,
      created = "2024-03-04 14:05:06",
      groups = { "All", "Team " .. index %% 9 },
    }
  end
  local acme = written.tenant("acme", "111")
  acme:set(people, {}, {})
  return { tenants = { acme = acme } }
]]):format(PEOPLE)

local server

-- Seconds for a thousand requests.
local function measure(target)
  local output = shell.run {
    "wrk",
    "-t1",
    "-c16",
    ("-d%ds"):format(SECONDS),
    "-H",
    "Authorization: Bearer " .. server.texts.acme,
    server.url .. target,
  }
  assert(not output:find "Non%-2xx", output)
  return { seconds = 1000 / assert(tonumber(output:match "Requests/sec:%s+([%d.]+)"), output) }
end

return {
  start = function()
    server = gateway_server.start(company)
    local authorization = { authorization = "Bearer " .. server.texts.acme }
    local status, body = server:get(PATH, { headers = authorization })
    assert(status == 200, body)
    local file = assert(io.open(server.directory .. "/static/static/list.json", "wb"))
    file:write(body)
    file:close()
  end,
  stop = function()
    server:end_it()
  end,
  ours = function()
    return measure(PATH)
  end,
  theirs = function()
    return measure "/static/list.json"
  end,
  rows = {
    {
      job = "1,000 lists of 100 users from the gateway",
      rival = "nginx, the same bytes as a file",
      of = "seconds",
      at_most = 1.7,
    },
  },
}

-- The hash of one company is never in a request to another: every request is recorded as it comes over the wire.
local json = require "lastpass.json"
local lastpass = require "lastpass"
local servers = require "spec.support.server"
local tenants = require "spec.support.tenants"

local COUNT = 12

-- Every fifth request fails, so that companies are asked again while others are asked.
local HANDLER = [[
  local directory = '{"Users":[],"Groups":[],"invited":[],"total":0,"count":0}'
  return function(client, number)
    local request = tools.read_request(client)
    if not request then return end
    tools.log((request.body:gsub("%s+", " ")))
    if number % 5 == 0 then
      client:send "HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    else
      tools.reply(client, directory, "Connection: close\r\n")
    end
  end
]]

describe("the hash of a company", function()
  it("is in requests to that company only", function()
    local server = servers.start(HANDLER)
    local folder = os.tmpname()
    os.remove(folder)
    os.execute("mkdir -m 700 " .. folder)
    local profiles = {}
    for number = 1, COUNT do
      local path = ("%s/%d.hash"):format(folder, number)
      tenants.write(path, tenants.hash(number))
      profiles[("c%02d"):format(number)] = {
        cid = 9000 + number,
        url = server.url,
        provhash = { file = path },
        journal = folder .. "/journal.db",
      }
    end
    local file = folder .. "/companies.json"
    tenants.write(file, json.encode { profiles = profiles })
    local set = assert(lastpass.tenants.load { file = file })
    for _, in_flight in ipairs { 4, 12 } do
      for _, kind in ipairs { "users", "groups" } do
        assert(set:run(kind, nil, { in_flight = in_flight, time_limit = 30 }))
      end
      local made = assert(set:plan(function(p)
        p.user "new@canary.example" { fullname = p.company.name }
      end, { in_flight = in_flight, time_limit = 30 }))
      for number = 1, COUNT do
        assert.is_nil(made:text():find(tenants.hash(number), 1, true))
      end
    end
    local counts, requests = {}, 0
    for _, line in ipairs(server:log()) do
      local number = assert(tonumber(line:match '"cid":"?(%d+)'), line) - 9000
      for other = 1, COUNT do
        local is_there = line:find(tenants.hash(other), 1, true) ~= nil
        assert.equal(other == number, is_there, line)
      end
      counts[number], requests = (counts[number] or 0) + 1, requests + 1
    end
    for number = 1, COUNT do
      assert.is_true((counts[number] or 0) >= 4)
    end
    assert.is_true(requests > COUNT * 4) -- some were sent again
    server:stop()
    os.execute("rm -rf " .. folder)
  end)
end)

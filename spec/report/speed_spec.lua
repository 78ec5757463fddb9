-- 50,000 people, from the request to the page, within three seconds. The bound is generous, for slow
-- and busy machines; LASTPASS_SLOW (sanitizers) takes it away. One of each kind of report: the others
-- do less of the same.
local lastpass = require "lastpass"
local now = require("lastpass.httpd").now
local report = require "lastpass.report"

local PEOPLE = 50000
local BOUND = os.getenv "LASTPASS_SLOW" and math.huge or _VERSION == "Lua 5.4" and 6 or 12

describe("reports of 50,000 people", function()
  local box, client, path

  setup(function()
    box = assert(lastpass.sandbox.start {
      users = PEOPLE,
      invited = 100,
      seed = 1,
      frozen = true,
      events = 1000,
      folders = 200,
    })
    client = box:client()
    path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write "email,fullname\n"
    for user in client:users() do
      file:write(user.email, ",", user.fullname or "", "\n")
    end
    file:close()
  end)

  teardown(function()
    box:stop()
    os.remove(path)
  end)

  local function timed(name, make)
    it(name, function()
      collectgarbage()
      local start = now()
      local one = assert(make())
      local page = assert(one:render "html")
      local seconds = now() - start
      if os.getenv "LASTPASS_SHOW_TIMES" then
        print(("%-10s %.2f s, %d rows"):format(one.name, seconds, #one.rows))
      end
      assert.truthy(#page > 10000)
      assert.truthy(seconds < BOUND, ("%s took %.2f s"):format(one.name, seconds))
    end)
  end

  timed("coverage", function()
    local one = report.coverage(client, { roster = lastpass.source.csv(path) })
    assert.equal(PEOPLE + 100, #one.rows)
    assert.equal(PEOPLE + 100, one:total "headcount")
    return one
  end)

  timed("multifactor", function()
    return report.mfa(client)
  end)

  timed("check", function()
    return report.check(client)
  end)

  timed("folders", function()
    return report.folders(client)
  end)
end)

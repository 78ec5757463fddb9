-- Pages over 50,000 people, from a real nginx: it has its LuaJIT, whoever asks.
-- Runs once: nginx has its own LuaJIT.
local boxes = require "spec.support.box"
local connection = require "spec.support.connection"
local dashboard = require "spec.support.dashboard"
local socket = require "socket"

local PEOPLE = 50000

describe("dashboard over 50,000 people", function()
  local box, site, cookie

  setup(function()
    box = boxes.start { users = PEOPLE, invited = 300, folders = 100 }
    local text
    site, text = dashboard.site(box, { directory = "96m" })
    site:directory(function(value)
      return value.folders
    end, 30)
    cookie = dashboard.enter(site, text)
  end)

  teardown(function()
    site:stop()
    box:stop()
  end)

  local function page(rest)
    local status, body =
      site.server:get("/dashboard/acme/" .. rest, { headers = { cookie = cookie } })
    assert.equal(200, status, rest)
    return body
  end

  it("lets others through while it computes for the first page", function()
    local asking = assert(socket.connect("127.0.0.1", site.server.port))
    local lines = { "GET /dashboard/acme/people HTTP/1.0", "Host: x", "Cookie: " .. cookie }
    asking:send(table.concat(lines, "\r\n") .. "\r\n\r\n")
    local count = 0
    asking:settimeout(0)
    local parts, closed = {}
    local other = connection.new(site.server.port)
    repeat
      assert(other:request("GET", "/plain"))
      count = count + 1
      local some, reason, rest = asking:receive(65536)
      parts[#parts + 1] = some or rest
      closed = reason == "closed"
    until closed
    other:close()
    asking:close()
    assert.equal("50,300", table.concat(parts):match "of ([%d,]+) people")
    assert.is_true(count >= 10, count .. " other requests")
  end)

  it("finds and turns pages over all of them", function()
    for _, rest in ipairs { "", "people", "people?sort=-last_login", "groups", "folders" } do
      assert.truthy(#page(rest) > 1000)
    end
    for _, word in ipairs { "an", "mar", "lumenor", "zzz", "o" } do
      assert.truthy(dashboard.found(page("people?q=" .. word)))
    end
    local path, seen = "people?q=an", {}
    for _ = 1, 20 do
      assert.is_nil(seen[path])
      seen[path] = true
      path = page(path):match('href="/dashboard/acme/([^"]*)" rel="next"'):gsub("&amp;", "&")
    end
  end)
end)

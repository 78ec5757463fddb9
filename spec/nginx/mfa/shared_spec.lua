-- Two machines with one database: a code that is sent to both, by the guard's own page and at the same time, lets in one
-- browser.
-- Runs once: nginx has its own LuaJIT.
local guard = require "spec.support.mfa_guard"
local socket = require "socket"
local store = require "lastpass.store"
local support = require "spec.support.store"
local wait = require "spec.support.wait"

local SETTINGS = [[
  account = { header = "X-User", from = { "127.0.0.1" } },
  factors = store, state = "journal", journal = %q, journal_every = 0.1, events_every = false,
]]

local EACH = 6 -- browsers of a machine

describe("one code at two machines", function()
  local folder, journal, servers

  setup(function()
    folder = support.folder()
    local path = folder .. "/journal.db"
    journal = assert(store.open { path = path })
    servers = {}
    for number = 1, 2 do
      servers[number] = guard.start { replace = SETTINGS:format(path) }
    end
  end)

  teardown(function()
    for _, server in ipairs(servers) do
      server:stop()
    end
    journal:close()
    support.remove(folder)
  end)

  local function send(browser, page, code)
    local body, where = guard.form(page, "/mfa/code")
    body = body .. "&code=" .. code
    local connection = assert(socket.connect("127.0.0.1", browser.server.port))
    connection:settimeout(60)
    assert(connection:send(table.concat({
      ("POST %s HTTP/1.1"):format(where),
      "Host: x",
      "Origin: " .. browser.server.url,
      "X-User: " .. browser.account,
      "Cookie: " .. browser.inner:cookie_header(),
      "Content-Type: application/x-www-form-urlencoded",
      "Content-Length: " .. #body,
      "Connection: close",
      "",
      body,
    }, "\r\n")))
    return connection
  end

  it("is let in once", function()
    local waiting, connections = {}, {}
    for number = 1, 2 * EACH do
      local browser = guard.browser(servers[number % 2 + 1], "two.app@acme.example")
      local page = wait("the journal was read", function()
        local page = browser:request "/mfa/ask"
        return page.status == 200 and page
      end)
      waiting[number] = { browser, page }
    end
    local code = guard.code "two.app@acme.example"
    for number, one in ipairs(waiting) do
      connections[number] = send(one[1], one[2], code)
    end
    local counts = {}
    for _, connection in ipairs(connections) do
      local text = connection:receive "*a"
      connection:close()
      local status = text:match "^HTTP/1.1 (%d+)"
      counts[status] = (counts[status] or 0) + 1
      assert.equal(status == "303", text:find("__Host-lastpass_mfa=", 1, true) ~= nil)
    end
    assert.equal(1, counts["303"])
    -- used, or, after five of those, locked
    assert.equal(2 * EACH - 1, (counts["403"] or 0) + (counts["429"] or 0))
  end)
end)

-- Runs once: nginx has its own LuaJIT.
local header_names = require "lastpass.nginx.header_names"
local nginx = require "spec.support.nginx"
local socket = require "socket"

local SERVER = [[
  underscores_in_headers on; ignore_invalid_headers off;
  location = /asked {
    content_by_lua_block {
      local names = require "lastpass.nginx.header_names"
      asked = asked or { names.matcher { "x-auth-account", "x-id" }, names.matcher {} }
      ngx.print(tostring(asked[1]()), " ", tostring(asked[2]()))
    }
  }
]]

describe("names of a request's headers", function()
  local server

  setup(function()
    server = nginx.start { server = SERVER }
  end)

  teardown(function()
    server:stop()
  end)

  local function ask(...)
    local one = assert(socket.connect("127.0.0.1", server.port))
    one:settimeout(30)
    local lines = { "GET /asked HTTP/1.1", "Host: x", "Connection: close" }
    for _, name in ipairs { ... } do
      lines[#lines + 1] = name .. ": a value"
    end
    assert(one:send(table.concat(lines, "\r\n") .. "\r\n\r\n"))
    local answer = assert(one:receive "*a")
    one:close()
    return answer:match "(%a+) (%a+)%s*\r\n0\r\n\r\n$"
  end

  it("are none of ours, by whatever number of others", function()
    local others = {}
    for number = 1, 90 do
      others[number] = ("X-Auth-Accoun%d"):format(number)
      assert.same({ "false", "false" }, { ask((table.unpack or unpack)(others, 1, number)) })
    end
    for _, name in ipairs { "X-Auth-Accounts", "XX-Auth-Account", "X-AuthAccount", "X-Idd", "X" } do
      assert.same({ "false", "false" }, { ask(name) })
    end
  end)

  it("are ours in every spelling, at any position", function()
    for _, name in ipairs {
      "X-Auth-Account",
      "x-auth-account",
      "X_AUTH_ACCOUNT",
      "x.auth~account",
      "X!Auth-aCCount",
      "X-ID",
      "x_id",
    } do
      assert.same({ "true", "false" }, { ask(name) })
      assert.same({ "true", "false" }, { ask("A", "B", name) })
      assert.same({ "true", "false" }, { ask(name, "A", "B") })
    end
  end)

  it("may be ours where nginx cannot be asked", function()
    assert.is_true(header_names.matcher { "x-auth-account" }())
  end)
end)

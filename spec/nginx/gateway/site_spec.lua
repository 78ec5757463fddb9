--- The gateway over the directory that all workers share, read from a sandbox.
local box_support = require "spec.support.box"
local connection = require "spec.support.connection"
local json = require "lastpass.json"
local sites = require "spec.support.site"
local tokens = require "lastpass.nginx.gateway.tokens"

local USERS = "/unified/user-directory/users"

describe("the gateway of a site", function()
  local box, site, headers
  setup(function()
    box = box_support.start { users = 60, seed = 8 }
    local text, hash = tokens.new()
    headers = { Authorization = "Bearer " .. text }
    site = sites.start(box, {
      workers = 2,
      -- they are read after users: for a moment one worker has them and the other not
      tenant = "folders = false,",
      setup = ([[
        tokens = {{ name = "t", hash = %q, tenants = { "acme" }, scopes = { "read" }, rate = 1e6 }},
        gateway = { company_name = "Acme" },
      ]]):format(hash),
      server = [[
        location /unified/ { content_by_lua_block { site:gateway() } }
        location /proxy/ { content_by_lua_block { site:gateway() } }
      ]],
    })
  end)
  teardown(function()
    site:stop()
    box:stop()
  end)

  -- A new connection each time, so that both workers have their turn.
  local function ask(path)
    local one = connection.new(site.server.port)
    local status, body, received = one:request("GET", path, headers)
    one:close()
    return status, body, received
  end

  it("gives the same bytes, and takes the same cursors, in every worker", function()
    local seen, count, cursor, turn = {}, 0, "", 0
    repeat
      turn = turn + 1
      local path = USERS .. "?limit=3&next_cursor=" .. cursor
      local status, body, received = ask(path)
      assert.equal(200, status, body)
      for _ = 1, 3 do
        local _, again, other = ask(path)
        assert.equal(body, again)
        assert.equal(received.etag, other.etag)
      end
      local page = json.decode(body)
      for _, user in ipairs(page.result) do
        assert.is_nil(seen[user.id])
        seen[user.id], count = true, count + 1
      end
      cursor = page.next_cursor
      if turn == 5 then
        site.server:reload() -- cursors outlive the processes
      end
    until cursor == json.null
    local snapshot = assert(box:client():snapshot())
    assert.equal(snapshot:count() + snapshot:invited_count(), count)
  end)

  it("is counted by resource, status and token", function()
    ask(USERS)
    local name = 'lastpass_gateway_requests_total{resource="users",status="200",token="t"}'
    assert.is_true(site:metric(name) >= 1)
    assert.equal(404, (ask "/unified/user-directory/nothing"))
    name = 'lastpass_gateway_requests_total{resource="other",status="404",token="t"}'
    assert.equal(1, site:metric(name))
  end)
end)

-- A connection that was closed by the program: a running nginx stops taking requests within seconds, the next start of
-- nginx leaves it closed, and a new token opens it again.
-- Runs once: nginx has its own LuaJIT.
local lastpass = require "lastpass"
local support = require "spec.support.scim_endpoint"
local wait = require "spec.support.wait"

describe("a connection that was closed", function()
  local box, endpoint, folder
  setup(function()
    box = assert(lastpass.sandbox.start { users = 20, seed = 3, clock = "now" })
    folder = io.popen("mktemp -d"):read "*l"
  end)
  teardown(function()
    endpoint:stop()
    box:stop()
    os.execute("rm -rf " .. folder)
  end)

  local function start(tokens)
    endpoint = support.start(box, {
      workers = 2,
      journal = folder .. "/journal.db",
      tokens = tokens,
      scim = "work_every = 1,",
    })
  end

  local function connection()
    return endpoint:journal():scim_connections({ name = "entra" })[1]
  end

  it("is left alone by nginx, also by one that starts anew, until it is given a token", function()
    start()
    assert.equal(200, (endpoint:push("GET", "/Users?count=1")))
    wait("the connection in the journal", connection)
    assert(endpoint:journal():save_scim_connection {
      name = "entra",
      tenant = connection().tenant,
      provider = "entra",
      state = "closed",
    })
    local answered
    wait("the end", function()
      local status, answer = endpoint:push("GET", "/Users?count=1")
      answered = answer
      return status == 403
    end)
    assert.equal("403", answered.status)
    assert.matches("closed", answered.detail)
    assert.matches("entra was closed", endpoint.site.server:log())
    local token = endpoint.token
    endpoint:stop()
    start(false)
    endpoint.token = token
    for _ = 1, 10 do
      assert.equal(403, (endpoint:push("GET", "/Users?count=1")))
    end
    assert.equal("closed", connection().state)
    endpoint.token = endpoint:new_token "entra"
    assert.equal("open", connection().state)
    assert.equal(200, (endpoint:push("GET", "/Users?count=1")))
  end)
end)

-- What may happen in the middle of a push: nginx is reloaded, a token is revoked; and the same endpoint in front of
-- LastPass's own SCIM.
-- Runs once: nginx has its own LuaJIT.
local endpoints = require "spec.support.scim_endpoint"
local pushes = require "spec.support.scim_push"
local support = require "spec.support.box"
local wait = require "spec.support.wait"

describe("the SCIM endpoint, in the middle of a push", function()
  local box, endpoint, people

  local function start(options)
    box = support.start { users = 60, seed = 3, latency = 0.02 }
    options.connections =
      'entra = { provider = "entra", limits = { disable = 1000, per_day = { disable = 1000 } } }'
    endpoint = endpoints.start(box, options)
    endpoint.site:directory()
    people = {}
    for user in assert(box:client()):users() do
      if user.status == "active" and not user.admin then
        people[#people + 1] = { address = user.email, id = assert(endpoint:id_of(user.email)) }
      end
    end
  end

  after_each(function()
    endpoint:stop()
    box:stop()
  end)

  local function disable(person)
    return pushes.send(endpoint.port, endpoint.token, "PATCH", "/scim/entra/Users/" .. person.id, {
      schemas = { endpoints.PATCH },
      Operations = { { op = "Replace", path = "active", value = "False" } },
    })
  end

  local function is_disabled(person)
    return support.person(box, person.address).fields.disabled
  end

  local function open_jobs()
    return #endpoint:journal():jobs { open = true }
  end

  it("answers every request while nginx is reloaded, and does each change once", function()
    start { workers = 2 }
    for _ = 1, 3 do
      local pending = {}
      for position = 1, 10 do
        local person = table.remove(people)
        pending[position] = { person = person, socket = disable(person) }
        if position == 5 then
          endpoint.site.server:reload()
        end
      end
      for _, one in ipairs(pending) do
        local status = pushes.receive(one.socket)
        -- on a machine that is busy the time for a call may be over before it is sent
        while status == 503 do
          status = pushes.receive(disable(one.person))
        end
        assert.equal(200, status)
        assert.is_true(is_disabled(one.person))
      end
    end
    assert.equal(30, support.requests(box, "disableuser"))
    wait("nothing left open", function()
      return open_jobs() == 0
    end)
  end)

  it(
    "takes nothing more of a token that was revoked meanwhile, and finishes what it took",
    function()
      start { workers = 1 }
      local revoked
      for _, token in ipairs(endpoint:journal():scim_tokens()) do
        revoked = token.id
      end
      local pending = {}
      for position = 1, 5 do
        pending[position] = { person = people[position], socket = disable(people[position]) }
      end
      assert(endpoint:journal():revoke_scim_token(revoked))
      for _, one in ipairs(pending) do
        local status = pushes.receive(one.socket)
        assert.is_true(status == 200 or status == 401, status)
        assert.equal(status == 200, is_disabled(one.person))
      end
      local last = people[6]
      wait("the token to be refused", function()
        return (endpoint:push("GET", "/Users/" .. last.id)) == 401
      end)
      assert.equal(401, (pushes.receive(disable(last))))
      assert.is_false(is_disabled(last))
      assert.equal(0, open_jobs())
    end
  )
end)

describe("the SCIM endpoint in front of LastPass's own SCIM", function()
  local box, endpoint

  local function start(scim_token)
    box = support.start { users = 30, seed = 3 }
    endpoint = endpoints.start(box, {
      workers = 1,
      connections = 'entra = { provider = "entra", upstream = "scim" }',
      scim = "check_every = 0.2,",
      tenant = ("scim = { url = %q, token = lastpass.secret.value %q },"):format(
        box.scim_url,
        scim_token or box.scim_token
      ),
    })
    endpoint.site:directory()
  end

  after_each(function()
    endpoint:stop()
    box:stop()
  end)

  local function person()
    return assert(box:client()):users({ status = "active", admin = false })().email
  end

  it("changes people over it, reads them back, and says what it cannot carry", function()
    start()
    local status, made = endpoint:push("POST", "/Users", {
      schemas = { endpoints.USER },
      userName = "over.scim@acme.example",
      displayName = "Over Scim",
    })
    assert.equal(201, status)
    assert.equal(made.id, endpoint:id_of "over.scim@acme.example")
    assert.equal(1, support.person(box, "over.scim@acme.example").mails.invitation)
    local address = person()
    local id = endpoint:id_of(address)
    assert.equal(200, (endpoint:set_active(id, false)))
    assert.is_true(support.person(box, address).fields.disabled)
    assert.equal(200, (endpoint:set_active(id, true)))
    local name = { op = "Replace", path = "displayName", value = "Another Name" }
    assert.equal(200, (endpoint:patch("/Users/" .. id, { name })))
    assert.equal("Another Name", support.person(box, address).fields.fullname)
    for _, command in ipairs { "batchadd", "disableuser", "enableuser", "updateuser" } do
      assert.equal(0, support.requests(box, command), command)
    end
    local rename = { op = "Replace", path = "userName", value = "other@acme.example" }
    local refused, answer = endpoint:patch("/Users/" .. id, { rename })
    assert.equal(400, refused)
    assert.matches("SCIM", answer.detail, 1, true)
    assert.equal(200, (endpoint.site:get "/healthz"))
  end)

  it("says 503 and never 401 when it is not let in there, and is not healthy", function()
    start "a-token-that-nobody-gave"
    local id = endpoint:id_of(person())
    local status, _, headers = endpoint:set_active(id, false)
    assert.equal(503, status)
    assert.is_truthy(tonumber(headers["retry-after"]))
    wait("health to say so", function()
      return (endpoint.site:get "/healthz") == 503
    end)
  end)
end)

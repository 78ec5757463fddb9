-- Two nginx with one journal in PostgreSQL: what both are asked for is done once.
-- Runs once: nginx has its own LuaJIT.
local endpoints = require "spec.support.scim_endpoint"
local json = require "lastpass.json"
local postgresql = require "spec.peers.postgresql"
local pushes = require "spec.support.scim_push"
local socket = require "socket"
local support = require "spec.support.box"

local PEOPLE, TRIES = 6, 100

describe("two SCIM endpoints with one journal in PostgreSQL", function()
  local server, box, sides

  setup(function()
    server = postgresql.start()
    box = support.start { users = 30, seed = 3, clock = "now", frozen = false, latency = 0.02 }
    local dsn = server:fresh()
    sides = {}
    for side = 1, 2 do
      sides[side] = endpoints.start(box, {
        journal = dsn,
        tokens = side == 1,
        workers = 1,
        connections = [[entra = {
          provider = "entra",
          limits = { create = 999, disable = 999, per_day = { create = 999, disable = 999 } },
        }]],
      })
    end
    sides[2].token = sides[1].token
    for _, side in ipairs(sides) do
      side.site:directory()
    end
  end)

  teardown(function()
    for _, side in ipairs(sides) do
      side:stop()
    end
    box:stop()
    server:stop()
  end)

  -- The same request to both at once, as often as the one or the other is to come back for it.
  local function push(method, path, body)
    local answers = {}
    for _ = 1, TRIES do
      local pending = {}
      for side, endpoint in ipairs(sides) do
        if not answers[side] then
          pending[side] = pushes.send(endpoint.port, endpoint.token, method, path, body)
        end
      end
      for side, one in pairs(pending) do
        local status, document = pushes.receive(one)
        if status ~= 503 then
          answers[side] = { status = status, document = document }
        end
      end
      if answers[1] and answers[2] then
        return answers
      end
      socket.sleep(0.1)
    end
    error "no answer but 503"
  end

  it("make a person once, with one id and one invitation, and disable them once", function()
    for number = 1, PEOPLE do
      local address = ("person%d@acme.example"):format(number)
      local made = push("POST", "/scim/entra/Users", {
        schemas = { endpoints.USER },
        userName = address,
        externalId = "e-" .. number,
        displayName = "Person " .. number,
      })
      assert.same({ 201, 201 }, { made[1].status, made[2].status }, json.encode(made))
      assert.equal(made[1].document.id, made[2].document.id)
      assert.equal(1, support.person(box, address).mails.invitation)
      assert.equal(number, support.requests(box, "batchadd"))
    end
    local count = 0
    for user in assert(box:client()):users { status = "active", admin = false } do
      if count < PEOPLE then
        count = count + 1
        local id = assert(sides[1]:id_of(user.email))
        assert.equal(id, sides[2]:id_of(user.email))
        local done = push("PATCH", "/scim/entra/Users/" .. id, {
          schemas = { endpoints.PATCH },
          Operations = { { op = "Replace", path = "active", value = "False" } },
        })
        assert.same({ 200, 200 }, { done[1].status, done[2].status }, json.encode(done))
        assert.is_true(support.person(box, user.email).fields.disabled)
        assert.equal(count, support.requests(box, "disableuser"))
      end
    end
    assert.equal(0, #sides[1]:journal():jobs { open = true })
  end)
end)

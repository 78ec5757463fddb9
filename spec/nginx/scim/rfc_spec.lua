-- The RFC's examples against the endpoint in a real nginx: each passes, or is one of the deviations that have a reason.
-- Runs once: nginx has its own LuaJIT.
local endpoints = require "spec.support.scim_endpoint"
local json = require "lastpass.json"
local rfc = require "spec.conform.scim_rfc"
local support = require "spec.support.box"

local EXAMPLES = 20 -- each has a connection of its own: what one has left behind no other meets

local deviations = {
  ["3.3 creates, 3.4.1 reads"] = "the same POST again finds its user: an answer may be lost",
  ["3.7 takes bulk requests, with references"] = "nobody sends them: 501, as the discovery says",
}

-- A small company's limits would hold most examples.
local function without_limits()
  local parts = {}
  for position, entry in ipairs(require("lastpass.plan.limits").list) do
    parts[position] = ("%s = 1000"):format(entry.name)
  end
  local all = table.concat(parts, ", ")
  return ("look_alikes = 1000, %s, per_day = { %s }"):format(all, all)
end

describe("the endpoint in nginx:", function()
  local box, endpoint
  local used, met = 0, {}

  setup(function()
    box = support.start { users = 20, seed = 3 }
    assert(box:act { settings = { unknown_group = "create" } })
    local connections = {}
    for number = 1, EXAMPLES do
      connections[number] = ("c%d = { limits = { %s } }"):format(number, without_limits())
    end
    endpoint = endpoints.start(box, {
      connections = table.concat(connections, ",\n"),
      tokens = false,
      workers = 1,
      tenant = "refresh = 3600, stale_after = 7200,",
    })
    endpoint.site:directory()
  end)

  teardown(function()
    endpoint:stop()
    box:stop()
  end)

  local function open()
    used = used + 1
    support.reset(box)
    assert(box:act { settings = { unknown_group = "create" } })
    local name = "c" .. used
    local token = endpoint:new_token(name)
    return {
      send = function(_, method, target, body, headers)
        endpoint.connection, endpoint.token = name, token
        local status, document, answered = endpoint:push(method, target, body, headers)
        return {
          status = status,
          json = document,
          body = json.encode(document),
          headers = { Location = answered.location, ETag = answered.etag },
        }
      end,
    }
  end

  local function example(name, fn)
    it(name, function()
      if not deviations[name] then
        return fn()
      end
      met[name] = true
      assert.is_false((pcall(fn)), "it no longer deviates: " .. deviations[name])
    end)
  end

  rfc.check(open, { describe = describe, it = example, before_each = before_each })

  it("deviates where it says so", function()
    for name in pairs(deviations) do
      assert.is_true(met[name], name)
    end
  end)
end)

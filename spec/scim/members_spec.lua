-- Members come and go in bounded portions, and the list of members is never read.
local check = require "spec.support.check"
local fake = require "spec.support.scim_fake"
local lastpass = require "lastpass"

describe("lastpass.scim.members", function()
  local server, client

  before_each(function()
    server = fake.new(3)
    server.Groups = { { id = "g", displayName = "Sales" } }
    client = fake.client(server)
  end)

  local function numbers(count)
    local list = {}
    for index = 1, count do
      list[index] = "m" .. index
    end
    return list
  end

  it("are added in portions", function()
    assert(client:add_members("g", numbers(250)))
    assert.equal(3, #server.requests)
    assert.equal(250, #server.Groups[1].members)
    for index, one in ipairs(server.requests) do
      assert.equal("PATCH", one.method)
      assert.equal(1, #one.body.Operations)
      assert.equal(index < 3 and 100 or 50, #one.body.Operations[1].value)
    end
  end)

  it("are taken out one by one by a filter, so that no reading of it empties the group", function()
    server.Groups[1].members = { { value = "a" }, { value = "b" }, { value = "c" } }
    assert(client:remove_members("g", { "a", "c", "a" }))
    assert.same({ { value = "b" } }, server.Groups[1].members)
    assert.same({
      { op = "remove", path = 'members[value eq "a"]' },
      { op = "remove", path = 'members[value eq "c"]' },
    }, server.requests[1].body.Operations)
    assert(client:remove_members("g", { "nobody" }))
  end)

  it("come in smaller portions to a server that takes no more", function()
    server.on_request = function(request)
      if #request.body.Operations[1].value > 30 then
        return fake.refusal(400, "tooMany")
      end
    end
    assert(client:add_members("g", numbers(100)))
    assert.equal(100, #server.Groups[1].members)
    assert.equal(2 + 4, #server.requests)
  end)

  it("are counted up to the failure", function()
    server.on_request = function(_, number)
      return number == 3 and fake.refusal(400, "invalidValue") or nil
    end
    local err = check.failure("refused", "invalid_value", client:add_members("g", numbers(250)))
    assert.equal(200, err.done)
  end)

  it("are changed by one task at a time", function()
    local under_way, most = 0, 0
    local loop = require "lastpass.transport.scheduler"
    local send = server.send
    server.send = function(self, request)
      under_way = under_way + 1
      most = math.max(most, under_way)
      loop.sleep(0.001)
      under_way = under_way - 1
      return send(self, request)
    end
    lastpass.parallel(4, function(spawn)
      for index = 1, 4 do
        spawn(function()
          assert(client:add_members("g", { "m" .. index }))
        end)
      end
    end)
    assert.equal(1, most)
    assert.equal(4, #server.Groups[1].members)
  end)

  it("are named by ids", function()
    assert.matches(
      "number 2 is no id",
      check.blamed(function()
        client:add_members("g", { "a", 7 })
      end)
    )
    assert.matches(
      "'id' is empty",
      check.blamed(function()
        client:remove_members("", { "a" })
      end)
    )
  end)
end)

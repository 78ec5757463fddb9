-- Bulk requests (scim §2.11).
local json = require "lastpass.json"
local schema = require "lastpass.scim.schema"
local support = require "spec.support.scim_backend"

local BASE, URN = support.BASE, schema.URN

describe("bulk requests", function()
  local site

  before_each(function()
    site = support.site()
  end)

  local function send(operations, more)
    local body = { schemas = { URN.bulk_request }, Operations = json.list(operations) }
    for name, value in pairs(more or {}) do
      body[name] = value
    end
    return site:send("POST", "/Bulk", body)
  end

  local function results(operations, more)
    local response = send(operations, more)
    assert.equal(200, response.status, response.body)
    assert.same({ URN.bulk_response }, response.json.schemas)
    return response.json.Operations
  end

  local function post(id, path, data)
    return { method = "POST", path = path, bulkId = id, data = data }
  end

  local function statuses(list)
    local found = {}
    for at, result in ipairs(list) do
      found[at] = result.status
    end
    return table.concat(found, " ")
  end

  local function members_of(id)
    local found = {}
    for at, member in ipairs(site.backend.stores.Group[id].members or {}) do
      found[at] = member.value
    end
    table.sort(found)
    return table.concat(found, " ")
  end

  local function id_of(result)
    return result.location:match "([^/]+)$"
  end

  it("do each operation and tell how each ended", function()
    local list = results {
      post("a", "/Users", support.user "ann@x.example"),
      post("b", "/Users", support.user "bob@x.example"),
      {
        method = "patch",
        path = "/Users/1",
        data = support.patch { op = "add", path = "title", value = "x" },
      },
      { method = "PUT", path = "/Users/2", bulkId = "c", data = support.user "rob@x.example" },
      { method = "DELETE", path = "/Users/1" },
      { method = "DELETE", path = "/Users/99" },
    }
    assert.equal("201 201 200 200 204 404", statuses(list))
    assert.equal(BASE .. "/Users/1", list[1].location)
    assert.equal("a", list[1].bulkId)
    assert.equal('W/"1"', list[1].version)
    assert.equal("c", list[4].bulkId)
    assert.same({ URN.error }, list[6].response.schemas)
    assert.equal(BASE .. "/Users/99", list[6].location)
    assert.is_nil(list[1].response)
  end)

  it("a POST that failed has no location", function()
    local list = results {
      post("a", "/Users", support.user "ann@x.example"),
      post("b", "/Users", support.user "ann@x.example"),
    }
    assert.equal("201 409", statuses(list))
    assert.is_nil(list[2].location)
    assert.equal("uniqueness", list[2].response.scimType)
  end)

  it("resolve references to what came before and to what comes", function()
    local list = results {
      post("g", "/Groups", support.group("G", { "bulkId:u", "bulkId:v" })),
      post("u", "/Users", support.user "ann@x.example"),
      post("v", "/Users", support.user "bob@x.example"),
      {
        method = "PATCH",
        path = "/Users/bulkId:u",
        data = support.patch { op = "add", path = "title", value = "x" },
      },
      post(
        "w",
        "/Users",
        support.user("eve@x.example", { [URN.enterprise] = { manager = { value = "bulkId:u" } } })
      ),
    }
    assert.equal("201 201 201 200 201", statuses(list))
    assert.equal(id_of(list[2]) .. " " .. id_of(list[3]), members_of(id_of(list[1])))
    assert.equal(
      id_of(list[2]),
      site.backend.stores.User[id_of(list[5])][URN.enterprise].manager.value
    )
    assert.equal("x", site.backend.stores.User[id_of(list[2])].title)
  end)

  it("resolve circles: first all is made, then it is linked", function()
    local list = results {
      post("a", "/Groups", support.group("A", { "bulkId:b" })),
      post("b", "/Groups", support.group("B", { "bulkId:c" })),
      post("c", "/Groups", support.group("C", { "bulkId:a", "bulkId:u" })),
      post("u", "/Users", support.user "ann@x.example"),
    }
    assert.equal("201 201 201 201", statuses(list))
    local a, b, c, u = id_of(list[1]), id_of(list[2]), id_of(list[3]), id_of(list[4])
    assert.equal(b, members_of(a))
    assert.equal(c, members_of(b))
    local expected = { a, u }
    table.sort(expected)
    assert.equal(table.concat(expected, " "), members_of(c))
  end)

  it("a resource may name itself", function()
    local list = results { post("a", "/Groups", support.group("A", { "bulkId:a" })) }
    assert.equal("201", statuses(list))
    assert.equal(id_of(list[1]), members_of(id_of(list[1])))
  end)

  it("what cannot be resolved is 409, and so is what depends on it", function()
    local list = results {
      post("a", "/Groups", support.group("A", { "bulkId:nobody" })),
      post("b", "/Groups", support.group("B", { "bulkId:a" })),
      post("u", "/Users", support.user "ann@x.example"),
      { method = "DELETE", path = "/Groups/bulkId:b" },
    }
    assert.equal("409 409 201 409", statuses(list))
    assert.is_nil(next(site.backend.stores.Group))
  end)

  it("stop after as many errors as are told; what was not done is absent", function()
    local operations = {
      { method = "DELETE", path = "/Users/8" },
      post("a", "/Users", support.user "ann@x.example"),
      { method = "DELETE", path = "/Users/9" },
      post("b", "/Users", support.user "bob@x.example"),
    }
    assert.equal("404 201 404", statuses(results(operations, { failOnErrors = 2 })))
    assert.is_nil(site.backend.stores.User["2"])
    assert.equal("404", statuses(results(operations, { failOnErrors = 1 })))
    assert.equal("404 409 404 201", statuses(results(operations)))
    assert.equal(400, send(operations, { failOnErrors = "2" }).status)
    assert.equal(400, send(operations, { failOnErrors = 0 }).status)
  end)

  it("operations that are none fail alone", function()
    local list = results {
      { method = "GET", path = "/Users" },
      { method = "POST", path = "/Users", data = support.user "ann@x.example" },
      { method = "POST", path = "Users", bulkId = "x", data = {} },
      { method = "POST", path = "/Users", bulkId = "x" },
      7,
      { method = "POST", path = "/Bulk", bulkId = "y", data = { Operations = json.list {} } },
      { method = "DELETE", path = "/Users" },
      post("z", "/Users", support.user "zoe@x.example"),
      post("z", "/Users", support.user "zoe2@x.example"),
      { method = "DELETE", path = "/Users/1", version = json.null },
      { method = "DELETE", path = "/Users/1", version = 7 },
    }
    assert.equal("400 400 400 400 400 400 405 201 400 204 400", statuses(list))
    for at = 1, 7 do
      assert.same({ URN.error }, list[at].response.schemas)
    end
  end)

  it("a version is If-Match", function()
    results { post("a", "/Users", support.user "ann@x.example") }
    assert.equal(
      "412 204",
      statuses(results {
        { method = "DELETE", path = "/Users/1", version = 'W/"7"' },
        { method = "DELETE", path = "/Users/1", version = 'W/"1"' },
      })
    )
  end)

  it("too many operations or bytes are 413 for the lot", function()
    local operations = {}
    for at = 1, 101 do
      operations[at] = { method = "DELETE", path = "/Users/1" }
    end
    local response = send(operations)
    assert.equal(413, response.status)
    assert.equal("tooMany", response.json.scimType)
    response = send { post("a", "/Users", support.user(("x"):rep(70000))) }
    assert.equal(413, response.status)
    -- more than other bodies may have, and less than these
    assert.equal(200, send({ post("a", "/Users", support.user(("x"):rep(20000))) }).status)
  end)

  it("bodies that are no bulk request are 400", function()
    for _, body in ipairs { {}, { Operations = 7 }, { Operations = { a = 1 } } } do
      assert.equal(400, site:send("POST", "/Bulk", body).status)
    end
    local other = { schemas = { URN.patch }, Operations = json.list {} }
    assert.equal(400, site:send("POST", "/Bulk", other).status)
    assert.equal(200, send({}).status)
  end)

  it("long chains of references are followed without recursion", function()
    site = support.site { bulk = { max_operations = 3000, max_payload = 10000000 } }
    local operations = {}
    for at = 1, 2000 do
      local other = at < 2000 and { "bulkId:" .. (at + 1) } or {}
      operations[at] = post(tostring(at), "/Groups", support.group("G" .. at, other))
    end
    site.backend.clash = function() end
    local list = results(operations)
    assert.equal(2000, #list)
    assert.equal("201", list[1].status)
    assert.equal("1", id_of(list[2000]))
  end)
end)

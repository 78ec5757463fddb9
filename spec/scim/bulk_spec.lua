-- Many changes: by /Bulk where the server offers it, else one by one, with the same result.
local check = require "spec.support.check"
local fake = require "spec.support.scim_fake"

describe("lastpass.scim.bulk", function()
  local CONFIG = { bulk = { supported = true, maxOperations = 10, maxPayloadSize = 100000 } }

  local function user(name)
    return { userName = name .. "@x.example", active = true }
  end

  -- A server of /Bulk, over the fake's own requests.
  local function with_bulk(config)
    local server = fake.new(3)
    local send = server.send
    server.bulks = 0
    server.send = function(self, request)
      local path = request.url:match "/scimapi/1(.*)$"
      if path == "/ServiceProviderConfig" then
        return fake.answer(200, config or CONFIG)
      elseif path ~= "/Bulk" then
        return send(self, request)
      end
      server.bulks = server.bulks + 1
      local json = require "lastpass.json"
      local ids, answers = {}, json.list {}
      for index, one in ipairs(json.decode(request.body).Operations) do
        local text = json.encode(one):gsub('"bulkId:(.-)"', function(name)
          return ids[name] and '"' .. ids[name] .. '"'
        end)
        one = json.decode(text)
        local path_of_one = one.path:gsub("bulkId:(%w+)", ids)
        local reply = send(self, {
          method = one.method,
          url = "http://127.0.0.1:1/scimapi/1" .. path_of_one,
          headers = {},
          body = one.data and json.encode(one.data) or nil,
        })
        local body = reply.body ~= "" and json.decode(reply.body) or {}
        ids[one.bulkId] = body.id
        answers[index] = {
          method = one.method,
          bulkId = one.method == "POST" and one.bulkId or nil,
          status = tostring(reply.status),
          location = "http://127.0.0.1:1/scimapi/1/X/" .. (body.id or ""),
          response = reply.status >= 300 and body or nil,
        }
      end
      return fake.answer(200, { Operations = answers })
    end
    return server
  end

  local servers = {
    ["by /Bulk"] = with_bulk,
    ["one by one"] = function()
      return fake.new(3)
    end,
  }

  for way, start in pairs(servers) do
    it("gives the same results " .. way, function()
      local server = start()
      local client = fake.client(server, { dialect = "rfc" })
      local results = assert(client:bulk {
        { method = "POST", type = "User", resource = user "ann", bulk_id = "ann" },
        {
          method = "POST",
          type = "Group",
          resource = {
            displayName = "Sales",
            members = { { value = "bulkId:ann" }, { value = "1" } },
          },
          bulk_id = "sales",
        },
        {
          method = "PATCH",
          type = "User",
          id = "bulkId:ann",
          operations = { { op = "replace", path = "displayName", value = "Ann" } },
        },
        { method = "PUT", type = "User", id = "2", resource = user "two" },
        { method = "DELETE", type = "User", id = "3" },
        { method = "DELETE", type = "User", id = "77" },
        { method = "POST", type = "User", resource = user "u1" },
      })
      local summary = {}
      for index, one in ipairs(results) do
        summary[index] = ("%s %d %s %s"):format(
          one.method,
          one.status,
          tostring(one.ok),
          one.err and one.err.code or ""
        )
      end
      assert.same({
        "POST 201 true ",
        "POST 201 true ",
        "PATCH 200 true ",
        "PUT 200 true ",
        "DELETE 204 true ",
        "DELETE 404 false not_found",
        "POST 409 false uniqueness",
      }, summary)
      local ann = server.Users[3]
      assert.same({ results[1].id, "Ann" }, { ann.id, ann.displayName })
      assert.same({ { value = ann.id }, { value = "1" } }, server.Groups[1].members)
      assert.equal(way == "by /Bulk" and 1 or nil, server.bulks)
    end)
  end

  it("is split into what the server takes at once", function()
    local server = with_bulk()
    local client = fake.client(server, { dialect = "rfc" })
    local operations = {}
    for index = 1, 35 do
      operations[index] = { method = "POST", type = "User", resource = user("n" .. index) }
    end
    local results = assert(client:bulk(operations))
    assert.equal(35, #results)
    assert.equal(4, server.bulks)
    assert.equal(38, #server.Users)
    for _, one in ipairs(results) do
      assert.is_true(one.ok)
    end
  end)

  it("goes one by one where names lead from part to part, or /Bulk is refused after all", function()
    local server = with_bulk()
    local operations = {}
    for index = 1, 12 do
      operations[index] =
        { method = "POST", type = "User", resource = user("n" .. index), bulk_id = "n" .. index }
    end
    operations[13] = {
      method = "POST",
      type = "Group",
      resource = { displayName = "All", members = { { value = "bulkId:n1" } } },
    }
    assert.equal(13, #assert(fake.client(server, { dialect = "rfc" }):bulk(operations)))
    assert.equal(0, server.bulks)
    assert.equal(server.Users[4].id, server.Groups[1].members[1].value)
    server = with_bulk()
    local send = server.send
    server.send = function(self, request)
      if request.url:find "/Bulk$" then
        return fake.refusal(501)
      end
      return send(self, request)
    end
    local client = fake.client(server, { dialect = "rfc" })
    assert.is_true(assert(client:bulk({ { method = "DELETE", type = "User", id = "1" } }))[1].ok)
  end)

  it("creates groups that name each other, and then links them", function()
    local server = fake.new(0)
    local results = assert(fake.client(server):bulk {
      {
        method = "POST",
        type = "Group",
        resource = { displayName = "A", members = { { value = "bulkId:b" } } },
        bulk_id = "a",
      },
      {
        method = "POST",
        type = "Group",
        resource = { displayName = "B", members = { { value = "bulkId:a" } } },
        bulk_id = "b",
      },
    })
    assert.same({ true, true }, { results[1].ok, results[2].ok })
    assert.equal(server.Groups[2].id, server.Groups[1].members[1].value)
    assert.equal(server.Groups[1].id, server.Groups[2].members[1].value)
  end)

  it("leaves out what hangs on something that failed, and stops where it is told", function()
    local server = fake.new(1)
    local client = fake.client(server)
    local results = assert(client:bulk {
      { method = "POST", type = "User", resource = user "u1", bulk_id = "ann" },
      { method = "DELETE", type = "User", id = "bulkId:ann" },
    })
    assert.same({ 409, 412 }, { results[1].status, results[2].status })
    local operations = {}
    for index = 1, 5 do
      operations[index] = { method = "DELETE", type = "User", id = "none" .. index }
    end
    results = assert(client:bulk(operations, { fail_on_errors = 2 }))
    assert.same({ 404, 404, nil }, { results[1].status, results[2].status, results[3].status })
    assert.equal(5, #results)
  end)

  it("keeps changes of one resource in their order", function()
    local server = fake.new(1)
    local operations = {}
    for index = 1, 5 do
      operations[index] = {
        method = "PATCH",
        type = "User",
        id = "1",
        operations = { { op = "replace", path = "displayName", value = "v" .. index } },
      }
    end
    assert(fake.client(server):bulk(operations))
    assert.equal("v5", server.Users[1].displayName)
    for index, request in ipairs(server.requests) do
      assert.equal("v" .. index, request.body.Operations[1].value)
    end
  end)

  it("raises for what is no operation", function()
    local client = fake.client(fake.new(1))
    for expected, one in pairs {
      ["operation 1 must have the method"] = { method = "GET", type = "User" },
      ["operation 1 needs 'resource'"] = { method = "POST", type = "User" },
      ["operation 1 needs the 'id'"] = { method = "DELETE", type = "User" },
      ["operation 1: there is no type 'Role'"] = { method = "DELETE", type = "Role" },
      ["no POST has that bulk_id"] = { method = "DELETE", type = "User", id = "bulkId:x" },
    } do
      assert.matches(
        expected,
        check.blamed(function()
          client:bulk { one }
        end),
        1,
        true
      )
    end
    assert.same({}, client:bulk {})
  end)
end)

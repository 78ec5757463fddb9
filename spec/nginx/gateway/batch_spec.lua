--- Several requests in one.
local batch = require "lastpass.nginx.gateway.batch"
local box_support = require "spec.support.box"
local gateway = require "spec.support.gateway"
local json = require "lastpass.json"
local tenants = require "spec.support.tenant"

describe("a batch", function()
  local box, tenant, site
  setup(function()
    box = box_support.start { users = 40, seed = 2 }
  end)
  teardown(function()
    box:stop()
  end)

  before_each(function()
    box_support.reset(box)
    tenant = tenants.of(box)
    site = gateway.start({ acme = tenant }, {
      tokens = {
        all = { scopes = { "read", "write", "proxy" } },
        reader = { scopes = { "read" } },
        slow = { scopes = { "read" }, rate = 0.3 },
      },
    })
  end)

  local function send(resources, options, account)
    local body = { resources = json.list(resources), integrated_account_id = account }
    return site:send("POST", "/batch-request", body, options)
  end

  it("reads lists to their end, and single things", function()
    local user = tenant:directory().snapshot:users()()
    local response = send {
      { resource = "user-directory/users", method = "list" },
      { resource = "user-directory/users", method = "get", id = user.email, name = "one" },
      {
        resource = "user-directory/users",
        method = "list",
        name = "some",
        query = { limit = 2, status = { "active", "inactive" } },
      },
      { resource = "user-directory/licenses", method = "list" },
    }
    assert.equal(200, response.status, response.body)
    local snapshot = tenant:directory().snapshot
    assert.equal(
      snapshot:count() + snapshot:invited_count(),
      #response.json.result["user-directory/users"]
    )
    assert.equal(user.email, response.json.result.one[1].username)
    assert.equal(2, #response.json.result.some)
    assert.truthy(response.body:find('"user-directory/licenses":[]', 1, true))
    assert.same({}, response.json.errors)
    local alone = site:unified("GET", "users/" .. user.email).body
    assert.truthy(response.body:find(alone, 1, true))
  end)

  it(
    "writes in order, each with its guards and its audit, and stops where others depend on it",
    function()
      local people = {}
      for user in tenant:directory().snapshot:users { status = "active", admin = false } do
        people[#people + 1] = user.email
      end
      site = gateway.start({ acme = tenant }, { settings = { protect = { people[1] } } })
      local response = send({
        {
          resource = "user-directory/users",
          method = "update",
          id = people[1],
          name = "first",
          body = { status = "inactive" },
        },
        {
          resource = "user-directory/users",
          method = "update",
          id = people[2],
          name = "second",
          depends_on = "first",
          body = { status = "inactive" },
        },
        { resource = "disableuser", method = "create", body = { people[3] }, name = "third" },
        {
          resource = "user-directory/users",
          method = "get",
          id = people[3],
          name = "fourth",
          depends_on = { "third" },
        },
      }, { headers = { ["idempotency-key"] = "b1" } })
      assert.equal(200, response.status, response.body)
      local errors = response.json.errors
      assert.equal("protected", errors.first[1].details.guard)
      assert.equal(424, errors.second[1].statusCode)
      assert.match("'first' failed", errors.second[1].message)
      assert.equal("inactive", response.json.result.fourth[1].status)
      assert.equal(1, box_support.requests(box, "disableuser"))
      local outcomes = {}
      for position, line in ipairs(site.lines) do
        outcomes[position] = line.action .. " " .. line.outcome
      end
      assert.same({ "disable refused", "proxy disableuser done" }, outcomes)
    end
  )

  it("is carried out once for each key", function()
    local requests = {
      {
        resource = "user-directory/users",
        method = "create",
        body = { username = "b@lumenor.example" },
      },
    }
    local options = { headers = { ["idempotency-key"] = "b2" } }
    local first, again = send(requests, options), send(requests, options)
    assert.equal(first.body, again.body)
    assert.equal("true", again.headers["idempotency-replayed"])
    assert.equal(1, box_support.requests(box, "batchadd"))
    options.token = "reader"
    local refused = send(requests, options)
    assert.equal(403, refused.json.errors["user-directory/users"][1].statusCode)
    assert.equal(2, #site.keys:get_keys()) -- the note and the answer of the first
  end)

  it("gives a token no more than it may do, as often as it may", function()
    local response = send({
      { resource = "user-directory/roles", method = "list" },
      { resource = "getuserdata", method = "create" },
    }, { token = "reader" })
    assert.equal(8, #response.json.result["user-directory/roles"])
    assert.equal(403, response.json.errors.getuserdata[1].statusCode)
    local many = {}
    for position = 1, 5 do
      many[position] =
        { resource = "user-directory/roles", method = "list", name = "n" .. position }
    end
    response = send(many, { token = "slow" })
    assert.equal(200, response.status)
    assert.truthy(response.json.result.n2)
    assert.equal(429, response.json.errors.n3[1].statusCode)
    assert.equal(429, response.json.errors.n5[1].statusCode)
  end)

  it("repeats no first password, not to whoever asks, and in nothing that is kept", function()
    local secret = "correct horse battery staple"
    box_support.inject(
      box,
      "batchadd",
      '{"status":"FAIL","error":["bad password ' .. secret .. '"]}'
    )
    local body = { username = "p@lumenor.example", password = secret }
    local response = send({
      { resource = "user-directory/users", method = "create", body = body },
    }, { headers = { ["idempotency-key"] = "b3" } })
    assert.equal(422, response.json.errors["user-directory/users"][1].statusCode)
    assert.truthy(response.body:find("[redacted]", 1, true))
    local kept = { response.body, json.encode(site.lines), json.encode(site.intents) }
    for _, key in ipairs(site.keys:get_keys()) do
      kept[#kept + 1] = key .. site.keys:get(key)
    end
    assert.equal(5, #kept)
    for _, text in ipairs(kept) do
      assert.is_nil(text:find(secret, 1, true))
    end
  end)

  it("is about the account that it names", function()
    local roles = { { resource = "user-directory/roles", method = "list" } }
    assert.same({}, send(roles, nil, "acme").json.errors)
    local errors = send(roles, nil, "globex").json.errors
    assert.equal(404, errors["user-directory/roles"][1].statusCode)
  end)

  it("refuses what it does not know", function()
    local list = { resource = "user-directory/users", method = "list" }
    local many = {}
    for position = 1, batch.MAX_REQUESTS + 1 do
      many[position] = { resource = "getuserdata", method = "create", name = "n" .. position }
    end
    for text, resources in pairs {
      ["loop_on"] = { { resource = "user-directory/users", method = "list", loop_on = "x" } },
      ["'resorce' is not known here (did you mean 'resource'?)"] = {
        { resorce = "x", method = "list" },
      },
      ["'method' is missing"] = { { resource = "getuserdata" } },
      ["appears twice"] = { list, list },
      ["not before it"] = {
        { resource = "user-directory/users", method = "list", depends_on = "later" },
        { resource = "user-directory/roles", method = "list", name = "later" },
      },
      ["at least one"] = {},
      ["26 requests; 25 are allowed"] = many,
      ["wrong type"] = { { resource = "user-directory/users", method = "list", query = "x" } },
    } do
      local response = send(resources)
      assert.equal(400, response.status, text .. response.body)
      assert.truthy(response.json.message:find(text, 1, true), response.json.message)
    end
    for text, one in pairs {
      ["'id' is missing"] = { resource = "user-directory/users", method = "get" },
      ["there is no method"] = { resource = "user-directory/users", method = "../x" },
      ["resource must be"] = { resource = "../../x", method = "list" },
      ["'next_cursor' is not for batches"] = {
        resource = "user-directory/users",
        method = "list",
        query = { next_cursor = "x" },
      },
    } do
      local errors = send({ one }).json.errors
      local problem = errors[one.resource][1]
      assert.truthy(problem.message:find(text, 1, true), problem.message)
    end
    assert.equal(400, site:send("POST", "/batch-request", "[]").status)
    assert.equal(400, site:send("POST", "/batch-request", "{").status)
    assert.equal(400, site:send("POST", "/batch-request", { args = { a = 1 } }).status)
    local plain = { headers = { ["content-type"] = "text/plain" } }
    assert.equal(415, site:send("POST", "/batch-request", "{}", plain).status)
    local get = site:send("GET", "/batch-request")
    assert.equal(405, get.status)
    assert.equal("POST, OPTIONS", get.headers.allow)
    local nobody = { headers = { authorization = false } }
    assert.equal(401, site:send("POST", "/batch-request", "{}", nobody).status)
  end)
end)

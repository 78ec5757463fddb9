-- One request: what is sent, what failures become, and what is sent again.
local check = require "spec.support.check"
local errors = require "lastpass.error"
local fake = require "spec.support.scim_fake"
local json = require "lastpass.json"
local loop = require "lastpass.transport.scheduler"

describe("lastpass.scim.call", function()
  local server, client, waits

  before_each(function()
    server, waits = fake.new(3), {}
    client = fake.client(server, {
      on_retry = function(retry)
        waits[#waits + 1] = retry
      end,
    })
    stub(loop, "sleep")
  end)

  after_each(function()
    loop.sleep:revert()
  end)

  -- The next requests are answered like that, each once.
  local function answers(...)
    local list, position = { ... }, 0
    server.on_request = function()
      position = position + 1
      local one = list[position]
      if type(one) == "function" then
        return one()
      end
      return one
    end
  end

  it("sends the media type, and the token beside the headers", function()
    assert(client:get("User", "1"))
    assert(client:patch("User", "1", { { op = "replace", path = "active", value = true } }))
    local get, patch = server.requests[1], server.requests[2]
    assert.matches("^application/scim%+json", get.headers.Accept)
    assert.is_nil(get.headers["Content-Type"])
    assert.equal("application/scim+json", patch.headers["Content-Type"])
    assert.matches("^lastpass%-lua/", get.headers["User-Agent"])
    local secret = get.request.secret_header
    assert.same({ "Authorization", "Bearer " }, { secret.name, secret.prefix })
    assert.equal("userdata", type(secret.secret))
    assert.is_nil(json.encode(get.headers):find(fake.TOKEN, 1, true))
    assert.same({
      schemas = { "urn:ietf:params:scim:api:messages:2.0:PatchOp" },
      Operations = { { op = "replace", path = "active", value = true } },
    }, patch.body)
  end)

  it("puts an id into the path whatever it has", function()
    client:get("User", "a/b?c d")
    assert.equal("/Users/a%2Fb%3Fc%20d", server.requests[1].path)
  end)

  it("reads any JSON, with ids as strings, booleans as booleans and nothing for null", function()
    answers(
      fake.answer(
        200,
        '{"ID":345,"UserName":"ann@x.example","active":"False","externalId":null,'
          .. '"groups":{"value":7},"name":{"givenName":null}}',
        { ["content-type"] = "text/json" }
      )
    )
    local user = assert(client:get("User", "345"))
    assert.same({
      id = "345",
      userName = "ann@x.example",
      active = false,
      groups = { { value = "7" } },
      name = {},
    }, user)
  end)

  it("tells failures apart by status and scimType", function()
    for _, case in ipairs {
      { 400, "invalidFilter", "refused", "invalid_filter" },
      { 400, nil, "refused", "bad_request" },
      { 401, nil, "auth", "authorization_error" },
      { 403, nil, "auth", "forbidden" },
      { 403, "sensitive", "refused", "sensitive" },
      { 404, nil, "refused", "not_found" },
      { 409, "uniqueness", "conflict", "uniqueness" },
      { 412, nil, "conflict", "version_conflict" },
      { 413, nil, "refused", "too_large" },
      { 302, nil, "transport", "redirect" },
      { 501, nil, "refused", "not_supported" },
    } do
      answers(fake.refusal(case[1], case[2], "about ann@x.example " .. fake.TOKEN))
      local err = check.failure(case[3], case[4], client:get("User", "1"))
      assert.equal(case[1], err.status)
      assert.equal(case[2], err.scim_type)
      assert.equal("get_user", err.command)
      assert.matches("^GET /Users/1: HTTP " .. case[1], err.message)
      assert.is_nil(err.message:find("ann@", 1, true))
      for _, value in pairs(err) do
        assert.is_nil(tostring(value):find(fake.TOKEN, 1, true))
      end
    end
    assert.equal(0, #waits)
  end)

  it("reads errors that are none of SCIM", function()
    for body, detail in pairs {
      ['{"status":404,"detail":"no"}'] = "no",
      ["<html>not here</html>"] = false,
      [""] = false,
      ["[]"] = false,
      ['{"message":"nobody"}'] = "nobody",
    } do
      answers(fake.answer(404, body))
      local err = check.failure("refused", "not_found", client:get("User", "1"))
      assert.equal(detail or nil, err.detail)
    end
  end)

  it("does not take a page of a proxy for an answer", function()
    answers(fake.answer(200, "<html>log in</html>"))
    local err = check.failure("protocol", nil, client:delete("User", "1"))
    assert.equal("not_json", err.code)
    assert.is_true(err.uncertain)
    assert.matches("does not look like a SCIM server", err.hint, 1, true)
  end)

  local function lost()
    return errors.fail("transport", "timeout", "no answer", { sent = true })
  end

  it("sends again what reads and what says by values how things ought to be", function()
    local operations = { { op = "replace", path = "active", value = false } }
    for _, act in ipairs {
      function()
        return client:get("User", "1")
      end,
      function()
        return client:patch("User", "1", operations)
      end,
      function()
        return client:replace("User", "1", { userName = "u1@x.example", active = true })
      end,
    } do
      answers(lost, fake.answer(503, ""), fake.refusal(500))
      assert.is_truthy(act())
    end
    assert.equal(9, #waits)
    assert.equal("timeout", waits[1].code)
    for _, wait in ipairs(waits) do
      assert.is_true(wait.seconds >= 0.25 and wait.seconds <= 2)
    end
  end)

  it("counts a deletion that finds nobody the second time as the first one's", function()
    server.on_request = function(_, number)
      return number == 1 and "after" or nil
    end
    assert.is_true(client:delete("User", "2"))
    assert.equal("DELETE /Users/2\nDELETE /Users/2", server:log())
    check.failure("refused", "not_found", client:delete("User", "2"))
  end)

  it("says that a write is uncertain when its last answer is lost as well", function()
    answers(lost, lost, lost, lost)
    local err = check.failure("transport", "timeout", client:set_active("1", false))
    assert.is_true(err.uncertain)
    answers(lost, fake.refusal(409))
    assert.is_true(check.failure("conflict", nil, client:set_active("1", false)).uncertain)
    answers(fake.refusal(409))
    assert.is_nil(check.failure("conflict", nil, client:set_active("1", false)).uncertain)
  end)

  it("waits as long as the server asks, in seconds or until a date, but not for ever", function()
    answers(
      fake.answer(429, "", { ["retry-after"] = "7" }),
      fake.answer(503, "", { ["retry-after"] = "Sun, 06 Nov 1994 08:49:37 GMT" })
    )
    assert(client:get("User", "1"))
    assert.same({ 7, 0 }, { waits[1].seconds, waits[2].seconds })
    answers(fake.answer(429, "", { ["retry-after"] = "600" }))
    local err = check.failure("throttled", "throttled", client:get("User", "1"))
    assert.equal(600, err.retry_after)
    assert.equal(2, #waits)
  end)

  it("gives up after `retries`", function()
    server.on_request = function()
      return fake.answer(503, "")
    end
    check.failure("transport", "http_status", client:get("User", "1"))
    assert.equal(4, #server.requests)
  end)

  it("calls the hooks with what happens, without names of people", function()
    local seen = {}
    client = fake.client(server, {
      on_request = function(request)
        seen[#seen + 1] = ("%s %s %d"):format(request.command, request.path, request.attempt)
      end,
      on_reply = function(reply)
        seen[#seen + 1] = ("%s %s"):format(tostring(reply.status), tostring(reply.code))
      end,
    })
    assert(client:find("User", "userName", "u1@x.example"))
    assert.same({ "list_users /Users 1", "200 nil" }, seen)
  end)
end)

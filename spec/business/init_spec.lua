-- The client of the REST API: what each operation sends, and what is made of answers.
local check = require "spec.support.check"
local errors = require "lastpass.error"
local fake = require "spec.support.rest_fake"
local json = require "lastpass.json"
local limiter = require "lastpass.limiter"
local loop = require "lastpass.transport.scheduler"
local operations = require "lastpass.business.operations"

local BASE = "https://api.lastpass.com/business"

describe("lastpass.business", function()
  local client, server

  before_each(function()
    client, server = fake.new()
    stub(loop, "sleep")
  end)

  after_each(function()
    loop.sleep:revert()
    -- what a test learned of the company's rate, no other one has to keep
    local one = limiter.of(BASE)
    one._blocked_until, one._next, one._learned = 0, {}, nil
  end)

  local function last()
    return server.requests[#server.requests]
  end

  local function collect(...)
    local list = {}
    for row in ... do
      list[#list + 1] = row
    end
    return list
  end

  it("sends the key beside the headers, in the vendor's scheme", function()
    server.answers = { { 200, "[]" } }
    assert.same({}, client:billing_cycles())
    local secret = last().secret_header
    assert.same({ "Authorization", "api-key " }, { secret.name, secret.prefix })
    assert.equal("userdata", type(secret.secret))
    assert.is_nil(json.encode(last().headers):find(fake.KEY, 1, true))
    assert.is_nil(tostring(client):find(fake.KEY, 1, true))
  end)

  it("has a method for each documented operation, with its path and its wire names", function()
    local calls = {
      { "users", { { name = "A%", account_status = "staged" } }, "GET", "/v1/users" },
      { "create_user", { { email = "a@b.c", name = "A", action = "stage" } }, "POST", "/v1/users" },
      { "admin_levels", { { sort = "name:desc" } }, "GET", "/v1/admin-levels" },
      {
        "add_user_to_admin_level",
        { 7, { user_id = 8 } },
        "POST",
        "/v1/admin-levels/7/users",
      },
      { "managed_companies", { { status = { "active" } } }, "GET", "/v1/managed-companies" },
      {
        "create_managed_company",
        { { name = "C", license_limit = 5, type = "managed" } },
        "POST",
        "/v1/managed-companies",
      },
      {
        "update_managed_company",
        { 9, { license_limit = 5, status = "active", addons = {} } },
        "PUT",
        "/v1/managed-companies/9",
      },
      { "detach_managed_company", { 9 }, "DELETE", "/v1/managed-companies/9" },
      { "managed_company_user", { 9, 8 }, "GET", "/v1/managed-companies/9/users/8" },
      {
        "managed_company_admin_level",
        { 9, 7 },
        "GET",
        "/v1/managed-companies/9/admin-levels/7",
      },
      {
        "managed_company_admin_level_users",
        { 9, 7 },
        "GET",
        "/v1/managed-companies/9/admin-levels/7/users",
      },
      {
        "billing_cycles",
        { { number = 3 } },
        "GET",
        "/v1/managed-companies-reports/billing-cycles",
      },
      {
        "billing_reports",
        { { start_date = "2026-10-01", end_date = "2026-10-31" } },
        "GET",
        "/v1/managed-companies-reports/billing-reports",
      },
      {
        "managed_companies_admins",
        {},
        "GET",
        "/v1/managed-companies-reports/admin-users",
      },
    }
    assert.equal(#operations.list, #calls)
    local by_kind = {
      list = { 200, '{"items":null}' },
      array = { 200, "[]" },
      one = { 200, '{"id":1}' },
      write = { 201, '{"id":1}' },
      job = { 202, '{"id":1,"url":"/business/v1/x"}' },
      done = { 204 },
    }
    for place, operation in ipairs(operations.list) do
      local one = calls[place]
      assert.equal(operation.name, one[1])
      server.answers = { by_kind[operation.kind] }
      local result = assert(client[one[1]](client, (unpack or table.unpack)(one[2])))
      if operation.kind == "list" then
        assert.same({}, collect(result))
      end
      assert.same({ one[3], BASE .. one[4] }, { last().method, (last().url:gsub("%?.*", "")) })
      assert.equal(operation.method == "GET", last().repeatable)
    end
  end)

  it("writes options by their names on the wire, ids as integers", function()
    server.answers = {
      { 201, '{"id":1}' },
      { 201, '{"id":1}' },
      { 202, '{"id":1,"url":"/business/v1/x"}' },
      { 200, "{}" },
    }
    assert(client:create_user { email = "ann@acme.example", name = "Ann", action = "invite" })
    assert.same(
      { email = "ann@acme.example", name = "Ann", creationAccountAction = "invite" },
      json.decode(last().body)
    )
    -- 2^53 + 1, which no double holds
    assert(client:add_user_to_admin_level("9007199254740993", { user_id = "9007199254740993" }))
    assert.equal('{"userId":9007199254740993}', last().body)
    assert.equal(BASE .. "/v1/admin-levels/9007199254740993/users", last().url)
    assert(client:create_managed_company {
      name = 'a","parentId":"7',
      license_limit = 10,
      type = "managed-msp",
      addons = { "mfa", "sso" },
      parent_id = 77,
    })
    assert.same({
      name = 'a","parentId":"7',
      licenseLimit = 10,
      type = "managed-msp",
      addons = { "mfa", "sso" },
      parentId = 77,
    }, json.decode(last().body))
    collect(client:managed_companies { status = { "active", "suspended" }, name = "%co & co%" })
    assert.equal(
      "max-results=500&name=%25co%20%26%20co%25&status=active%2Csuspended",
      last().url:match "%?(.*)$"
    )
  end)

  it("gives ids as strings of digits, names with underscores, and null as absent", function()
    server.answers = {
      {
        200,
        '{"items":[{"id":9007199254740993,"name":null,"accountStatus":"staged",'
          .. '"new":{"aB":[null]}},{"id":5}]}',
      },
    }
    assert.same({
      { id = "9007199254740993", account_status = "staged", new = { a_b = {} } },
      { id = "5" },
    }, collect(client:users()))
  end)

  it("refuses a caller's mistakes before anything is sent", function()
    local mistakes = {
      { "unknown option 'emial'", "users", { emial = "x" } },
      { "option 'account_status' must be one of enrolled", "users", { account_status = "active" } },
      { "needs the option 'action'", "create_user", { email = "a@b.c" } },
      {
        "needs the option 'addons'",
        "update_managed_company",
        1,
        { license_limit = 1, status = "active" },
      },
      { "must be an id", "managed_company_user", 1, "../2" },
      { "must be an id", "detach_managed_company", 1.5 },
      { "must be an id", "detach_managed_company", -1 },
      { "a date as", "billing_reports", { start_date = "1.10.2026", end_date = "2026-10-31" } },
      { "takes one argument", "detach_managed_company", 1, 2 },
    }
    for _, one in ipairs(mistakes) do
      local message = check.blamed(function()
        client[one[2]](client, (unpack or table.unpack)(one, 3))
      end)
      assert.truthy(message:find(one[1], 1, true), message)
    end
    assert.equal(0, #server.requests)
  end)

  describe("lists", function()
    it("follow tokens to the end, repeating the filters, and give each row once", function()
      server.answers = {
        { 200, '{"items":[{"id":1},{"id":2}],"nextPageToken":"a b"}' },
        { 200, '{"items":null,"nextPageToken":"c"}' },
        { 200, '{"items":[{"id":2},{"id":3}],"nextPageToken":null}' },
      }
      local ids = {}
      for row in client:users { email = "%@acme.example" } do
        ids[#ids + 1] = row.id
      end
      assert.same({ "1", "2", "3" }, ids)
      assert.truthy(server.requests[2].url:find("page-token=a%20b", 1, true))
      for _, request in ipairs(server.requests) do
        assert.truthy(request.url:find("email=%25%40acme.example", 1, true), request.url)
      end
    end)

    it("ask for no more than the operation allows", function()
      server.answers = { { 200, '{"items":[]}' }, { 200, '{"items":[]}' } }
      collect(client:admin_levels())
      assert.truthy(last().url:find("max-results=50", 1, true), last().url)
      collect(client:billing_reports { start_date = "2026-10-01", end_date = "2026-10-31" })
      assert.truthy(last().url:find("max-results=50&", 1, true), last().url)
    end)

    it("end with an error when they cannot be read to their end", function()
      local wrong = {
        {
          "same page again",
          '{"items":[{"id":1}],"nextPageToken":"a"}',
          '{"items":[{"id":2}],"nextPageToken":"a"}',
        },
        { "is not a string", '{"items":[],"nextPageToken":5}' },
        { "expected a page", "[1]" },
        { "expected a page", "[]" },
        { "expected a page", '{"status":"ok"}' },
        { "items is not a list", '{"items":{"a":1}}' },
        { "items is not a list", '{"items":"x"}' },
        { "item 2 is not an object", '{"items":[{"id":1},7]}' },
        { "not acceptable JSON", "<html>" },
      }
      for _, one in ipairs(wrong) do
        server.answers = {}
        for place = 2, #one do
          server.answers[place - 1] = { 200, one[place] }
        end
        local ok, err = pcall(function()
          collect(client:users())
        end)
        assert.is_false(ok)
        assert.equal("protocol", err.kind)
        assert.truthy(err.message:find(one[1], 1, true), err.message)
      end
    end)

    it("have an end, whatever the server does", function()
      local number = 0
      server.send = function()
        number = number + 1
        return {
          status = 200,
          headers = {},
          body = ('{"items":[],"nextPageToken":"%d"}'):format(number),
        }
      end
      local ok, err = pcall(function()
        collect(client:users())
      end)
      assert.is_false(ok)
      assert.truthy(err.message:find("has no end", 1, true), err.message)
      assert.is_true(number < 200)
    end)
  end)

  describe("failures", function()
    it("carry what problem details say", function()
      server.answers = {
        {
          400,
          '{"title":"Bad Request","status":400,"detail":"no such thing","instance":"/x",'
            .. '"type":null,"errors":[{"pointer":"/email","detail":"must be an address"},'
            .. '{"pointer":null},7]}',
        },
      }
      local _, message, err = client:create_user { email = "x", action = "stage" }
      assert.equal(
        "POST /v1/users: HTTP 400 Bad Request; no such thing; /email: must be an address; refused",
        message
      )
      assert.same(
        { "refused", "bad_request", 400, "/x" },
        { err.kind, err.code, err.status, err.instance }
      )
      assert.same({ { pointer = "/email", detail = "must be an address" }, {} }, err.fields)
      assert.is_nil(err.uncertain)
    end)

    it("have stable names for each status", function()
      for status, expected in pairs {
        [401] = "auth authorization_error",
        [403] = "auth forbidden",
        [404] = "refused not_found",
        [409] = "conflict conflict",
        [418] = "refused bad_request",
        [422] = "refused bad_request",
        [301] = "transport redirect",
      } do
        server.answers = { { status, "" } }
        local _, _, err = client:managed_company_user(1, 2)
        assert.equal(expected, err.kind .. " " .. err.code)
      end
    end)

    it("show no key, even when the server repeats it", function()
      server.answers = { { 400, ('{"detail":"what is %s?"}'):format(fake.KEY) } }
      local _, message, err = client:managed_company_user(1, 2)
      assert.is_nil(message:find(fake.KEY, 1, true))
      assert.is_nil(err.body:find(fake.KEY, 1, true))
    end)

    it("repeat what reads, never a write that may have arrived", function()
      server.answers = { { 502, "" }, { 500, "" }, { 200, '{"id":2}' } }
      assert.equal("2", assert(client:managed_company_user(1, 2)).id)
      server.requests = {}
      server.answers = { { 502, "" } }
      local _, _, err = client:create_user { email = "a@b.c", action = "stage" }
      assert.is_true(err.uncertain)
      assert.truthy(err.hint:find("read what is there", 1, true))
      assert.equal(1, #server.requests)
      server.answers = {
        function()
          return errors.fail("transport", "timeout", "no answer", { sent = true })
        end,
      }
      _, _, err = client:create_managed_company { name = "x", license_limit = 1, type = "managed" }
      assert.is_true(err.uncertain)
      assert.truthy(err.hint:find("by name", 1, true))
      assert.equal(2, #server.requests)
    end)

    it("repeat a write that the server refused to begin", function()
      server.answers = { { 429, "", { ["retry-after"] = "1" } }, { 201, '{"id":1}' } }
      assert(client:create_user { email = "a@b.c", action = "stage" })
      assert.equal(2, #server.requests)
    end)

    it("of shape after a write leave it open what happened", function()
      server.answers = { { 201, "[1]" } }
      local _, _, err = client:create_user { email = "a@b.c", action = "stage" }
      assert.same({ "unexpected_shape", true }, { err.code, err.uncertain })
    end)
  end)

  describe("jobs", function()
    local function begin(url)
      server.answers = { { 202, json.encode { id = 70, url = url } } }
      return assert(client:create_managed_company {
        name = "x",
        license_limit = 1,
        type = "managed",
      })
    end

    it("are asked for at the API's own address, with the key", function()
      local job = begin "/business/v1/requests/70?x=1"
      assert.same({ "70", "create_managed_company" }, { job.id, job.command })
      server.answers = { { 202, "" }, { 200, '{"companyId":9007199254740993}' } }
      assert.equal("pending", job:poll())
      assert.same({ status = 200, body = { company_id = "9007199254740993" } }, job:poll())
      assert.equal("https://api.lastpass.com/business/v1/requests/70?x=1", last().url)
      assert.truthy(last().secret_header)
    end)

    it("are never asked for elsewhere", function()
      for _, url in ipairs {
        "https://evil.example/business/v1/requests/70",
        "https://api.lastpass.com.evil.example/x",
        "https://api.lastpass.com:444/x",
        "http://api.lastpass.com/x",
        "https://api.lastpass.com@evil.example/x",
        "//evil.example/x",
        "\\\\evil.example/x",
        "x",
        "",
      } do
        local job = begin(url)
        local _, _, err = job:poll()
        assert.same({ "foreign_address", true }, { err.code, err.uncertain }, url)
      end
      for _, request in ipairs(server.requests) do
        assert.equal("POST", request.method)
      end
    end)

    it("wait until the work is done, or say that nobody knows", function()
      local slept, now = 0, loop.now() + 100
      loop.sleep:revert()
      stub(loop, "sleep", function(seconds)
        slept = slept + seconds
        now = now + seconds
      end)
      local real = loop.now
      loop.now = function()
        return now
      end
      finally(function()
        loop.now = real
      end)
      local job = begin "/business/v1/requests/70"
      server.answers = { { 202 }, { 202, "", { ["retry-after"] = "7" } }, { 202 }, { 200, "{}" } }
      assert.equal(200, assert(job:wait()).status)
      assert.equal(1 + 7 + 4, slept)
      server.answers = { { 202, "", {} } }
      job.retry_after = nil
      server.answers = { { 202 } }
      local _, _, err = client:job({ id = "70", url = job.url }):wait { timeout = 0.5 }
      assert.same({ "deadline", true }, { err.code, err.uncertain })
    end)

    it("that are gone say how to find out", function()
      local job = begin "/business/v1/requests/70"
      server.answers = { { 404, "" } }
      local _, _, err = job:poll()
      assert.equal("gone", err.code)
      assert.truthy(err.hint:find("by name", 1, true))
    end)

    it("without an address are an answer that cannot be used", function()
      server.answers = { { 202, '{"id":5}' } }
      local _, _, err =
        client:create_managed_company { name = "x", license_limit = 1, type = "managed" }
      assert.same({ "unexpected_shape", true }, { err.code, err.uncertain })
    end)
  end)

  describe("request", function()
    it("sends what no page documents, once, and reads nothing into the answer", function()
      server.answers = { { 200, '{"accountStatus":"x","id":9007199254740993}' } }
      assert.same(
        { status = 200, body = { accountStatus = "x", id = "9007199254740993" } },
        client:request("PATCH", "/v1/users/7", { body = { name = "B" } })
      )
      assert.same({ "PATCH", BASE .. "/v1/users/7" }, { last().method, last().url })
    end)

    it("goes nowhere but below the API", function()
      for _, path in ipairs {
        "v1/users",
        "/v1/../x",
        "/v1/users?x=1",
        "/x",
        "https://evil.example",
        "",
      } do
        check.blamed(function()
          client:request("GET", path)
        end)
      end
      assert.equal(0, #server.requests)
    end)
  end)
end)

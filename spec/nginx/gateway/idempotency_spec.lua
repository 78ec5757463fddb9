local box_support = require "spec.support.box"
local gateway = require "spec.support.gateway"
local idempotency = require "lastpass.nginx.gateway.idempotency"
local shared_dict = require "spec.support.shared_dict"
local tenants = require "spec.support.tenant"

local function request(body, key)
  return {
    method = "POST",
    path = "/unified/user-directory/users",
    query = {},
    headers = { ["idempotency-key"] = key or "k1" },
    body = body or "{}",
  }
end

describe("an Idempotency-Key", function()
  local dict, clock, calls
  local changed
  before_each(function()
    clock, calls, changed = 1000, 0, nil
    dict = shared_dict.new {
      now = function()
        return clock
      end,
    }
  end)

  local function has_changed()
    return changed or false
  end

  local function once(one, status, tenant, body)
    one.now = clock
    return idempotency.once(dict, one, tenant or "acme", function()
      calls = calls + 1
      return { status = status or 201, headers = { a = "b" }, body = body or "call " .. calls }
    end, has_changed)
  end

  it("gives the first answer again, for a day", function()
    assert.equal("call 1", once(request()).body)
    local again = once(request())
    assert.equal("call 1", again.body)
    assert.equal(201, again.status)
    assert.equal("b", again.headers.a)
    assert.equal("true", again.headers["idempotency-replayed"])
    assert.equal("call 2", once(request(nil, "k2")).body)
    assert.equal("call 3", once(request(), nil, "globex").body)
    clock = clock + idempotency.TTL
    assert.equal("call 4", once(request()).body)
  end)

  it("belongs to one request", function()
    once(request())
    local response, problem = once(request '{"a":1}')
    assert.is_nil(response)
    assert.equal(422, problem.status)
    local other = request()
    other.query = { { "x", "y" } }
    assert.equal(422, select(2, once(other)).status)
    assert.equal(400, select(2, once(request(nil, ("k"):rep(256)))).status)
    assert.equal(1, calls)
  end)

  it("is free again after an answer that changed nothing", function()
    for _, status in ipairs { 400, 401, 403, 429, 502, 503 } do
      once(request(), status)
    end
    assert.equal(6, calls)
    once(request(), 504)
    once(request(), 504)
    assert.equal(7, calls)
  end)

  it("is not free while the first request is under way", function()
    local problem
    local first = request()
    first.now = clock
    idempotency.once(dict, first, "acme", function()
      clock = clock + idempotency.LONGEST - 1
      problem = select(2, once(request()))
      return { status = 200, headers = {}, body = "" }
    end, has_changed)
    assert.equal(409, problem.status)
    assert.equal("1", problem.headers["retry-after"])
    assert.equal(0, calls)
  end)

  it("is never free again when the first request was cut off", function()
    local first = request()
    first.now = clock
    -- the note of one whose worker dies: made, and never changed
    changed = true
    pcall(idempotency.once, dict, first, "acme", error, has_changed)
    changed = nil
    clock = clock + idempotency.LONGEST
    local response, problem = once(request())
    assert.is_nil(response)
    assert.equal(504, problem.status)
    assert.equal("unknown", problem.details.outcome)
    assert.equal(0, calls)
  end)

  it("is not free after an answer that changed something, whatever its status", function()
    changed = true
    for _ = 1, 2 do
      assert.equal(502, once(request(), 502).status)
    end
    assert.equal(1, calls)
  end)

  it("stays taken when the request raised after it changed something, and only then", function()
    local function raise()
      local one = request()
      one.now = clock
      return pcall(idempotency.once, dict, one, "acme", function()
        calls = calls + 1
        error("oh", 0)
      end, has_changed)
    end
    assert.same({ false, "oh" }, { raise() })
    assert.same({ false, "oh" }, { raise() })
    assert.equal(2, calls)
    changed = true
    assert.same({ false, "oh" }, { raise() })
    assert.equal(3, calls)
    assert.equal(409, select(2, once(request())).status)
    assert.equal(3, calls)
  end)

  it("is refused when there is no room to remember it", function()
    dict = shared_dict.new { most = 0 }
    assert.equal(503, select(2, once(request())).status)
    assert.equal(0, calls)
  end)

  it("is not carried out again when there was no room for its answer", function()
    dict = shared_dict.new { most = 1 }
    assert.equal("call 1", once(request()).body)
    local response, problem = once(request())
    assert.is_nil(response)
    assert.equal(409, problem.status)
    assert.same({ status = 201, outcome = "done" }, problem.details)
    assert.match("no room to keep the answer", problem.message)
    assert.equal(1, calls)
  end)

  it("keeps a user from being invited twice", function()
    local box = box_support.start { users = 10, seed = 6 }
    local site = gateway.start { acme = tenants.of(box) }
    local body, options =
      { username = "once@lumenor.example" }, { headers = { ["idempotency-key"] = "a" } }
    local first = site:unified("POST", "users", body, options)
    local second = site:unified("POST", "users", body, options)
    local requests = box_support.requests(box, "batchadd")
    box:stop()
    assert.equal(201, first.status)
    assert.equal(first.body, second.body)
    assert.equal("true", second.headers["idempotency-replayed"])
    assert.equal(1, requests)
    assert.equal(1, #site.lines)
  end)

  it("of whoever may not write is not kept", function()
    local tenant = require("spec.support.written").tenant()
    tenant:set { { id = "1", email = "ann@example.com" } }
    local site = gateway.start({ acme = tenant }, {
      tokens = {
        reader = { scopes = { "read" } },
        all = { scopes = { "read", "write", "proxy" } },
      },
    })
    local paths = { "unified/user-directory/users", "proxy/reinviteuser", "proxy/getuserdata", "x" }
    for position, path in ipairs(paths) do
      local options = { token = "reader", headers = { ["idempotency-key"] = "k" .. position } }
      local response = site:send("POST", "/" .. path, { username = "ann@example.com" }, options)
      assert.equal(path == "x" and 404 or 403, response.status, path)
    end
    assert.same({}, site.keys:get_keys())
    -- nor one for a method that there is not
    local options = { headers = { ["idempotency-key"] = "k" } }
    assert.equal(405, site:unified("DELETE", "users", nil, options).status)
    assert.same({}, site.keys:get_keys())
  end)
end)

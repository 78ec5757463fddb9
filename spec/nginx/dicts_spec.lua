--- What happens in a real nginx when a dict is full, or the audit's disk is: nothing is let through that was
-- not counted or written down, and /healthz says why.
-- Runs once: nginx has its own LuaJIT.
local box_support = require "spec.support.box"
local json = require "lastpass.json"
local sites = require "spec.support.site"
local tokens = require "lastpass.nginx.gateway.tokens"
local wait = require "spec.support.wait"

local SETUP = [[
  tokens = {{
    name = "t", hash = %q, tenants = { "acme" }, scopes = { "read", "write", "proxy" }, rate = 1e6,
  }},
  gateway = { audit = %s },
  dashboard = {},
]]

-- Fills a dict to the last byte, with what lasts. A lease that ends later would leave room, so leases are
-- waited for first.
local SERVER = [[
  location /unified/ { error_log logs/error.log %s; content_by_lua_block { site:gateway() } }
  location /proxy/ { content_by_lua_block { site:gateway() } }
  location /dashboard { content_by_lua_block { site:dashboard() } }
  location = /fill {
    content_by_lua_block {
      local dict, number = ngx.shared["lastpass_" .. ngx.var.arg_dict], 0
      for _ = 1, 600 do
        if not table.concat(dict:get_keys(0), " "):find("lease ", 1, true) then
          break
        end
        ngx.sleep(0.05)
      end
      dict:flush_expired()
      for _, length in ipairs { 4000, 1000, 200, 60, 20, 1 } do
        while dict:safe_add("filling " .. number, ("x"):rep(length)) do
          number = number + 1
        end
      end
      ngx.print(number)
    }
  }
  location = /empty {
    content_by_lua_block {
      local dict, number = ngx.shared["lastpass_" .. ngx.var.arg_dict], 0
      while dict:get("filling " .. number) do
        dict:delete("filling " .. number)
        number = number + 1
      end
      ngx.print(number)
    }
  }
]]

local USERS = "/unified/user-directory/users"

describe("a site in nginx", function()
  local box, site, token, headers
  before_each(function()
    box = box_support.start { users = 40, seed = 3 }
  end)
  after_each(function()
    site:stop()
    box:stop()
  end)

  local function start(audit, more, log_level)
    local text, hash = tokens.new()
    token = text
    headers = { Authorization = "Bearer " .. text, ["Content-Type"] = "application/json" }
    site = sites.start(box, {
      workers = 1,
      tenant = "folders = false, retries = 0, refresh = 3600," .. (more or ""),
      setup = SETUP:format(hash, audit and ("%q"):format(audit) or "nil"),
      server = SERVER:format(log_level or "notice"),
      dicts = {
        limits = "64k",
        locks = "64k",
        counters = "64k",
        idempotency = "64k",
        sessions = "64k",
      },
    })
    site:directory()
  end

  local function request(method, path, body, more)
    local sent = body and json.encode(body)
    local given = { ["content-length"] = sent and #sent or nil }
    for name, value in pairs(headers) do
      given[name] = value
    end
    for name, value in pairs(more or {}) do
      given[name] = value
    end
    return site.server:get(path, { method = method, body = sent, headers = given })
  end

  local function fill(name)
    local _, count = site:get("/fill?dict=" .. name)
    assert.is_true(count > 0)
  end

  local function empty(name)
    local _, count = site:get("/empty?dict=" .. name)
    assert.is_true(count > 0)
  end

  local function reasons()
    local _, report = site:get "/healthz"
    local list = {}
    for position, reason in ipairs(report.reasons) do
      list[position] = reason.message
    end
    return report.status, table.concat(list, "\n")
  end

  -- Somebody, and what changes them each time.
  local number = 0
  local function change(more)
    number = number + 1
    local status, text = request("GET", USERS .. "?limit=1&user_type=user&status=active")
    assert.equal(200, status, text)
    local id = json.decode(text).result[1].id
    local body = { name = "Name Number" .. number }
    status, text = request("PATCH", USERS .. "/" .. id, body, more)
    return status, text
  end

  it("refuses what finds no room, and nothing else", function()
    start "/dev/null"
    local key = { ["Idempotency-Key"] = "k1" }
    assert.equal(200, (change()))
    local sent = box_support.requests(box, "updateuser")

    local status, text
    wait("a refusal", function() -- a lease that ends meanwhile leaves its room to the change
      fill "locks"
      status, text = change()
      sent = sent + (status == 200 and 1 or 0)
      return status ~= 200
    end)
    assert.equal(503, status, text)
    assert.matches("lua_shared_dict lastpass_locks is full", text, 1, true)
    local health, why = reasons()
    assert.equal("degraded", health)
    assert.matches("lua_shared_dict lastpass_locks is full", why, 1, true)
    empty "locks"
    assert.same({ "ok", "" }, { reasons() })

    fill "idempotency"
    status, text = change(key)
    assert.equal(503, status, text)
    assert.matches("no room for an Idempotency-Key", text, 1, true)
    assert.equal(sent, box_support.requests(box, "updateuser"))
    assert.equal(200, (change())) -- without a key it needs none
    empty "idempotency"
    key["Idempotency-Key"] = "k2"
    assert.equal(200, (change(key)))

    sent = box_support.requests(box, "updateuser")
    fill "counters"
    status, text = request("POST", "/proxy/disableuser", json.list { "nobody@acme.example" })
    assert.equal(503, status, text)
    assert.equal(0, box_support.requests(box, "disableuser"))
    assert.equal(sent, box_support.requests(box, "updateuser"))
    empty "counters"
    assert.equal(200, (change()))

    fill "sessions"
    local form = "token=" .. token
    local function sign_in()
      return site.server:get("/dashboard/~sign-in", {
        method = "POST",
        body = form,
        headers = {
          ["content-type"] = "application/x-www-form-urlencoded",
          ["content-length"] = #form,
        },
      })
    end
    status, text = sign_in()
    assert.equal(503, status, text)
    empty "sessions"
    assert.is_true(sign_in() ~= 503)
  end)

  it("asks LastPass nothing when the company's rate cannot be counted", function()
    start("/dev/null", "rate = 50,")
    fill "limits"
    local before = #assert(box:journal {})
    local status, text = request("POST", "/proxy/getuserdata", { pagesize = 1 })
    assert.equal(503, status, text)
    assert.matches("lua_shared_dict lastpass_limits is full", text, 1, true)
    assert.equal(before, #assert(box:journal {}))
    empty "limits"
    assert.equal(200, (request("POST", "/proxy/getuserdata", { pagesize = 1 })))
  end)

  it("writes nothing while its audit cannot be written, and says so", function()
    start "/dev/full"
    local status, text = change()
    assert.equal(503, status, text)
    assert.matches("nothing is written without a trace", text, 1, true)
    status, text = request("POST", "/proxy/disableuser", json.list { "nobody@acme.example" })
    assert.equal(503, status, text)
    assert.equal(0, box_support.requests(box, "updateuser"))
    assert.equal(0, box_support.requests(box, "disableuser"))
    local health, why = reasons()
    assert.equal("degraded", health)
    assert.matches("the audit cannot be written, so nothing else is: .*No space left", why)
  end)

  it("takes nginx's log for an audit only when that takes the lines", function()
    start(nil, nil, "warn")
    local status, text = change()
    assert.equal(503, status, text)
    assert.matches("error_log leaves out messages of level notice", text, 1, true)
    site:stop()
    start()
    assert.equal(200, (change()))
    assert.equal(2, site:count_in_log "lastpass audit {")
    -- nginx cuts lines of 2 KB
    local list = json.list {}
    for position = 1, 20 do
      list[position] = ("%s%d@acme.example"):format(("x"):rep(150), position)
    end
    status, text = request("POST", "/proxy/disableuser", list)
    assert.is_true(status == 422 or status == 404 or status == 403, text)
    assert.is_true(site:count_in_log "lastpass audit (2/3)" > 0)
    assert.is_true(site:count_in_log "19@acme.example" > 0)
  end)

  it("goes on writing once the audit's file can be written again", function()
    local path = os.tmpname()
    start(path)
    os.remove(path)
    -- a folder in its place: neither opened nor written
    assert(os.execute("mkdir " .. path))
    assert.equal(503, (change()))
    assert(os.execute("rmdir " .. path))
    assert.equal(200, (change()))
    assert.same({ "ok", "" }, { reasons() })
    local file = assert(io.open(path))
    local outcomes = {}
    for line in file:lines() do
      outcomes[#outcomes + 1] = json.decode(line).outcome
    end
    file:close()
    os.remove(path)
    assert.same({ "intent", "done" }, outcomes)
  end)
end)

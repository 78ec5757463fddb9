-- The SCIM endpoint in a real nginx over a sandbox: what Entra ID and Okta send, who is let in, and what the endpoint
-- says when what is behind it does not answer.
-- Runs once: nginx has its own LuaJIT.
local endpoints = require "spec.support.scim_endpoint"
local extent = require "spec.support.extent"
local json = require "lastpass.json"
local support = require "spec.support.box"
local wait = require "spec.support.wait"

-- What LastPass says to a wrong account number or provisioning hash (enterprise-api §1).
local REFUSAL = '<?xml version="1.0" encoding="UTF-8"?>\n<lastpass rc="Authorization Error"/>\n'
local ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"

local function started(options, box_options)
  local box = support.start(box_options or { users = 40, seed = 3 })
  local endpoint = endpoints.start(box, options)
  endpoint.site:directory()
  return box, endpoint
end

local function active_people(box, count)
  local people = {}
  for user in assert(box:client()):users() do
    if user.status == "active" and not user.admin and #people < count then
      people[#people + 1] = user.email
    end
  end
  assert(#people == count)
  return people
end

describe("the SCIM endpoint", function()
  local box, endpoint

  local function read_file(path)
    local file = io.open(path, "rb")
    local text = file and file:read "*a" or ""
    if file then
      file:close()
    end
    return text
  end

  -- Nothing failed by itself, and no secret is in a log or in the journal.
  local function stop()
    local log = endpoint.site.server:log()
    local stored = read_file(endpoint.journal_path) .. read_file(endpoint.journal_path .. "-wal")
    endpoint:stop()
    box:stop()
    assert.is_nil(log:find("stack traceback", 1, true), log)
    for _, secret in ipairs { endpoint.token or "no token", box.provhash } do
      assert.is_nil(log:find(secret, 1, true))
      assert.is_nil(stored:find(secret, 1, true))
    end
  end

  describe("for Entra ID", function()
    setup(function()
      box, endpoint = started()
    end)
    teardown(function()
      stop()
    end)

    it("answers a test of the connection with an empty list", function()
      local status, list = endpoint:push("GET", "/Users?filter=userName%20eq%20%226fc5b3e4%22")
      assert.equal(200, status)
      assert.equal(0, list.totalResults)
      status = endpoint:push("GET", "/ServiceProviderConfig")
      assert.equal(200, status)
      status, list = endpoint:push(
        "GET",
        "/Groups?excludedAttributes=members&filter=displayName%20eq%20%22no%22"
      )
      assert.equal(200, status)
      assert.equal(0, list.totalResults)
    end)

    it("creates a person once, and finds them by every name", function()
      local body = {
        schemas = { endpoints.USER },
        userName = "ann@acme.example",
        externalId = "e-1",
        active = "True",
        displayName = "Ann Example",
        name = { givenName = "Ann", familyName = "Example", formatted = "Ann Example" },
        emails = { { type = "work", value = "ann@acme.example", primary = true } },
      }
      local status, made, headers = endpoint:push("POST", "/Users", body)
      assert.equal(201, status, json.encode(made))
      assert.is_true(made.active)
      assert.matches("^http://localhost/scim/entra/Users/" .. made.id .. "$", headers.location)
      local state = support.person(box, "ann@acme.example")
      assert.is_true(state.found)
      assert.equal(1, state.mails.invitation)
      assert.equal(made.id, endpoint:id_of "ANN@acme.example")
      local found = select(2, endpoint:push("GET", "/Users?filter=externalId%20eq%20%22e-1%22"))
      assert.equal(1, found.totalResults)
      local again
      status, again = endpoint:push("POST", "/Users", body)
      assert.equal(201, status) -- an answer that was lost is asked for again
      assert.equal(made.id, again.id)
      assert.equal(1, support.person(box, "ann@acme.example").mails.invitation)
    end)

    it("disables by the word False, and enables again", function()
      local address = active_people(box, 1)[1]
      local id = assert(endpoint:id_of(address))
      local status, user = endpoint:set_active(id, false)
      assert.equal(200, status, json.encode(user))
      assert.is_false(user.active)
      assert.is_true(support.person(box, address).fields.disabled)
      assert.equal(200, (endpoint:set_active(id, false))) -- once more is nothing to do
      assert.equal(200, (endpoint:set_active(id, true)))
      assert.is_false(support.person(box, address).fields.disabled)
    end)

    it("changes members one by one, and never empties a group", function()
      local status, group = endpoint:push("POST", "/Groups", {
        schemas = { endpoints.GROUP },
        displayName = "Design",
        externalId = "g-1",
      })
      assert.equal(201, status, json.encode(group))
      local ids = {}
      for position, address in ipairs(active_people(box, 3)) do
        ids[position] = { value = assert(endpoint:id_of(address)) }
      end
      local path = "/Groups/" .. group.id
      local function members()
        local list = {}
        local _, now = endpoint:push("GET", path)
        for position, member in ipairs(now.members or {}) do
          list[position] = member.value
        end
        table.sort(list)
        return list
      end
      status = endpoint:patch(path, { { op = "Add", path = "members", value = ids } })
      assert.equal(204, status)
      assert.equal(3, #members())
      status = endpoint:patch(path, {
        {
          op = "Remove",
          path = "members",
          value = { { value = ids[1].value, ["$ref"] = json.null } },
        },
      })
      assert.equal(204, status)
      assert.equal(2, #members())
      local unknown = { { op = "Add", path = "members", value = { { value = "nobody" } } } }
      local refused = endpoint:patch(path, unknown)
      assert.equal(400, refused)
      assert.equal(2, #members())
    end)

    it("disables somebody who is deleted, and knows them no more", function()
      local address = active_people(box, 2)[2]
      local id = assert(endpoint:id_of(address))
      assert.equal(204, (endpoint:push("DELETE", "/Users/" .. id)))
      local state = support.person(box, address)
      assert.is_true(state.found and state.fields.disabled)
      assert.equal(404, (endpoint:push("GET", "/Users/" .. id)))
      assert.is_nil(endpoint:id_of(address))
    end)

    it("writes every request into the log, and no address", function()
      local rows = wait("the log", function()
        local list = endpoint:journal():scim_requests { connection = "entra", limit = 1000 }
        for _, row in ipairs(list) do
          if row.action == "delete_user" then
            return list
          end
        end
      end)
      local actions = {}
      for _, row in ipairs(rows) do
        actions[row.action] = (actions[row.action] or 0) + 1
        assert.is_nil(json.encode(row):find("@", 1, true))
      end
      for _, action in ipairs { "create_user", "patch_user", "patch_group", "delete_user" } do
        assert.is_true((actions[action] or 0) > 0, json.encode(actions))
      end
      assert.is_true(endpoint.site:metric 'lastpass_scim_requests_total{action="create_user"' > 0)
    end)
  end)

  describe("for Okta", function()
    setup(function()
      box, endpoint = started { connections = 'entra = { provider = "okta" }' }
    end)
    teardown(function()
      stop()
    end)

    it("looks people up in pages, creates them and puts them whole", function()
      local status, list = endpoint:push(
        "GET",
        "/Users?filter=userName%20eq%20%22ben@acme.example%22&startIndex=1&count=100"
      )
      assert.equal(200, status)
      assert.equal(0, list.totalResults)
      local body = {
        schemas = { endpoints.USER },
        userName = "ben@acme.example",
        externalId = "00u1",
        name = { givenName = "Ben", familyName = "Miller" },
        displayName = "Ben Miller",
        emails = { { primary = true, value = "ben@acme.example", type = "work" } },
        locale = "en-US",
        groups = json.list {},
        password = "a random one",
        active = true,
      }
      local made
      status, made = endpoint:push("POST", "/Users", body)
      assert.equal(201, status, json.encode(made))
      assert.is_nil(made.password)
      body.id, body.active = made.id, false
      status, made = endpoint:push("PUT", "/Users/" .. made.id, body)
      assert.equal(200, status, json.encode(made))
      assert.is_true(support.person(box, "ben@acme.example").fields.disabled)
      status =
        endpoint:patch("/Users/" .. made.id, { { op = "replace", value = { active = true } } })
      assert.equal(200, status)
      assert.is_false(support.person(box, "ben@acme.example").fields.disabled)
    end)
  end)

  describe("lets in", function()
    before_each(function()
      box, endpoint = started { workers = 2 }
    end)
    after_each(function()
      stop()
    end)

    it("whoever has one of two tokens that are valid, and tells the others why not", function()
      local second = endpoint:new_token("entra", { label = "second" })
      local function status_of(token, header)
        endpoint.token = token
        return endpoint:push("GET", "/Users?count=0", nil, { Authorization = header })
      end
      local first = endpoint.token
      for _, token in ipairs { first, second } do
        assert.equal(200, (status_of(token)))
      end
      for _, header in ipairs { false, "Bearer wrong", "Basic " .. first, "Bearer" } do
        local status, document, headers = status_of(nil, header)
        assert.equal(401, status)
        assert.same({ ERROR }, document.schemas)
        assert.equal("401", document.status)
        assert.matches("^Bearer", headers["www-authenticate"])
      end
      assert.equal(404, select(1, endpoint.site.server:get "/scim/nobody/Users"))
      endpoint.token = first
    end)

    it("nobody any more whose token was revoked, on any worker", function()
      local token, id = endpoint:new_token("entra", { label = "leaver" })
      endpoint.token = token
      -- connections of their own reach both workers
      local function statuses()
        local counts = {}
        for _ = 1, 20 do
          local status = endpoint.site.server:get("/scim/entra/Users?count=0", {
            headers = { Authorization = "Bearer " .. token },
          })
          counts[status] = (counts[status] or 0) + 1
        end
        return counts
      end
      assert.same({ [200] = 20 }, statuses())
      assert.is_true(endpoint:journal():revoke_scim_token(id))
      wait("the end of the token", function()
        return statuses()[401] == 20
      end, 20)
    end)
  end)

  it("warns of a token's end in /healthz and in metrics", function()
    box, endpoint = started { tokens = false }
    local now = os.time()
    endpoint:new_token("entra", { label = "soon", expires = now + 5 * 86400 })
    local report = wait("the warning", function()
      local _, health = endpoint.site:get "/healthz"
      local is_ready = health.status ~= "failing" -- until all is read for the first time
      return is_ready and #health.scim[1].tokens > 0 and health
    end)
    assert.equal("degraded", report.status)
    assert.matches("token 'soon' expires in %d days", report.reasons[1].message)
    local days = wait("the metric", function() -- the other worker may know the tokens of before
      return endpoint.site:metric 'lastpass_scim_token_days{connection="entra",token="soon"}'
    end)
    assert.is_true(days > 4 and days < 5.01, days)
    stop()
  end)

  it(
    "says 503 and never 401 when LastPass refuses its own credentials, and /healthz is red",
    function()
      box, endpoint = started { scim = "check_every = 0.2," }
      local id = assert(endpoint:id_of(active_people(box, 1)[1]))
      assert(box:faults { body = REFUSAL })
      local status, document, headers = endpoint:set_active(id, false)
      assert.equal(503, status, json.encode(document))
      assert.matches("^%d+$", headers["retry-after"])
      wait("red", function()
        local code, health = endpoint.site:get "/healthz"
        return code == 503 and health.scim[1].upstream.failing
      end)
      wait("the metric", function()
        return endpoint.site:metric "lastpass_scim_upstream_up" == 0
      end)
      stop()
    end
  )

  it("says 503 when the journal cannot be written, and sends nothing", function()
    box, endpoint = started {}
    local id = assert(endpoint:id_of(active_people(box, 1)[1]))
    support.reset_journal(box)
    -- another program has the database for itself
    endpoint:journal()
    local holder = require("lastpass.store").open { path = endpoint.journal_path }
    holder._database:query "BEGIN IMMEDIATE"
    local status, document, headers = endpoint:set_active(id, false)
    assert.equal(503, status, json.encode(document))
    assert.matches("^%d+$", headers["retry-after"])
    assert.equal(0, support.requests(box, "disableuser"))
    holder._database:query "ROLLBACK"
    holder:close()
    assert.equal(200, (endpoint:set_active(id, false)))
    stop()
  end)

  it("answers in time when LastPass takes its time, and finishes what it began", function()
    box, endpoint = started { scim = "answer_within = 1, work_every = 0.2," }
    local address = active_people(box, 1)[1]
    wait("an answer in time, once the directory was read", function()
      return endpoint:push("GET", "/Users?count=1") == 200
    end)
    local id = assert(endpoint:id_of(address))
    assert(box:faults { command = "disableuser", delay = 3, count = 1 })
    local status, document, headers = endpoint:set_active(id, false)
    assert.equal(503, status, json.encode(document))
    assert.matches("^%d+$", headers["retry-after"])
    wait("the change", function()
      return support.person(box, address).fields.disabled
    end)
    wait("the second answer", function()
      return endpoint:set_active(id, false) == 200
    end)
    assert.equal(1, support.requests(box, "disableuser"))
    stop()
  end)

  it("says 503 when its dict is full, and lets nothing through uncounted", function()
    box, endpoint = started {
      server = [[
        location = /fill {
          content_by_lua_block {
            local dict, number = ngx.shared.lastpass_scim, 0
            for _, length in ipairs { 4000, 1000, 200, 60, 20, 1 } do
              while dict:safe_add("filling " .. number, ("x"):rep(length)) do
                number = number + 1
              end
            end
            ngx.print(number)
          }
        }
      ]],
    }
    endpoint.site:get "/fill"
    wait("a window that is not counted yet", function()
      local status, document, headers = endpoint:push("GET", "/Users?count=0")
      if status == 503 then
        assert.same({ ERROR }, document.schemas)
        assert.matches("^%d+$", headers["retry-after"])
        return true
      end
    end)
    local _, health = endpoint.site:get "/healthz"
    assert.truthy(json.encode(health.reasons):find("lastpass_scim is full", 1, true))
    stop()
  end)

  it("says 429 above the rate only, with whole seconds", function()
    box, endpoint = started { connections = 'entra = { provider = "entra", rate = 2 }' }
    local counts, after = {}, nil
    for _ = 1, 30 do
      local status, _, headers = endpoint:push("GET", "/Users?count=0")
      counts[status] = (counts[status] or 0) + 1
      after = headers["retry-after"] or after
    end
    assert.is_true(counts[200] >= 20 and counts[200] <= 40, counts[200])
    assert.is_true((counts[429] or 0) > 0)
    assert.matches("^%d+$", after)
    stop()
  end)

  local MANY = extent(80, 300, 2000)

  it("stops a push that would disable everybody, and says so", function()
    box, endpoint = started({
      connections = "entra = { rate = 1e6, limits = { per_day = { disable = 20 } } }",
    }, { users = math.floor(MANY * 1.2) + 50, seed = 3 }) -- some are admins or disabled
    local counts, detail = {}, nil
    for _, address in ipairs(active_people(box, MANY)) do
      local id = endpoint:id_of(address)
      local status, document = endpoint:set_active(id, false)
      counts[status] = (counts[status] or 0) + 1
      detail = status == 409 and document.detail or detail
    end
    assert.same({ [200] = 20, [409] = MANY - 20 }, counts)
    assert.matches("disable", detail)
    assert.equal(20, support.requests(box, "disableuser"))
    local held = assert(endpoint:journal():jobs {
      connection = "entra",
      states = { "held" },
      limit = 10000,
    })
    assert.equal(MANY - 20, #held)
    assert.is_true(endpoint.site:metric "lastpass_scim_held_jobs" > 0)
    stop()
  end)
end)

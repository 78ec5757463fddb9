-- The client of the REST API, and the sandbox's, beside programs that nobody here wrote: openapi-backend checks each request
-- against spec/peers/rest_openapi.json, and json-schema-faker draws the replies from it; some of them are damaged.
-- Runs once: what differs between interpreters is tried by spec/business.
local extent = require "spec.support.extent"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local node = require "spec.peers.node"
local operations = require "lastpass.business.operations"
local support = require "spec.support.box"

local MODULES = os.getenv "NODE_MODULES" or "build/node/node_modules"
local ROUNDS = extent(4, 25, 400)

describe("the REST API of openapi-backend", function()
  local pipe, process, url, rest

  -- A list of all that an iterator gives.
  local function all(each)
    local list = {}
    for row in each do
      list[#list + 1] = row
    end
    return list
  end

  local missing = node.missing { "openapi-backend", "json-schema-faker" }
  if missing then
    pending(missing)
    return
  end

  local transport

  local function control(method, path, value)
    local response = assert(transport:send {
      method = method,
      url = url .. path,
      headers = { ["Content-Type"] = "application/json" },
      body = value and json.encode(value) or nil,
      timeout = 60,
      repeatable = true,
    })
    return assert(json.decode(response.body))
  end

  setup(function()
    pipe = assert(
      io.popen(
        (
          "echo $$; exec env -u LD_PRELOAD node spec/peers/rest_openapi.cjs '%s' "
          .. "spec/peers/rest_openapi.json $PPID </dev/null"
        ):format(MODULES)
      )
    )
    process, url = pipe:read "*l", pipe:read "*l"
    assert(url and url:find "^http://127", "the server did not start")
    transport = require("lastpass.transport").open("curl", {})
    rest = lastpass.business.new {
      url = url .. "/business",
      key = lastpass.secret.value "lpkey_peer",
      retries = 0,
      timeout = 60,
    }
  end)

  teardown(function()
    os.execute("kill " .. process .. " 2>/dev/null")
    pipe:close()
  end)

  -- With every option that the client has.
  local calls = {
    users = function()
      return all(rest:users {
        name = "A%b",
        email = "a+b@x.example",
        account_status = "staged",
        sort = "name:desc",
      })
    end,
    create_user = function()
      return rest:create_user { email = "a@x.example", name = "Ann", action = "stage" }
    end,
    admin_levels = function()
      return all(rest:admin_levels { name = "%Admin", sort = "name:asc" })
    end,
    add_user_to_admin_level = function()
      return rest:add_user_to_admin_level("7", { user_id = "9007199254740993" })
    end,
    managed_companies = function()
      return all(rest:managed_companies {
        parent_id = 7,
        name = "Acme%",
        license_limit = "10",
        status = { "active", "suspended" },
        type = "managed",
        addon = { "mfa", "sso" },
        sort = "name:asc",
      })
    end,
    create_managed_company = function()
      return rest:create_managed_company {
        name = "Acme",
        license_limit = 5,
        type = "managed",
        addons = "mfa",
        parent_id = "9007199254740993",
      }
    end,
    update_managed_company = function()
      local wanted = { license_limit = 5, status = "active", addons = {} }
      return rest:update_managed_company(42, wanted)
    end,
    detach_managed_company = function()
      return rest:detach_managed_company(42)
    end,
    managed_company_user = function()
      return rest:managed_company_user(42, "9007199254740993")
    end,
    managed_company_admin_level = function()
      return rest:managed_company_admin_level(42, 7)
    end,
    managed_company_admin_level_users = function()
      return all(rest:managed_company_admin_level_users(42, 7))
    end,
    billing_cycles = function()
      return rest:billing_cycles { number = 12 }
    end,
    billing_reports = function()
      return all(rest:billing_reports {
        start_date = "2026-10-01",
        end_date = "2026-10-31",
        license_type = "managed-msp",
      })
    end,
    managed_companies_admins = function()
      return all(rest:managed_companies_admins())
    end,
  }

  local function check_ids(value)
    for name, one in pairs(type(value) == "table" and value or {}) do
      if name == "id" or type(name) == "string" and name:find "_id$" then
        assert.match("^%d+$", one)
      end
      check_ids(one)
    end
  end

  it("takes every request of the client, and the client every reply of its shape", function()
    local asked = {}
    for round = 1, ROUNDS do
      control("POST", "/control", { seed = 4711 + round, mode = "plain" })
      for _, operation in ipairs(operations.list) do
        local result, message = calls[operation.name]()
        assert.truthy(result, message)
        if operation.kind ~= "job" then
          check_ids(result)
        end
      end
      for _, entry in ipairs(control("GET", "/control").log) do
        asked[entry.operation] = true
        assert.is_nil(entry.errors, json.encode(entry))
      end
    end
    for _, operation in ipairs(operations.list) do
      assert.is_true(asked[operation.operation], operation.operation)
    end
  end)

  it("refuses what is not of the document's shape, and the client says which field", function()
    control("POST", "/control", { seed = 1, mode = "plain" })
    local body = { email = "a@x.example", other = 1 }
    local _, message, err = rest:request("POST", "/v1/users", { body = body })
    assert.same({ "refused", "bad_request", 400 }, { err.kind, err.code, err.status }, message)
    assert.same("/requestBody", err.fields[1].pointer)
    _, _, err = rest:request("GET", "/v1/users", { query = { ["max-results"] = "501" } })
    assert.same("/query/max-results", err.fields[1].pointer)
    assert.same(2, #control("GET", "/control").log)
  end)

  it("may damage its replies: a value or a failure of the contract", function()
    local failed = 0
    for round = 1, ROUNDS do
      control("POST", "/control", { seed = 815 + round, mode = "damaged" })
      for _, operation in ipairs(operations.list) do
        local ok, result, message, err = pcall(calls[operation.name])
        if not ok then
          err, message = result, type(result) == "table" and result.message
        end
        if not ok or result == nil then
          failed = failed + 1
          assert.is_string(message, operation.name .. ": " .. tostring(err))
          assert.is_string(err.kind)
          local writes = operation.method ~= "GET"
          assert.equal(writes and err.kind == "protocol" or nil, err.uncertain or nil)
        end
      end
    end
    assert.is_true(failed > 0)
  end)

  it("finds the sandbox's replies of the document's shape", function()
    local box = support.start {
      users = 8,
      staged = 1,
      companies = { { cid = 42, users = 5, parent = 8771312, license_limit = 9 } },
    }
    local own, id = box:rest(), nil
    for person in own:users() do
      id = id or person.id
    end
    local child
    for admin in own:managed_companies_admins() do
      child = child or admin.user_id
    end
    for name, path in pairs {
      listUsers = "/v1/users",
      listAdminLevels = "/v1/admin-levels",
      listManagedCompanies = "/v1/managed-companies",
      getManagedCompanyUser = "/v1/managed-companies/42/users/" .. child,
      getManagedCompanyAdminLevel = "/v1/managed-companies/42/admin-levels/3",
      listManagedCompanyAdminLevelUsers = "/v1/managed-companies/42/admin-levels/3/users",
      listBillingCycles = "/v1/managed-companies-reports/billing-cycles",
      listManagedCompaniesAdminUsers = "/v1/managed-companies-reports/admin-users",
    } do
      local reply = assert(own:request("GET", path))
      local answer = { operation = name, status = reply.status, body = reply.body }
      assert.same({}, control("POST", "/validate", answer).errors, name)
    end
    local writes = {
      createUser = {
        "POST",
        "/v1/users",
        { email = "q@x.example", creationAccountAction = "stage" },
      },
      createManagedCompany = {
        "POST",
        "/v1/managed-companies",
        { name = "N", licenseLimit = 3, type = "managed" },
      },
      addUserToAdminLevel = { "POST", "/v1/admin-levels/2/users", { userId = tonumber(id) } },
    }
    for name, write in pairs(writes) do
      local reply = assert(own:request(write[1], write[2], { body = write[3] }))
      local answer = { operation = name, status = reply.status, body = reply.body }
      assert.same({}, control("POST", "/validate", answer).errors, name)
    end
    box:stop()
  end)
end)

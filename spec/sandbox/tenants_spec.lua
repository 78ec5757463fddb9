-- Many companies in one sandbox, as programs use them.
local json = require "lastpass.json"
local lastpass = require "lastpass"

describe("a sandbox of many companies", function()
  local box

  local function start(options)
    box = assert(lastpass.sandbox.start(options))
    return box
  end

  after_each(function()
    box = box and box:stop()
  end)

  local function client_of(one, more)
    local options = {
      url = box.url,
      cid = one.cid,
      provhash = lastpass.secret.value(one.provhash),
      journal = ":memory:",
      retries = 0,
      timeout = 5,
    }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return assert(lastpass.new(options))
  end

  local function addresses(client)
    local list = {}
    for user in client:users() do
      list[#list + 1] = user.email
    end
    return list
  end

  it("gives each company its own number, hash, name, people and groups", function()
    start { tenants = 12, users = 6 }
    local list = assert(box:companies())
    assert.equal(12, #list)
    local seen = {}
    for _, one in ipairs(list) do
      assert.is_false(one.is_made)
      for _, value in ipairs { one.name, one.cid, one.provhash, one.company_name, one.domain } do
        assert.is_nil(seen[value], value)
        seen[value] = true
      end
    end
    local first, second = addresses(client_of(list[1])), addresses(client_of(list[2]))
    assert.equal(7, #first) -- one of them is invited
    assert.truthy(first[1]:find("@" .. list[1].domain, 1, true))
    assert.are_not.same(first[1]:match "^[^@]+", second[1]:match "^[^@]+")
    local made = {}
    for _, one in ipairs(assert(box:companies())) do
      made[#made + 1] = one.is_made and one.name or nil
    end
    assert.same({ list[1].name, list[2].name }, made)
  end)

  it("takes a company's hash for that company only", function()
    start { tenants = 2, users = 3 }
    local list = assert(box:companies())
    local client = client_of({ cid = list[1].cid, provhash = list[2].provhash })
    local _, _, err = client:call("getuserdata", {})
    assert.equal("auth", err.kind)
    _, _, err = client_of({ cid = list[1].cid, provhash = box.provhash }):call("getuserdata", {})
    assert.equal("auth", err.kind)
  end)

  it("is the same again for the same seed", function()
    local function names(options)
      start(options)
      local list = assert(box:companies())
      box:stop()
      return json.encode(list)
    end
    local options = { tenants = 20, slow = 2, broken = 4, seed = 5 }
    assert.equal(names(options), names(options))
    options.seed = 6
    assert.are_not.equal(names(options), names { tenants = 20, slow = 2, broken = 4, seed = 5 })
  end)

  it("has companies that never answer, and others that answer wrong, by turns", function()
    start { tenants = 30, slow = 2, broken = 4, users = 3 }
    local slow, kinds = 0, {}
    for _, one in ipairs(assert(box:companies())) do
      slow = slow + (one.slow == "hang" and 1 or 0)
      if one.broken then
        local _, _, err = client_of(one):call("getuserdata", {})
        kinds[one.broken] = err.kind
      elseif one.slow then
        local _, _, err = client_of(one, { timeout = 0.2 }):call("getuserdata", {})
        assert.equal("timeout", err.code)
      end
    end
    assert.equal(2, slow)
    assert.same({
      ["500"] = "transport",
      drop = "transport",
      garbage = "protocol",
      refused = "auth",
    }, kinds)
  end)

  it("switches that while it runs", function()
    start { tenants = 3, broken = 1, users = 3 }
    local broken, well
    for _, one in ipairs(assert(box:companies())) do
      broken, well = one.broken and one or broken, not one.broken and one or well
    end
    assert(box:change_company { company = broken.name, broken = false })
    assert(client_of(broken):call("getuserdata", {}))
    assert(box:change_company { company = well.cid, broken = "garbage" })
    local _, _, err = client_of(well):call("getuserdata", {})
    assert.equal("protocol", err.kind)
    assert(box:change_company { company = well.cid, broken = false, slow = "hang" })
    _, _, err = client_of(well, { timeout = 0.2 }):call("getuserdata", {})
    assert.equal("timeout", err.code)
    for _, change in ipairs {
      { company = "nobody", slow = "hang" },
      { slow = "hang" },
      { company = broken.name, colour = "red" },
    } do
      assert.is_nil((box:control("POST", "tenants", change)))
    end
    assert.has_error(function()
      box:change_company { company = broken.name, broken = "twice" }
    end)
  end)

  it("makes what broken companies are asked to change not happen", function()
    start { tenants = 4, broken = 4, users = 3 }
    for _, one in ipairs(assert(box:companies())) do
      local rows = { { username = "new@" .. one.domain, fullname = "New" } }
      assert.is_nil((client_of(one):call("batchadd", rows)))
      assert.same({ effects = {}, writes = {} }, assert(box:effects(one.cid)))
      assert.equal(1, #assert(box:journal { cid = one.cid }))
    end
  end)

  it("counts what was changed, and how often", function()
    start { tenants = 2, users = 3 }
    local list = assert(box:companies())
    local one, other = list[1], list[2]
    local client = client_of(one)
    local mail = addresses(client)[2]
    for _ = 1, 2 do
      assert(client:call("deluser", { username = mail, deleteaction = 0 }))
    end
    assert.same({
      effects = { { kind = "deactivated", subject = mail, count = 1 } },
      writes = { { kind = "deluser", subject = mail, count = 2 } },
    }, assert(box:effects(one.cid)))
    assert.same({ effects = {}, writes = {} }, assert(box:effects(other.cid)))
    assert.equal(3, assert(box:companies())[1].requests)
    assert.equal(0, assert(box:companies())[2].requests)
  end)

  it("lets answers take time, all of the companies' and no others", function()
    start { tenants = 1, users = 3, delay = 30 }
    local one = assert(box:companies())[1]
    local _, _, err = client_of(one, { timeout = 0.2 }):call("getuserdata", {})
    assert.equal("timeout", err.code)
    assert(box:client():call("getuserdata", {}))
    assert(box:change_company { delay = 0 })
    assert(client_of(one):call("getuserdata", {}))
  end)

  it("is managed by the first company, over the REST API", function()
    start { tenants = 25, users = 4 }
    local list = assert(box:companies())
    local rest = assert(box:rest())
    local seen = {}
    for company in rest:managed_companies() do
      seen[#seen + 1] = { company.id, company.name, company.license_limit, company.parent_id }
    end
    assert.equal(25, #seen)
    for at, one in ipairs(list) do
      local about = { ("%d"):format(one.cid), one.company_name, one.license_limit, "8771312" }
      assert.same(about, seen[at])
      assert.is_false(one.is_made)
    end
    local billed = 0
    for row in rest:billing_reports { start_date = "2026-06-01", end_date = "2026-06-30" } do
      billed = billed + 1
      assert.truthy(row.companyId or row.company_id)
    end
    assert.equal(25, billed)
  end)

  it("writes a file of the companies and files of their hashes, for the owner only", function()
    start { tenants = 3, users = 3 }
    local path = assert(box:write_companies())
    local file = assert(io.open(path))
    local value = json.decode(file:read "*a")
    file:close()
    for _, one in ipairs(assert(box:companies())) do
      local profile = value.profiles[one.name]
      assert.equal(one.cid, profile.cid)
      assert.same(one.groups, profile.groups)
      local client = assert(lastpass.new {
        url = profile.url,
        cid = profile.cid,
        provhash = lastpass.secret.file(profile.provhash.file), -- refused when others can read it
        journal = ":memory:",
      })
      assert(client:call("getuserdata", {}))
    end
    local set = assert(lastpass.tenants.load {
      configuration = assert(require("lastpass.config").load {
        environment = { LASTPASS_CONFIG = (path:gsub("companies", "parent")) },
      }),
      parent = "parent",
    })
    local result = assert(set:run("users", {}))
    assert.same({ 3, 3 }, { result.companies, result.done })
    box:stop()
    assert.is_nil(io.open(path))
    assert.is_nil(io.open((path:gsub("/[^/]*$", ""))))
  end)

  it("refuses more slow and broken companies than there are", function()
    for _, options in ipairs {
      { tenants = 3, slow = 2, broken = 2 },
      { slow = 1 },
      { delay = 1 },
      { tenants = 1.5 },
      { tenants = 20000 },
      { large = 5 },
    } do
      assert.has_error(function()
        lastpass.sandbox.start(options)
      end)
    end
  end)

  it("forgets everything on reset", function()
    start { tenants = 3, broken = 1, users = 3 }
    local one = assert(box:companies())[1]
    assert(box:change_company { company = one.name, broken = "drop" })
    assert(box:reset())
    local broken = 0
    for _, company in ipairs(assert(box:companies())) do
      broken = broken + (company.broken and 1 or 0)
      assert.equal(0, company.requests)
    end
    assert.equal(1, broken)
  end)
end)

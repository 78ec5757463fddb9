-- What identity providers, reviewers and admins do at awkward moments, and texts that no database or server takes.
local support = require "spec.support.box"
local worlds = require "spec.support.inbound"

describe("lastpass.inbound against odd input", function()
  local box, world

  setup(function()
    box = support.start { users = 40, invited = 2, seed = 3 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    assert(box:act { settings = { unknown_group = "create" } })
    world = worlds.world(box)
  end)

  after_each(function()
    world:close()
  end)

  local function someone()
    return world.client:users({ status = "active", admin = false })().email
  end

  local function decide(decision)
    local job = world:jobs("scim.held")[1]
    assert(world.journal:decide_job(job.id, decision, { by = "reviewer" }))
    return job.id
  end

  local function status_of_job(id)
    return world.journal:jobs({ id = id })[1]
  end

  local function filter(kind, text)
    text = text:gsub("[^%w]", function(byte)
      return ("%%%02X"):format(byte:byte())
    end)
    local status, body = world:send("GET", ("/%s?filter=%s"):format(kind, text))
    return status, body.totalResults
  end

  it("finds nobody by a text that nobody can have", function()
    for _, value in ipairs { "a\\u0000b@acme.example", "", ("x"):rep(3000) } do
      for _, name in ipairs { "userName", "externalId", "id" } do
        assert.same({ 200, 0 }, { filter("Users", ('%s eq "%s"'):format(name, value)) })
      end
      for _, name in ipairs { "displayName", "externalId", "id" } do
        assert.same({ 200, 0 }, { filter("Groups", ('%s eq "%s"'):format(name, value)) })
      end
    end
    assert.equal(404, (world:send("GET", "/Users/" .. ("a"):rep(31) .. "%00")))
  end)

  it("stores and sends no text that would come back as another", function()
    local odd =
      { externalId = { "a\0b", ("e"):rep(5000) }, displayName = { "a\0b", ("n"):rep(5000) } }
    for name, values in pairs(odd) do
      for position, value in ipairs(values) do
        local address = ("n%d@acme.example"):format(position)
        local status, body = world:create(address, { [name] = value })
        assert.same({ 400, "invalidValue" }, { status, body.scimType })
        assert.is_nil(world:find(address))
        local group = { schemas = { worlds.GROUP }, displayName = "Odd", [name] = value }
        status, body = world:send("POST", "/Groups", group)
        assert.same({ 400, "invalidValue" }, { status, body.scimType })
        assert.is_nil((world:find("Odd", "Groups", "displayName")))
      end
    end
    assert.equal(
      400,
      (
        world:create(
          "n@acme.example",
          { name = { givenName = "a\0", familyName = "b" }, displayName = "" }
        )
      )
    )
    local id = world:find(someone())
    for _, name in ipairs { "externalId", "displayName" } do
      local change = { op = "replace", path = name, value = "a\0b" }
      assert.equal(400, (world:patch("/Users/" .. id, change)))
    end
    local _, made = world:create("empty@acme.example", { externalId = "" })
    assert.is_nil(made.externalId)
  end)

  it("shows nobody as waiting whom a reviewer has refused", function()
    world:restart { limits = { create = 0 } }
    assert.equal(409, (world:create "new@acme.example"))
    local id = world:find "new@acme.example"
    assert.is_string(id)
    decide "refused"
    assert.is_nil(world:find "new@acme.example")
    assert.equal(404, (world:send("GET", "/Users/" .. id)))
    assert.equal(409, (world:create "new@acme.example"))
    assert.equal(id, world:find "new@acme.example")
    decide "approved"
    assert.equal(1, world:work(1).done)
    assert.equal(201, (world:create "new@acme.example"))
    assert.equal(1, world:requests "batchadd")
  end)

  it("shows nobody as waiting whom LastPass has refused after an approval", function()
    world:restart { limits = { create = 0 } }
    local address = "n\208\176me@acme.example" -- LastPass takes no such letter in an address
    assert.equal(409, (world:create(address)))
    local id = decide "approved"
    world:work(1)
    assert.equal("failed", status_of_job(id).state)
    assert.is_nil(world:find(address))
  end)

  it("has nothing to take from somebody who was deleted before the approval", function()
    world:restart { limits = { disable = 0 } }
    local address = someone()
    assert.equal(409, (world:set_active(world:find(address), false)))
    assert(world.client:call("deluser", { username = address, deleteaction = 2 }))
    local id = decide "approved"
    assert.equal(1, world:work(1).done)
    local job = status_of_job(id)
    assert.same({ "done", "is_so" }, { job.state, job.outcome })
    assert.equal(0, world:requests "disableuser")
  end)

  it("executes an approval once, whatever else is decided", function()
    world:restart { limits = { disable = 0 } }
    local address = someone()
    local id = world:find(address)
    assert.equal(409, (world:set_active(id, false)))
    local job = decide "approved"
    for _, decision in ipairs { "approved", "refused" } do
      local ok, _, err = world.journal:decide_job(job, decision, { by = "other" })
      assert.same({ "not_held" }, { not ok and err.code })
    end
    world:work(1)
    world:work(1)
    assert.equal(200, (world:set_active(id, false)))
    assert.equal(1, world:requests "disableuser")
  end)

  it("does not take the last admin by an approval that is older", function()
    world:restart { limits = { disable = 0 } }
    local admins = {}
    for user in world.client:users { admin = true, status = "active" } do
      admins[#admins + 1] = user.email
    end
    assert.equal(409, (world:set_active(world:find(admins[1]), false)))
    table.remove(admins, 1)
    assert(world.client:call("disableuser", admins))
    local id = decide "approved"
    world:work(1)
    assert.same({ "failed", "last_admin" }, { status_of_job(id).state, status_of_job(id).code })
  end)

  it("serves two connections that are about the same person", function()
    local other = worlds.world(
      box,
      { name = "okta", provider = "okta" },
      { journal = world.journal }
    )
    local address = "both@acme.example"
    other:send("GET", "/Users?count=0") -- its directory is read before the account is made
    assert.equal(201, (world:create(address)))
    local status, linked = other:create(address)
    assert.equal(201, status)
    assert.equal(1, world:requests "batchadd")
    assert.equal(linked.id, other:find(address))
    assert.equal(200, (other:send("GET", "/Users/" .. linked.id)))
    assert.equal(200, (other:set_active(linked.id, false)))
    assert.equal(201, (world:create(address)))
    assert.equal(204, (other:send("DELETE", "/Users/" .. linked.id)))
    assert.is_string(world:find(address))
    other:close()
  end)

  it("answers 503 while another process has the journal, and finishes afterwards", function()
    local path = os.tmpname()
    local journal = assert(require("lastpass.store").open { path = path })
    local held = worlds.world(box, nil, { journal = journal })
    local id = held:find(someone())
    local database = journal._database
    local function may_write(value)
      database:query("PRAGMA query_only = " .. (value and 0 or 1))
    end
    may_write(false)
    assert.equal(503, (held:set_active(id, false)))
    assert.equal(0, held:requests "disableuser")
    may_write(true)
    held.fate = function()
      held.fate = nil
      may_write(false)
    end
    assert.equal(503, (held:set_active(id, false)))
    assert.equal(200, (held:send("GET", "/Users/" .. id)))
    may_write(true)
    assert.equal(1, held:work(300).done)
    assert.same({}, held:jobs())
    assert.equal(200, (held:set_active(id, false)))
    assert.equal(1, held:requests "disableuser")
    journal:close()
    os.remove(path)
  end)

  it("answers 503 while the disk of the journal is full, and does nothing by halves", function()
    local path = os.tmpname()
    local journal = assert(require("lastpass.store").open { path = path })
    local full = worlds.world(box, nil, { journal = journal })
    local id = full:find(someone())
    local database = journal._database
    local function limit_pages(most)
      database:query(("PRAGMA max_page_count = %d"):format(most))
    end
    -- what the file has free is used up: then no row has room
    assert.equal(201, (full:create "fill@acme.example"))
    limit_pages(1)
    local title = { op = "replace", path = "title", value = ("x"):rep(20000) }
    assert.equal(503, (full:patch("/Users/" .. id, title)))
    local status = full:create("full@acme.example", { title = ("x"):rep(20000) })
    assert.equal(503, status)
    assert.is_nil(full:find "full@acme.example")
    assert.same({ 1, 0 }, { full:requests "batchadd", #full:jobs() })
    limit_pages(2 ^ 30)
    assert.equal(200, (full:patch("/Users/" .. id, title)))
    assert.equal(201, (full:create("full@acme.example", { title = ("x"):rep(20000) })))
    assert.equal(2, full:requests "batchadd")
    journal:close()
    os.remove(path)
  end)

  it("lists somebody by one id before and after a change of address", function()
    local address = someone()
    local id = world:find(address)
    local change = { op = "replace", path = "userName", value = "moved@acme.example" }
    assert.equal(200, (world:patch("/Users/" .. id, change)))
    assert(box:act { login = { address } })
    world:refresh()
    local _, page = world:send("GET", "/Users?count=1000&attributes=userName")
    local ids = {}
    for _, user in ipairs(page.Resources) do
      ids[user.userName] = user.id
    end
    assert.same({ [address] = nil, ["moved@acme.example"] = id }, {
      [address] = ids[address],
      ["moved@acme.example"] = ids["moved@acme.example"],
    })
    assert.equal(page.totalResults, #page.Resources)
  end)
end)

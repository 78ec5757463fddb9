-- Users as identity providers push them: over the sandbox's Enterprise API, without nginx. The numbers of rows are those of
-- the requirements that docs/scim.md lists.
local json = require "lastpass.json"
local support = require "spec.support.box"
local worlds = require "spec.support.inbound"

describe("lastpass.inbound.users", function()
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

  local function someone(filter, from)
    filter = filter or { status = "active", admin = false }
    local list = {}
    for user in world.client:users(filter) do
      list[#list + 1] = user.email
    end
    return list[from or 1]
  end

  local function fields(address)
    return world:person(address).fields
  end

  describe("creates", function()
    it("a person once, with one invitation, and the id stays", function()
      local status, first = world:create "new.one@acme.example"
      assert.equal(201, status)
      assert.equal("New Person", fields("new.one@acme.example").fullname)
      for _ = 1, 3 do
        local again, body = world:create "new.one@acme.example"
        assert.same({ 201, first.id }, { again, body.id })
      end
      world:refresh()
      assert.equal(first.id, world:find "new.one@acme.example")
      assert.equal(first.id, world:find("ext-new.one@acme.example", nil, "externalId"))
      assert.equal(1, world:person("new.one@acme.example").mails.invitation)
      assert.equal(1, world:requests "batchadd")
    end)

    it("a person once whom another process makes after this one has looked for them", function()
      local journal, other, made = world.journal, world, nil
      world = worlds.world(box, nil, { journal = journal })
      world.proxy = setmetatable({}, {
        __index = function(_, name)
          return function(_, ...)
            local value, message, err = journal[name](journal, ...)
            if name == "scim_lookup" and not made then
              made = { other:create "new.one@acme.example" }
            end
            return value, message, err
          end
        end,
      })
      world:restart()
      local status, body = world:create "new.one@acme.example"
      assert.same({ 201, 201 }, { made[1], status })
      assert.equal(made[2].id, body.id)
      assert.equal(1, world:person("new.one@acme.example").mails.invitation)
      assert.equal(1, world:requests "batchadd")
    end)

    it("nobody twice who exists: the account is linked, and what differs is updated", function()
      local address = someone()
      local status, body = world:create(address:upper(), { displayName = "Other Name" })
      assert.equal(201, status)
      assert.equal("Other Name", fields(address).fullname)
      assert.equal(0, world:requests "batchadd")
      assert.equal(body.id, world:find(address))
      local again = world:create(address, { externalId = "somebody else" })
      assert.equal(409, again)
    end)

    it("nobody in again by taking the value of active away", function()
      local address = someone()
      local id = world:find(address)
      assert.equal(200, (world:set_active(id, false)))
      for _, change in ipairs {
        { op = "remove", path = "active" },
        { op = "replace", path = "active", value = json.null },
        { op = "replace", value = { active = json.null } },
      } do
        local status, body = world:patch("/Users/" .. id, change)
        assert.same({ 200, false }, { status, body.active })
        assert.is_true(fields(address).disabled)
      end
    end)

    it("keeps what LastPass does not store, and neither a password nor a right", function()
      local urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
      local _, made = world:create("new.two@acme.example", {
        password = "s3cret-of-okta",
        title = "Dr",
        roles = { { value = "admin" } },
        entitlements = { { value = "superadmin" } },
        [urn] = { department = "Tax", employeeNumber = "17" },
      })
      local _, body = world:send("GET", "/Users/" .. made.id)
      assert.same({ "Dr", "Tax" }, { body.title, body[urn].department })
      assert.is_nil(body.password)
      assert.is_false(fields("new.two@acme.example").admin)
      local stored = json.encode(world.journal:scim_object("entra", made.id))
      assert.is_nil(stored:find("s3cret", 1, true))
    end)

    it("a pending person without mail who is not active, and invites once with active", function()
      local status, made = world:create("later@acme.example", { active = false })
      assert.equal(201, status)
      assert.is_false(made.active)
      assert.is_nil(world:person "later@acme.example")
      assert.equal(made.id, world:find "later@acme.example")
      world:restart()
      world:refresh()
      local _, group = world:send("POST", "/Groups", { displayName = "Starters" })
      local joined = world:patch("/Groups/" .. group.id, {
        op = "add",
        path = "members",
        value = { { value = made.id } },
      })
      assert.equal(204, joined)
      for _ = 1, 2 do
        assert.equal(200, (world:set_active(made.id, true)))
      end
      local person = world:person "later@acme.example"
      assert.equal(1, person.mails.invitation)
      assert.equal(1, world:requests "batchadd")
      local _, body = world:send("GET", "/Users/" .. made.id)
      assert.is_true(body.active)
      assert.equal("Starters", body.groups[1].display)
    end)

    it("somebody who comes back under the old account", function()
      local _, made = world:create "back@acme.example"
      world:set_active(made.id, false)
      local status, again = world:create("back@acme.example", { externalId = "new ticket" })
      assert.same({ 201, made.id, true }, { status, again.id, again.active })
      assert.is_false(fields("back@acme.example").disabled)
      assert.equal("new ticket", again.externalId)
    end)

    it("refuses what is no address, and sends nothing", function()
      for _, name in ipairs { "no address", "a@", "" } do
        assert.equal(400, (world:create(name)))
      end
      assert.equal(0, world:requests "batchadd")
    end)
  end)

  describe("changes", function()
    it("active, with a 2xx only when the read-back shows it, as Entra and Okta say it", function()
      local address = someone()
      local id = world:find(address)
      local status, body = world:set_active(id, false)
      assert.same({ 200, false }, { status, body.active })
      assert.is_true(fields(address).disabled)
      status = world:send("PATCH", "/Users/" .. id, {
        schemas = { worlds.PATCH },
        Operations = { { op = "replace", value = { active = true } } },
      })
      assert.equal(200, status)
      assert.is_false(fields(address).disabled)
      local _, whole = world:send("GET", "/Users/" .. id)
      whole.active = false
      status = world:send("PUT", "/Users/" .. id, whole)
      assert.equal(200, status)
      assert.is_true(fields(address).disabled)
      assert.same({ 2, 1 }, { world:requests "disableuser", world:requests "enableuser" })
    end)

    it("nothing twice: what is so already is a 200 without a call", function()
      local id = world:find(someone { status = "disabled" })
      assert.equal(200, (world:set_active(id, false)))
      assert.equal(0, world:requests "disableuser")
    end)

    it("does not let anybody in again by a change of the profile", function()
      local address = someone { status = "disabled" }
      local id = world:find(address)
      assert.equal(
        200,
        (world:patch("/Users/" .. id, { op = "replace", path = "title", value = "x" }))
      )
      local _, whole = world:send("GET", "/Users/" .. id)
      whole.active = nil
      whole.displayName = "Named Anew"
      assert.equal(200, (world:send("PUT", "/Users/" .. id, whole)))
      assert.is_true(fields(address).disabled)
      assert.equal("Named Anew", fields(address).fullname)
    end)

    it("the name, by displayName, or by its parts where no whole name was sent", function()
      local address = someone()
      local id = world:find(address)
      local function name()
        return fields(address).fullname
      end
      world:patch("/Users/" .. id, { op = "replace", path = "name.givenName", value = "Ann" }, {
        op = "replace",
        path = "name.familyName",
        value = "Example",
      })
      assert.equal("Ann Example", name())
      world:patch("/Users/" .. id, { op = "replace", path = "displayName", value = "Dr. Ann" })
      assert.equal("Dr. Ann", name())
      world:patch("/Users/" .. id, { op = "replace", path = "name.givenName", value = "Anna" })
      assert.equal("Dr. Ann", name())
    end)

    it("withdraws an invitation with active false, and sends it again with true", function()
      local address = someone { status = "invited" }
      local id = world:find(address)
      assert.is_string(id)
      local status, body = world:set_active(id, false)
      assert.same({ 200, false }, { status, body.active })
      assert.is_nil(world:person(address))
      world:refresh()
      assert.equal(id, world:find(address))
      assert.equal(200, (world:set_active(id, true)))
      assert.is_table(world:person(address))
    end)

    it("the address by updateemail, pending until the next log-in", function()
      local address = someone()
      local id = world:find(address)
      local change = { op = "replace", path = "userName", value = "renamed@acme.example" }
      local status, body = world:patch("/Users/" .. id, change)
      assert.same({ 200, "renamed@acme.example" }, { status, body.userName })
      assert.equal(1, world:requests "updateemail")
      assert.equal(200, (world:patch("/Users/" .. id, change)))
      assert.equal(1, world:requests "updateemail")
      assert.equal(id, (world:find "renamed@acme.example"))
      local job = world:jobs("scim.rename")[1]
      assert.equal("renamed@acme.example", job.payload.to)
      local other = { op = "replace", path = "userName", value = "third@acme.example" }
      assert.equal(400, (world:patch("/Users/" .. id, other)))
      world:work(86400 + 10)
      assert.equal(1, #world:jobs "scim.rename")
      assert(box:act { login = { address } })
      world:refresh()
      local _, now = world:send("GET", "/Users/" .. id)
      assert.equal("renamed@acme.example", now.userName)
      assert.equal(200, (world:set_active(id, false)))
      assert.is_true(fields("renamed@acme.example").disabled)
      world:work(86400)
      assert.equal(0, #world:jobs "scim.rename")
      local list = world.journal:scim_lookup {
        connection = "entra",
        type = "User",
        account = "renamed@acme.example",
      }
      assert.is_nil(list.objects[1].alias)
    end)

    it("refuses a userName that somebody else has", function()
      local id = world:find(someone())
      local status, body = world:patch("/Users/" .. id, {
        op = "replace",
        path = "userName",
        value = someone(nil, 2),
      })
      assert.same({ 409, "uniqueness" }, { status, body.scimType })
    end)

    it("only the version that If-Match names", function()
      local id = world:find(someone())
      local _, _, headers = world:send("GET", "/Users/" .. id)
      local body = {
        schemas = { worlds.PATCH },
        Operations = { { op = "replace", path = "title", value = "x" } },
      }
      local function patch(version)
        return (
          world:send("PATCH", "/Users/" .. id, body, {
            ["content-type"] = "application/scim+json",
            ["if-match"] = version,
          })
        )
      end
      assert.equal(412, patch 'W/"other"')
      assert.equal(200, patch(headers.ETag))
      assert.equal(412, patch(headers.ETag))
    end)

    it("answers 404 to the id of an account that an admin deleted in LastPass", function()
      local address = someone()
      local id = world:find(address)
      assert(world.client:deluser { username = address, deleteaction = 2 })
      assert.equal(404, (world:set_active(id, false)))
    end)
  end)

  describe("deletes", function()
    it("by disabling: nothing else happens, however long one waits", function()
      local address = someone()
      local id = world:find(address)
      assert.equal(204, (world:send("DELETE", "/Users/" .. id)))
      assert.is_true(fields(address).disabled)
      assert.equal(404, (world:send("GET", "/Users/" .. id)))
      assert.is_nil((world:find(address)))
      world:refresh()
      assert.same({ nil, 0 }, { world:find(address) })
      assert.equal(404, (world:send("DELETE", "/Users/" .. id)))
      world:work(400 * 86400)
      assert.is_true(fields(address).disabled)
      assert.equal(0, world:requests "deluser")
    end)

    it("for good after the grace period, and only where the connection says so", function()
      world:restart { delete = "delete" }
      local address = someone()
      assert.equal(204, (world:send("DELETE", "/Users/" .. world:find(address))))
      world:work(29 * 86400)
      assert.is_true(fields(address).disabled)
      world:work(2 * 86400)
      assert.is_nil(world:person(address))
      assert.equal(1, world:requests "deluser")
    end)

    it("nobody who was let in again meanwhile", function()
      world:restart { delete = "delete" }
      local first, second = someone(), someone(nil, 2)
      for _, address in ipairs { first, second } do
        assert.equal(204, (world:send("DELETE", "/Users/" .. world:find(address))))
      end
      assert(world.client:enableuser { first })
      local status, body = world:create(second)
      assert.equal(201, status)
      assert.equal(200, (world:set_active(body.id, false)))
      world:work(31 * 86400)
      assert.is_table(world:person(first))
      assert.is_table(world:person(second))
      assert.equal(0, world:requests "deluser")
    end)

    it("and gives the same account a new id when it comes back", function()
      local address = someone()
      local id = world:find(address)
      world:send("DELETE", "/Users/" .. id)
      local status, body = world:create(address)
      assert.equal(201, status)
      assert.are_not.equal(id, body.id)
      assert.is_false(fields(address).disabled)
      assert.equal(404, (world:send("GET", "/Users/" .. id)))
      assert.equal(body.id, world:find(address))
    end)
  end)
end)

-- The SCIM client against servers that nobody here wrote: scimmy with scimmy-routers, and @better-auth/scim. What they
-- do in ways of their own is in scim §4; the client has to work all the same.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local peers = require "spec.peers.scim_servers"

local ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

local function person(name, more)
  local address = name:lower() .. "@x.example"
  local user = {
    userName = name .. "@x.example",
    active = true,
    displayName = name,
    name = { formatted = name .. " Lee", givenName = name, familyName = "Lee" },
    emails = { { value = address, type = "work", primary = true } },
  }
  for key, value in pairs(more or {}) do
    user[key] = value
  end
  return user
end

-- What the doctor says of them, in its words.
local deviations = {
  scimmy = {
    "quotes and blanks in a filter's value",
    "a filter that is wrong",
    "the same in capital letters",
    "a page behind the last",
    'disable, as "Replace" and "False"',
    "the work e-mail, which is not there yet",
  },
  ["better-auth"] = { "create a group, with Entra's own schema" },
}

local function describe_peer(name)
  local reason = peers.missing(name)
  local server, client

  local function new_client(options)
    options = options or {}
    options.url, options.token = server.url, options.token or lastpass.secret.value(peers.TOKEN)
    return lastpass.scim.new(options)
  end

  local function test(title, run)
    it(title, function()
      if reason then
        return pending(reason)
      end
      run()
    end)
  end

  setup(function()
    if not reason then
      server = peers.start(name)
      client = new_client()
    end
  end)

  teardown(function()
    if server then
      server:stop()
    end
  end)

  test("a user is created, found, changed, disabled, enabled and deleted", function()
    local made = assert(client:create("User", person("Ann", { externalId = "hr-1" })))
    assert.is_true(made.active)
    assert.equal(made.id, assert(client:find("User", "userName", "Ann@x.example")).id)
    assert.equal(made.id, assert(client:find("User", "externalId", "hr-1")).id)
    check.failure("refused", "not_found", client:find("User", "userName", "nobody@x.example"))
    assert.is_false(assert(client:set_active(made.id, false)).active)
    assert.is_false(assert(client:get("User", made.id)).active)
    -- a whole user without `active` revives nobody (scim §2.8)
    local whole = person "Ann"
    whole.active, whole.displayName = nil, "Ann van Lee"
    local replaced = assert(client:replace("User", made.id, whole))
    assert.same({ false, "Ann van Lee" }, { replaced.active, replaced.displayName })
    assert.is_true(assert(client:set_active(made.id, true)).active)
    assert(client:patch("User", made.id, {
      { op = "replace", path = "name.givenName", value = "Anna" },
      { op = "replace", path = ENTERPRISE .. ":department", value = "IT" },
    }))
    local user = assert(client:get("User", made.id))
    assert.same({ "Anna", "IT" }, { user.name.givenName, (user[ENTERPRISE] or {}).department })
    assert.is_true(client:delete("User", made.id))
    check.failure("refused", "not_found", client:delete("User", made.id))
    check.failure("refused", "not_found", client:get("User", made.id))
  end)

  test("an account that exists is linked, whatever the case of its name", function()
    local made = assert(client:create("User", person "Bob"))
    local again = check.failure("conflict", "uniqueness", client:create("User", person "bob"))
    assert.equal(409, again.status)
    local linked, how = assert(client:link(person("bob", { displayName = "Robert" })))
    assert.same({ made.id, "adopted", "Robert" }, { linked.id, how, linked.displayName })
    assert.is_true(client:delete("User", made.id))
    local other = assert(client:replace("User", made.id, person "Bobby", { recreate = true }))
    assert.is_true(other.id ~= made.id)
    assert.is_true(client:delete("User", other.id))
  end)

  test("lists are whole in pages of any size, and members come and go in portions", function()
    local ids = {}
    for index = 1, 23 do
      ids[index] = assert(client:create("User", person(("u%02d"):format(index)))).id
    end
    for _, size in ipairs { 100, 23, 10, 7 } do
      local count = 0
      for _ in client:list("User", { page_size = size }) do
        count = count + 1
      end
      assert.equal(23, count)
    end
    local few = new_client { members_per_request = 10 }
    local group = assert(few:create("Group", { displayName = "Sales" }))
    assert.is_true(few:add_members(group.id, ids))
    assert.equal(23, #assert(few:get("Group", group.id)).members)
    assert.is_true(few:add_members(group.id, { ids[1] })) -- is there already
    assert.is_true(few:remove_members(group.id, { ids[1], ids[2] }))
    assert.is_true(few:remove_members(group.id, { ids[1] })) -- is gone already
    assert.equal(21, #assert(few:get("Group", group.id)).members)
    local operations = { { op = "replace", path = "displayName", value = "Sales EMEA" } }
    assert(few:patch("Group", group.id, operations))
    assert.equal(21, #assert(few:get("Group", group.id)).members)
    assert.equal(group.id, assert(few:find("Group", "displayName", "Sales EMEA")).id)
  end)

  test("its users and groups are objects as any", function()
    local snapshot = assert(client:snapshot())
    assert.equal(23, snapshot:count())
    assert.same({ "Sales EMEA" }, snapshot:user("u05@x.example").groups)
    assert(snapshot:user("u05@x.example"):disable())
    assert.equal("disabled", assert(client:user "u05@x.example").status)
    assert(client:user("u05@x.example"):update { fullname = "Five van Six" })
    assert.equal("Five van Six", client:user("u05@x.example").fullname)
    assert(client:user("u05@x.example"):leave "Sales EMEA")
    assert(client:user("u05@x.example"):join "A new group")
    assert.same({ "A new group" }, client:user("u05@x.example").groups)
    assert.same({ "u05@x.example" }, (client:group("A new group"):members()))
    check.failure("refused", "not_over_scim", client:user("u05@x.example"):reset_password())
  end)

  test("many changes are the same in one call and one by one", function()
    for _, dialect in ipairs { "lastpass", "rfc" } do
      local results = assert(new_client({ dialect = dialect }):bulk {
        { method = "POST", type = "User", resource = person("b" .. dialect), bulk_id = "b" },
        {
          method = "POST",
          type = "Group",
          resource = { displayName = "Bulk " .. dialect, members = { { value = "bulkId:b" } } },
        },
        { method = "DELETE", type = "User", id = "nobody" },
      })
      local statuses = { results[1].status, results[2].status, results[3].status }
      assert.same({ 201, 201, 404 }, statuses)
      local group = assert(client:get("Group", results[2].id))
      assert.same(results[1].id, group.members[1].value)
    end
  end)

  test("the doctor finds what it does otherwise, and leaves nothing", function()
    local function count()
      local number = 0
      for _ in client:list "User" do
        number = number + 1
      end
      return number
    end
    local before = count()
    local found = {}
    for _, row in ipairs(lastpass.scim.doctor(client, { write = true })) do
      found[#found + 1] = row.state == "deviation" and row.check or nil
    end
    table.sort(found)
    table.sort(deviations[name])
    assert.same(deviations[name], found)
    assert.equal(before, count())
  end)

  test("a token that is refused is no absence", function()
    local stranger = new_client { token = lastpass.secret.value "another-token" }
    local err = check.failure("auth", "authorization_error", stranger:get("User", "1"))
    assert.equal(401, err.status)
    check.failure("auth", nil, stranger:find("User", "userName", "ann@x.example"))
    check.failure("auth", nil, stranger:link(person "Eve"))
    check.failure("auth", nil, stranger:snapshot())
  end)
end

for _, name in ipairs { "scimmy", "better-auth" } do
  describe("the SCIM server of " .. name, function()
    describe_peer(name)
  end)
end

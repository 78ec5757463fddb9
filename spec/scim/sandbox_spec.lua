-- The SCIM client against the sandbox: LastPass's dialect, the least that LastPass is known to have (scim §1.5), and
-- everything of the RFC.
local check = require "spec.support.check"
local support = require "spec.support.box"

local modes = {
  { "lastpass", {} },
  { "lastpass", { scim_minimal = true } },
  { "lastpass", { scim_attributes = "few", scim_rename = "ignore" } },
  { "rfc", { scim_mode = "rfc" } },
}

describe("the SCIM client over the sandbox", function()
  local box

  setup(function()
    box = support.start { users = 30 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
  end)

  for number, mode in ipairs(modes) do
    it(("creates, changes, links and deletes in mode %d"):format(number), function()
      assert(box:act { settings = mode[2] })
      local client = box:scim { dialect = mode[1], page_size = 7 }
      local ann = { userName = "Ann@x.example", active = true, displayName = "Ann Lee" }
      local made = assert(client:create("User", ann))
      check.failure("conflict", "uniqueness", client:create("User", ann))
      assert.same(
        { made.id, "unchanged" },
        { assert(client:link(ann)).id, select(2, client:link(ann)) }
      )
      assert(client:set_active(made.id, false))
      assert.is_false(assert(client:get("User", made.id)).active)
      assert.equal("disabled", assert(box:client():user "ann@x.example").status)
      assert(
        client:replace("User", made.id, { userName = "Ann@x.example", displayName = "Ann van Lee" })
      )
      assert.is_false(assert(client:get("User", made.id)).active)
      assert(client:set_active(made.id, true))
      local group = assert(client:create("Group", { displayName = "A new group" }))
      assert(client:add_members(group.id, { made.id }))
      assert.same({ "A new group" }, assert(client:user "ann@x.example").groups)
      assert.same({ "A new group" }, assert(box:client():user "ann@x.example").groups)
      assert(client:remove_members(group.id, { made.id }))
      local count = 0
      for _ in client:list "User" do
        count = count + 1
      end
      assert.equal(31, count)
      assert.is_true(client:delete("User", made.id))
      check.failure("refused", "not_found", client:delete("User", made.id))
      check.failure("refused", "no_such_user", box:client():user "ann@x.example")
    end)
  end

  it("links an account that the company knows, and gives it its id", function()
    assert(box:load { users = { { username = "old@x.example", fullname = "Old" } } })
    local client = box:scim()
    local user, how =
      assert(client:link { userName = "OLD@x.example", active = true, externalId = "hr-9" })
    assert.equal("adopted", how)
    assert.equal(user.id, assert(client:find("User", "externalId", "hr-9")).id)
  end)

  -- who is only invited is no user over SCIM yet
  it("gives the same snapshot as over the Enterprise API", function()
    local scim, enterprise = assert(box:scim():snapshot()), assert(box:client():snapshot())
    local function summary(snapshot)
      local list = {}
      for user in snapshot:users { disabled = false } do
        local groups = user.groups
        table.sort(groups)
        list[#list + 1] = user.email:lower() .. " " .. table.concat(groups, ",")
      end
      table.sort(list)
      return list
    end
    assert.same(summary(enterprise), summary(scim))
  end)

  it("works many changes by /Bulk and one by one alike", function()
    for _, mode in ipairs { { "lastpass", {} }, { "rfc", { scim_mode = "rfc" } } } do
      support.reset(box)
      assert(box:act { settings = mode[2] })
      local client = box:scim { dialect = mode[1] }
      local results = assert(client:bulk {
        { method = "POST", type = "User", resource = { userName = "b@x.example" }, bulk_id = "b" },
        {
          method = "POST",
          type = "Group",
          resource = { displayName = "Bulk", members = { { value = "bulkId:b" } } },
        },
        { method = "DELETE", type = "Group", id = "999999" },
      })
      assert.same({ 201, 201, 404 }, { results[1].status, results[2].status, results[3].status })
      assert.same({ "Bulk" }, assert(client:user "b@x.example").groups)
    end
  end)

  it("keeps to versions, cursors and .search in mode rfc", function()
    assert(box:act { settings = { scim_mode = "rfc" } })
    local client = box:scim { dialect = { base = "rfc", paging = "cursor" }, page_size = 7 }
    local count = 0
    for _ in client:list "User" do
      count = count + 1
    end
    assert.equal(30, count)
    local user = assert(client:create("User", { userName = "v@x.example", active = true }))
    local version = user.meta.version
    assert.equal("string", type(version))
    assert.is_true(client:get("User", user.id, { version = version }))
    assert(client:patch("User", user.id, { { op = "replace", path = "title", value = "A" } }))
    check.failure(
      "conflict",
      "version_conflict",
      client:patch(
        "User",
        user.id,
        { { op = "replace", path = "title", value = "B" } },
        { version = version }
      )
    )
    local found = {}
    for one in client:search("User", { filter = 'title eq "a"', attributes = { "userName" } }) do
      found[#found + 1] = one.userName
    end
    assert.same({ "v@x.example" }, found)
  end)

  it("stops at once when the token was changed", function()
    local client = box:scim()
    assert(client:find("User", "userName", box:client():users()().email))
    assert(box:change_scim_token())
    check.failure("auth", "authorization_error", client:snapshot())
    assert(box:scim():snapshot())
  end)
end)

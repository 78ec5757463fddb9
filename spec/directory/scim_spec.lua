-- The same users, groups and snapshots as over the Enterprise API, over SCIM.
local check = require "spec.support.check"
local fake = require "spec.support.scim_fake"

describe("lastpass.directory.scim", function()
  local server, client

  before_each(function()
    server = fake.new(4)
    server.Users[2] = {
      id = "2",
      userName = "Ann.Lee@x.example",
      active = false,
      externalId = "hr-2",
      name = { givenName = "Ann", familyName = "Lee" },
      meta = { created = "2026-02-17T17:23:45.123Z" },
      ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = { department = "IT" },
    }
    server.Groups = {
      { id = "g1", displayName = "Sales", members = { { value = "2" }, { value = "3" } } },
      { id = "g2", displayName = "Empty" },
    }
    client = fake.client(server)
  end)

  local function user(email)
    return assert(client:user(email or "ann.lee@x.example"))
  end

  it("has users with what SCIM says of them", function()
    local ann = user()
    assert.same({
      email = "Ann.Lee@x.example",
      fullname = "Ann Lee",
      status = "disabled",
      groups = { "Sales" },
      id = 2,
      created = 1771349025,
      admin = false,
      never_logged_in = false,
    }, {
      email = ann.email,
      fullname = ann.fullname,
      status = ann.status,
      groups = ann.groups,
      id = ann.id,
      created = ann.created,
      admin = ann.admin,
      never_logged_in = ann.never_logged_in,
      last_login = ann.last_login,
      mfa = ann.mfa,
    })
    assert.same({ id = "2", externalId = "hr-2", department = "IT" }, ann.attributes)
    check.failure("refused", "no_such_user", client:user "nobody@x.example")
  end)

  it("has snapshots, and lists of users and groups", function()
    local snapshot = assert(client:snapshot())
    assert.equal(4, snapshot:count())
    assert.same({ "Empty", "Sales" }, snapshot:group_names())
    assert.same({ "Ann.Lee@x.example", "u3@x.example" }, (snapshot:group("Sales"):members()))
    assert.same({ "Ann.Lee@x.example" }, check.emails(client:users { status = "disabled" }))
    local names = {}
    for group in client:groups() do
      names[#names + 1] = ("%s %d"):format(group.name, #group:members())
    end
    assert.same({ "Empty 0", "Sales 2" }, names)
    assert.equal(1, assert(client:snapshot { disabled = true }):count())
    local named = { "u1@x.example", "nobody@x.example", "ann.lee@x.example" }
    assert.equal(2, assert(client:snapshot { named = named }):count())
  end)

  it("has snapshots of many pages, whether or not a page is written as usual", function()
    server.max_page, server.Users = 3, {}
    local expected, disabled = {}, {}
    for index = 1, 20 do
      local address = ("p%d@x.example"):format(index)
      server.Users[index] = {
        id = tostring(1000 - index),
        userName = address,
        displayName = "P " .. index,
        active = index % 4 ~= 0,
        groups = { { value = "g1", display = index == 5 and "Old name" or "Sales" } },
      }
      expected[index] = address
      disabled[#disabled + 1] = index % 4 == 0 and address or nil
    end
    server.Users[8].active = "False"
    server.Users[9].id = 991 -- a number is no usual id
    server.Users[14].name = "P 14" -- and this no name
    server.Groups[1].members = { { value = "990" } }
    local snapshot = assert(client:snapshot())
    assert.same(expected, check.emails(snapshot:users()))
    for index, address in ipairs(expected) do
      local one = snapshot:user(address:upper())
      local seen = { one.id, one.fullname, one.disabled, one.groups, one.attributes }
      local id = tostring(1000 - index)
      assert.same({ 1000 - index, "P " .. index, index % 4 == 0, { "Sales" }, { id = id } }, seen)
    end
    assert.same({ "Empty", "Sales" }, snapshot:group_names())
    assert.same(disabled, check.emails(assert(client:snapshot { disabled = true }):users()))
    assert.equal(15, assert(client:snapshot { disabled = false }):count())
    server.Users[20].id = "abc"
    assert.equal(20, assert(client:snapshot()):user("p20@x.example").id)
  end)

  it("refuses a snapshot in which a user is nobody", function()
    server.Users[3].userName = ""
    check.failure("protocol", "unexpected_shape", client:snapshot())
    check.failure("protocol", "unexpected_shape", client:snapshot { disabled = false })
    server.Users[3].userName, server.Users[3].active = "u3@x.example", "perhaps"
    for _, disabled in ipairs { true, false } do
      check.failure("protocol", "unexpected_shape", client:snapshot { disabled = disabled })
    end
  end)

  it("takes ids that are no numbers", function()
    server.Users[1].id = "6f9d-a"
    assert.equal("6f9d-a", user("u1@x.example").attributes.id)
    assert.equal(4, assert(client:snapshot()):count())
  end)

  it("does not read groups where users say what groups they are in", function()
    for _, one in ipairs(server.Users) do
      one.groups = { { value = "g1", display = "Sales" } }
    end
    assert.same({ "Sales" }, user().groups)
    server.Users[1].groups = nil
    assert.same({}, user("u1@x.example").groups)
    assert.equal("GET /Users\nGET /Users", server:log())
  end)

  describe("users", function()
    it("are disabled, enabled, renamed and moved between groups", function()
      assert(user():enable())
      assert.equal("active", user().status)
      assert(user():disable())
      assert.equal("disabled", user().status)
      assert(user():join("IT", "Empty"))
      assert.same(
        { "Empty", "IT", "Sales" },
        (function(list)
          table.sort(list)
          return list
        end)(user().groups)
      )
      assert(user():leave { "Sales", "No such group" })
      assert.is_false(user():is_in "Sales")
      assert(user():update { fullname = "Ann van der Berg" })
      assert.same(
        { formatted = "Ann van der Berg", givenName = "Ann van der", familyName = "Berg" },
        server.Users[2].name
      )
      assert.equal("Ann van der Berg", user().fullname)
    end)

    it("are deleted, once that is confirmed", function()
      check.failure("guard", "not_confirmed", user():delete())
      assert(user():delete { confirm = "ann.lee@x.example" })
      check.failure("refused", "no_such_user", client:user "ann.lee@x.example")
    end)

    it("who are protected stay as they are", function()
      client = fake.client(server, { protect = { "ANN.LEE@x.example" } })
      check.failure("guard", "protected", user():disable())
      check.failure("guard", "protected", user():leave "Sales")
      assert(user():enable())
    end)

    it("refuse what SCIM cannot do, and say what can", function()
      local requests
      for method, argument in pairs {
        remove = false,
        uninvite = false,
        rename = "new@x.example",
        reinvite = false,
        reset_password = false,
        require_password_change = false,
        disable_mfa = false,
        update = { fullname = "A", duousername = "a" },
      } do
        local ann = user()
        requests = #server.requests
        local err = check.failure("refused", "not_over_scim", ann[method](ann, argument or nil))
        assert.matches("Enterprise API", err.message .. err.hint)
        assert.equal(requests, #server.requests)
      end
    end)
  end)

  it("groups take people in and out, row by row", function()
    local group = client:group "Sales"
    local result = assert(group:add("u1@x.example", user "u4@x.example", "nobody@x.example"))
    assert.same({ 2, 1, false }, { #result.done, #result.refused, result.ok })
    assert.equal("no_such_user", result.refused[1].code)
    assert.equal(4, #group:members())
    assert.is_true(group:remove("u1@x.example", "ann.lee@x.example").ok)
    assert.same({ "u3@x.example", "u4@x.example" }, (group:members()))
  end)

  it("raise or return failures as any client does", function()
    server.on_request = function()
      return fake.refusal(401)
    end
    check.failure("auth", "authorization_error", client:snapshot())
    check.failure("auth", "authorization_error", client:user "a@x.example")
    check.raised("auth", "authorization_error", function()
      client:users()
    end)
  end)
end)

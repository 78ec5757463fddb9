-- Changes by id: whole users, single attributes, versions, and ids that are gone.
local check = require "spec.support.check"
local fake = require "spec.support.scim_fake"

describe("lastpass.scim.update", function()
  local server, client

  before_each(function()
    server = fake.new(3)
    client = fake.client(server)
  end)

  describe("replace", function()
    it(
      "always says whether the user is active, and sends nothing that the server decides",
      function()
        server.Users[2].active = false
        local given = {
          userName = "u2@x.example",
          displayName = "Two",
          meta = { version = "1" },
          groups = {},
          schemas = {},
          ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = { department = "IT" },
        }
        assert(client:replace("User", "2", given))
        assert.same({
          id = "2",
          userName = "u2@x.example",
          displayName = "Two",
          active = false,
          schemas = {
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
          },
          ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = { department = "IT" },
        }, server.requests[2].body)
        given.active = true
        assert(client:replace("User", "2", given))
        assert.equal("GET /Users/2\nPUT /Users/2\nPUT /Users/2", server:log())
      end
    )

    it("finds a user whose id is gone by the name", function()
      local user =
        assert(client:replace("User", "77", { userName = "u3@x.example", active = true }))
      assert.equal("3", user.id)
      assert.equal("PUT /Users/77\nGET /Users\nPUT /Users/3", server:log())
    end)

    it("makes one anew only when told", function()
      local new = { userName = "new@x.example", active = true }
      check.failure("refused", "not_found", client:replace("User", "77", new))
      assert.equal("1001", assert(client:replace("User", "77", new, { recreate = true })).id)
    end)
  end)

  describe("versions", function()
    it("are sent along when they are known, and a conflict is one", function()
      server.on_request = function(request)
        if request.headers["If-Match"] == 'W/"1"' then
          return fake.refusal(412)
        end
      end
      local operations = { { op = "replace", path = "displayName", value = "A" } }
      check.failure(
        "conflict",
        "version_conflict",
        client:patch("User", "1", operations, { version = 'W/"1"' })
      )
      check.failure(
        "conflict",
        "version_conflict",
        client:delete("User", "1", { version = 'W/"1"' })
      )
      assert(client:patch("User", "1", operations))
      local other = fake.client(server, { dialect = { if_match = false } })
      assert(other:patch("User", "1", operations, { version = 'W/"1"' }))
    end)

    it("save a reading", function()
      server.on_request = function(request)
        return request.headers["If-None-Match"] == 'W/"2"' and fake.answer(304) or nil
      end
      assert.is_true(client:get("User", "1", { version = 'W/"2"' }))
      assert.equal("1", client:get("User", "1", { version = 'W/"1"' }).id)
    end)
  end)

  describe("set_active", function()
    it("is one PATCH with a boolean", function()
      assert.is_false(assert(client:set_active("1", false)).active)
      assert.same(
        { { op = "replace", path = "active", value = false } },
        server.requests[1].body.Operations
      )
      server.patch_body = false
      assert.is_true(client:set_active("1", true))
    end)

    it("does not believe a yes without effect", function()
      server.on_request = function()
        return fake.answer(200, { id = "1", userName = "u1@x.example", active = "True" })
      end
      check.failure("protocol", "without_effect", client:set_active("1", false))
    end)

    it("looks up whose id is gone, when it is told the name", function()
      check.failure("refused", "not_found", client:set_active("77", false))
      local named = { named = { "userName", "u2@x.example" } }
      assert.equal("2", assert(client:set_active("77", false, named)).id)
      named = { named = { "userName", "nobody@x.example" } }
      check.failure("refused", "not_found", client:set_active("77", false, named))
    end)
  end)

  describe("without PATCH", function()
    local operations = {
      { op = "replace", path = "active", value = false },
      { op = "replace", path = "name.givenName", value = "Ann" },
    }

    it("a user is read, changed and put back whole", function()
      server.Users[1].externalId = "hr-1"
      server.Users[1].meta = { version = 'W/"7"' }
      client = fake.client(server, { dialect = { patch = false } })
      assert(client:patch("User", "1", operations))
      local put = server.requests[2]
      assert.equal("GET /Users/1\nPUT /Users/1", server:log())
      assert.equal('W/"7"', put.headers["If-Match"])
      assert.same({
        id = "1",
        userName = "u1@x.example",
        externalId = "hr-1",
        active = false,
        name = { givenName = "Ann" },
        schemas = { "urn:ietf:params:scim:schemas:core:2.0:User" },
      }, put.body)
    end)

    it("so is one whose server turns out to have none", function()
      server.on_request = function(request)
        return request.method == "PATCH" and fake.refusal(501) or nil
      end
      assert.is_false(assert(client:set_active("1", false)).active)
      assert.equal("PATCH /Users/1\nGET /Users/1\nPUT /Users/1", server:log())
    end)
  end)

  it("need ids, types and operations", function()
    for expected, act in pairs {
      ["'id' is empty"] = function()
        client:delete("User", "")
      end,
      ["at least one operation"] = function()
        client:patch("User", "1", {})
      end,
      ["there is no type 'user' (did you mean 'User'?)"] = function()
        client:get("user", "1")
      end,
    } do
      assert.matches(expected, check.blamed(act), 1, true)
    end
    assert.equal(0, #server.requests)
  end)
end)

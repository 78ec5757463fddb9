-- Finding, creating and linking: nobody is made twice, whatever becomes of an answer.
local check = require "spec.support.check"
local errors = require "lastpass.error"
local fake = require "spec.support.scim_fake"
local loop = require "lastpass.transport.scheduler"

describe("lastpass.scim.link", function()
  local server, client
  local ANN = { userName = "ann@x.example", displayName = "Ann Lee", active = true }

  before_each(function()
    server = fake.new(3)
    client = fake.client(server)
    stub(loop, "sleep")
  end)

  after_each(function()
    loop.sleep:revert()
  end)

  describe("find", function()
    it("asks by a filter whose value is a JSON string", function()
      table.insert(server.Users, { id = "9", userName = 'a"b\\c@x.example' })
      assert.equal("9", assert(client:find("User", "userName", 'a"b\\c@x.example')).id)
      assert.equal([[userName eq "a\"b\\c@x.example"]], server.requests[1].query.filter)
    end)

    it("leaves members out of groups", function()
      table.insert(server.Groups, { id = "9", displayName = "Sales" })
      assert.equal("9", assert(client:find("Group", "displayName", "sales")).id)
      assert.equal("members", server.requests[1].query.excludedAttributes)
    end)

    it("does not believe a server that passes over the filter", function()
      server.on_request = function(request)
        request.query.filter = nil
      end
      assert.equal("2", assert(client:find("User", "userName", "U2@x.example")).id)
      check.failure("refused", "not_found", client:find("User", "userName", "x@x.example"))
    end)

    it("asks in small letters a server that compares to the letter", function()
      server.on_request = function(request)
        if request.query.filter and request.query.filter:find "%u%d" then
          request.query.filter = 'userName eq "nobody"'
        end
      end
      assert.equal("2", assert(client:find("User", "userName", "U2@x.example")).id)
      assert.equal(2, #server.requests)
    end)

    it("takes a 404 of SCIM for nobody, and no other one, and no 401", function()
      server.on_request = function()
        return fake.refusal(404)
      end
      check.failure("refused", "not_found", client:find("User", "userName", "x@x.example"))
      server.on_request = function()
        return fake.answer(404, "<html>")
      end
      local err =
        check.failure("refused", "not_found", client:find("User", "userName", "x@x.example"))
      assert.matches("HTTP 404", err.message)
      server.on_request = function()
        return fake.refusal(401)
      end
      check.failure("auth", nil, client:find("User", "userName", "x@x.example"))
      check.failure("auth", nil, client:link(ANN))
    end)

    it("does not choose among several", function()
      table.insert(server.Users, { id = "8", userName = "U2@x.example" })
      check.failure("conflict", "ambiguous", client:find("User", "userName", "u2@x.example"))
    end)
  end)

  describe("create", function()
    local function count()
      local number = 0
      for _, user in ipairs(server.Users) do
        number = number + (user.userName == ANN.userName and 1 or 0)
      end
      return number
    end

    it("gives the user with the id", function()
      local made = assert(client:create("User", ANN))
      assert.equal("1001", made.id)
      assert.same({ "urn:ietf:params:scim:schemas:core:2.0:User" }, server.requests[1].body.schemas)
    end)

    it("looks the user up after an answer that was lost, and finds who was made", function()
      server.on_request = function(_, number)
        return number == 1 and "after" or nil
      end
      assert.equal("1001", assert(client:create("User", ANN)).id)
      assert.equal("POST /Users\nGET /Users", server:log())
      assert.equal(1, count())
    end)

    it("does not repeat it when nobody is found: the server may still be at it", function()
      server.on_request = function(_, number)
        return number == 1 and "before" or nil
      end
      local err = check.failure("transport", "connection_lost", client:create("User", ANN))
      assert.is_true(err.uncertain)
      assert.equal("POST /Users\nGET /Users", server:log())
      server.on_request = function(request)
        return request.method == "POST" and fake.answer(504, "") or nil
      end
      assert.is_true(check.failure("transport", nil, client:create("User", ANN)).uncertain)
      assert.equal(0, count())
    end)

    it("repeats it after a lookup when the server said that it failed", function()
      for _, status in ipairs { 429, 500, 503 } do
        server = fake.new(0)
        client = fake.client(server)
        server.on_request = function(_, number)
          return number == 1 and fake.answer(status, "", { ["retry-after"] = "1" }) or nil
        end
        assert.equal("1001", assert(client:create("User", ANN)).id)
        assert.equal("POST /Users\nGET /Users\nPOST /Users", server:log())
      end
    end)

    it("repeats it at once when nothing was sent", function()
      server.on_request = function(_, number)
        if number == 1 then
          return errors.fail("transport", "unreachable", "no way", {})
        end
      end
      assert(client:create("User", ANN))
      assert.equal("POST /Users\nPOST /Users", server:log())
    end)

    it("asks for whom an empty answer made", function()
      server.on_request = function(request)
        if request.method == "POST" then
          table.insert(server.Users, { id = "77", userName = ANN.userName })
          return fake.answer(201, "")
        end
      end
      assert.equal("77", assert(client:create("User", ANN)).id)
    end)

    it("needs a name", function()
      assert.matches(
        "a User needs 'userName'",
        check.blamed(function()
          client:create("User", { displayName = "Ann" })
        end)
      )
      assert.matches(
        "no type 'Users' %(did you mean 'User'%?%)",
        check.blamed(function()
          client:create("Users", ANN)
        end)
      )
    end)
  end)

  describe("link", function()
    it("creates who is not there", function()
      local user, how = assert(client:link(ANN))
      assert.same({ "1001", "created" }, { user.id, how })
    end)

    it("adopts who is, and changes what differs, one attribute by one with its path", function()
      local wanted = {
        userName = "U2@X.example",
        active = true,
        externalId = "hr-7",
        name = { givenName = "Ann", familyName = "Lee" },
        emails = { { value = "u2@x.example", type = "work" } },
        ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = { department = "IT" },
      }
      local user, how = assert(client:link(wanted))
      assert.same({ "2", "adopted", "u2@x.example" }, { user.id, how, user.userName })
      local paths = {}
      for index, operation in ipairs(server.requests[2].body.Operations) do
        paths[index] = operation.op .. " " .. operation.path
      end
      assert.same({
        "replace emails",
        "replace externalId",
        "replace name.familyName",
        "replace name.givenName",
        "replace urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
      }, paths)
      assert.equal("unchanged", select(2, client:link(wanted)))
      assert.equal(3, #server.requests)
    end)

    it("adopts by externalId, and says when the server keeps the old name", function()
      server.Users[3].externalId = "hr-3"
      server.on_request = function(request)
        if request.method == "PATCH" then
          return fake.answer(200, server.Users[3])
        end
      end
      local wanted = { userName = "new@x.example", externalId = "hr-3", active = true }
      check.failure("refused", "rename_ignored", client:link(wanted))
    end)

    it("finds the one that a 409 is about, also where no filter finds it", function()
      table.insert(server.Users, { id = "50", userName = "Ann@X.example", active = true })
      server.on_request = function(request)
        if request.query.filter then
          request.query.filter = 'userName eq "nobody"'
        end
      end
      local user, how = assert(client:link(ANN))
      assert.same({ "50", "adopted" }, { user.id, how })
    end)

    it("works for groups", function()
      local group, how = assert(client:link({ displayName = "Sales" }, { type = "Group" }))
      assert.same({ "1001", "created" }, { group.id, how })
      assert.equal(
        "unchanged",
        select(2, client:link({ displayName = "sales" }, { type = "Group" }))
      )
    end)
  end)
end)

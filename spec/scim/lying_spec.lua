-- Servers that say what is not so: nobody is taken for somebody else, and nothing incomplete for everything.
local check = require "spec.support.check"
local fake = require "spec.support.scim_fake"
local json = require "lastpass.json"
local loop = require "lastpass.transport.scheduler"
local plans = require "spec.support.plans"

describe("a SCIM server that lies", function()
  before_each(function()
    stub(loop, "sleep")
  end)

  after_each(function()
    loop.sleep:revert()
  end)

  -- Bends the bodies of answers.
  local function bent(server, change)
    local send = server.send
    server.send = function(self, request)
      local response, message, err = send(self, request)
      if response and response.body ~= "" then
        local body = json.decode(response.body)
        local other = change(body, request, response)
        response.body = type(other) == "string" and other or json.encode(body)
      end
      return response, message, err
    end
    return server
  end

  local function all(client, type_name, options)
    local count = 0
    local ok, err = pcall(function()
      for _ in client:list(type_name or "User", options) do
        count = count + 1
      end
    end)
    if ok then
      return count
    end
    assert(type(err) == "table", err)
    return nil, err.message, err
  end

  it("does not hide people behind a page that is shorter than asked for and the total", function()
    for _, most in ipairs { 7, 25, 50 } do
      local server = bent(fake.new(120, { max_page = most }), function(body)
        body.totalResults = body.Resources and #body.Resources or nil
      end)
      assert.equal(120, all(fake.client(server)))
    end
  end)

  it("does not keep anybody busy with cursors that lead nowhere", function()
    local number = 0
    for _, cursor in ipairs { "same", "other" } do
      local server = bent(fake.new(0), function(body)
        number = number + 1
        body.totalResults = nil
        body.nextCursor = cursor == "same" and "c" or "c" .. number
      end)
      local _, message, err = all(fake.client(server))
      assert.equal("protocol", err.kind, message)
      assert.is_true(#server.requests < 200)
    end
  end)

  it("does not make totals out of what is none", function()
    for _, total in ipairs { "all", -1, 1.5, { 3 }, true, "1e400", 2, 4, "4" } do
      local server = bent(fake.new(3), function(body)
        body.totalResults = total
      end)
      local count, _, err = all(fake.client(server))
      assert.is_true(count == 3 or err.code == "list_changing", tostring(total))
    end
  end)

  it("does not give several people one id", function()
    for _, id in ipairs { 1.5, -0.5, "", {}, true, json.null } do
      local server = bent(fake.new(2), function(body)
        body.Resources[2].id = id
      end)
      check.failure("protocol", "unexpected_shape", all(fake.client(server)))
    end
    for _, digits in ipairs { "9007199254740993", "12345678901234567890", "1e300" } do
      for _, options in ipairs { {}, { attributes = { "userName" } } } do
        local server = bent(fake.new(2), function(body)
          return (json.encode(body):gsub('"id":"2"', '"id":' .. digits))
        end)
        local count, _, err = all(fake.client(server), "User", options)
        assert.is_nil(count, digits)
        assert.equal("protocol", err.kind)
      end
    end
  end)

  it("does not empty groups by members in another shape", function()
    local function members_as(members)
      local server = bent(fake.new(2), function(body)
        for _, group in ipairs(body.displayName and { body } or body.Resources or {}) do
          group.members = group.displayName and members or nil
        end
      end)
      server.Groups[1] = { id = "9", displayName = "Sales" }
      return fake.client(server)
    end
    for _, members in ipairs { { "1", "2" }, { 1, 2 }, { { value = 1 }, { value = "2" } } } do
      local client = members_as(members)
      assert.same({ { value = "1" }, { value = "2" } }, client:get("Group", "9").members)
      assert.same({ "Sales" }, client:user("u2@x.example").groups)
    end
    assert.same({ { value = "1" } }, members_as("1"):get("Group", "9").members)
    local with_null = members_as { { value = "1" }, json.null, { value = "2" } }
    assert.same({ { value = "1" }, { value = "2" } }, with_null:get("Group", "9").members)
    for _, members in ipairs { { ["0"] = { value = "1" } }, 7, true } do
      check.failure("protocol", "unexpected_shape", members_as(members):get("Group", "9"))
      check.failure("protocol", "unexpected_shape", members_as(members):snapshot())
    end
    for _, members in ipairs { { { display = "u1" } }, { true }, { { value = {} } } } do
      check.failure("protocol", "unexpected_shape", members_as(members):snapshot())
    end
  end)

  it("does not enable or disable anybody by saying nothing, or something else", function()
    for active, expected in pairs {
      ["true"] = "active",
      ["False"] = "disabled",
      ["TRUE"] = "active",
      [true] = "active",
      [false] = "disabled",
    } do
      local server = fake.new(1)
      server.Users[1].active = active
      assert.equal(expected, fake.client(server):user("u1@x.example").status)
    end
    for _, active in ipairs { "maybe", "", 0, 1, {}, json.null, "absent" } do
      local server = fake.new(1)
      server.Users[1].active = active ~= "absent" and active or nil
      check.failure("protocol", "unexpected_shape", fake.client(server):user "u1@x.example")
      check.failure("protocol", "unexpected_shape", fake.client(server):snapshot())
    end
  end)

  it("says nothing by 304 that was not asked for", function()
    local server = fake.new(1)
    server.on_request = function()
      return fake.answer(304)
    end
    check.failure("transport", "redirect", fake.client(server):get("User", "1"))
    assert.is_true(fake.client(server):get("User", "1", { version = 'W/"1"' }))
  end)

  it("does not pass off somebody whose name it hides for the one who is looked up", function()
    local server = bent(fake.new(2), function(body, request)
      if request.url:find("filter=", 1, true) then
        body.totalResults, body.Resources = 1, { { id = "2", active = true } }
      end
    end)
    local client = fake.client(server)
    check.failure("refused", "not_found", client:find("User", "userName", "new@x.example"))
    check.failure("refused", "not_found", client:find("User", "externalId", "4711"))
    assert.equal("2", client:find("User", "nickName", "New").id)
  end)

  it("does not lead a creation to somebody else", function()
    local new = { userName = "new@x.example", externalId = "7" }
    -- the answer is lost, nothing was made, and another has the same externalId
    local server = fake.new(1)
    server.Users[1].externalId = "7"
    server.on_request = function(request)
      return request.method == "POST" and "before" or nil
    end
    local _, _, err = fake.client(server):create("User", new)
    assert.is_true(err.uncertain)
    -- the answer is another user
    server = bent(fake.new(1), function(body, _, response)
      if response.status == 201 then
        body.userName, body.id = "u1@x.example", "1"
      end
    end)
    err = check.failure("protocol", "unexpected_shape", fake.client(server):create("User", new))
    assert.is_true(err.uncertain)
    -- it says yes, shows no user, and does not show one later
    server = fake.new(1)
    server.on_request = function(request)
      return request.method == "POST" and fake.answer(201) or nil
    end
    _, _, err = fake.client(server):create("User", new)
    assert.is_true(err.uncertain)
  end)

  it("breaks nothing by whatever stands where something else belongs", function()
    local random = plans.random(4)
    local values = { "x", "", 0, -1, 1.5, true, false, json.null, "None", ("é"):rep(300), "\0" }
    local function junk(depth)
      local chance = random()
      if depth > 2 or chance < 0.6 then
        return values[1 + math.floor(random() * #values)]
      elseif chance < 0.8 then
        return json.list { junk(depth + 1), junk(depth + 1) }
      end
      return { value = junk(depth + 1), formatted = junk(depth + 1), display = junk(depth + 1) }
    end
    local fields = {
      "id",
      "userName",
      "displayName",
      "name",
      "groups",
      "members",
      "active",
      "externalId",
      "meta",
      "title",
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
      "emails",
    }
    local read, failed = 0, 0
    for _ = 1, 400 do
      local server = fake.new(2)
      server.Groups[1] = { id = "9", displayName = "Sales", members = { { value = "1" } } }
      bent(server, function(body)
        for _ = 1, 1 + math.floor(random() * 2) do
          local one = body.Resources and body.Resources[1] or body
          one[fields[1 + math.floor(random() * #fields)]] = junk(0)
        end
      end)
      local snapshot, message, err = fake.client(server):snapshot()
      if snapshot then
        read = read + 1
        for user in snapshot:users() do
          assert.is_string(user.status)
        end
      else
        failed = failed + 1
        assert.is_string(err.kind, message)
      end
    end
    assert.is_true(read > 20 and failed > 20, read .. " " .. failed)
  end)
end)

-- People of any SCIM server: which attributes make which fields, groups, and what is complete.
local check = require "spec.support.check"
local fake = require "spec.support.scim_fake"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local source = require "lastpass.source"

local URL = "http://127.0.0.1:1/scimapi/1"
local ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

local function options_of(server, more)
  local options = {
    url = URL,
    token = lastpass.secret.value(fake.TOKEN),
    transport = server,
    retries = 0,
  }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return options
end

local function open(server, more)
  return source.scim(options_of(server, more))
end

local function read(server, more)
  local people = assert(open(server, more))
  local list, problems, err = people:read()
  return list, problems, people, err
end

-- A server of these users.
local function serving(users, groups)
  local server = fake.new(0)
  for index, user in ipairs(users) do
    user.id = user.id or tostring(index)
    server.Users[index] = user
  end
  for index, group in ipairs(groups or {}) do
    group.id = group.id or "g" .. index
    server.Groups[index] = group
  end
  return server
end

local function by_email(list)
  local found = {}
  for _, person in ipairs(list) do
    found[person.email] = person
  end
  return found
end

describe("source.scim", function()
  it("takes the work address, else the user name, by default", function()
    local server = serving {
      {
        userName = "ann",
        displayName = "Ann Lee",
        active = true,
        emails = {
          { type = "home", value = "ann@home.example" },
          { type = "Work", value = "Ann@Acme.example" },
        },
      },
      {
        userName = "bob",
        name = { formatted = "Bob Ray" },
        active = false,
        emails = { { value = "bob@acme.example", primary = true } },
      },
      { userName = "cy@acme.example", active = "False" },
      { userName = "nobody" },
    }
    local list, problems, people = read(server, { sha256 = true })
    local people_by_email = by_email(list)
    assert.equal(3, #list)
    assert.equal("Ann Lee", people_by_email["Ann@Acme.example"].fullname)
    assert.equal("true", people_by_email["Ann@Acme.example"].active)
    assert.equal("Bob Ray", people_by_email["bob@acme.example"].fullname)
    assert.equal("false", people_by_email["cy@acme.example"].active)
    assert.equal(URL .. "/Users/1", tostring(people_by_email["Ann@Acme.example"].origin))
    assert.equal(1, #problems)
    assert.equal("bad_email", problems[1].code)
    assert.match("/Users/4: 'nobody' is not an e%-mail address", tostring(problems[1]))
    local proof = people.proof
    assert.is_true(proof.complete)
    -- the second page is empty, and shows that the total was no page's size
    assert.same({ 4, 1, 2, "scim" }, { proof.rows, proof.refused, proof.pages, proof.kind })
    assert.match("^%x+$", proof.sha256)
    local again = select(3, read(server, { sha256 = true }))
    assert.equal(proof.sha256, again.proof.sha256)
  end)

  it("fills fields from any attribute by its path", function()
    local server = serving {
      {
        userName = "ann@acme.example",
        name = { givenName = "Ann", familyName = "Lee" },
        emails = {
          { type = "work", value = "ann@acme.example" },
          { type = "home", value = "ann@home.example" },
        },
        title = "Engineer",
        [ENTERPRISE] = { department = "R&D", employeeNumber = 47, manager = { value = "9" } },
        ["urn:acme:params:2.0:User"] = { Badge = "B7" },
      },
    }
    local list = read(server, {
      attributes = {
        email = 'emails[type eq "WORK"].value',
        every = { "emails.value", list = true },
        both = { "emails.value", join = "," },
        fullname = { "NAME.givenname", "name.familyName" },
        title = "title",
        department = ENTERPRISE .. ":department",
        number = ENTERPRISE:lower() .. ":EmployeeNumber",
        manager = ENTERPRISE .. ":manager",
        boss = ENTERPRISE .. ":manager.value",
        badge = "urn:acme:params:2.0:User:badge",
        login = "urn:ietf:params:scim:schemas:core:2.0:User:userName",
        phone = { 'phoneNumbers[type eq "work"].value', optional = true },
      },
    })
    local ann = list[1]
    assert.same({ "ann@acme.example", "ann@home.example" }, ann.every)
    assert.equal("ann@acme.example,ann@home.example", ann.both)
    assert.equal("Ann Lee", ann.fullname)
    assert.same(
      { "Engineer", "R&D", "47", "9", "9", "B7", "ann@acme.example" },
      { ann.title, ann.department, ann.number, ann.manager, ann.boss, ann.badge, ann.login }
    )
    assert.is_nil(ann.phone)
  end)

  it("refuses a user with several values where one is wanted", function()
    local server = serving {
      {
        userName = "ann",
        emails = { { value = "a@acme.example" }, { value = "b@acme.example" } },
      },
      { userName = "bob", emails = { { value = "bob@acme.example" } } },
    }
    local list, problems = read(server, { attributes = { email = "emails.value" } })
    assert.equal(1, #list)
    assert.equal("many_values", problems[1].code)
  end)

  it("is not complete when nobody has an attribute", function()
    local _, _, people, err = read(fake.new(3), {
      attributes = { email = "userName", team = ENTERPRISE .. ":departmnt" },
    })
    assert.equal("missing_column", err.code)
    assert.match("no row has the attribute", err.message)
    assert.is_false(people.proof.complete)
  end)

  it("asks only for those of a filter", function()
    local server = fake.new(5)
    local list, _, people = read(server, { filter = 'userName eq "u3@x.example"' })
    assert.equal(1, #list)
    assert.equal('userName eq "u3@x.example"', people.proof.filter)
    assert.equal('userName eq "u3@x.example"', server.requests[1].query.filter)
  end)

  it("reads every page, and a list that shifts once more", function()
    local server = fake.new(250, { max_page = 50 })
    local list, _, people = read(server, { page_size = 50 })
    assert.equal(250, #list)
    assert.is_true(people.proof.pages >= 5)
    local shifted = false
    server = fake.new(250, { max_page = 50 })
    server.on_request = function(request)
      if not shifted and request.query.startIndex == "101" then
        shifted = true
        table.remove(server.Users, 1)
      end
    end
    list, _, people = read(server, { page_size = 50, in_flight = 1 })
    assert.is_true(shifted)
    assert.is_true(people.proof.complete)
    assert.is_true(#list >= 249, #list)
    assert.truthy(by_email(list)["u101@x.example"])
  end)

  it("is not complete when the list never fits together", function()
    local server = fake.new(6, { max_page = 3 })
    server.on_request = function(request)
      if request.query.startIndex then
        return fake.answer(200, { totalResults = 9, Resources = json.list { server.Users[1] } })
      end
    end
    local people, _, err = open(server)
    if people then
      _, _, err = people:read()
    end
    assert.truthy(err)
    assert.is_false(people ~= nil and people.proof.complete)
    assert.is_not_equal("auth", err.kind)
  end)

  it("takes neither 401 nor 404 nor a page to sign in for nobody", function()
    for _, case in ipairs {
      { fake.refusal(401), "auth", "authorization_error" },
      { fake.refusal(403), "auth", "forbidden" },
      { fake.answer(404, "<html>no such page</html>"), "refused", "not_found" },
      { fake.answer(200, "<html>sign in</html>"), "protocol", "not_json" },
      { fake.answer(200, {}), "protocol", "not_a_list" },
      { fake.answer(500, ""), "transport", "http_status" },
    } do
      local server = fake.new(3)
      server.on_request = function()
        return case[1]
      end
      local err = check.failure(case[2], case[3], open(server))
      assert.is_nil(err.message:find(fake.TOKEN, 1, true))
    end
    local server = fake.new(120, { max_page = 50 })
    server.on_request = function(request)
      return request.query.startIndex == "101" and fake.refusal(401) or nil
    end
    local people = assert(open(server, { page_size = 50 }))
    local list, _, err = people:read()
    assert.is_nil(list)
    assert.equal("authorization_error", err.code)
    assert.is_false(people.proof.complete)
  end)

  it("is complete with nobody when there is nobody: the guards decide what that means", function()
    local list, _, people = read(fake.new(0))
    assert.equal(0, #list)
    assert.is_true(people.proof.complete)
  end)
end)

describe("groups of source.scim", function()
  local function member(...)
    local list = {}
    for index, id in ipairs { ... } do
      list[index] = { value = id }
    end
    return list
  end

  it("come from the groups' members, with groups within groups", function()
    local server = fake.new(4)
    server.Groups = {
      { id = "g1", displayName = "All", members = member("g2", "4") },
      { id = "g2", displayName = "Finance", members = member("1", "2", "g3") },
      { id = "g3", displayName = "Board", members = member("3", "g1", "77") },
    }
    local list, _, people = read(server, { groups = true })
    local by = by_email(list)
    assert.same({ "All", "Board", "Finance" }, by["u1@x.example"].groups) -- a circle
    assert.same({ "All", "Board", "Finance" }, by["u3@x.example"].groups)
    assert.same({ "All", "Board", "Finance" }, by["u4@x.example"].groups)
    assert.same({ count = 3, other_members = 1 }, people.proof.groups)
    by = by_email((read(server, { groups = { nested = false } })))
    assert.same({ "Finance" }, by["u1@x.example"].groups)
  end)

  it("are asked for one by one where the list leaves members out", function()
    local server = fake.new(2)
    server.Groups = {
      { id = "g1", displayName = "Finance", members = member "1" },
      { id = "g2", displayName = "Empty" },
    }
    server.on_request = function(request)
      if request.path == "/Groups" then
        return fake.answer(200, {
          totalResults = 2,
          Resources = json.list {
            { id = "g1", displayName = "Finance" },
            { id = "g2", displayName = "Empty" },
          },
        })
      end
    end
    local by = by_email((read(server, { groups = true })))
    assert.same({ "Finance" }, by["u1@x.example"].groups)
    assert.same({}, by["u2@x.example"].groups)
  end)

  it("look wrong when there is none, or none has a member among the users", function()
    local server = fake.new(2)
    local _, _, people, err = read(server, { groups = true })
    assert.equal("no_groups", err.code)
    assert.is_false(people.proof.complete)
    server.Groups = { { id = "g1", displayName = "Finance", members = member "99" } }
    err = select(4, read(server, { groups = true }))
    assert.equal("no_members", err.code)
    local list = read(server, { groups = { allow_empty = true } })
    assert.same({}, list[1].groups)
  end)

  it("must have names of their own", function()
    local server = fake.new(1)
    server.Groups = {
      { id = "g1", displayName = "Finance", members = member "1" },
      { id = "g2", displayName = "finance", members = member "1" },
    }
    check.failure("argument", "duplicate_group", open(server, { groups = true }))
    server.Groups = { { id = "g1", members = member "1" } }
    check.failure("argument", "unnamed_group", open(server, { groups = true }))
    server.Groups = { { id = "g1", displayName = "Finance", members = { {} } } }
    check.failure("protocol", "bad_member", open(server, { groups = true }))
    server.on_request = function(request)
      return request.path == "/Groups" and fake.refusal(403) or nil
    end
    check.failure("auth", "forbidden", open(server, { groups = true }))
  end)
end)

describe("a mistake in the call of source.scim", function()
  it("is raised at the caller's line", function()
    local function mistake(more)
      local options = options_of(fake.new(0), more)
      for name, value in pairs(more) do
        if value == "none" then
          options[name] = nil
        end
      end
      return check.blamed(function()
        source.scim(options)
      end)
    end
    for _, case in ipairs {
      { { token = "none" }, "option 'token' is missing" },
      { { token = { value = "x" } }, "option 'token' must be made by lastpass.secret" },
      { { url = "none" }, "needs the option 'url' or 'cid'" },
      { { url = "http://idp.example/scim" }, "option 'url'" },
      { { dialect = "rcf" }, "there is no dialect 'rcf' (did you mean 'rfc'?)" },
      { { fliter = "x" }, "unknown option 'fliter' (did you mean 'filter'?)" },
      { { filter = "userName is x" }, "option 'filter': " },
      { { groups = { filter = "(" } }, "groups: option 'filter': " },
      { { groups = { neste = true } }, "(did you mean 'nested'?)" },
      { { attributes = { email = "emails[type" } }, "attribute 'email': 'emails[type'" },
      { { attributes = { email = "emails[kind eq 5].value" } }, "attribute 'email'" },
      { { attributes = { email = ENTERPRISE .. ":" } }, "attribute 'email'" },
      {
        { attributes = { email = "userName", groups = "groups.display" }, groups = true },
        "make the field 'groups'",
      },
      { { page_size = 0 }, "option 'page_size'" },
    } do
      local message = mistake(case[1])
      assert.truthy(message:find("^source%.scim"), message)
      assert.truthy(message:find(case[2], 1, true), message)
    end
  end)

  it("is told of a token that cannot be read", function()
    local token = { file = "/nonexistent/token" }
    check.failure("argument", "unreadable", open(fake.new(0), { token = token }))
  end)
end)

describe("source.scim in a playbook", function()
  local plans = require "lastpass.plan.playbook"

  local function run(text, server)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
    local token = os.tmpname()
    os.execute("chmod 600 " .. token)
    file = assert(io.open(token, "w"))
    file:write(fake.TOKEN)
    file:close()
    local real = lastpass.scim.new
    lastpass.scim.new = function(options, level)
      options.transport = server
      return real(options, level)
    end
    local declared, message, err = plans.run(path, {
      zone = assert(lastpass.time.zone "UTC"),
      now = 0,
      text = text:gsub("TOKEN", token),
    })
    lastpass.scim.new = real
    os.remove(path)
    os.remove(token)
    return declared, message, err
  end

  it("is a word as the others are, and takes words of status", function()
    local server = fake.new(3)
    server.Users[2].active = false
    server.Groups = { { id = "g1", displayName = "Finance", members = { { value = "1" } } } }
    local declared = assert(run(
      [[
      local idp = source.scim {
        url = "http://127.0.0.1:1/scimapi/1",
        token = { file = "TOKEN" },
        groups = true,
      }
      users(idp, {
        groups = { "groups" },
        active = { field = "active", active = { "true" }, inactive = { "false" } },
      })
    ]],
      server
    ))
    local described = require("lastpass.plan.words.sources").describe(declared.sources[1])
    assert.is_true(described.complete)
    assert.same({ 3, "scim" }, { described.rows, described.kind })
    assert.equal(3, #declared.desired)
    local second = { declared.desired:row(2) }
    assert.same({ "u2@x.example", false }, { second[1], second[4] })
  end)

  it("names what stands in the way", function()
    local server = fake.new(3)
    server.on_request = function()
      return fake.refusal(401)
    end
    local text = 'source.scim { url = "http://127.0.0.1:1/scimapi/1", token = { file = "TOKEN" } }'
    local _, message, err = run("local idp = " .. text, server)
    assert.equal("auth", err.kind)
    assert.equal("source_auth", err.code)
    assert.match("source%.scim: GET /Users: HTTP 401", message)
    server.on_request = nil
    _, message = run("for one in " .. text .. ":rows() do print(one.fulname) end", server)
    assert.match("a row has no field 'fulname' %(did you mean 'fullname'%?%)", message)
  end)
end)

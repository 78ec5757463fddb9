-- SCIM in the sandbox: what is known of LastPass's endpoint, each setting of it, and one state with the Enterprise
-- API (scim §1).
local support = require "spec.support.scim_box"

local URN = support.URN

describe("lastpass.sandbox.scim", function()
  local site, box

  local function open(options)
    site = support.open(options)
    box = site.box
    return site
  end

  before_each(function()
    open()
  end)

  local function assert_error(status, scim_type, reply)
    assert.equal(status, reply.status, reply.body)
    assert.equal("application/scim+json", reply.headers["Content-Type"])
    assert.same({ URN.error }, reply.json.schemas)
    assert.equal(tostring(status), reply.json.status)
    assert.equal(scim_type, reply.json.scimType)
  end

  local function make(mail, more)
    local reply = site:make(mail, more)
    assert.equal(201, reply.status, reply.body)
    return reply.json
  end

  -- Of the seed: the first user of whom something is true.
  local function seeded(holds)
    for _, resource in ipairs(site:send("GET", "/Users?count=50").json.Resources) do
      if not holds or holds(resource) then
        return resource
      end
    end
  end

  describe("who may ask", function()
    it("is whoever has the token", function()
      assert.equal(200, site:send("GET", "/Users?count=0").status)
      local function status(authorization)
        return site:send("GET", "/Users", nil, { authorization = authorization })
      end
      for _, authorization in ipairs {
        false,
        "Bearer x",
        "Bearer ",
        support.TOKEN,
        "Basic " .. support.TOKEN,
      } do
        local reply = status(authorization)
        assert_error(401, nil, reply)
        assert.equal("Bearer", reply.headers["WWW-Authenticate"])
      end
      assert.equal(200, status("bearer " .. support.TOKEN).status)
    end)

    it("another company's address is not the token's", function()
      open { companies = { { cid = 12, users = 3, scim_token = "other" } } }
      site.base = "/scimapi/12"
      assert_error(401, nil, site:send("GET", "/Users"))
      site.token = "other"
      assert.equal(3, site:send("GET", "/Users").json.totalResults)
      for _, base in ipairs {
        "/scimapi/13",
        "/scimapi/x",
        "/scimapi",
        "/scimapi/99999999999999999999",
      } do
        site.base = base
        assert_error(401, nil, site:send("GET", "/Users"))
      end
    end)

    it("a new token ends the old one at once", function()
      local answer = box:control("POST", "scim_token", {})
      assert.equal(40, #answer.token)
      assert_error(401, nil, site:send("GET", "/Users"))
      site.token = answer.token
      assert.equal(200, site:send("GET", "/Users").status)
      assert.same({ "SCIM provisioning hash updated: " }, box:last_events(1))
      box:control("POST", "scim_token", { token = "mine" })
      assert_error(401, nil, site:send("GET", "/Users"))
      site.token = "mine"
      assert.equal(200, site:send("GET", "/Users").status)
      local _, status = box:control("POST", "scim_token", { token = "with a blank" })
      assert.equal(400, status)
      box:control("POST", "reset", {})
      site.token = support.TOKEN
      assert.equal(200, site:send("GET", "/Users").status)
    end)

    it("the alias is the first company's", function()
      local user = seeded()
      site.base = "/scim/v2"
      local reply = site:send("GET", "/Users/" .. user.id)
      assert.equal(200, reply.status)
      assert.equal("http://127.0.0.1:4711/scim/v2/Users/" .. user.id, reply.json.meta.location)
    end)
  end)

  describe("users", function()
    it("have decimal ids that stay", function()
      local user = seeded()
      assert.matches("^%d+$", user.id)
      assert.same(user, site:send("GET", "/Users/" .. user.id).json)
      assert.same(user, site:send("GET", "/users/" .. user.id).json)
      for _, id in ipairs {
        "0",
        "1",
        "01",
        "x",
        "-1",
        "99999999999999999999",
        user.id .. ".0",
        "1e7",
      } do
        assert_error(404, nil, site:send("GET", "/Users/" .. id))
      end
    end)

    it("are those of getuserdata", function()
      local listed = site:send("GET", "/Users?count=50").json
      assert.equal(50, listed.totalResults)
      for at, mail in ipairs((box:addresses())) do
        local resource, user = listed.Resources[at], box:user(mail)
        assert.equal(mail, resource.userName)
        assert.equal(user.fullname, resource.displayName)
        assert.equal(user.fullname, resource.name.formatted)
        assert.equal(not user.disabled, resource.active)
        local names = {}
        for position, group in ipairs(resource.groups or {}) do
          names[position] = group.display
        end
        assert.same(user.groups or {}, names)
      end
    end)

    it("are listed as they are read one by one", function()
      for _, options in ipairs {
        { users = 300 },
        { users = 300, seed = 7, timezone = "Pacific/Auckland", settings = { scim_mode = "rfc" } },
        { users = 60, seed = 3, timezone = "Asia/Kolkata" },
      } do
        open(options)
        site:send(
          "PATCH",
          "/Users/" .. seeded().id,
          { Operations = { { op = "add", path = "active", value = false } } }
        )
        local listed = site:send("GET", "/Users?count=300")
        assert.equal(options.users, #listed.json.Resources)
        for at, user in ipairs(listed.json.Resources) do
          if at % 7 == 1 then
            local reply = site:send("GET", "/Users/" .. user.id)
            assert.is_truthy(listed.body:find(reply.body, 1, true), reply.body)
          end
        end
        -- by another way: a filter that everybody satisfies
        local others = site:send("GET", "/Users?count=300&filter=userName pr")
        assert.equal(listed.body, others.body)
      end
    end)

    it("are made by POST, with a mail and events", function()
      local made = make("Ann@x.example", {
        name = { givenName = "Ann", familyName = "van Lee" },
        externalId = "e-1",
        active = "True",
      })
      assert.equal("Ann van Lee", box:user("ann@x.example").fullname)
      assert.same(
        { givenName = "Ann", familyName = "van Lee", formatted = "Ann van Lee" },
        made.name
      )
      assert.is_true(made.active)
      assert.equal("e-1", made.externalId)
      assert.same({ invitation = 1 }, box:mails "ann@x.example")
      assert.same({
        "User provisioned: Ann@x.example",
        "Employee invited: Ann@x.example",
      }, box:last_events(2))
      assert.same({ made }, site:send("GET", '/Users?filter=externalId eq "e-1"').json.Resources)
      assert.same(made, site:find "ANN@X.EXAMPLE")
    end)

    it("can be made disabled", function()
      assert.is_false(make("ann@x.example", { active = false }).active)
      assert.is_true(box:user("ann@x.example").disabled)
    end)

    it("need an address, and no password is stored", function()
      assert_error(400, "invalidValue", site:make "bjensen")
      assert_error(400, "invalidValue", site:make "")
      assert.is_nil(make("ann@x.example", { password = "x" }).password)
    end)

    it("are disabled and enabled by active", function()
      local user = seeded(function(one)
        return one.active
      end)
      local path = "/Users/" .. user.id
      for _, value in ipairs { "False", false } do
        local reply = site:patch(path, { op = "Replace", path = "active", value = value })
        assert.equal(200, reply.status)
        assert.is_false(reply.json.active)
        assert.is_true(box:user(user.userName).disabled)
      end
      assert.same({ "Deactivated user: " .. user.userName }, box:last_events(1))
      local reply = site:patch(path, { op = "replace", value = { id = user.id, active = true } })
      assert.is_true(reply.json.active)
      assert.is_false(box:user(user.userName).disabled)
      assert.same({ "Reactivated user: " .. user.userName }, box:last_events(1))
    end)

    it("are not let in by taking the value of active away", function()
      local made = make("ann@x.example", { active = false })
      for _, change in ipairs {
        { op = "remove", path = "active" },
        { op = "replace", path = "active", value = support.null },
        { op = "replace", value = { active = support.null } },
      } do
        local reply = site:patch("/Users/" .. made.id, change)
        assert.equal(200, reply.status)
        assert.is_false(reply.json.active)
        assert.is_true(box:user("ann@x.example").disabled)
      end
    end)

    it("keep their state in a PUT without active", function()
      local made = make("ann@x.example", { active = false })
      local reply = site:send("PUT", "/Users/" .. made.id, {
        userName = "ann@x.example",
        name = { formatted = "Ann Lee" },
      })
      assert.equal(200, reply.status)
      assert.is_false(reply.json.active)
      assert.equal("Ann Lee", box:user("ann@x.example").fullname)
    end)

    it("have one full name for the Enterprise API", function()
      local made = make(
        "ann@x.example",
        { displayName = "A. Lee", name = { givenName = "Ann", familyName = "Lee" } }
      )
      assert.equal("A. Lee", made.displayName)
      assert.equal("Ann Lee", box:user("ann@x.example").fullname)
      local path = "/Users/" .. made.id
      site:patch(path, { op = "replace", path = "name.familyName", value = "Ray" })
      assert.equal("Ann Ray", box:user("ann@x.example").fullname)
      box:call("updateuser", { username = "ann@x.example", fullname = "Anna Maria Roe" })
      local user = site:send("GET", path).json
      assert.same(
        { formatted = "Anna Maria Roe", givenName = "Anna Maria", familyName = "Roe" },
        user.name
      )
      local other = make("bob@x.example", { displayName = "Bob" })
      assert.equal("Bob", box:user("bob@x.example").fullname)
      site:patch("/Users/" .. other.id, { op = "replace", path = "displayName", value = "Rob" })
      assert.equal("Bob", box:user("bob@x.example").fullname)
      assert.equal("Rob", site:find("bob@x.example").displayName)
    end)

    it("are deleted, and come back as others", function()
      local made = make "ann@x.example"
      local path = "/Users/" .. made.id
      assert.equal(204, site:send("DELETE", path).status)
      assert.is_nil((box:user "ann@x.example"))
      assert_error(404, nil, site:send("GET", path))
      assert_error(404, nil, site:patch(path, { op = "replace", path = "active", value = true }))
      assert_error(404, nil, site:send("DELETE", path))
      local again = make "ann@x.example"
      assert.is_true(tonumber(again.id) > tonumber(made.id))
    end)

    it("change nothing when a change says nothing", function()
      open { settings = { scim_mode = "rfc" } }
      local user = seeded()
      local reply =
        site:patch("/Users/" .. user.id, { op = "replace", path = "active", value = user.active })
      assert.equal(200, reply.status)
      assert.same(user.meta, reply.json.meta)
      local version = box:control("GET", "state").version
      site:send("PUT", "/Users/" .. user.id, user)
      assert.equal(version, box:control("GET", "state").version)
    end)

    it("are listed in pages and found by filters", function()
      local first = site:send("GET", "/Users?startIndex=1&count=20").json
      local second = site:send("GET", "/Users?startIndex=21&count=20").json
      local third = site:send("GET", "/Users?startIndex=41&count=20").json
      assert.equal(10, third.itemsPerPage)
      assert.equal(20, #first.Resources)
      assert.is_true(tonumber(first.Resources[20].id) < tonumber(second.Resources[1].id))
      local disabled = site:send("GET", "/Users?filter=active eq false&count=50").json
      assert.equal(box:control("GET", "state").disabled, disabled.totalResults)
      local user = second.Resources[3]
      for _, filter in ipairs {
        'userName eq "%s" and active eq ' .. tostring(user.active),
        'emails.value eq "%s"',
        'emails[type eq "work" and value eq "%s"]',
        'not (userName ne "%s")',
      } do
        local found = site:send("GET", "/Users?filter=" .. filter:format(user.userName)).json
        assert.same({ user }, found.Resources, filter)
      end
      for filter, total in pairs {
        ['schemas eq "' .. URN.user .. '"'] = 50,
        ['schemas eq "' .. URN.group .. '"'] = 0,
        ['meta.resourceType eq "User"'] = 50,
      } do
        local reply = site:send("GET", "/Users?count=0&filter=" .. filter)
        assert.equal(total, reply.json.totalResults, filter)
      end
      assert.is_nil(site:find "nobody@x.example")
      assert_error(400, "invalidFilter", site:send("GET", "/Users?filter=userName eq jyoung"))
    end)
  end)

  describe("groups", function()
    it("have numbers, and show their members", function()
      local group = site:group "Finance"
      local reply = site:send("GET", "/Groups/" .. group.id).json
      assert.is_true(#reply.members > 0)
      for _, member in ipairs(reply.members) do
        assert.equal("User", member.type)
        assert.equal(member.display, site:send("GET", "/Users/" .. member.value).json.userName)
      end
      local listed = box:call("getuserdata").Groups.Finance
      table.sort(listed)
      assert.same(listed, site:members(group.id))
    end)

    it("get and lose members by PATCH, in every form", function()
      local ann, bob = make "ann@x.example", make "bob@x.example"
      local group = site:send("POST", "/Groups", { displayName = "Team" }).json
      local path = "/Groups/" .. group.id
      local function apply(...)
        local reply = site:patch(path, ...)
        assert.equal(204, reply.status, reply.body)
        assert.equal("", reply.body)
        return table.concat(site:members(group.id), " ")
      end
      local both = "ann@x.example bob@x.example"
      assert.equal(
        both,
        apply { op = "Add", path = "members", value = { { value = ann.id }, { value = bob.id } } }
      )
      assert.equal(both, apply { op = "add", path = "members", value = { { value = ann.id } } })
      assert.same({ "Team" }, box:user("ann@x.example").groups)
      assert.equal(
        "ann@x.example",
        apply { op = "remove", path = ('members[value eq "%s"]'):format(bob.id) }
      )
      assert.equal(
        "ann@x.example",
        apply { op = "remove", path = ('members[value eq "%s"]'):format(bob.id) }
      )
      -- Entra ID without its flag: these, not all (scim §3)
      apply { op = "Add", path = "members", value = { { value = bob.id } } }
      assert.equal(
        "bob@x.example",
        apply {
          op = "Remove",
          path = "members",
          value = { { value = ann.id, ["$ref"] = support.null } },
        }
      )
      assert.equal(
        "ann@x.example",
        apply { op = "replace", path = "members", value = { { value = ann.id } } }
      )
      assert.equal(
        both,
        apply {
          op = "replace",
          value = { id = group.id, members = { { value = ann.id }, { value = bob.id } } },
        }
      )
      assert.equal("ann@x.example", apply { op = "remove", path = 'members[display sw "bob"]' })
      assert.equal("", apply { op = "remove", path = "members" })
      assert.same({}, box:user("ann@x.example").groups)
    end)

    it("take users only, all of them or none", function()
      local ann = make "ann@x.example"
      local group, other = site:group "Finance", site:group "Engineering"
      local before = site:members(group.id)
      for _, id in ipairs { "7", other.id, "x" } do
        for _, op in ipairs { "add", "replace" } do
          local value = { { value = ann.id }, { value = id } }
          assert_error(
            400,
            "invalidValue",
            site:patch("/Groups/" .. group.id, { op = op, path = "members", value = value })
          )
        end
        local body = { displayName = "Finance", members = { { value = id } } }
        assert_error(400, "invalidValue", site:send("PUT", "/Groups/" .. group.id, body))
        body.displayName = "New"
        assert_error(400, "invalidValue", site:send("POST", "/Groups", body))
      end
      assert.same(before, site:members(group.id))
      assert.is_nil(site:group "New")
    end)

    it("are found by their members", function()
      local ann = make "ann@x.example"
      local group = site:group "Finance"
      local path = "/Groups/" .. group.id
      site:patch(path, { op = "add", path = "members", value = { { value = ann.id } } })
      local function found(filter)
        local names = {}
        local target = "/Groups?filter=" .. filter:gsub("ANN", ann.id)
        for at, one in ipairs(site:send("GET", target).json.Resources) do
          names[at] = one.displayName
        end
        return table.concat(names, " ")
      end
      assert.equal("Finance", found 'members.value eq "ANN"')
      assert.equal("Finance", found 'members eq "ANN"')
      assert.equal("Finance", found 'displayName eq "finance" and members.value eq "ANN"')
      assert.equal("", found 'displayName eq "Sales" and members.value eq "ANN"')
      assert.equal("Finance", found 'members[value eq "ANN" and type eq "User"]')
      assert.equal("Finance", found 'not (not (members.display eq "ann@x.example"))')
      assert.equal("", found 'members.value eq "7"')
    end)

    it("are renamed, and stay the same group", function()
      local group = site:group "Finance"
      local members = site:members(group.id)
      local path = "/Groups/" .. group.id
      -- as Okta does it
      local reply =
        site:patch(path, { op = "replace", value = { id = group.id, displayName = "Money" } })
      assert.equal(204, reply.status)
      assert.equal("Money", site:send("GET", path).json.displayName)
      assert.same(members, site:members(group.id))
      local groups = box:call("getuserdata").Groups
      assert.is_nil(groups.Finance)
      table.sort(groups.Money)
      assert.same(members, groups.Money)
      assert.is_nil(site:group "Finance")
      assert_error(
        409,
        "uniqueness",
        site:patch(path, { op = "replace", path = "displayName", value = "Sales" })
      )
      -- the same name in other letters
      assert.equal(
        204,
        site:patch(path, { op = "replace", path = "displayName", value = "MONEY" }).status
      )
      assert.equal("MONEY", site:group("money").displayName)
    end)

    it("are deleted, and their members stay", function()
      local group = site:group "Finance"
      local members = site:members(group.id)
      assert.equal(204, site:send("DELETE", "/Groups/" .. group.id).status)
      assert_error(404, nil, site:send("GET", "/Groups/" .. group.id))
      assert.is_nil(box:call("getuserdata").Groups.Finance)
      for _, mail in ipairs(members) do
        assert.is_false(table.concat(box:user(mail).groups, "|"):find "Finance" ~= nil)
      end
      local reply = site:send("POST", "/Groups", { displayName = "Finance" })
      assert.equal(201, reply.status)
      assert.not_equal(group.id, reply.json.id)
      assert.same({}, site:members(reply.json.id))
    end)

    it("are replaced by PUT", function()
      local ann = make "ann@x.example"
      local group = site:group "Finance"
      local body = { displayName = "Finance", externalId = "g-1", members = { { value = ann.id } } }
      local reply = site:send("PUT", "/Groups/" .. group.id, body)
      assert.equal(200, reply.status, reply.body)
      assert.same({ "ann@x.example" }, site:members(group.id))
      assert.same(
        { reply.json },
        site:send("GET", '/Groups?filter=externalId eq "g-1"').json.Resources
      )
      site:send("PUT", "/Groups/" .. group.id, { displayName = "Finance" })
      assert.same({}, site:members(group.id))
    end)

    it("of the Enterprise API are linked by their name", function()
      make "ann@x.example"
      box:call("batchchangegrp", { { username = "ann@x.example", add = { "Fresh" } } })
      local group = site:group "Fresh"
      assert.is_nil(group.externalId)
      local reply = site:send("POST", "/Groups", { displayName = "Fresh", externalId = "g-2" })
      assert.equal(201, reply.status)
      assert.equal(group.id, reply.json.id)
      assert.equal("g-2", site:group("fresh").externalId)
      assert.same({ "ann@x.example" }, site:members(group.id))
      assert_error(409, "uniqueness", site:send("POST", "/Groups", { displayName = "FRESH" }))
    end)

    it("whose names differ in case only are both found", function()
      make "ann@x.example"
      box:call("batchchangegrp", { { username = "ann@x.example", add = { "Twin", "twin" } } })
      local found = site:send("GET", '/Groups?filter=displayName eq "TWIN"').json
      assert.equal(2, found.totalResults)
    end)
  end)

  describe("is one state with the Enterprise API:", function()
    it("disableuser and enableuser are active", function()
      local user = seeded(function(one)
        return one.active
      end)
      box:call("disableuser", { user.userName })
      assert.is_false(site:send("GET", "/Users/" .. user.id).json.active)
      box:call("enableuser", { user.userName })
      assert.is_true(site:find(user.userName).active)
    end)

    it("batchadd makes users that nobody has linked", function()
      box:call(
        "batchadd",
        { { username = "ann@x.example", fullname = "Ann Lee", groups = { "Sales" } } }
      )
      local user = site:find "ann@x.example"
      assert.equal("Ann Lee", user.displayName)
      assert.equal("Sales", user.groups[1].display)
      assert.is_nil(user.externalId)
    end)

    it("deluser leaves ids that lead nowhere", function()
      for action = 1, 2 do
        local made = make "ann@x.example"
        local group = site:group "Sales"
        site:patch(
          "/Groups/" .. group.id,
          { op = "add", path = "members", value = { { value = made.id } } }
        )
        box:call("deluser", { username = "ann@x.example", deleteaction = action })
        assert_error(404, nil, site:send("GET", "/Users/" .. made.id))
        assert.is_nil(site:find "ann@x.example")
        local change = { op = "add", path = "members", value = { { value = made.id } } }
        assert_error(400, "invalidValue", site:patch("/Groups/" .. group.id, change))
        assert.equal(
          204,
          site:patch(
            "/Groups/" .. group.id,
            { op = "remove", path = "members", value = { { value = made.id } } }
          ).status
        )
        assert.is_false(table.concat(site:members(group.id), " "):find "ann@x" ~= nil)
        box:call("batchadd", { { username = "ann@x.example" } })
        assert.not_equal(made.id, site:find("ann@x.example").id)
        box:call("deluser", { username = "ann@x.example", deleteaction = 2 })
      end
    end)

    it("externalIds of who is gone are gone", function()
      make("ann@x.example", { externalId = "e-1" })
      box:call("deluser", { username = "ann@x.example", deleteaction = 2 })
      assert.equal(0, site:send("GET", '/Users?filter=externalId eq "e-1"').json.totalResults)
      local made = make("bob@x.example", { externalId = "e-1" })
      assert.equal(
        made.id,
        site:send("GET", '/Users?filter=externalId eq "e-1"').json.Resources[1].id
      )
    end)

    it("a changed address keeps the id", function()
      local made = make("ann@x.example", { externalId = "e-1" })
      box:control("POST", "state", { login = { "ann@x.example" } })
      box:call("updateemail", { oldemail = "ann@x.example", newemail = "lee@x.example" })
      assert.equal("ann@x.example", site:send("GET", "/Users/" .. made.id).json.userName)
      box:control("POST", "state", { login = { "ann@x.example" } })
      assert.equal("lee@x.example", site:send("GET", "/Users/" .. made.id).json.userName)
      assert.equal("e-1", site:find("lee@x.example").externalId)
      assert.is_nil(site:find "ann@x.example")
    end)

    it("an invited person becomes a user by POST", function()
      local invited = box:call("getuserdata").invited[1]
      assert.is_nil(site:find(invited))
      make(invited)
      assert.is_table((box:user(invited)))
      assert.same({ invitation = 1 }, box:mails(invited))
    end)

    it("the control API shows both", function()
      local made = make("ann@x.example", { externalId = "e-1" })
      local state = box:control("GET", "state?email=ann@x.example")
      assert.same({ id = made.id, linked = true, external_id = "e-1" }, state.scim)
      assert.same(
        { id = seeded().id, linked = false },
        box:control("GET", "state?email=" .. seeded().userName).scim
      )
    end)

    it("licences count those who are not disabled", function()
      local state = box:control("GET", "state")
      site:assume { licences = state.users - state.disabled + state.invited }
      assert_error(403, nil, site:make "ann@x.example")
      assert.is_nil((box:user "ann@x.example"))
      local user = seeded(function(one)
        return one.active
      end)
      site:patch("/Users/" .. user.id, { op = "replace", path = "active", value = false })
      make "ann@x.example"
      assert_error(403, nil, site:make "bob@x.example")
      assert.equal("FAIL", box:call("batchadd", { { username = "bob@x.example" } }).status)
    end)
  end)

  describe("settings:", function()
    it("scim_link says how a known address is answered", function()
      local user = seeded(function(one)
        return not one.active
      end)
      local body = { externalId = "e-1", name = { formatted = "New Name" }, active = true }
      site:assume { scim_link = 409 }
      assert_error(409, "uniqueness", site:make(user.userName, body))
      assert.equal(user.displayName, box:user(user.userName).fullname)
      site:assume { scim_link = 200 }
      local reply = site:make(user.userName:upper(), body)
      assert.equal(200, reply.status)
      assert.equal(user.id, reply.json.id)
      assert.equal(user.userName, reply.json.userName)
      assert.equal("New Name", box:user(user.userName).fullname)
      assert.is_false(box:user(user.userName).disabled)
      assert.same({ invitation = 1 }, box:mails(user.userName))
      -- linked once is linked
      assert_error(409, "uniqueness", site:make(user.userName, body))
      site:assume { scim_link = 201 }
      assert_error(409, "uniqueness", site:make(user.userName, body))
      local other = seeded(function(one)
        return one.id ~= user.id
      end)
      reply = site:make(other.userName)
      assert.equal(201, reply.status)
      assert.equal(other.id, reply.json.id)
      assert.same(other.groups, reply.json.groups)
    end)

    it("scim_rename says what a change of userName does", function()
      local made, other = make "ann@x.example", make "bob@x.example"
      local path = "/Users/" .. made.id
      local function change(name)
        return site:patch(path, { op = "replace", path = "userName", value = name })
      end
      assert_error(400, "mutability", change "lee@x.example")
      assert_error(400, "mutability", site:send("PUT", path, { userName = "lee@x.example" }))
      assert.equal(200, change("ANN@x.example").status)
      site:assume { scim_rename = "ignore" }
      assert.equal("ann@x.example", change("lee@x.example").json.userName)
      site:assume { scim_rename = "allow" }
      assert.equal("lee@x.example", change("lee@x.example").json.userName)
      assert.is_table((box:user "lee@x.example"))
      assert.is_nil((box:user "ann@x.example"))
      assert_error(409, "uniqueness", change(other.userName))
      assert_error(400, "invalidValue", change "lee")
    end)

    it("scim_delete says what DELETE does", function()
      site:assume { scim_delete = "disable" }
      local made = make "ann@x.example"
      assert.equal(204, site:send("DELETE", "/Users/" .. made.id).status)
      assert.is_true(box:user("ann@x.example").disabled)
      assert.is_false(site:send("GET", "/Users/" .. made.id).json.active)
      assert.equal(204, site:send("DELETE", "/Users/" .. made.id).status)
    end)

    it("scim_minimal has what no identity provider does without", function()
      site:assume { scim_minimal = true }
      local made = make("ann@x.example", { externalId = "e-1" })
      assert.same(made, site:find "ann@x.example")
      assert.equal(
        1,
        site:send("GET", '/Users?filter=externalId eq "e-1"&startIndex=1&count=9').json.itemsPerPage
      )
      assert.is_table(site:group "Sales")
      assert.equal(200, site:send("PUT", "/Users/" .. made.id, made).status)
      assert.equal(
        200,
        site:patch("/Users/" .. made.id, { op = "Add", path = "active", value = "False" }).status
      )
      local group = site:group "Sales"
      assert.equal(
        204,
        site:patch(
          "/Groups/" .. group.id,
          { op = "add", path = "members", value = { { value = made.id } } }
        ).status
      )
      assert_error(501, nil, site:send("PUT", "/Groups/" .. group.id, { displayName = "Sales" }))
      for _, filter in ipairs {
        "active eq true",
        'userName sw "a"',
        'userName eq "a" or userName eq "b"',
        "userName pr",
      } do
        assert_error(400, "invalidFilter", site:send("GET", "/Users?filter=" .. filter))
      end
      for _, path in ipairs {
        "/ServiceProviderConfig",
        "/Schemas",
        "/ResourceTypes",
        "/",
        "/.search",
        "/Me",
        "/Bulk",
      } do
        assert_error(404, nil, site:send("GET", path))
      end
      assert.equal(204, site:send("DELETE", "/Users/" .. made.id).status)
    end)

    it("scim_attributes says what is stored", function()
      local more = {
        title = "Dr",
        emails = { { value = "other@x.example", type = "home" } },
        [URN.enterprise] = { department = "IT" },
      }
      local made = make("ann@x.example", more)
      assert.is_nil(made.title)
      assert.is_nil(made[URN.enterprise])
      assert.equal("ann@x.example", made.emails[1].value)
      assert.same({ URN.user }, made.schemas)
      site:assume { scim_attributes = "all" }
      made = make("bob@x.example", more)
      assert.equal("Dr", made.title)
      assert.equal("IT", made[URN.enterprise].department)
      assert.equal("other@x.example", made.emails[1].value)
      assert.same(made, site:find "bob@x.example")
    end)

    it("mode lastpass has neither bulk nor searches, sorting, ETags, cursors", function()
      local config = site:send("GET", "/ServiceProviderConfig").json
      for _, name in ipairs { "bulk", "sort", "etag", "changePassword" } do
        assert.is_false(config[name].supported, name)
      end
      assert.is_true(config.patch.supported)
      assert.is_true(config.filter.supported)
      assert.is_false(config.pagination.cursor)
      assert_error(501, nil, site:send("POST", "/Bulk", { Operations = {} }))
      assert_error(404, nil, site:send("POST", "/.search", {}))
      assert_error(400, "invalidCursor", site:send("GET", "/Users?cursor="))
    end)

    it("mode rfc has no names that lookups and uniqueness see with other eyes", function()
      open { settings = { scim_mode = "rfc" } }
      make "ann@x.example"
      for _, name in ipairs { " ann@x.example", "bob ", "\tbob" } do
        assert_error(400, "invalidValue", site:make(name))
      end
    end)

    it("mode rfc has everything", function()
      open { settings = { scim_mode = "rfc" } }
      local config = site:send("GET", "/ServiceProviderConfig", nil, { authorization = false }).json
      for _, name in ipairs { "bulk", "sort", "etag", "patch", "filter" } do
        assert.is_true(config[name].supported, name)
      end
      local made = make("bjensen", { title = "Guide", [URN.enterprise] = { costCenter = "7" } })
      assert.equal("Guide", made.title)
      assert_error(409, "uniqueness", site:make "BJENSEN")
      assert_error(409, "uniqueness", site:make(seeded().userName))
      local renamed =
        site:patch("/Users/" .. made.id, { op = "replace", path = "userName", value = "babs" })
      assert.equal("babs", renamed.json.userName)
      assert_error(
        412,
        nil,
        site:send("DELETE", "/Users/" .. made.id, nil, { ["if-match"] = made.meta.version })
      )
      local team = site:send(
        "POST",
        "/Groups",
        { displayName = "Team", members = { { value = made.id } } }
      ).json
      local body = {
        displayName = "Teams",
        members = { { value = team.id, type = "Group" }, { value = made.id } },
      }
      local teams = site:send("POST", "/Groups", body).json
      assert.same({ "Team", "babs" }, site:members(teams.id))
      site:patch(
        "/Groups/" .. teams.id,
        { op = "remove", path = ('members[value eq "%s"]'):format(team.id) }
      )
      assert.same({ "babs" }, site:members(teams.id))
      local sorted = site:send("GET", "/Users?sortBy=userName&sortOrder=descending&count=2").json
      assert.is_true(sorted.Resources[1].userName > sorted.Resources[2].userName)
      local page = site:send("GET", "/Users?cursor=&count=5").json
      assert.equal(5, #site:send("GET", "/Users?count=5&cursor=" .. page.nextCursor).json.Resources)
      local found = site:send(
        "POST",
        "/.search",
        { filter = 'userName eq "babs"', attributes = { "userName" } }
      )
      assert.equal("babs", found.json.Resources[1].userName)
      local bulk = site:send("POST", "/Bulk", {
        Operations = { { method = "DELETE", path = "/Users/" .. made.id } },
      })
      assert.equal("204", bulk.json.Operations[1].status)
      assert.equal(501, site:send("GET", "/Me").status)
    end)
  end)

  describe("has the faults and the journal of the sandbox:", function()
    it("calls are named by what they do", function()
      box:control("DELETE", "journal")
      local made = make "ann@x.example"
      site:patch("/Users/" .. made.id, { op = "replace", path = "active", value = false })
      site:send("GET", "/Users")
      site:send("GET", "/nothing")
      site:patch("/Users/1", { op = "x" })
      local list = {}
      for at, entry in ipairs(box:control("GET", "journal").entries) do
        list[at] = ("%s %s %s"):format(entry.command, entry.status, entry.class)
        assert.equal(box.cid, entry.cid)
      end
      assert.same({
        "scim:create_user 201 201",
        "scim:patch_user 200 200",
        "scim:list_users 200 200",
        "scim:unknown 404 404",
        "scim:patch_user 400 invalidSyntax",
      }, list)
      assert.equal(2, #box:control("GET", "journal?command=scim:patch_user").entries)
    end)

    it("faults are for them, before or after the work", function()
      local made = make "ann@x.example"
      local change = { op = "replace", path = "active", value = false }
      box:control(
        "POST",
        "faults",
        { command = "scim:patch_user", status = 503, retry_after = 7, count = 1 }
      )
      local reply = site:patch("/Users/" .. made.id, change)
      assert.equal(503, reply.status)
      assert.equal("7", reply.headers["Retry-After"])
      assert.is_true(site:find("ann@x.example").active)
      box:control("POST", "faults", { command = "scim:patch_user", drop = "after", count = 1 })
      assert.is_true(site:patch("/Users/" .. made.id, change).drop)
      assert.is_false(site:find("ann@x.example").active)
      assert.equal(200, site:patch("/Users/" .. made.id, change).status)
    end)

    it("a fault can change the token", function()
      box:control(
        "POST",
        "faults",
        { command = "scim:list_users", token_changed = true, count = 1 }
      )
      assert_error(401, nil, site:send("GET", "/Users"))
      assert_error(401, nil, site:send("GET", "/Users"))
      box:control(
        "POST",
        "faults",
        { command = "scim:list_users", token_changed = true, scim_token = "x", count = 1 }
      )
      site:send("GET", "/Users")
      site.token = "x"
      assert.equal(200, site:send("GET", "/Users").status)
    end)

    it("nothing that can be read has the token", function()
      box:control(
        "POST",
        "faults",
        { command = "x", token_changed = true, scim_token = support.TOKEN }
      )
      site:send("GET", "/Users")
      site:send("POST", "/Users", { userName = "x" })
      for _, path in ipairs { "journal", "state", "companies", "faults", "events" } do
        local reply = box:request {
          method = "GET",
          path = "/_sandbox/" .. path,
          headers = { host = "127.0.0.1" },
        }
        assert.equal(200, reply.status, path)
        assert.is_nil(reply.body:find(support.TOKEN, 1, true), path)
      end
    end)

    it("latency is for all", function()
      open { latency = 0.25 }
      assert.equal(0.25, site:send("GET", "/Users").delay)
      assert.equal(0.25, site:send("GET", "/nothing").delay)
    end)
  end)
end)

-- The server of SCIM over a backend in memory: routes, media types, errors, parameters, conditions
-- (scim §2.4 to §2.12).
local json = require "lastpass.json"
local messages = require "lastpass.scim.messages"
local schema = require "lastpass.scim.schema"
local scim_server = require "lastpass.scim.server"
local support = require "spec.support.scim_backend"

local BASE, URN = support.BASE, schema.URN
local user, group, patch = support.user, support.group, support.patch

describe("lastpass.scim.server", function()
  local site

  before_each(function()
    site = support.site()
  end)

  -- An error of the form that every client understands.
  local function assert_error(status, scim_type, response)
    assert.equal(status, response.status, response.body)
    assert.equal("application/scim+json", response.headers["Content-Type"])
    assert.same({ URN.error }, response.json.schemas)
    assert.equal(tostring(status), response.json.status)
    assert.equal(scim_type, response.json.scimType)
    assert.is_true(#response.json.detail > 5)
    return response
  end

  local function make_user(name, more)
    local response = site:send("POST", "/Users", user(name, more))
    assert.equal(201, response.status, response.body)
    return response.json
  end

  local function make_group(name, members)
    local response = site:send("POST", "/Groups", group(name, members))
    assert.equal(201, response.status, response.body)
    return response.json
  end

  local function names(response)
    assert.equal(200, response.status, response.body)
    local list = {}
    for at, resource in ipairs(response.json.Resources) do
      list[at] = resource.userName or resource.displayName
    end
    return table.concat(list, " ")
  end

  describe("creates, shows, replaces, changes and deletes:", function()
    it("POST answers 201 with the resource, where it is, and its version", function()
      local response, info = site:send("POST", "/Users", user("ann@x.example", { active = "True" }))
      local made = response.json
      assert.equal(201, response.status)
      assert.equal("no-store", response.headers["Cache-Control"])
      assert.equal(BASE .. "/Users/" .. made.id, response.headers.Location)
      assert.equal(made.meta.location, response.headers.Location)
      assert.equal(made.meta.version, response.headers.ETag)
      assert.equal("User", made.meta.resourceType)
      assert.is_true(made.active)
      assert.same({ URN.user }, made.schemas)
      assert.same({ action = "create_user", type = "User", id = made.id }, info)
    end)

    it("an id, meta and groups of the client's are ignored", function()
      local made = make_user("ann@x.example", {
        id = "77",
        meta = { version = "x" },
        groups = { { value = "1" } },
      })
      assert.not_equal("77", made.id)
      assert.is_nil(made.groups)
      assert.not_equal("x", made.meta.version)
    end)

    it("what is required must be there", function()
      assert_error(400, "invalidValue", site:send("POST", "/Users", { schemas = { URN.user } }))
      assert_error(400, "invalidValue", site:send("POST", "/Users", user ""))
      assert_error(400, "invalidValue", site:send("POST", "/Groups", { members = {} }))
      assert_error(
        400,
        "invalidValue",
        site:send("POST", "/Users", user("a", { active = "perhaps" }))
      )
    end)

    it("an extension's URN is among the schemas when it has data, and only then", function()
      local made = make_user("ann@x.example", { [URN.enterprise] = { department = "IT" } })
      assert.same({ URN.user, URN.enterprise }, made.schemas)
      local without =
        site:send("GET", "/Users/" .. made.id .. "?excludedAttributes=" .. URN.enterprise)
      assert.same({ URN.user }, without.json.schemas)
      assert.is_nil(without.json[URN.enterprise])
    end)

    it("GET answers 200, and 404 for what is not there", function()
      local made = make_user "ann@x.example"
      local response, info = site:send("GET", "/Users/" .. made.id)
      assert.equal(200, response.status)
      assert.same(made, response.json)
      assert.equal("get_user", info.action)
      assert_error(404, nil, site:send("GET", "/Users/99"))
      assert_error(404, nil, site:send("GET", "/Groups/" .. made.id))
    end)

    it("HEAD is GET without a body", function()
      local made = make_user "ann@x.example"
      local response = site:send("HEAD", "/Users/" .. made.id)
      assert.equal(200, response.status)
      assert.equal("", response.body)
      assert.equal(made.meta.version, response.headers.ETag)
    end)

    it("PUT replaces, ignores what is read-only, and never creates", function()
      local made = make_user("ann@x.example", { title = "Dr", nickName = "A" })
      local body = user("ann@x.example", { title = "Prof", id = "9", meta = {}, groups = { {} } })
      local response = site:send("PUT", "/Users/" .. made.id, body)
      assert.equal(200, response.status)
      assert.equal(made.id, response.json.id)
      assert.equal("Prof", response.json.title)
      assert.is_nil(response.json.nickName)
      assert_error(404, nil, site:send("PUT", "/Users/99", user "x@x.example"))
    end)

    it("PUT without active lets nobody in again", function()
      local made = make_user("ann@x.example", { active = false })
      local response = site:send("PUT", "/Users/" .. made.id, user "ann@x.example")
      assert.is_false(response.json.active)
    end)

    it("PUT cannot change what is immutable of a member", function()
      local ann, bob = make_user "ann@x.example", make_user "bob@x.example"
      local made = make_group("A", { ann.id })
      local body = group "A"
      body.members = { { value = ann.id, type = "User" } }
      assert.equal(200, site:send("PUT", "/Groups/" .. made.id, body).status)
      body.members = { { value = ann.id, type = "Group" } }
      assert_error(400, "mutability", site:send("PUT", "/Groups/" .. made.id, body))
      body.members = { { value = bob.id } }
      assert.equal(200, site:send("PUT", "/Groups/" .. made.id, body).status)
    end)

    it("PATCH answers what the backend does: the resource, or 204", function()
      local ann = make_user "ann@x.example"
      local change = patch { op = "Replace", path = "active", value = "False" }
      local response = site:send("PATCH", "/Users/" .. ann.id, change)
      assert.equal(200, response.status)
      assert.is_false(response.json.active)
      local made = make_group "A"
      change = patch { op = "add", path = "members", value = { { value = ann.id } } }
      response = site:send("PATCH", "/Groups/" .. made.id, change)
      assert.equal(204, response.status)
      assert.equal("", response.body)
      assert.is_nil(response.headers["Content-Type"])
    end)

    it("PATCH shows the attributes that it names, whatever the backend does", function()
      local made = make_group "A"
      local change = patch { op = "replace", path = "displayName", value = "B" }
      local response =
        site:send("PATCH", "/Groups/" .. made.id .. "?attributes=displayName", change)
      assert.equal(200, response.status)
      assert.same({ schemas = { URN.group }, id = made.id, displayName = "B" }, response.json)
    end)

    it("PATCH has the errors of the standard", function()
      local made = make_user "ann@x.example"
      local path = "/Users/" .. made.id
      local function bad(scim_type, operation)
        assert_error(400, scim_type, site:send("PATCH", path, patch(operation)))
      end
      bad("invalidSyntax", { op = "move", path = "title", value = "x" })
      bad("invalidPath", { op = "add", path = "shoeSize", value = 1 })
      bad("invalidFilter", { op = "remove", path = "emails[type is 1]" })
      bad("invalidValue", { op = "replace", path = "active", value = "perhaps" })
      bad("noTarget", { op = "remove" })
      bad("mutability", { op = "replace", path = "id", value = "7" })
      bad("mutability", { op = "remove", path = "userName" })
      assert_error(400, "invalidSyntax", site:send("PATCH", path, { Operations = {} }))
      local many = {}
      for at = 1, 21 do
        many[at] = { op = "replace", path = "title", value = "x" }
      end
      assert_error(400, "tooMany", site:send("PATCH", path, { Operations = many }))
      assert.same(made, site:send("GET", path).json)
    end)

    it("DELETE answers 204 once, 404 then, and frees the name", function()
      local made = make_user "ann@x.example"
      local response, info = site:send("DELETE", "/Users/" .. made.id)
      assert.equal(204, response.status)
      assert.equal("", response.body)
      assert.equal("delete_user", info.action)
      assert_error(404, nil, site:send("DELETE", "/Users/" .. made.id))
      assert_error(404, nil, site:send("GET", "/Users/" .. made.id))
      make_user "ann@x.example"
    end)

    it("409 names the reason", function()
      make_user "ann@x.example"
      local other = make_user "bob@x.example"
      assert_error(409, "uniqueness", site:send("POST", "/Users", user "ANN@x.example"))
      local body = user "Ann@x.example"
      local response, info = site:send("PUT", "/Users/" .. other.id, body)
      assert_error(409, "uniqueness", response)
      assert.equal("uniqueness", info.scim_type)
    end)
  end)

  describe("routes and media types:", function()
    it("segments have no case", function()
      local made = make_user "ann@x.example"
      for _, path in ipairs { "/users/", "/USERS/", "//Users/", "/Users//" } do
        assert.equal(200, site:send("GET", path .. made.id).status, path)
      end
      assert.equal(200, site:send("GET", "/GROUPS").status)
      assert.equal(200, site:send("GET", "/serviceproviderconfig").status)
    end)

    it("ids are percent-decoded", function()
      local backend = support.backend()
      site = support.site(nil, backend)
      backend.stores.User["a b/c"] = { id = "a b/c", userName = "x", meta = {} }
      local response = site:send("GET", "/Users/a%20b%2Fc")
      assert.equal(200, response.status)
      assert.equal(BASE .. "/Users/a%20b%2Fc", response.json.meta.location)
      assert.equal(404, site:send("GET", "/Users/a%2").status)
      assert.equal(404, site:send("GET", "/Users/%FF").status)
      assert.equal(404, site:send("GET", "/Users/%00").status)
      assert.equal(404, site:send("GET", "/Users/" .. ("x"):rep(300)).status)
    end)

    it("other methods are 405 with what is allowed", function()
      for target, expected in pairs {
        ["DELETE /Users"] = "GET, POST",
        ["POST /Users/1"] = "GET, PUT, PATCH, DELETE",
        ["OPTIONS /Groups/1"] = "GET, PUT, PATCH, DELETE",
        ["GET /.search"] = "POST",
        ["GET /Users/.search"] = "POST",
        ["PUT /Bulk"] = "POST",
        ["POST /Schemas"] = "GET",
        ["DELETE /ServiceProviderConfig"] = "GET",
        ["PATCH /ResourceTypes/User"] = "GET",
        ["POST /"] = "GET",
      } do
        local method, path = target:match "^(%S+) (.*)$"
        local response, info = site:send(method, path)
        assert_error(405, nil, response)
        assert.equal(expected, response.headers.Allow, target)
        assert.equal("unknown", info.action)
      end
    end)

    it("methods that are none are 405 as well, whatever they are called", function()
      make_user "ann@x.example"
      for _, method in ipairs { "type", "feature", "any", "has_items", "allow", "get", "action" } do
        for _, path in ipairs { "/Users", "/Users/1", "/Schemas", "/.search", "/Bulk", "/" } do
          assert_error(405, nil, (site:send(method, path)))
        end
      end
    end)

    it("what there is none of is 404", function()
      for _, path in ipairs { "/Devices", "/Users/1/2", "/Bulk/1", "/Schemas/a/b", "/%zz" } do
        assert_error(404, nil, site:send("GET", path))
      end
    end)

    it("/Me is 501", function()
      assert_error(501, nil, site:send("GET", "/Me"))
      assert_error(501, nil, site:send("PATCH", "/me", patch {}))
    end)

    it("bodies are SCIM's or plain JSON, in UTF-8", function()
      local number = 0
      local function status(content_type)
        number = number + 1
        local headers = { ["content-type"] = content_type }
        return site:send("POST", "/Users", user(("a%d@x.example"):format(number)), headers).status
      end
      assert.equal(201, status "application/scim+json")
      assert.equal(201, status "Application/SCIM+JSON; charset=UTF-8")
      assert.equal(201, status "application/json")
      assert.equal(201, status 'application/json;charset="utf-8"')
      assert.equal(201, status(false))
      assert.equal(415, status "text/plain")
      assert.equal(415, status "application/x-www-form-urlencoded")
      assert.equal(415, status "application/scim+json; charset=iso-8859-1")
      local response = site:send("POST", "/Users", "a=b", { ["content-type"] = "text/plain" })
      assert_error(415, nil, response)
    end)

    it("answers are of the type that is accepted", function()
      local function media_type(accept)
        local response = site:send("GET", "/Users", nil, { accept = accept })
        return response.status == 200 and response.headers["Content-Type"] or response.status
      end
      assert.equal("application/scim+json", media_type())
      assert.equal("application/scim+json", media_type "*/*")
      assert.equal("application/scim+json", media_type "application/scim+json, application/json")
      assert.equal(
        "application/scim+json",
        media_type "application/json, application/scim+json;q=0.9"
      )
      assert.equal("application/json", media_type "application/json; charset=utf-8")
      assert.equal("application/scim+json", media_type "text/html, application/*;q=0.1")
      assert.equal(406, media_type "text/html")
      assert.equal(406, media_type "application/scim+json;q=0")
      assert_error(406, nil, (site:send("GET", "/Users", nil, { accept = "image/png" })))
    end)

    it("bodies that are none are 400 invalidSyntax", function()
      local bad = { "", " ", "{", "[]", "[1]", "7", '"x"', "null", '{"a":1,"a":2}', "\255" }
      for _, body in ipairs(bad) do
        assert_error(400, "invalidSyntax", site:send("POST", "/Users", body))
        assert_error(400, "invalidSyntax", site:send("POST", "/.search", body))
      end
      assert_error(400, "invalidSyntax", site:send("POST", "/Users", group "A"))
    end)

    it("bodies beyond the limit are 413", function()
      local body = user("ann@x.example", { title = ("x"):rep(20000) })
      local response, info = site:send("POST", "/Users", body)
      assert_error(413, "tooMany", response)
      assert.equal("create_user", info.action)
    end)

    it("flags of the address are tolerated", function()
      make_user "ann@x.example"
      assert.equal("ann@x.example", names(site:send("GET", "/Users?aadOptscim062020")))
      assert.equal("ann@x.example", names(site:send("GET", "/Users?aadOptscim062020=&count=5")))
    end)

    it("a query string that cannot be read is 400", function()
      assert_error(400, "invalidValue", site:send("GET", "/Users?filter=%zz"))
      assert_error(400, "invalidValue", site:send("GET", "/Users?count=1&Count=2"))
      assert_error(414, nil, site:send("GET", "/Users?filter=" .. ("x"):rep(70000)))
    end)
  end)

  describe("selects attributes:", function()
    local made

    before_each(function()
      made = make_user("ann@x.example", {
        name = { givenName = "Ann", familyName = "Lee" },
        emails = {
          { value = "a@x.example", type = "work" },
          { value = "b@x.example", type = "home" },
        },
        password = "secret",
        [URN.enterprise] = { department = "IT", manager = { value = "5" } },
      })
    end)

    local function shown(query)
      local response = site:send("GET", "/Users/" .. made.id .. query)
      assert.equal(200, response.status, response.body)
      response.json.schemas, response.json.id = nil, nil
      return response.json
    end

    it("attributes replaces the default set", function()
      assert.same({ userName = "ann@x.example" }, shown "?attributes=userName")
      assert.same({ userName = "ann@x.example" }, shown "?attributes=USERNAME,%20nothing")
      assert.same({}, shown "?attributes=nothing")
      assert.equal("ann@x.example", shown("?attributes=").userName)
      assert.equal("Ann", shown("?attributes=,&excludedAttributes=").name.givenName)
      assert.same({ name = { givenName = "Ann" } }, shown "?attributes=name.givenName")
      assert.same(
        { emails = { { value = "a@x.example" }, { value = "b@x.example" } } },
        shown "?attributes=emails.value"
      )
      assert.same(
        { [URN.enterprise] = { department = "IT" } },
        shown("?attributes=" .. URN.enterprise .. ":department")
      )
      assert.same(
        { [URN.enterprise] = { department = "IT", manager = { value = "5" } } },
        shown("?attributes=" .. URN.enterprise)
      )
      assert.same({ userName = "ann@x.example" }, shown("?attributes=" .. URN.user .. ":userName"))
    end)

    it("excludedAttributes trims it; id and schemas stay", function()
      local rest = shown "?excludedAttributes=emails,name.familyName,meta,active,id,schemas"
      assert.same({
        userName = "ann@x.example",
        name = { givenName = "Ann" },
        [URN.enterprise] = { department = "IT", manager = { value = "5" } },
      }, rest)
      local response = site:send("GET", "/Users/" .. made.id .. "?excludedAttributes=id,schemas")
      assert.equal(made.id, response.json.id)
      assert.is_table(response.json.schemas)
    end)

    it("a password is never shown, not to whoever wrote it", function()
      assert.is_nil(made.password)
      assert.same({}, shown "?attributes=password")
      local change = patch { op = "replace", path = "password", value = "other" }
      assert.is_nil(site:send("PATCH", "/Users/" .. made.id, change).json.password)
    end)

    it("in POST, PUT, PATCH and searches as well", function()
      local target = "?attributes=userName"
      local response =
        site:send("POST", "/Users" .. target, user("bob@x.example", { title = "Dr" }))
      local id = response.json.id
      local expected = { schemas = { URN.user }, id = id, userName = "bob@x.example" }
      assert.same(expected, response.json)
      local body = user("bob@x.example", { title = "Prof" })
      assert.same(expected, site:send("PUT", "/Users/" .. id .. target, body).json)
      local change = patch { op = "replace", path = "title", value = "Mr" }
      assert.same(expected, site:send("PATCH", "/Users/" .. id .. target, change).json)
      local found = site:send("POST", "/Users/.search", {
        schemas = { URN.search },
        attributes = { "userName" },
        filter = 'userName sw "bob"',
      })
      assert.same({ expected }, found.json.Resources)
    end)

    it("backends are told what will be shown", function()
      local one = make_group("A", { made.id })
      site:send("GET", "/Groups/" .. one.id .. "?excludedAttributes=members")
      assert.is_false(site.backend.wanted "members")
      assert.is_true(site.backend.wanted "displayName")
      site:send("GET", "/Groups?attributes=members.value")
      assert.is_true(site.backend.last_query.wants "members")
      assert.is_false(site.backend.last_query.wants "displayName")
    end)
  end)

  describe("lists:", function()
    before_each(function()
      for number = 1, 25 do
        local name = ("u%02d@x.example"):format(number)
        make_user(name, { title = number % 2 == 0 and "even" or "odd", active = number > 20 })
      end
    end)

    it("an empty list is one", function()
      local response = site:send("GET", "/Groups?filter=displayName%20eq%20%22x%22")
      assert.same({
        schemas = { URN.list },
        totalResults = 0,
        startIndex = 1,
        itemsPerPage = 0,
        Resources = {},
      }, response.json)
      assert.matches('"Resources":%[%]', response.body)
    end)

    it("pages by index", function()
      local function page(query)
        local response = site:send("GET", "/Users?" .. query)
        assert.equal(200, response.status, response.body)
        local found = response.json
        assert.equal(25, found.totalResults)
        assert.equal(#found.Resources, found.itemsPerPage)
        local first, last = found.Resources[1], found.Resources[#found.Resources]
        return ("%d %s-%s"):format(
          found.startIndex,
          first and first.userName:sub(1, 3) or "",
          last and last.userName:sub(1, 3) or ""
        )
      end
      assert.equal("1 u01-u10", page "")
      assert.equal("1 u01-u25", page "count=1000")
      assert.equal("11 u11-u20", page "startIndex=11&count=10")
      assert.equal("21 u21-u25", page "startIndex=21&count=10")
      assert.equal("26 -", page "startIndex=26")
      assert.equal("99999 -", page "startIndex=99999&count=1")
      assert.equal("1 u01-u02", page "startIndex=0&count=2")
      assert.equal("1 u01-u02", page "startIndex=-7&count=2")
      assert.equal("1 -", page "count=0")
      assert.equal("1 -", page "count=-3")
    end)

    it("numbers that are none are 400", function()
      assert_error(400, "invalidCount", site:send("GET", "/Users?count=many"))
      assert_error(400, "invalidValue", site:send("GET", "/Users?startIndex=1.5"))
      assert_error(400, "invalidValue", site:send("GET", "/Users?startIndex=1e999"))
    end)

    it("filters", function()
      local function found(filter)
        return site:send(
          "GET",
          "/Users?count=50&filter=" .. filter:gsub(" ", "+"):gsub('"', "%%22")
        )
      end
      assert.equal("u07@x.example", names(found 'userName eq "U07@x.example"'))
      assert.equal(12, found('title eq "even"').json.totalResults)
      assert.equal(2, found('title eq "even" and active eq true').json.totalResults)
      assert.same(
        { attribute = "userName", value = "u07@x.example" },
        (found 'userName eq "u07@x.example" and active eq true') and site.backend.last_query.equals
      )
      assert_error(400, "invalidFilter", found "userName is x")
      assert_error(400, "invalidFilter", found 'shoeSize eq "44"')
      assert_error(400, "invalidFilter", found 'userName eq "a" or')
      assert_error(400, "invalidFilter", found "active gt true")
    end)

    it("sorts, with what has no value last, or first when it descends", function()
      make_user("z@x.example", { nickName = "b" })
      make_user("y@x.example", { nickName = "A" })
      make_user("x@x.example", { nickName = "c" })
      local function first(query, count)
        return names(site:send("GET", ("/Users?count=%d&%s"):format(count, query)))
      end
      assert.equal("y@x.example z@x.example x@x.example u01@x.example", first("sortBy=nickName", 4))
      assert.equal("u01@x.example", first("sortBy=nickname&sortOrder=DESCENDING", 1))
      assert.equal("z@x.example y@x.example", first("sortBy=userName&sortOrder=descending", 2))
      assert.equal("u01@x.example", first("sortBy=shoeSize", 1))
      make_user("w@x.example", { password = "a" })
      make_user("v@x.example", { password = "b" })
      assert.equal("u01@x.example", first("sortBy=password", 1))
      assert_error(400, "invalidValue", site:send("GET", "/Users?sortBy=title&sortOrder=up"))
    end)

    it("sorts lists of any length, pausing; equals keep their order", function()
      local path = { name = "title", definition = { type = "string" } }
      for _, count in ipairs { 0, 1, 63, 64, 65, 128, 129, 500 } do
        for _, descending in ipairs { false, true } do
          local position, pauses, seed = 0, 0, count
          local page = scim_server.page(function()
            position, seed = position + 1, (seed * 75 + 74) % 65537
            return position <= count and { title = ("%03d"):format(seed % 40), id = position }
              or nil
          end, {
            start = 1,
            count = count,
            sort_path = path,
            descending = descending,
          }, function()
            pauses = pauses + 1
          end)
          assert.equal(count, #page.resources)
          for index = 2, count do
            local one, other = page.resources[index - 1], page.resources[index]
            if one.title == other.title then
              assert.is_true(one.id < other.id)
            else
              assert.equal(descending, one.title > other.title)
            end
          end
          assert.is_true(pauses >= count / 64)
        end
      end
    end)

    it("ignores an order where there is none", function()
      site.backend.offered.sort = nil
      local response = site:send("GET", "/Users?count=1&sortBy=userName&sortOrder=descending")
      assert.equal("u01@x.example", names(response))
    end)

    it("pages by cursor", function()
      local query, seen, pages = "cursor=&count=7", {}, 0
      repeat
        local response = site:send("GET", "/Users?" .. query)
        assert.equal(200, response.status, response.body)
        for _, resource in ipairs(response.json.Resources) do
          seen[#seen + 1] = resource.userName
        end
        assert.is_nil(response.json.startIndex)
        assert.equal(pages > 0, response.json.previousCursor ~= nil)
        pages = pages + 1
        local following = response.json.nextCursor
        assert.is_true(following == nil or following:find "^[%w._~-]+$" ~= nil)
        query = following and "count=7&cursor=" .. following
      until not query
      assert.equal(4, pages)
      assert.equal(25, #seen)
      table.sort(seen)
      assert.equal("u25@x.example", seen[25])
    end)

    it("cursors of others, of other queries and of the past are refused", function()
      site.principal = "one"
      local cursor = site:send("GET", "/Users?cursor=&count=2").json.nextCursor
      assert.equal(200, site:send("GET", "/Users?count=2&cursor=" .. cursor).status)
      local function refused(scim_type, query)
        assert_error(400, scim_type, site:send("GET", "/Users?" .. query .. cursor))
      end
      refused("invalidCursor", "filter=active%20eq%20true&cursor=")
      refused("invalidCursor", "sortBy=userName&cursor=")
      refused("invalidCursor", "startIndex=3&cursor=")
      refused("invalidCursor", "cursor=A")
      refused("invalidCount", "count=-1&cursor=")
      assert_error(400, "invalidCursor", site:send("GET", "/Groups?cursor=" .. cursor))
      assert_error(400, "invalidCursor", site:send("GET", "/Users?cursor=nonsense"))
      assert_error(400, "invalidCursor", site:send("GET", "/Users?cursor=" .. ("x"):rep(5000)))
      site.principal = "two"
      refused("invalidCursor", "cursor=")
      site.principal = "one"
      local now = os.time
      os.time = function() -- luacheck: ignore
        return now() + 3600
      end
      local response = site:send("GET", "/Users?cursor=" .. cursor)
      os.time = now -- luacheck: ignore
      assert_error(400, "expiredCursor", response)
    end)

    it("without cursors there are none", function()
      site.backend.offered.pagination = { default_page_size = 5 }
      assert_error(400, "invalidCursor", site:send("GET", "/Users?cursor="))
      assert.equal(5, site:send("GET", "/Users").json.itemsPerPage)
    end)

    it("searches by POST", function()
      local response, info = site:send("POST", "/Users/.search", {
        schemas = { URN.search },
        filter = 'title eq "odd"',
        startIndex = 2,
        count = 3,
        sortBy = "userName",
        sortOrder = "descending",
        excludedAttributes = "emails",
      })
      assert.equal("u23@x.example u21@x.example u19@x.example", names(response))
      assert.equal(13, response.json.totalResults)
      assert.equal("search_users", info.action)
      assert_error(400, "invalidValue", site:send("POST", "/.search", { attributes = 7 }))
      assert_error(400, "invalidValue", site:send("POST", "/.search", { filter = {} }))
      assert_error(400, "invalidCount", site:send("POST", "/.search", { count = "x" }))
      assert.equal(25, site:send("POST", "/.search", { filter = json.null }).json.totalResults)
    end)

    it("the root lists all types", function()
      make_group "A"
      make_group "B"
      local response, info = site:send("GET", "/?startIndex=25&count=2")
      assert.equal("u25@x.example A", names(response))
      assert.equal(27, response.json.totalResults)
      assert.equal("list", info.action)
      assert.equal("B", names(site:send("GET", "/?startIndex=27")))
      assert.equal("", names(site:send("GET", "/?count=0")))
      local filter = "/?filter=meta.resourceType%20eq%20%22Group%22"
      assert.equal("A B", names(site:send("GET", filter)))
      assert.equal("A", names(site:send("GET", "/?filter=displayName%20eq%20%22a%22")))
      assert.equal(
        "B A",
        names(
          site:send("GET", "/?count=2&sortBy=displayName&sortOrder=descending&" .. filter:sub(3))
        )
      )
      assert.equal("A", names(site:send("POST", "/.search", { filter = 'displayName eq "A"' })))
      assert_error(400, "tooMany", site:send("GET", "/?sortBy=id&startIndex=900&count=20"))
      assert_error(400, "invalidCursor", site:send("GET", "/?cursor="))
    end)
  end)

  describe("conditions:", function()
    local made, path

    before_each(function()
      made = make_user "ann@x.example"
      path = "/Users/" .. made.id
    end)

    it("304 for what is known already", function()
      local version = made.meta.version
      for _, header in ipairs { version, "*", version:sub(3), '"x", ' .. version } do
        local response = site:send("GET", path, nil, { ["if-none-match"] = header })
        assert.equal(304, response.status, header)
        assert.equal("", response.body)
        assert.equal(version, response.headers.ETag)
      end
      assert.equal(200, site:send("GET", path, nil, { ["if-none-match"] = 'W/"x"' }).status)
    end)

    it("412 for what has changed", function()
      local old = { ["if-match"] = 'W/"0"' }
      local change = patch { op = "replace", path = "title", value = "x" }
      assert_error(412, nil, site:send("PATCH", path, change, old))
      assert_error(412, nil, site:send("PUT", path, user "ann@x.example", old))
      assert_error(412, nil, site:send("DELETE", path, nil, old))
      assert.same(made, site:send("GET", path).json)
      assert.equal(
        200,
        site:send("PATCH", path, change, { ["if-match"] = made.meta.version }).status
      )
      assert.equal(200, site:send("PATCH", path, change, { ["if-match"] = "*" }).status)
      assert.equal(204, site:send("DELETE", path).status)
    end)

    it("nothing changed keeps the version", function()
      local change = patch { op = "replace", path = "userName", value = "ann@x.example" }
      local response = site:send("PATCH", path, change)
      assert.equal(200, response.status)
      assert.equal(made.meta.version, response.json.meta.version)
    end)

    it("without ETags neither headers nor versions", function()
      site.backend.offered.etag = nil
      local response = site:send("GET", path, nil, { ["if-none-match"] = made.meta.version })
      assert.equal(200, response.status)
      assert.is_nil(response.headers.ETag)
      assert.is_nil(response.json.meta.version)
      assert.equal(204, site:send("DELETE", path, nil, { ["if-match"] = 'W/"0"' }).status)
    end)
  end)

  describe("says what it is:", function()
    it("ServiceProviderConfig, ResourceTypes, Schemas", function()
      local config = site:send("GET", "/ServiceProviderConfig").json
      assert.is_true(config.patch.supported)
      assert.equal(100, config.bulk.maxOperations)
      assert.equal(BASE .. "/ServiceProviderConfig", config.meta.location)
      local types = site:send("GET", "/ResourceTypes").json
      assert.equal(2, types.totalResults)
      assert.equal("User", types.Resources[1].id)
      assert.equal("/Groups", site:send("GET", "/ResourceTypes/group").json.endpoint)
      local schemas = site:send("GET", "/Schemas?startIndex=3&count=1").json
      assert.equal(3, schemas.totalResults)
      assert.equal(3, #schemas.Resources)
      local one = site:send("GET", "/Schemas/" .. URN.group).json
      assert.equal("Group", one.name)
      assert_error(404, nil, site:send("GET", "/Schemas/urn:x"))
    end)

    it("a filter on them is 403", function()
      for _, path in ipairs { "/ResourceTypes", "/Schemas" } do
        assert_error(403, nil, site:send("GET", path .. "?filter=id%20pr"))
      end
    end)
  end)

  describe("what a backend lacks:", function()
    it("PATCH and bulk are 501", function()
      site = support.site { patch = false, bulk = false }
      assert_error(501, nil, site:send("PATCH", "/Users/1", patch {}))
      assert_error(501, nil, site:send("POST", "/Bulk", { Operations = {} }))
      assert.is_false(site:send("GET", "/ServiceProviderConfig").json.patch.supported)
    end)

    it("filters, searches and discovery", function()
      site = support.site { filter = false, search = false, discovery = false }
      assert_error(400, "invalidFilter", site:send("GET", "/Users?filter=userName%20pr"))
      assert_error(404, nil, site:send("POST", "/.search", {}))
      assert_error(404, nil, site:send("POST", "/Users/.search", {}))
      assert_error(404, nil, site:send("GET", "/Schemas"))
    end)

    it("minimal has the resources and nothing else", function()
      site = support.site { minimal = true }
      make_user "ann@x.example"
      for _, path in ipairs { "/", "/Me", "/Bulk", "/Schemas", "/.search" } do
        assert_error(404, nil, site:send("GET", path))
      end
      assert.equal("ann@x.example", names(site:send("GET", "/Users")))
    end)
  end)

  describe("failures of a backend:", function()
    local function failing(fail)
      site.backend.find = function()
        return fail()
      end
      return site:send("GET", "/Users/1")
    end

    it("an error is 500 without details, and is told to the log", function()
      local response, info = failing(function()
        error "the password is hunter2"
      end)
      assert_error(500, nil, response)
      assert.is_nil(response.body:find "hunter2")
      assert.matches("hunter2", info.failure)
    end)

    it("trouble upstream is 503 with Retry-After, whatever upstream said", function()
      local errors = require "lastpass.error"
      for _, kind in ipairs { "auth", "transport", "protocol", "throttled" } do
        local response = failing(function()
          return errors.fail(kind, "x", "upstream trouble", { status = 401 })
        end)
        assert_error(503, nil, response)
        assert.equal("30", response.headers["Retry-After"])
        assert.is_nil(response.headers["WWW-Authenticate"])
      end
      local response = failing(function()
        return errors.fail(
          "refused",
          "x",
          "unknown outcome",
          { uncertain = true, retry_after = 4.2 }
        )
      end)
      assert_error(503, nil, response)
      assert.equal("5", response.headers["Retry-After"])
    end)

    it("statuses of a backend are answered", function()
      local function failure(status, scim_type, detail, fields)
        return failing(function()
          return messages.fail(status, scim_type, detail, fields)
        end)
      end
      local response = failure(429, nil, "later, please", { retry_after = 90 })
      assert_error(429, nil, response)
      assert.equal("90", response.headers["Retry-After"])
      assert_error(403, nil, failure(403, nil, "not allowed"))
      assert_error(409, nil, failure(409, nil, "is held back"))
      assert_error(503, nil, failure(503, nil, "not now"))
      assert_error(501, nil, failure(501, nil, "not here"))
    end)

    it("other failures have the status of their kind", function()
      local errors = require "lastpass.error"
      for kind, status in pairs { argument = 400, conflict = 409, guard = 409, refused = 500 } do
        assert_error(
          status,
          nil,
          failing(function()
            return errors.fail(kind, "x", "some trouble")
          end)
        )
      end
    end)
  end)

  -- Lua 5.1 itself cannot, across pcall.
  local can_yield = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

  (can_yield and it or function() end)("backends may yield", function()
    local backend = support.backend()
    for name, method in pairs(getmetatable(backend).__index) do
      backend[name] = function(...)
        coroutine.yield()
        return method(...)
      end
    end
    site = support.site(nil, backend)
    local yields = 0
    local function run(...)
      local arguments, count = { ... }, select("#", ...)
      local thread = coroutine.create(function()
        return site:send((table.unpack or unpack)(arguments, 1, count))
      end)
      local ok, response
      repeat
        ok, response = coroutine.resume(thread)
        assert(ok, response)
        yields = yields + 1
      until coroutine.status(thread) == "dead"
      return response
    end
    assert.equal(201, run("POST", "/Users", user "ann@x.example").status)
    assert.equal(200, run("GET", "/Users/1").status)
    assert.equal(1, run("GET", "/Users?filter=userName%20pr").json.totalResults)
    local change = patch { op = "replace", path = "title", value = "x" }
    assert.equal(200, run("PATCH", "/Users/1", change).status)
    local operations = { { method = "DELETE", path = "/Users/1" } }
    assert.equal("204", run("POST", "/Bulk", { Operations = operations }).json.Operations[1].status)
    assert.is_true(yields > 10)
  end)

  it("knows what a request asks for by its method and path", function()
    for target, expected in pairs {
      ["PATCH /users/7"] = "patch_user",
      ["DELETE /Groups/7"] = "delete_group",
      ["GET /Users"] = "list_users",
      ["POST /Groups/.search"] = "search_groups",
      ["POST /.search"] = "search",
      ["POST /Bulk"] = "bulk",
      ["GET /"] = "list",
      ["GET /x"] = "unknown",
    } do
      local method, path = target:match "^(%S+) (.*)$"
      assert.equal(expected, scim_server.action(method, path))
    end
  end)

  it("makes errors for whoever has none", function()
    local response = messages.error_response(401, nil, "no token")
    assert.equal("Bearer", response.headers["WWW-Authenticate"])
    response = messages.error_response(
      429,
      nil,
      "slow \27[2J down",
      { retry_after = 0.2, headers = { ["X-Id"] = "7" } }
    )
    assert.equal("1", response.headers["Retry-After"])
    assert.equal("7", response.headers["X-Id"])
    assert.is_nil(response.body:find "\27")
    assert.is_table(json.decode(response.body))
  end)
end)

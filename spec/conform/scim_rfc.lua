--- The protocol's examples (RFC 7644), for every server of SCIM. A spec calls it with busted's functions and with
-- `open()`, which gives a site: an object with `send(method, target, body, headers)`, which returns a response with
-- `status`, `headers`, `body` and `json`.
--
--     rfc.check(open, { describe = describe, it = it, before_each = before_each }, { groups_in_groups = true })
--
-- `groups_in_groups`: the example of a circle in a bulk request as well.
local assert = require "luassert"
local schema = require "lastpass.scim.schema"

local M = {}

local URN = schema.URN

local function escape(text)
  return (text:gsub("[^%w.~_-]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

--- A target with a query.
local function target(path, query)
  local parts = {}
  for name, value in pairs(query) do
    parts[#parts + 1] = name .. "=" .. escape(value)
  end
  return path .. "?" .. table.concat(parts, "&")
end

local function patch(...)
  return { schemas = { URN.patch }, Operations = { ... } }
end

local function made(response)
  assert.equal(201, response.status, response.body)
  assert.is_string(response.json.id)
  assert.equal(response.json.meta.location, response.headers.Location)
  return response.json
end

local function good(response)
  assert.is_true(response.status == 200 or response.status == 204, response.body)
  return response.json
end

local function assert_error(status, scim_type, response)
  assert.equal(status, response.status, response.body)
  assert.same({ URN.error }, response.json.schemas)
  assert.equal(tostring(status), response.json.status)
  assert.equal(scim_type, response.json.scimType)
end

-- What a filter finds, by names.
local function found(site, path, filter, more)
  local query = { filter = filter }
  for name, value in pairs(more or {}) do
    query[name] = value
  end
  local document = good(site:send("GET", target(path, query)))
  assert.same({ URN.list }, document.schemas)
  local names = {}
  for at, resource in ipairs(document.Resources or {}) do
    names[at] = resource.userName or resource.displayName
  end
  table.sort(names)
  return table.concat(names, " "), document
end

local function members(site, id)
  local list = {}
  for at, member in ipairs(good(site:send("GET", "/Groups/" .. id)).members or {}) do
    list[at] = member.value
  end
  table.sort(list)
  return list
end

-- ---- the RFC's examples ----

local BARBARA = {
  schemas = { URN.user },
  userName = "bjensen@example.com",
  externalId = "bjensen",
  name = { formatted = "Ms. Barbara J Jensen III", familyName = "Jensen", givenName = "Barbara" },
}

local FULL = {
  schemas = { URN.user, URN.enterprise },
  externalId = "701984",
  userName = "bjensen@example.com",
  name = {
    formatted = "Ms. Barbara J Jensen, III",
    familyName = "Jensen",
    givenName = "Barbara",
    middleName = "Jane",
    honorificPrefix = "Ms.",
    honorificSuffix = "III",
  },
  displayName = "Babs Jensen",
  nickName = "Babs",
  profileUrl = "https://login.example.com/bjensen",
  emails = {
    { value = "bjensen@example.com", type = "work", primary = true },
    { value = "babs@jensen.org", type = "home" },
  },
  addresses = {
    {
      streetAddress = "100 Universal City Plaza",
      locality = "Hollywood",
      region = "CA",
      postalCode = "91608",
      country = "US",
      type = "work",
      primary = true,
    },
    { streetAddress = "456 Hollywood Blvd", locality = "Hollywood", type = "home" },
  },
  phoneNumbers = { { value = "555-555-5555", type = "work" } },
  ims = { { value = "someaimhandle", type = "aim" } },
  photos = {
    { value = "https://photos.example.com/profilephoto/72930000000Ccne/F", type = "photo" },
  },
  userType = "Employee",
  title = "Tour Guide",
  preferredLanguage = "en-US",
  locale = "en-US",
  timezone = "America/Los_Angeles",
  active = true,
  password = "t1meMa$heen",
  [URN.enterprise] = {
    employeeNumber = "701984",
    costCenter = "4130",
    organization = "Universal Studios",
    division = "Theme Park",
    department = "Tour Operations",
    manager = { value = "26118915-6090-4610-87e4-49d8ca9f808d", displayName = "John Smith" },
  },
}

-- RFC 7644 §3.4.2.2, on two people: filter -> who is found.
local FILTERS = {
  { 'userName Eq "bjensen@EXAMPLE.com"', "b" },
  { [[name.familyName co "O'Malley"]], "j" },
  { 'userName sw "J"', "j" },
  { URN.user .. ':userName sw "J"', "j" },
  { "title pr", "b" },
  { 'meta.lastModified gt "2011-05-13T04:42:34Z"', "b j" },
  { 'meta.lastModified lt "2011-05-13T04:42:34Z"', "" },
  { 'title pr and userType eq "Employee"', "b" },
  { 'title pr or userType eq "Intern"', "b j" },
  { 'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")', "b" },
  {
    'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")',
    "",
  },
  { 'userType eq "Employee" and (emails.type eq "work")', "b" },
  { 'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]', "b" },
  {
    'emails[type eq "work" and value co "@example.com"] or '
      .. 'ims[type eq "xmpp" and value co "@foo.com"]',
    "b j",
  },
  { URN.enterprise .. ':department eq "tour operations"', "b" },
  { 'emails[type eq "home" and value co "@example.com"]', "" },
  { 'id pr and externalId eq "701984"', "b" },
  { 'externalId eq "BJENSEN"', "" },
}

--- Adds the specs.
function M.check(open, busted, options)
  local it, describe, before_each = busted.it, busted.describe, busted.before_each
  options = options or {}

  describe("the examples of RFC 7644:", function()
    local site

    before_each(function()
      site = open()
    end)

    it("3.3 creates, 3.4.1 reads", function()
      local user = made(site:send("POST", "/Users", BARBARA))
      assert.equal("bjensen", user.externalId)
      assert.equal("User", user.meta.resourceType)
      assert.equal("Ms. Barbara J Jensen III", user.name.formatted)
      assert.same(user, good(site:send("GET", "/Users/" .. user.id)))
      assert_error(409, "uniqueness", site:send("POST", "/Users", BARBARA))
    end)

    it("7643 8.2 and 8.3: the whole user comes back, without the password", function()
      local user = made(site:send("POST", "/Users", FULL))
      for name, value in pairs(FULL) do
        if name == "password" then
          assert.is_nil(user.password)
        elseif name == URN.enterprise then
          assert.equal("4130", user[name].costCenter)
          assert.equal(value.manager.value, user[name].manager.value)
        else
          assert.same(value, user[name], name)
        end
      end
    end)

    it("3.4.2 lists with selected attributes", function()
      local user = made(site:send("POST", "/Users", BARBARA))
      local _, list =
        found(site, "/Users", 'userName eq "bjensen@example.com"', { attributes = "userName" })
      assert.equal(1, list.totalResults)
      assert.same(
        { schemas = { URN.user }, id = user.id, userName = user.userName },
        list.Resources[1]
      )
    end)

    it("3.4.2.2 filters", function()
      made(site:send("POST", "/Users", FULL))
      made(site:send("POST", "/Users", {
        schemas = { URN.user },
        userName = "jomalley@example.com",
        name = { familyName = "O'Malley", givenName = "Jim" },
        userType = "Intern",
        emails = { { value = "jim@example.com", type = "work" } },
      }))
      local names = { b = "bjensen@example.com", j = "jomalley@example.com" }
      -- a site has people of its own: they are left out
      local mine = ' and (userName eq "bjensen@example.com" or userName eq "jomalley@example.com")'
      for _, case in ipairs(FILTERS) do
        local expected = case[2]:gsub("%a", names)
        assert.equal(expected, (found(site, "/Users", "(" .. case[1] .. ")" .. mine)), case[1])
      end
    end)

    it("3.4.2.4 pages", function()
      made(site:send("POST", "/Users", BARBARA))
      local list = good(site:send("GET", "/Users?startIndex=1&count=10"))
      assert.equal(1, list.startIndex)
      assert.is_true(list.itemsPerPage <= 10)
      assert.equal(list.itemsPerPage, #list.Resources)
      assert.equal(0, #good(site:send("GET", "/Users?count=0")).Resources)
    end)

    it("3.4.3 searches by POST", function()
      made(site:send("POST", "/Users", {
        schemas = { URN.user },
        userName = "jsmith@example.com",
        displayName = "Smith, James",
      }))
      made(site:send("POST", "/Groups", { schemas = { URN.group }, displayName = "Smith Family" }))
      local response = site:send("POST", "/.search", {
        schemas = { URN.search },
        attributes = { "displayName", "userName" },
        filter = 'displayName sw "smith"',
        startIndex = 1,
        count = 10,
      })
      local list = good(response)
      assert.equal(2, list.totalResults)
      assert.equal("Smith, James", list.Resources[1].displayName)
      assert.is_nil(list.Resources[1].meta)
      assert.equal("Smith Family", list.Resources[2].displayName)
      assert.is_nil(list.Resources[2].userName)
    end)

    it("3.5.1 replaces", function()
      local user = made(site:send("POST", "/Users", FULL))
      local response = site:send("PUT", "/Users/" .. user.id, {
        schemas = { URN.user },
        id = user.id,
        userName = "bjensen@example.com",
        externalId = "bjensen",
        name = BARBARA.name,
        roles = {},
        emails = { { value = "bjensen@example.com" }, { value = "babs@jensen.org" } },
      })
      local replaced = good(response)
      assert.equal(200, response.status)
      assert.is_nil(replaced.title)
      assert.is_nil(replaced[URN.enterprise])
      assert.same({ URN.user }, replaced.schemas)
      assert.equal(2, #replaced.emails)
      assert.is_true(replaced.active)
    end)

    it("3.5.2.1 adds members and attributes", function()
      local user = made(site:send("POST", "/Users", BARBARA))
      local group =
        made(site:send("POST", "/Groups", { schemas = { URN.group }, displayName = "Guides" }))
      good(site:send(
        "PATCH",
        "/Groups/" .. group.id,
        patch {
          op = "add",
          path = "members",
          value = { { display = "Babs Jensen", ["$ref"] = user.meta.location, value = user.id } },
        }
      ))
      assert.same({ user.id }, members(site, group.id))
      good(site:send(
        "PATCH",
        "/Users/" .. user.id,
        patch {
          op = "add",
          value = { emails = { { value = "babs@jensen.org", type = "home" } }, nickname = "Babs" },
        }
      ))
      user = good(site:send("GET", "/Users/" .. user.id))
      assert.equal("Babs", user.nickName)
      assert.equal("babs@jensen.org", user.emails[#user.emails].value)
    end)

    it("3.5.2.2 removes values that a filter finds, all of them, and some for others", function()
      local one = made(site:send("POST", "/Users", BARBARA))
      local other = made(site:send("POST", "/Users", { userName = "jsmith@example.com" }))
      local group = made(site:send("POST", "/Groups", {
        displayName = "Guides",
        members = { { value = one.id }, { value = other.id } },
      }))
      local path = "/Groups/" .. group.id
      good(
        site:send(
          "PATCH",
          path,
          patch { op = "remove", path = ('members[value eq "%s"]'):format(one.id) }
        )
      )
      assert.same({ other.id }, members(site, group.id))
      good(
        site:send(
          "PATCH",
          path,
          patch(
            { op = "remove", path = ('members[value eq "%s"]'):format(other.id) },
            { op = "add", path = "members", value = { { value = one.id } } }
          )
        )
      )
      assert.same({ one.id }, members(site, group.id))
      good(site:send("PATCH", path, patch { op = "remove", path = "members" }))
      assert.same({}, members(site, group.id))
      site:send(
        "PATCH",
        "/Users/" .. one.id,
        patch { op = "add", path = "emails", value = FULL.emails }
      )
      good(site:send(
        "PATCH",
        "/Users/" .. one.id,
        patch {
          op = "remove",
          path = 'emails[type eq "work" and value ew "example.com"]',
        }
      ))
      local emails = good(site:send("GET", "/Users/" .. one.id)).emails
      assert.same({ FULL.emails[2] }, emails)
    end)

    it("3.5.2.3 replaces", function()
      local user = made(site:send("POST", "/Users", FULL))
      local path = "/Users/" .. user.id
      good(site:send(
        "PATCH",
        path,
        patch {
          op = "replace",
          path = 'addresses[type eq "work"]',
          value = {
            type = "work",
            streetAddress = "911 Universal City Plaza",
            locality = "Hollywood",
            region = "CA",
            postalCode = "91608",
            country = "US",
            primary = true,
          },
        }
      ))
      assert.equal(
        "911 Universal City Plaza",
        good(site:send("GET", path)).addresses[1].streetAddress
      )
      good(site:send(
        "PATCH",
        path,
        patch {
          op = "replace",
          path = 'addresses[type eq "work"].streetAddress',
          value = "1010 Broadway Ave",
        }
      ))
      local addresses = good(site:send("GET", path)).addresses
      assert.equal("1010 Broadway Ave", addresses[1].streetAddress)
      assert.equal("456 Hollywood Blvd", addresses[2].streetAddress)
      good(site:send(
        "PATCH",
        path,
        patch {
          op = "replace",
          value = {
            emails = { { value = "bjensen@example.com", type = "work", primary = true } },
            nickname = "B",
          },
        }
      ))
      local after = good(site:send("GET", path))
      assert.equal(1, #after.emails)
      assert.equal("B", after.nickName)
    end)

    it("3.5.2 is all or nothing", function()
      local user = made(site:send("POST", "/Users", FULL))
      local path = "/Users/" .. user.id
      local before = good(site:send("GET", path))
      assert_error(
        400,
        "noTarget",
        site:send(
          "PATCH",
          path,
          patch(
            { op = "replace", path = "title", value = "x" },
            { op = "replace", path = 'addresses[locality sw "Mars"].locality', value = "x" }
          )
        )
      )
      assert.same(before, good(site:send("GET", path)))
    end)

    it("3.6 deletes", function()
      local user = made(site:send("POST", "/Users", BARBARA))
      assert.equal(204, site:send("DELETE", "/Users/" .. user.id).status)
      assert_error(404, nil, site:send("GET", "/Users/" .. user.id))
      made(site:send("POST", "/Users", BARBARA))
    end)

    it("3.7 takes bulk requests, with references", function()
      local response = site:send("POST", "/Bulk", {
        failOnErrors = 1,
        schemas = { URN.bulk_request },
        Operations = {
          {
            method = "POST",
            path = "/Users",
            bulkId = "qwerty",
            data = { schemas = { URN.user }, userName = "alice@example.com" },
          },
          {
            method = "POST",
            path = "/Groups",
            bulkId = "ytrewq",
            data = {
              schemas = { URN.group },
              displayName = "Tour Guides",
              members = { { type = "User", value = "bulkId:qwerty" } },
            },
          },
        },
      })
      local results = good(response).Operations
      assert.equal("201", results[1].status)
      assert.equal("201", results[2].status)
      assert.equal("qwerty", results[1].bulkId)
      local group, user = results[2].location:match "[^/]+$", results[1].location:match "[^/]+$"
      assert.same({ user }, members(site, group))
    end)

    if options.groups_in_groups then
      it("3.7.1 resolves circles", function()
        local function one(name, other)
          return {
            method = "POST",
            path = "/Groups",
            bulkId = name,
            data = {
              schemas = { URN.group },
              displayName = "Group " .. name,
              members = { { type = "Group", value = "bulkId:" .. other } },
            },
          }
        end
        local results = good(site:send("POST", "/Bulk", {
          schemas = { URN.bulk_request },
          Operations = { one("qwerty", "ytrewq"), one("ytrewq", "qwerty") },
        })).Operations
        assert.equal("201", results[1].status)
        assert.equal("201", results[2].status)
        local a, b = results[1].location:match "[^/]+$", results[2].location:match "[^/]+$"
        assert.same({ b }, members(site, a))
        assert.same({ a }, members(site, b))
      end)
    end

    it("3.14 knows versions", function()
      local response = site:send("POST", "/Users", BARBARA)
      local user = made(response)
      local path, version = "/Users/" .. user.id, response.headers.ETag
      assert.equal(user.meta.version, version)
      assert.equal(304, site:send("GET", path, nil, { ["if-none-match"] = version }).status)
      assert_error(412, nil, site:send("DELETE", path, nil, { ["if-match"] = 'W/"other"' }))
      assert.equal(204, site:send("DELETE", path, nil, { ["if-match"] = version }).status)
    end)

    it("4 tells what it is", function()
      assert.is_true(good(site:send("GET", "/ServiceProviderConfig")).patch.supported)
      assert.equal("/Users", good(site:send("GET", "/ResourceTypes/User")).endpoint)
      assert.equal(URN.user, good(site:send("GET", "/Schemas/" .. URN.user)).id)
      assert_error(403, nil, site:send("GET", target("/Schemas", { filter = "id pr" })))
    end)
  end)
end

return M

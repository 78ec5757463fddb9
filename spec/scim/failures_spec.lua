-- luacheck: no max line length (bodies of requests, one a line)
-- What SCIM servers get wrong in the field (scim §4), by its number there, as far as filters and PATCH are concerned;
-- and what the standard's own examples ask for, with other values.
local filter = require "lastpass.scim.filter"
local json = require "lastpass.json"
local patch = require "lastpass.scim.patch"
local schema = require "lastpass.scim.schema"

local URN, types = schema.URN, schema.types

local function apply(resource, operations, options)
  local type_of = resource.members and types.Group or types.User
  local text = ('{"schemas": ["%s"], "Operations": %s}'):format(
    URN.patch,
    (operations:gsub("ENT", URN.enterprise))
  )
  local list, message, err = patch.parse(json.decode(text), type_of, options)
  if not list then
    return nil, message, err
  end
  return patch.apply(resource, list, type_of)
end

local function group()
  return {
    schemas = { URN.group },
    id = "9",
    displayName = "Sales",
    members = { { value = "1" }, { value = "2" }, { value = "3" } },
  }
end

local function user()
  return {
    schemas = { URN.user },
    id = "7",
    userName = "Ann@acme.example",
    active = true,
    name = { givenName = "Ann", familyName = "Lee" },
    emails = { { value = "ann@acme.example", type = "work", primary = true } },
  }
end

local function ids(resource)
  local list = {}
  for index, member in ipairs(resource.members or {}) do
    list[index] = member.value
  end
  return table.concat(list, " ")
end

describe("failures of others", function()
  it("1: to remove one member is not to empty the group", function()
    for _, operations in ipairs {
      [=[[{"op": "Remove", "path": "members", "value": [{"value": "2", "$ref": null}]}]]=],
      [=[[{"op": "Remove", "path": "members", "value": [{"value": "2"}]}]]=],
      [=[[{"op": "remove", "path": "members", "value": {"value": "2"}}]]=],
      [=[[{"op": "remove", "path": "members[value eq \"2\"]"}]]=],
      [=[[{"op": "remove", "path": "Members[Value EQ \"2\"]"}]]=],
      [=[[{"op": "remove", "path": "urn:ietf:params:scim:schemas:core:2.0:Group:members[value eq \"2\"]"}]]=],
    } do
      assert.equal("1 3", ids(assert(apply(group(), operations))), operations)
    end
    -- what could be all or none is neither
    for _, operations in ipairs {
      [=[[{"op": "remove", "path": "members", "value": []}]]=],
      [=[[{"op": "remove", "path": "members", "value": {}}]]=],
      [=[[{"op": "remove", "path": "members", "value": ""}]]=],
      [=[[{"op": "remove", "path": "members", "value": [null]}]]=],
      [=[[{"op": "remove", "path": "members", "value": [{"id": "2"}]}]]=],
      [=[[{"op": "remove", "path": "members", "value": [{"value": "2"}, {"id": "3"}]}]]=],
      [=[[{"op": "replace", "path": "members", "value": [{"id": "2"}]}]]=],
      [=[[{"op": "replace", "path": "members", "value": [{"value": "2"}, {"id": "3"}]}]]=],
      [=[[{"op": "replace", "path": "members", "value": [null]}]]=],
      [=[[{"op": "replace", "path": "members", "value": {}}]]=],
      [=[[{"op": "replace", "path": "members", "value": ""}]]=],
      [=[[{"op": "replace", "path": "members", "value": {"value": null}}]]=],
      [=[[{"op": "replace", "value": {"members": [{"value": ""}]}}]]=],
      [=[[{"op": "add", "path": "members", "value": [{"display": "Ann"}]}]]=],
      [=[[{"op": "remove", "path": "members", "value": [{"value": null}]}]]=],
      [=[[{"op": "remove", "path": "members", "value": [{"$ref": "Users/2"}]}]]=],
      [=[[{"op": "remove", "path": "members", "value": true}]]=],
      [=[[{"op": "remove", "path": "members[]"}]]=],
      [=[[{"op": "remove", "path": "members[value eq 2"}]]=],
      [=[[{"op": "remove", "path": "members.2"}]]=],
      [=[[{"op": "remove", "path": "members/2"}]]=],
      [=[[{"op": "remove", "value": {"members": [{"value": "2"}]}}]]=],
    } do
      for _, options in ipairs { {}, { lenient = true }, { strict = true } } do
        local resource = group()
        local result, message, err = apply(resource, operations, options)
        assert.is_nil(result, operations)
        assert.equal(400, err.status, message)
        assert.equal("1 2 3", ids(resource))
      end
    end
    -- nor is it in a whole group
    for _, members in ipairs { '[{"id": "2"}]', "[null]", '[{"value": "1"}, {"display": "x"}]' } do
      local given = json.decode('{"displayName": "Sales", "members": ' .. members .. "}")
      assert.is_nil(
        (schema.normalize(types.Group, given, { input = true, lenient = true })),
        members
      )
    end
  end)

  it("2: False as a string disables, and comes back as a boolean", function()
    for _, text in ipairs { '"False"', '"false"', '"FALSE"', "false" } do
      for _, form in ipairs {
        '[{"op": "Replace", "path": "active", "value": %s}]',
        '[{"op": "replace", "value": {"active": %s}}]',
      } do
        assert.is_false(assert(apply(user(), form:format(text))).active)
      end
    end
    assert.is_false(
      assert(schema.normalize(types.User, { userName = "a", active = "False" })).active
    )
  end)

  it("3: one change in all its forms is one change", function()
    local expected = user()
    expected.name = { givenName = "Anna", familyName = "Lee" }
    expected[URN.enterprise] = { department = "IT" }
    expected.schemas = { URN.user, URN.enterprise }
    for _, operations in ipairs {
      [=[[{"op": "replace", "path": "name.givenName", "value": "Anna"}, {"op": "add", "path": "ENT:department", "value": "IT"}]]=],
      [=[[{"op": "replace", "value": {"name.givenName": "Anna", "ENT:department": "IT"}}]]=],
      [=[[{"op": "replace", "value": {"name": {"givenName": "Anna"}, "ENT": {"department": "IT"}}}]]=],
      [=[[{"op": "Add", "path": "name", "value": {"givenName": "Anna"}}, {"op": "Add", "path": "ENT", "value": {"department": "IT"}}]]=],
      [=[[{"op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName", "value": "Anna"}, {"op": "add", "value": {"ENT:department": "IT"}}]]=],
    } do
      assert.same(expected, (apply(user(), operations)), operations)
    end
  end)

  it("4: a value path that matches nothing makes the value", function()
    local operations =
      [=[[{"op": "Replace", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+49 1"}]]=]
    assert.same({ { type = "mobile", value = "+49 1" } }, apply(user(), operations).phoneNumbers)
    local result, _, err = apply(user(), operations, { strict = true })
    assert.is_nil(result)
    assert.equal("noTarget", err.scim_type)
  end)

  it("11: filters mean what they say", function()
    local resource = user()
    resource.displayName = 'Ann "Al" Lee (HR) and Bob'
    local function holds(text)
      return assert(filter.compile(assert(filter.parse(text)), types.User))(resource)
    end
    assert.is_true(holds [[displayName eq "Ann \"Al\" Lee (HR) and Bob"]])
    assert.is_true(holds 'displayName co "and Bob" and active eq true')
    assert.is_false(holds "(active eq true or title pr) and title pr")
    assert.is_true(holds "active eq true or title pr and title pr")
    assert.is_true(holds 'USERNAME EQ "ann@ACME.example" AND NOT (title PR)')
    assert.is_true(holds(URN.user .. ':userName sw "ann"'))
    assert.is_false(holds 'userName sw "ann" and active eq true and title pr')
    for _, text in ipairs { "", "x", "userName eq", 'userName "a"', "(", 'userName eq "a" and', "*" } do
      assert.is_nil((filter.parse(text)), text)
    end
  end)

  it("12: case is that of the attribute, everywhere", function()
    local resource = user()
    resource.externalId = "aB"
    local function holds(text)
      return assert(filter.compile(assert(filter.parse(text)), types.User))(resource)
    end
    assert.is_true(holds 'userName eq "ANN@ACME.EXAMPLE"')
    assert.is_false(holds 'externalId eq "AB"')
    assert.is_true(holds 'externalId eq "aB"')
    -- the same in PATCH: an address in other letters is no second one
    local same =
      [=[[{"op": "add", "path": "emails", "value": [{"value": "ANN@ACME.EXAMPLE", "type": "WORK"}]}]]=]
    local _, changed = apply(user(), same)
    assert.is_false(changed)
    assert.equal(
      "1 2 3 A a",
      ids(
        apply(
          group(),
          [=[[{"op": "add", "path": "members", "value": [{"value": "A"}, {"value": "a"}, {"value": "a"}]}]]=]
        )
      )
    )
  end)

  it("a client's id, two of the same member, and a member who is not there harm nothing", function()
    local result, _, err =
      apply(group(), '[{"op": "replace", "value": {"id": "10", "displayName": "x"}}]')
    assert.is_nil(result)
    assert.equal("mutability", err.scim_type)
    local twice =
      [=[[{"op": "add", "path": "members", "value": [{"value": "4"}, {"value": "4"}]}, {"op": "add", "path": "members", "value": {"value": "4"}}]]=]
    assert.equal("1 2 3 4", ids(apply(group(), twice)))
    local same, changed =
      apply(group(), [=[[{"op": "remove", "path": "members[value eq \"4\"]"}]]=])
    assert.same(group(), same)
    assert.is_false(changed)
  end)

  it("nothing is half done", function()
    local resource = user()
    local result = apply(
      resource,
      [=[[{"op": "replace", "path": "active", "value": false}, {"op": "replace", "path": "emails[value co \"zz\"].display", "value": "x"}]]=]
    )
    assert.is_nil(result)
    assert.same(user(), resource)
  end)
end)

describe("examples like the standard's", function()
  -- RFC 7644 §3.4.2.2
  local filters = {
    'userName eq "ann"',
    [[name.familyName co "O'Brien"]],
    'userName sw "A"',
    URN.user .. ':userName sw "A"',
    "title pr",
    'meta.lastModified gt "2026-05-13T04:42:34Z"',
    'meta.lastModified ge "2026-05-13T04:42:34Z"',
    'title pr and userType eq "Employee"',
    'title pr or userType eq "Intern"',
    'schemas eq "' .. URN.enterprise .. '"',
    'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")',
    'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")',
    'userType eq "Employee" and (emails.type eq "work")',
    'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]',
    'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
  }
  for _, text in ipairs(filters) do
    it(text, function()
      assert.truthy(filter.compile(assert(filter.parse(text)), types.User))
    end)
  end

  it("add without a path merges objects and appends to lists", function()
    local result = assert(
      apply(
        user(),
        [=[[{"op": "add", "value": {"emails": [{"value": "ann@home.example", "type": "home"}], "nickName": "A"}}]]=]
      )
    )
    assert.equal("A", result.nickName)
    assert.equal(2, #result.emails)
  end)

  it("replace of members is all of them; of one address by a filter that one", function()
    assert.equal(
      "4 5",
      ids(
        apply(
          group(),
          [=[[{"op": "replace", "path": "members", "value": [{"display": "B", "$ref": "../Users/4", "value": "4"}, {"value": "5"}]}]]=]
        )
      )
    )
    local at_work = user()
    at_work.addresses =
      { { type = "work", locality = "Bonn" }, { type = "home", locality = "Ulm" } }
    local moved = assert(
      apply(
        at_work,
        [=[[{"op": "replace", "path": "addresses[type eq \"work\"]", "value": {"type": "work", "streetAddress": "1 Way", "locality": "Jena", "primary": true}}]]=]
      )
    )
    assert.same({
      { type = "work", streetAddress = "1 Way", locality = "Jena", primary = true },
      { type = "home", locality = "Ulm" },
    }, moved.addresses)
    local street = assert(
      apply(
        at_work,
        [=[[{"op": "replace", "path": "addresses[type eq \"work\"].streetAddress", "value": "2 Way"}]]=]
      )
    )
    assert.equal("2 Way", street.addresses[1].streetAddress)
    assert.equal("Bonn", street.addresses[1].locality)
  end)

  it("remove and add in one request", function()
    local operations =
      [=[[{"op": "remove", "path": "members[value eq \"2\"]"}, {"op": "add", "path": "members", "value": [{"value": "5"}]}]]=]
    assert.equal("1 3 5", ids(apply(group(), operations)))
    assert.equal(
      "4",
      ids(
        apply(
          group(),
          [=[[{"op": "remove", "path": "members"}, {"op": "add", "path": "members", "value": [{"value": "4"}]}]]=]
        )
      )
    )
    local mails = user()
    mails.emails =
      { { value = "a@example.com", type = "work" }, { value = "b@x.example", type = "work" } }
    local left = apply(
      mails,
      [=[[{"op": "remove", "path": "emails[type eq \"work\" and value ew \"example.com\"]"}]]=]
    )
    assert.same({ { value = "b@x.example", type = "work" } }, left.emails)
  end)
end)

-- luacheck: no max line length (bodies of requests, one a line)
local effort = require "spec.support.effort"
local json = require "lastpass.json"
local patch = require "lastpass.scim.patch"
local schema = require "lastpass.scim.schema"

local URN, types = schema.URN, schema.types
local ENTERPRISE = URN.enterprise

local function body(operations)
  return json.decode(
    ('{"schemas": ["%s"], "Operations": %s}'):format(
      URN.patch,
      (operations:gsub("ENT", ENTERPRISE))
    )
  )
end

local function user()
  return {
    schemas = { URN.user },
    id = "345",
    userName = "ann@acme.example",
    active = true,
    name = { givenName = "Ann", familyName = "Lee" },
    emails = {
      { value = "ann@acme.example", type = "work", primary = true },
      { value = "ann@home.example", type = "home" },
    },
  }
end

local function group()
  return {
    schemas = { URN.group },
    id = "9",
    displayName = "Sales",
    members = { { value = "1" }, { value = "2" }, { value = "3", type = "User" } },
  }
end

-- Applies operations; the resource, whether it changed. The input is untouched whatever comes of it.
local function apply(resource, type_of, operations, options)
  local list, message, err = patch.parse(body(operations), type_of, options)
  if not list then
    return nil, message, err
  end
  local before = json.encode(resource)
  local result, changed, failure = patch.apply(resource, list, type_of)
  assert.equal(before, json.encode(resource))
  return result, changed, failure
end

-- What differs from the resource before: name -> new value, false when it is gone.
local function difference(before, after)
  local found = {}
  for name, value in pairs(after) do
    if json.encode(value) ~= json.encode(before[name]) then
      found[name] = value
    end
  end
  for name in pairs(before) do
    if after[name] == nil then
      found[name] = false
    end
  end
  return found
end

local function describe_cases(title, make, type_of, cases)
  describe(title, function()
    for _, case in ipairs(cases) do
      it(case[1] .. (case.strict and " (strict)" or ""), function()
        local options = { strict = case.strict, lenient = case.lenient }
        local before = make()
        local after, changed, err = apply(before, type_of, case[1], options)
        if type(case[2]) == "string" then
          assert.is_nil(after)
          assert.same({ case[2], 400 }, { err.scim_type, err.status }, changed)
          return
        end
        assert.truthy(after, changed)
        assert.same(case[2], difference(before, after))
        assert.equal(next(case[2]) ~= nil, changed)
      end)
    end
  end)
end

local home = { value = "ann@home.example", type = "home" }
local work = { value = "ann@acme.example", type = "work", primary = true }

describe_cases("PATCH of users", user, types.User, {
  -- singular
  { '[{"op": "replace", "path": "active", "value": false}]', { active = false } },
  { '[{"op": "Replace", "path": "active", "value": "False"}]', { active = false } },
  { '[{"op": "replace", "path": "active", "value": "False"}]', "invalidValue", strict = true },
  { '[{"op": "replace", "path": "active", "value": "no"}]', "invalidValue" },
  { '[{"op": "replace", "path": "ACTIVE", "value": true}]', {} },
  { '[{"op": "add", "path": "title", "value": "Boss"}]', { title = "Boss" } },
  { '[{"op": "add", "path": "title", "value": null}]', {} },
  { '[{"op": "remove", "path": "active"}]', { active = false } },
  { '[{"op": "remove", "path": "title"}]', {} },
  { '[{"op": "replace", "path": "active", "value": null}]', { active = false } },
  { '[{"op": "remove", "path": "userName"}]', "mutability" },
  { '[{"op": "replace", "path": "userName", "value": null}]', "invalidValue" },
  { '[{"op": "replace", "path": "userName", "value": ""}]', "invalidValue" },
  {
    '[{"op": "replace", "path": "userName", "value": "Ann@acme.example"}]',
    { userName = "Ann@acme.example" },
  },
  -- what only says how a value is shown is said all the same
  {
    '[{"op": "add", "path": "roles", "value": [{"display": "Boss"}]}]',
    { roles = { { display = "Boss" } } },
  },
  -- complex
  {
    '[{"op": "add", "path": "name", "value": {"middleName": "B"}}]',
    { name = { givenName = "Ann", familyName = "Lee", middleName = "B" } },
  },
  {
    '[{"op": "replace", "path": "name", "value": {"givenName": "Anna"}}]',
    { name = { givenName = "Anna", familyName = "Lee" } },
  },
  {
    '[{"op": "replace", "path": "name", "value": {"givenName": null}}]',
    { name = { familyName = "Lee" } },
  },
  {
    '[{"op": "replace", "path": "name.GivenName", "value": "Anna"}]',
    { name = { givenName = "Anna", familyName = "Lee" } },
  },
  { '[{"op": "remove", "path": "name.givenName"}]', { name = { familyName = "Lee" } } },
  { '[{"op": "remove", "path": "name"}]', { name = false } },
  {
    '[{"op": "remove", "path": "name.givenName"}, {"op": "remove", "path": "name.familyName"}]',
    { name = false },
  },
  { '[{"op": "remove", "path": "name", "value": {"givenName": "Ann"}}]', { name = false } },
  { '[{"op": "remove", "path": "title", "value": "Boss"}]', {} },
  { '[{"op": "replace", "path": "name", "value": {}}]', {} },
  { '[{"op": "replace", "path": "name", "value": []}]', { name = false } },
  { '[{"op": "replace", "path": "name", "value": null}]', { name = false } },
  { '[{"op": "add", "path": "name", "value": null}]', {} },
  { '[{"op": "replace", "path": "name", "value": "Ann Lee"}]', "invalidValue" },
  { '[{"op": "replace", "path": "name", "value": {"foo": "x"}}]', "invalidPath" },
  {
    '[{"op": "replace", "path": "name[givenName pr]", "value": {"givenName": "x"}}]',
    "invalidPath",
  },
  -- multi-valued
  {
    '[{"op": "add", "path": "emails", "value": [{"value": "x@y"}]}]',
    { emails = { work, home, { value = "x@y" } } },
  },
  {
    '[{"op": "add", "path": "emails", "value": {"value": "x@y"}}]',
    { emails = { work, home, { value = "x@y" } } },
  },
  {
    '[{"op": "add", "path": "emails", "value": [{"value": "ANN@home.example", "type": "Home"}]}]',
    {},
  },
  {
    '[{"op": "add", "path": "emails", "value": [{"value": "x@y", "primary": true}]}]',
    {
      emails = {
        { value = "ann@acme.example", type = "work", primary = false },
        home,
        { value = "x@y", primary = true },
      },
    },
  },
  {
    '[{"op": "replace", "path": "emails", "value": [{"value": "x@y"}]}]',
    { emails = { { value = "x@y" } } },
  },
  { '[{"op": "replace", "path": "emails", "value": []}]', { emails = false } },
  { '[{"op": "remove", "path": "emails"}]', { emails = false } },
  {
    '[{"op": "Remove", "path": "emails", "value": [{"value": "ann@home.example"}]}]',
    { emails = { work } },
  },
  {
    '[{"op": "Remove", "path": "emails", "value": [{"value": "ann@home.example", "type": "work"}]}]',
    {},
  },
  {
    '[{"op": "replace", "path": "emails", "value": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]}]',
    "invalidValue",
  },
  -- value paths
  {
    '[{"op": "replace", "path": "emails[type eq \\"WORK\\"].value", "value": "x@y"}]',
    { emails = { { value = "x@y", type = "work", primary = true }, home } },
  },
  {
    '[{"op": "add", "path": "emails[type eq \\"home\\"].primary", "value": true}]',
    {
      emails = {
        { value = "ann@acme.example", type = "work", primary = false },
        { value = "ann@home.example", type = "home", primary = true },
      },
    },
  },
  {
    '[{"op": "replace", "path": "emails[type eq \\"home\\"]", "value": {"value": "x@y"}}]',
    { emails = { work, { value = "x@y", type = "home" } } },
  },
  {
    '[{"op": "replace", "path": "emails[type eq \\"home\\"]", "value": {"value": "x@y"}}]',
    { emails = { work, { value = "x@y" } } },
    strict = true,
  },
  {
    '[{"op": "add", "path": "emails[type eq \\"home\\"]", "value": {"display": "x"}}]',
    { emails = { work, { value = "ann@home.example", type = "home", display = "x" } } },
  },
  { '[{"op": "remove", "path": "emails[type eq \\"home\\"]"}]', { emails = { work } } },
  { '[{"op": "remove", "path": "emails[type eq \\"home\\"].value"}]', { emails = { work } } },
  {
    '[{"op": "replace", "path": "emails[type eq \\"home\\"].value", "value": ""}]',
    { emails = { work } },
  },
  { '[{"op": "replace", "path": "emails[type eq \\"home\\"].display", "value": null}]', {} },
  {
    '[{"op": "replace", "path": "emails[type eq \\"home\\"].value", "value": null}]',
    { emails = { work } },
  },
  {
    '[{"op": "replace", "path": "emails[type eq \\"home\\"]", "value": null}]',
    { emails = { work } },
  },
  { '[{"op": "add", "path": "emails[type eq \\"home\\"]", "value": null}]', {} },
  { '[{"op": "add", "path": "emails[type eq \\"home\\"].value", "value": null}]', {} },
  { '[{"op": "remove", "path": "emails[type eq \\"work\\"].value"}]', { emails = { home } } },
  { '[{"op": "remove", "path": "emails[type pr]"}]', { emails = false } },
  { '[{"op": "remove", "path": "emails[type eq \\"other\\"]"}]', {} },
  {
    '[{"op": "Add", "path": "emails[type eq \\"other\\"].value", "value": "x@y"}]',
    { emails = { work, home, { value = "x@y", type = "other" } } },
  },
  {
    '[{"op": "Replace", "path": "emails[type eq \\"other\\" and primary eq false].value", "value": "x@y"}]',
    { emails = { work, home, { value = "x@y", type = "other", primary = false } } },
  },
  {
    '[{"op": "replace", "path": "emails[type eq \\"other\\"].value", "value": "x@y"}]',
    "noTarget",
    strict = true,
  },
  { '[{"op": "replace", "path": "emails[value co \\"zz\\"].value", "value": "x@y"}]', "noTarget" },
  {
    '[{"op": "add", "path": "emails[type eq \\"other\\" or type eq \\"fax\\"].value", "value": "x@y"}]',
    "noTarget",
  },
  {
    '[{"op": "add", "path": "emails[type eq \\"other\\"]", "value": {"value": "x@y", "type": "fax"}}]',
    "noTarget",
  },
  { '[{"op": "add", "path": "emails[foo eq \\"x\\"].value", "value": "x@y"}]', "invalidFilter" },
  { '[{"op": "add", "path": "emails[type zz \\"x\\"].value", "value": "x@y"}]', "invalidFilter" },
  { '[{"op": "remove", "path": "emails[type pr]", "value": [{"value": "x"}]}]', "invalidValue" },
  { '[{"op": "replace", "path": "emails.value", "value": "x@y"}]', "invalidPath" },
  {
    '[{"op": "add", "path": "phoneNumbers[type eq \\"work\\"].value", "value": "+1"}]',
    { phoneNumbers = { { type = "work", value = "+1" } } },
  },
  {
    '[{"op": "add", "path": "addresses[type eq \\"work\\"].country", "value": "DE"}]',
    { addresses = { { type = "work", country = "DE" } } },
  },
  {
    '[{"op": "add", "path": "addresses", "value": [{"type": "work", "country": "DE"}, {"type": "home", "country": "DE"}]}, {"op": "remove", "path": "addresses", "value": [{"type": "WORK", "country": "de"}, {"country": "FR"}]}]',
    { addresses = { { type = "home", country = "DE" } } },
  },
  {
    '[{"op": "add", "path": "addresses", "value": [{"type": "work", "country": "DE"}]}, {"op": "add", "path": "addresses", "value": [{"type": "WORK", "country": "de"}, {"country": "de"}, {"type": "work"}]}]',
    { addresses = { { type = "work", country = "DE" }, { country = "de" } } },
  },
  { '[{"op": "remove", "path": "addresses", "value": [{"foo": "x"}]}]', "invalidValue" },
  -- extensions
  {
    '[{"op": "add", "path": "ENT:department", "value": "IT"}]',
    { schemas = { URN.user, ENTERPRISE }, [ENTERPRISE] = { department = "IT" } },
  },
  {
    '[{"op": "add", "path": "ENT", "value": {"department": "IT", "manager": {"value": "7"}}}]',
    {
      schemas = { URN.user, ENTERPRISE },
      [ENTERPRISE] = { department = "IT", manager = { value = "7" } },
    },
  },
  {
    '[{"op": "Add", "path": "ENT:manager", "value": "7"}]',
    { schemas = { URN.user, ENTERPRISE }, [ENTERPRISE] = { manager = { value = "7" } } },
  },
  { '[{"op": "add", "path": "ENT:manager", "value": "7"}]', "invalidValue", strict = true },
  {
    '[{"op": "add", "path": "ENT:manager", "value": {"value": "7", "$ref": "u/7"}}, {"op": "replace", "path": "ENT:manager", "value": {"value": "8"}}]',
    { schemas = { URN.user, ENTERPRISE }, [ENTERPRISE] = { manager = { value = "8" } } },
  },
  {
    '[{"op": "add", "path": "ENT:department", "value": "IT"}, {"op": "remove", "path": "ENT:department"}]',
    {},
  },
  {
    '[{"op": "add", "path": "ENT:department", "value": "IT"}, {"op": "remove", "path": "ENT"}]',
    {},
  },
  { '[{"op": "add", "path": "ENT:manager.displayName", "value": "x"}]', "mutability" },
  { '[{"op": "add", "path": "department", "value": "IT"}]', "invalidPath" },
  -- without a path
  { '[{"op": "replace", "value": {"active": false}}]', { active = false } },
  { '[{"op": "replace", "value": {"id": "345", "active": false}}]', { active = false } },
  { '[{"op": "replace", "value": {"id": "346", "active": false}}]', "mutability" },
  { '[{"op": "replace", "path": "", "value": {"active": false}}]', { active = false } },
  {
    '[{"op": "replace", "value": {"schemas": [], "meta": {"version": "x"}, "groups": [], "active": false}}]',
    { active = false },
  },
  { '[{"op": "replace", "value": {"groups": []}}]', "mutability", strict = true },
  {
    '[{"op": "Replace", "value": {"name.givenName": "Anna", "name": {"middleName": "B"}, "ENT:employeeNumber": "7", "ENT:manager": "8", "emails[type eq \\"home\\"].value": "x@y"}}]',
    {
      schemas = { URN.user, ENTERPRISE },
      name = { givenName = "Anna", familyName = "Lee", middleName = "B" },
      [ENTERPRISE] = { employeeNumber = "7", manager = { value = "8" } },
      emails = { work, { value = "x@y", type = "home" } },
    },
  },
  {
    '[{"op": "add", "value": {"ENT": {"department": "IT", "manager.value": "7", "manager.$ref": "u/7"}, "emails": [{"value": "x@y"}]}}]',
    {
      schemas = { URN.user, ENTERPRISE },
      [ENTERPRISE] = { department = "IT", manager = { value = "7", ["$ref"] = "u/7" } },
      emails = { work, home, { value = "x@y" } },
    },
  },
  { '[{"op": "replace", "value": {"foo": "x", "active": false}}]', "invalidPath" },
  {
    '[{"op": "replace", "value": {"foo": "x", "active": false}}]',
    { active = false },
    lenient = true,
  },
  { '[{"op": "replace", "value": {"active": false, "Active": true}}]', "invalidSyntax" },
  { '[{"op": "replace", "value": [{"active": false}]}]', "invalidValue" },
  { '[{"op": "replace", "value": false}]', "invalidValue" },
  { '[{"op": "replace"}]', "invalidValue" },
  { '[{"op": "replace", "path": "active"}]', "invalidValue" },
  { '[{"op": "remove"}]', "noTarget" },
  { '[{"op": "remove", "value": {"active": true}}]', "noTarget" },
  -- read-only
  { '[{"op": "replace", "value": {"id": 345, "active": false}}]', { active = false } },
  { '[{"op": "replace", "value": {"id": 346, "active": false}}]', "mutability" },
  { '[{"op": "replace", "path": "id", "value": "345"}]', {} },
  { '[{"op": "replace", "path": "id", "value": "346"}]', "mutability" },
  { '[{"op": "remove", "path": "id"}]', "mutability" },
  { '[{"op": "replace", "path": "meta.version", "value": "x"}]', "mutability" },
  { '[{"op": "add", "path": "groups", "value": [{"value": "1"}]}]', "mutability" },
  { '[{"op": "replace", "path": "foo", "value": 1}]', "invalidPath" },
  { '[{"op": "replace", "path": "a b", "value": 1}]', "invalidPath" },
  { '[{"op": "replace", "path": "emails[0]", "value": 1}]', "invalidFilter" },
  { '[{"op": "replace", "path": 7, "value": 1}]', "invalidSyntax" },
  { '[{"op": "move", "path": "active", "value": 1}]', "invalidSyntax" },
  { '[{"path": "active", "value": 1}]', "invalidSyntax" },
  { '[{"op": "replace", "path": "active", "value": false, "from": "x"}]', "invalidSyntax" },
  { '[{"op": "replace", "path": "active", "Path": "title", "value": false}]', "invalidSyntax" },
  { '["x"]', "invalidSyntax" },
  { "[]", "invalidSyntax" },
  { "{}", "invalidSyntax" },
  { '{"op": "replace", "path": "active", "value": false}', "invalidSyntax" },
  {
    '[{"op": "replace", "path": "active", "value": false}, {"op": "replace", "path": "foo", "value": 1}]',
    "invalidPath",
  },
})

local without_two = { { value = "1" }, { value = "3", type = "User" } }

describe_cases("PATCH of groups", group, types.Group, {
  {
    '[{"op": "add", "path": "members", "value": [{"value": "4", "display": "Bob"}]}]',
    {
      members = {
        { value = "1" },
        { value = "2" },
        { value = "3", type = "User" },
        { value = "4" },
      },
    },
  },
  {
    '[{"op": "Add", "path": "members", "value": {"value": "4"}}]',
    {
      members = {
        { value = "1" },
        { value = "2" },
        { value = "3", type = "User" },
        { value = "4" },
      },
    },
  },
  { '[{"op": "add", "path": "members", "value": [{"value": "1"}, {"value": "1"}]}]', {} },
  {
    '[{"op": "Remove", "path": "members", "value": [{"value": "2", "$ref": null}]}]',
    { members = { { value = "1" }, { value = "3", type = "User" } } },
  },
  {
    '[{"op": "Remove", "path": "members", "value": {"value": "2"}}]',
    { members = { { value = "1" }, { value = "3", type = "User" } } },
  },
  { '[{"op": "Remove", "path": "members", "value": [{"value": "7"}]}]', {} },
  {
    '[{"op": "remove", "path": "members[value eq \\"2\\"]"}]',
    { members = { { value = "1" }, { value = "3", type = "User" } } },
  },
  { '[{"op": "remove", "path": "members[value eq \\"7\\"]"}]', {} },
  {
    '[{"op": "remove", "path": "members[value eq \\"1\\" or value eq \\"2\\"]"}]',
    { members = { { value = "3", type = "User" } } },
  },
  { '[{"op": "remove", "path": "members"}]', { members = false } },
  { '[{"op": "remove", "path": "members", "value": null}]', { members = false } },
  { '[{"op": "Remove", "path": "members", "value": []}]', "invalidValue" },
  { '[{"op": "Remove", "path": "members", "value": [{"display": "Ann"}]}]', "invalidValue" },
  { '[{"op": "Remove", "path": "members", "value": [{"id": "2"}]}]', "invalidValue" },
  -- of SCIM 1.1: read as an addition it would be the opposite of what is meant
  {
    '[{"op": "add", "path": "members", "value": [{"value": "2", "operation": "delete"}]}]',
    "invalidValue",
    lenient = true,
  },
  { '[{"op": "remove", "path": "members[value eq 2]"}]', { members = without_two } },
  {
    '[{"op": "remove", "path": "members[value eq 2 and display eq null]"}]',
    { members = without_two },
  },
  { '[{"op": "remove", "path": "members[value eq null]"}]', {} },
  { '[{"op": "add", "path": "members[value eq \\"1\\"]", "value": {"value": "5"}}]', "mutability" },
  { '[{"op": "add", "path": "members[value eq \\"1\\"]", "value": {"value": "1"}}]', {} },
  {
    '[{"op": "Remove", "path": "members", "value": [{"value": "2"}]}]',
    "invalidValue",
    strict = true,
  },
  {
    '[{"op": "replace", "path": "members", "value": [{"value": "5"}]}]',
    { members = { { value = "5" } } },
  },
  { '[{"op": "replace", "path": "members", "value": []}]', { members = false } },
  {
    '[{"op": "replace", "path": "members[value eq \\"1\\"]", "value": {"value": "5"}}]',
    { members = { { value = "5" }, { value = "2" }, { value = "3", type = "User" } } },
  },
  { '[{"op": "replace", "path": "members[value eq \\"1\\"].value", "value": "5"}]', "mutability" },
  {
    '[{"op": "replace", "path": "members[value eq \\"1\\"].display", "value": "5"}]',
    "mutability",
  },
  { '[{"op": "replace", "path": "members.value", "value": "5"}]', "mutability" },
  {
    '[{"op": "replace", "value": {"id": "9", "displayName": "Sellers"}}, {"op": "remove", "path": "members[value eq \\"1\\"]"}, {"op": "add", "path": "members", "value": [{"value": "4"}]}]',
    {
      displayName = "Sellers",
      members = { { value = "2" }, { value = "3", type = "User" }, { value = "4" } },
    },
  },
  { '[{"op": "remove", "path": "displayName"}]', "mutability" },
})

describe("patch.parse", function()
  it("reads the message whatever the case of its fields, and nothing else", function()
    local operations = { { op = "replace", path = "active", value = false } }
    for _, accepted in ipairs {
      { schemas = { URN.patch }, operations = operations },
      { schemas = { URN.patch:upper() }, Operations = operations },
      { Operations = operations },
    } do
      assert.truthy(patch.parse(accepted, types.User))
    end
    for _, refused in ipairs {
      { schemas = { URN.user }, Operations = operations },
      { schemas = "x", Operations = operations },
      { schemas = { URN.patch } },
      { schemas = { URN.patch }, Operations = operations, operations = operations },
      { schemas = { URN.patch }, Operations = operations, value = 1 },
      { schemas = { URN.patch }, Operations = "x" },
    } do
      local list, _, err = patch.parse(refused, types.User)
      assert.is_nil(list)
      assert.equal("invalidSyntax", err.scim_type)
    end
    assert.is_nil((patch.parse({ Operations = operations }, types.User, { strict = true })))
  end)

  it("gives paths in canonical spelling", function()
    local list = assert(
      patch.parse(
        body [=[[{"op": "Add", "path": "ENT:MANAGER.Value", "value": "7"}, {"op": "remove", "path": "Emails[type pr].VALUE"}]]=],
        types.User
      )
    )
    assert.same({ urn = ENTERPRISE, name = "manager", sub = "value" }, list[1].path)
    assert.same(
      { name = "emails", sub = "value", filter = { op = "pr", path = { name = "type" } } },
      list[2].path
    )
    assert.same({ "add", 1, "7" }, { list[1].op, list[1].index, list[1].value })
  end)

  it("names the operation", function()
    local list, message, err = patch.parse(
      body '[{"op": "replace", "path": "active", "value": false}, {"op": "replace", "path": "emails[type eq x]", "value": 1}]',
      types.User
    )
    assert.is_nil(list)
    assert.matches("^operation 2: .*character 16", message)
    assert.same(
      { 2, 16, "invalid_filter", "argument" },
      { err.operation, err.position, err.code, err.kind }
    )
  end)

  it("limits operations and values", function()
    local one = { op = "add", path = "members", value = { { value = "1" }, { value = "2" } } }
    local many = { schemas = { URN.patch }, Operations = { one, one, one } }
    for _, options in ipairs { { max_operations = 2 }, { max_values = 5 } } do
      local list, _, err = patch.parse(many, types.Group, options)
      assert.is_nil(list)
      assert.same({ "tooMany", 400 }, { err.scim_type, err.status })
    end
    assert.truthy(patch.parse(many, types.Group, { max_operations = 3, max_values = 6 }))
  end)
end)

describe("patch.apply of large groups", function()
  local function members(first, last)
    local list = {}
    for id = first, last do
      list[#list + 1] = { value = ("%d"):format(id) }
    end
    return list
  end

  local function effort_of(size, operations)
    local list = assert(patch.parse({ Operations = operations }, types.Group))
    local resource = group()
    resource.members = members(1, size)
    local result
    local count = effort.of(function()
      result = assert(patch.apply(resource, list, types.Group))
    end)
    return count, #result.members
  end

  local function one_by_one(count, make)
    local operations = {}
    for index = 1, count do
      operations[index] = make(index)
    end
    return operations
  end

  it("costs their size and the number of changes, not the product", function()
    local shapes = {
      function(n)
        return { { op = "add", path = "members", value = members(n + 1, 2 * n) } }, 2 * n
      end,
      function(n)
        return { { op = "Remove", path = "members", value = members(1, n / 2) } }, n / 2
      end,
      function(n)
        return one_by_one(n / 2, function(index)
          return { op = "remove", path = ('members[value eq "%d"]'):format(index) }
        end),
          n / 2
      end,
      function(n)
        return one_by_one(n / 2, function(index)
          local path = ('members[value eq "%d"]'):format(math.ceil(index / 2))
          return index % 2 == 0 and { op = "remove", path = path }
            or { op = "add", path = "members", value = { { value = "new" .. index } } }
        end),
          n
      end,
      function(n)
        return one_by_one(n, function(index)
          return index % 2 == 0 and { op = "remove", path = 'members[value eq "x"]' }
            or { op = "add", path = "members", value = { { value = "x" } } }
        end),
          n
      end,
    }
    for index, shape in ipairs(shapes) do
      local small, small_count = effort_of(100, (shape(100)))
      local large, large_count = effort_of(800, (shape(800)))
      assert.same({ select(2, shape(100)), select(2, shape(800)) }, { small_count, large_count })
      assert.is_true(large <= 10 * small, ("%d: %d, %d"):format(index, small, large))
    end
  end)

  it("has an end for what looks at all of them again and again", function()
    local resource = group()
    resource.members = members(1, 6000)
    local operations = one_by_one(1000, function(index)
      return { op = "remove", path = ('members[value sw "x%d"]'):format(index) }
    end)
    local list = assert(patch.parse({ Operations = operations }, types.Group))
    local result, message, err = patch.apply(resource, list, types.Group)
    assert.is_nil(result)
    assert.matches("too much work", message)
    assert.same({ "tooMany", 400 }, { err.scim_type, err.status })
    assert.equal(6000, #resource.members)
  end)
end)

describe("patch.split_members", function()
  local function split(operations)
    local others, changes = patch.split_members(assert(patch.parse(body(operations), types.Group)))
    return others and #others, changes
  end

  it("takes out what does not depend on who the members are", function()
    local others, changes = split [=[[
      {"op": "replace", "value": {"id": "9", "displayName": "x"}},
      {"op": "add", "path": "members", "value": [{"value": "1"}, {"value": "2"}]},
      {"op": "Remove", "path": "members", "value": [{"value": "3", "$ref": null}]},
      {"op": "remove", "path": "members[value eq \"4\" or value eq \"5\"]"},
      {"op": "remove", "path": "members"},
      {"op": "replace", "path": "members", "value": [{"value": "6"}]}
    ]]=]
    assert.equal(2, others)
    assert.same({
      { op = "add", ids = { "1", "2" } },
      { op = "remove", ids = { "3" } },
      { op = "remove", ids = { "4", "5" } },
      { op = "clear" },
      { op = "replace", ids = { "6" } },
    }, changes)
  end)

  it("gives nothing where one does", function()
    for _, operations in ipairs {
      [=[[{"op": "remove", "path": "members[type eq \"User\"]"}]]=],
      [=[[{"op": "remove", "path": "members[value sw \"1\"]"}]]=],
      [=[[{"op": "remove", "path": "members[value eq \"1\" and type eq \"User\"]"}]]=],
      [=[[{"op": "replace", "path": "members[value eq \"1\"]", "value": {"value": "2"}}]]=],
    } do
      assert.is_nil((split(operations)), operations)
    end
  end)
end)

describe("patch.body", function()
  it("has a path in every operation", function()
    local message = patch.body {
      { op = "replace", path = "active", value = false },
      { op = "remove", path = 'members[value eq "1"]' },
      { op = "add", path = { name = "members" }, value = json.list { { value = "1" } } },
    }
    assert.same({
      schemas = { URN.patch },
      Operations = {
        { op = "replace", path = "active", value = false },
        { op = "remove", path = 'members[value eq "1"]' },
        { op = "add", path = "members", value = { { value = "1" } } },
      },
    }, message)
    assert.has_error(function()
      patch.body { { op = "replace", value = { active = false } } }
    end)
    assert.has_error(function()
      patch.body { { op = "add", path = "a b", value = 1 } }
    end)
  end)
end)

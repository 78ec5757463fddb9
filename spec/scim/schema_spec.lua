-- luacheck: no max line length (bodies of requests, one a line)
local filter = require "lastpass.scim.filter"
local json = require "lastpass.json"
local schema = require "lastpass.scim.schema"

local URN, types = schema.URN, schema.types

local function normalize(text, options, type_of)
  return schema.normalize(type_of or types.User, json.decode(text), options)
end

describe("schema.resolve", function()
  local function found(text, type_of)
    local result, message = schema.resolve(type_of or types.User, text)
    assert.truthy(result, message)
    return result
  end

  it("finds attributes whatever the case, with and without URN", function()
    assert.equal("userName", found("USERNAME").name)
    assert.equal("userName", found(URN.user .. ":username").name)
    local given_name = found "Name.GivenName"
    assert.same({ "name", "givenName" }, { given_name.name, given_name.sub })
    assert.is_nil(found("userName").extension)
    local manager = found(URN.enterprise:lower() .. ":Manager.value")
    assert.same({ URN.enterprise, "manager", "value" }, { manager.urn, manager.name, manager.sub })
    assert.is_true(manager.definition.case_exact)
    assert.equal("members", found("members", types.Group).name)
    assert.equal("$ref", found("members.$ref", types.Group).sub)
    assert.is_nil(found(URN.enterprise).name)
  end)

  it("finds nothing else", function()
    for _, text in ipairs {
      "",
      "foo",
      "name.foo",
      "userName.x",
      "a.b.c",
      "department",
      "members",
      URN.group .. ":displayName",
      URN.enterprise .. ":userName",
      "urn:x:y:userName",
      "2.0:User",
      ":",
      ":userName",
    } do
      local result, message = schema.resolve(types.User, text)
      assert.is_nil(result, text)
      assert.equal("string", type(message))
    end
  end)
end)

describe("schema.normalize", function()
  it("puts right what directories send", function()
    local user = assert(normalize [[{
      "schemas": ["urn:other"], "ID": 345, "username": "ann@acme.example", "active": "False", "title": null,
      "name": { "GIVENNAME": "Ann", "familyName": null }, "groups": [], "nickName": "",
      "emails": { "value": "ann@acme.example", "type": "work", "primary": "true" },
      "phoneNumbers": ["+49 1", {"value": "+49 1"}, null, {"value": "+49 2", "type": null}],
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user": { "manager": "26", "department": null }
    }]])
    assert.same({
      schemas = { URN.user, URN.enterprise },
      id = "345",
      userName = "ann@acme.example",
      active = false,
      nickName = "",
      name = { givenName = "Ann" },
      emails = { { value = "ann@acme.example", type = "work", primary = true } },
      phoneNumbers = { { value = "+49 1" }, { value = "+49 2" } },
      [URN.enterprise] = { manager = { value = "26" } },
    }, user)
  end)

  it("names an extension only when there are data of it", function()
    local user = assert(
      normalize(
        ([[{"schemas": ["%s", "%s"], "%s": {"department": null}}]]):format(
          URN.user,
          URN.enterprise,
          URN.enterprise
        )
      )
    )
    assert.same({ schemas = { URN.user } }, user)
    for _, data in ipairs { "null", "{}", "[]" } do
      local text = ('{"%s": %s}'):format(URN.enterprise, data)
      assert.same({ schemas = { URN.user } }, (normalize(text)))
    end
  end)

  it(
    "leaves out what is read-only in what a client sends, and asks for what is required",
    function()
      local text =
        [[{"id": "7", "meta": {"version": "x"}, "groups": [{"value": "1"}], "userName": "a@b", "active": true}]]
      assert.same(
        { schemas = { URN.user }, userName = "a@b", active = true },
        (normalize(text, { input = true }))
      )
      assert.same("7", normalize(text).id)
      local group = assert(
        normalize(
          [[{"displayName": "G", "members": [{"value": "1", "display": "x", "$ref": null}]}]],
          { input = true },
          types.Group
        )
      )
      assert.same({ { value = "1" } }, group.members)
      for _, body in ipairs { "{}", '{"userName": ""}', '{"userName": null}' } do
        local user, _, err = normalize(body, { input = true })
        assert.is_nil(user)
        assert.equal("invalidValue", err.scim_type)
      end
      assert.truthy(normalize "{}")
    end
  )

  local refused = {
    ['{"active": "yes"}'] = "invalidValue",
    ['{"active": 1}'] = "invalidValue",
    ['{"userName": true}'] = "invalidValue",
    ['{"userName": ["a"]}'] = "invalidValue",
    ['{"userName": {"value": "a"}}'] = "invalidValue",
    ['{"name": "Ann"}'] = "invalidValue",
    ['{"name": ["Ann"]}'] = "invalidValue",
    ['{"addresses": "Berlin"}'] = "invalidValue",
    ['{"emails": [{"value": "a", "primary": 1}]}'] = "invalidValue",
    ['{"emails": [{"foo": "a"}]}'] = "invalidValue",
    ['{"emails": [["a"]]}'] = "invalidValue",
    ['{"emails": [{"value": {"x": 1}}]}'] = "invalidValue",
    ['{"x509Certificates": [{"value": "***"}]}'] = "invalidValue",
    ['{"meta": {"created": "yesterday"}}'] = "invalidValue",
    ['{"foo": 1}'] = "invalidSyntax",
    ['{"userName": "a", "USERNAME": "b"}'] = "invalidSyntax",
    ['{"name": {"givenName": "a", "givenname": "b"}}'] = "invalidSyntax",
    ['{"urn:x:y": {}}'] = "invalidSyntax",
    ['{"' .. URN.enterprise .. '": {"foo": 1}}'] = "invalidSyntax",
    ['{"' .. URN.enterprise .. '": "x"}'] = "invalidValue",
  }
  for text, scim_type in pairs(refused) do
    it("refuses " .. text, function()
      local user, message, err = normalize(text)
      assert.is_nil(user)
      assert.same({ scim_type, 400 }, { err.scim_type, err.status }, message)
    end)
  end

  it("leaves unknown attributes out, or keeps them, when asked", function()
    local text =
      '{"foo": {"x": 1}, "urn:x:y": {"a": "b"}, "userName": "a", "emails": [{"value": "c", "z": 1}]}'
    local known = { schemas = { URN.user }, userName = "a", emails = { { value = "c" } } }
    assert.same(known, (normalize(text, { lenient = true })))
    known.foo, known["urn:x:y"] = { x = 1 }, { a = "b" }
    assert.same(known, (normalize(text, { lenient = "keep" })))
  end)

  it("converts nothing when it is to be strict", function()
    for _, text in ipairs {
      '{"active": "False"}',
      '{"id": 345}',
      '{"emails": {"value": "a"}}',
      '{"emails": ["a"]}',
      '{"' .. URN.enterprise .. '": {"manager": "26"}}',
    } do
      assert.truthy(normalize(text), text)
      assert.is_nil((normalize(text, { strict = true })), text)
    end
    local body = '{"userName": "a"%s}'
    assert.is_nil((normalize(body:format "", { strict = true, input = true })))
    assert.is_nil(
      (normalize(body:format ', "schemas": ["urn:x"]', { strict = true, input = true }))
    )
    assert.truthy(
      normalize(body:format(', "schemas": ["' .. URN.user .. '"]'), { strict = true, input = true })
    )
  end)

  it("reads schemas as a list of URNs", function()
    for _, schemas in ipairs { '"urn:x"', '{"a": "urn:x"}', "[1]", '["urn:x", null]', "7" } do
      local user, _, err =
        normalize('{"userName": "a", "schemas": ' .. schemas .. "}", { input = true })
      assert.is_nil(user, schemas)
      assert.equal("invalidSyntax", err.scim_type)
    end
    assert.truthy(normalize('{"userName": "a", "schemas": null}', { input = true }))
  end)

  it("refuses two primary values of a client, and joins what is said twice", function()
    local two =
      '{"userName": "a", "emails": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]}'
    assert.is_nil((normalize(two, { input = true })))
    assert.truthy(normalize(two))
    local twice =
      '{"emails": [{"value": "A", "type": "work"}, {"value": "a", "type": "Work", "primary": true}, {"value": "a"}]}'
    assert.same(
      { { value = "a", type = "Work", primary = true }, { value = "a" } },
      normalize(twice).emails
    )
  end)

  it("does not change what it is given", function()
    local given =
      json.decode '{"userName": "a", "emails": [{"value": "b", "x": null}], "name": {"givenName": null}}'
    local before = json.encode(given)
    assert(schema.normalize(types.User, given, { lenient = true }))
    assert.equal(before, json.encode(given))
  end)
end)

describe("types of a caller's own", function()
  local function simple(name, kind)
    return {
      name = name,
      type = kind,
      multi = false,
      required = false,
      case_exact = false,
      mutability = "readWrite",
      returned = "default",
      uniqueness = "none",
    }
  end

  local attributes = {
    simple("size", "integer"),
    simple("weight", "decimal"),
    simple("since", "dateTime"),
    simple("key", "binary"),
  }
  local thing =
    { name = "Thing", urn = "urn:x:Thing", extensions = {}, attributes = attributes, index = {} }
  for _, attribute in ipairs(attributes) do
    thing.index[attribute.name] = attribute
  end

  it("have values of their types", function()
    local function value(name, given)
      local result = schema.normalize(thing, { [name] = given })
      return result and result[name]
    end
    assert.equal(3, value("size", 3))
    assert.is_nil(value("size", 3.5))
    assert.is_nil(value("size", "3"))
    assert.equal(3.5, value("weight", 3.5))
    assert.is_nil(value("weight", true))
    assert.equal("YQ==", value("key", "YQ=="))
    assert.is_nil(value("key", "a b"))
    for text, is_time in pairs {
      ["2026-11-30T09:15:00Z"] = true,
      ["2026-11-30T09:15:00"] = true,
      ["2026-11-30T24:00:00Z"] = true,
      ["2026-11-30T09:15:00.123456789+14:00"] = true,
      ["2026-11-30T09:15:00-00:59"] = true,
      ["2026-11-30T24:00:01Z"] = false,
      ["2026-11-30T24:00:00.1Z"] = false,
      ["2026-11-30T09:15:00+15:00"] = false,
      ["2026-11-30T09:15:00+01:60"] = false,
      ["2026-02-29T09:15:00Z"] = false,
      ["2026-11-30T09:15Z"] = false,
      ["2026-11-30T09:15:00.Z"] = false,
      ["2026-11-30"] = false,
    } do
      assert.equal(is_time and text or nil, value("since", text), text)
    end
  end)

  it("are searched by their types", function()
    local function holds(text)
      return assert(filter.compile(assert(filter.parse(text)), thing)) {
        size = 9,
        weight = -1.5,
        since = "2026-11-30T09:15:00.5Z",
        key = "YQ==",
      }
    end
    assert.is_true(holds "size gt 8 and size lt 10 and size eq 9.0 and weight le -1.5")
    assert.is_false(holds "size gt 10")
    assert.is_true(
      holds 'since gt "2026-11-30T09:15:00.49Z" and since lt "2026-11-30T09:15:00.500001Z"'
    )
    assert.is_true(holds 'since eq "2026-11-30T10:15:00.500+01:00"')
    assert.is_true(holds 'key eq "YQ==" and key ne "yq=="')
    for _, text in ipairs { 'size eq "9"', "key gt 1", 'key gt "a"', "size co 9", 'weight sw "1"' } do
      assert.is_nil((filter.compile(assert(filter.parse(text)), thing)), text)
    end
    local lenient =
      assert(filter.compile(assert(filter.parse 'size eq "9"'), thing, { lenient = true }))
    assert.is_true(lenient { size = 9 })
  end)
end)

describe("documents of discovery", function()
  it("are those of the RFC", function()
    local config = schema.service_provider_config({
      patch = true,
      bulk = { max_operations = 10, max_payload = 1000 },
      filter = { max_results = 200 },
      pagination = { cursor = true, default_page_size = 100, max_page_size = 500 },
    }, "https://x.example/scim")
    assert.same({ URN.service_provider_config }, config.schemas)
    assert.same({ supported = true, maxOperations = 10, maxPayloadSize = 1000 }, config.bulk)
    assert.same({ supported = false }, config.etag)
    assert.equal("https://x.example/scim/ServiceProviderConfig", config.meta.location)
    local kinds = schema.resource_types "https://x.example/scim"
    assert.same({ "User", "Group" }, { kinds[1].id, kinds[2].id })
    assert.same({ { schema = URN.enterprise, required = false } }, kinds[1].schemaExtensions)
    assert.truthy(json.encode(kinds[2]):find('"schemaExtensions":[]', 1, true))
    local schemas = schema.schemas "https://x.example/scim"
    assert.same(
      { URN.user, URN.enterprise, URN.group },
      { schemas[1].id, schemas[2].id, schemas[3].id }
    )
    local user_name = schemas[1].attributes[1]
    assert.same({
      name = "userName",
      type = "string",
      multiValued = false,
      description = user_name.description,
      required = true,
      caseExact = false,
      mutability = "readWrite",
      returned = "default",
      uniqueness = "server",
    }, user_name)
    assert.equal("https://x.example/scim/Schemas/" .. URN.group, schemas[3].meta.location)
  end)
end)

local effort = require "spec.support.effort"
local filter = require "lastpass.scim.filter"
local json = require "lastpass.json"
local schema = require "lastpass.scim.schema"

local ENTERPRISE = schema.URN.enterprise

local function parse(text, options)
  local node, message = filter.parse(text, options)
  return assert(node, message)
end

describe("filter.parse and print", function()
  -- what is read, and how it is written; false: as it was read
  local forms = {
    { 'userName eq "bjensen"', false },
    { 'name.familyName co "O\'Malley"', false },
    { "title pr", false },
    { 'title pr and userType eq "Employee"', false },
    { 'a pr or b pr and c eq "x"', false },
    { '(a pr or b pr) and c eq "x"', false },
    { "(a pr and b pr) or c pr", "a pr and b pr or c pr" },
    { "((a pr))", "a pr" },
    { "not (a pr)", false },
    { 'NOT(a Eq "x")', 'not (a eq "x")' },
    { "not (not (a pr))", false },
    { "a pr and (b pr and c pr)", "a pr and b pr and c pr" },
    { "(a eq 1)and(b eq 2)or not(c pr)", "a eq 1 and b eq 2 or not (c pr)" },
    { '  a   eq   "x"  ', 'a eq "x"' },
    { 'emails[type eq "work" and value co "@x.example"]', false },
    {
      'emails[ (type eq "a" or type eq "b") and not(primary eq true) and display pr ].value pr',
      'emails[(type eq "a" or type eq "b") and not (primary eq true) and display pr].value pr',
    },
    { 'emails[type eq "work"] and active eq true', false },
    { 'members.$ref eq "https://x/y"', false },
    { 'meta.lastModified gt "2026-11-13T04:42:34Z"', false },
    { ENTERPRISE .. ':manager.value eq "26"', false },
    { 'urn:example:custom:1.0:Thing:a.b eq "x"', false },
    { "a eq null", false },
    { "a eq -1.5 or b eq 2e2 or c eq false", "a eq -1.5 or b eq 200 or c eq false" },
    { [[a eq "\"\\\/\n\u00e9\ud83d\ude00"]], 'a eq "\\"\\\\/\\n\195\169\240\159\152\128"' },
    { 'a eq "x)y](and ["', false },
    { 'notes eq "x" and nota pr', false },
    { "android pr or oracle pr", false },
  }

  for _, form in ipairs(forms) do
    it(form[1], function()
      local node = parse(form[1])
      local text = filter.print(node)
      assert.equal(form[2] or form[1], text)
      assert.same(node, parse(text))
    end)
  end

  it("binds not before and before or", function()
    local node = parse 'a pr or not (b pr) and c eq "x"'
    assert.same({
      op = "or",
      { op = "pr", path = { name = "a" } },
      {
        op = "and",
        { op = "not", { op = "pr", path = { name = "b" } } },
        { op = "eq", path = { name = "c" }, value = "x" },
      },
    }, node)
  end)

  it("splits an URN at the longest that is known", function()
    assert.same(
      { urn = ENTERPRISE, name = "manager", sub = "value" },
      parse(ENTERPRISE .. ":manager.value pr").path
    )
    assert.same(
      { urn = ENTERPRISE, name = "department" },
      parse(ENTERPRISE:upper() .. ":department pr").path
    )
  end)

  -- what is refused, at which character, and a word of the message
  local refused = {
    { "", 1, "a filter" },
    { "   ", 4, "a filter" },
    { "a", 2, "operator" },
    { "a eq", 5, "a space" },
    { "a eq ", 6, "a value" },
    { 'a is "x"', 3, "unknown operator 'is'" },
    { 'a equals "x"', 3, "unknown operator 'equals'" },
    { "a eq 'x'", 6, "double quotes" },
    { "a eq jyoung", 6, "double quotes" },
    { "a eq True", 6, "a value" },
    { 'a eq "x', 8, "the end of the string" },
    { 'a eq "\\x"', 6, "not JSON" },
    { 'a eq "\1"', 6, "not JSON" },
    { 'a eq "\255"', 6, "not JSON" },
    { "a eq 01", 6, "not JSON" },
    { "a eq [1]", 6, "a value" },
    { "a eq 1e17", 6, "too large" },
    { '(a eq "x"', 10, "')'" },
    { 'a eq "x")', 9, "'and', 'or' or the end" },
    { "a pr b pr", 6, "'and', 'or' or the end" },
    { "a pr and", 9, "a filter after 'and'" },
    { "a pr and or b pr", 13, "unknown operator 'b'" },
    { "not a pr", 5, "unknown operator 'a'" },
    { "emails[]", 8, "a filter" },
    { "emails[type pr", 15, "']'" },
    { "emails[a[b pr] pr]", 9, "inside of others" },
    { "emails[type pr] eq 1", 1, "sub-attribute" },
    { "emails[type pr].value", 22, "operator" },
    { "a.b.c pr", 1, "not the name" },
    { "name.x[y pr]", 13, "[ ]" },
    { "1a pr", 1, "a filter" },
    { ENTERPRISE .. " pr", 1, "URN" },
    { "a eq 1and b pr", 6, "a value" },
  }

  for _, case in ipairs(refused) do
    it("refuses " .. case[1], function()
      local node, message, err = filter.parse(case[1])
      assert.is_nil(node)
      assert.truthy(message:find(case[3], 1, true), message)
      assert.same(
        { "invalid_filter", "invalidFilter", 400, case[2] },
        { err.code, err.scim_type, err.status, err.position },
        message
      )
    end)
  end
end)

describe("limits of filters", function()
  local function nested(depth, before, after)
    return before:rep(depth) .. "a pr" .. after:rep(depth)
  end

  it("refuse what is too long without reading it", function()
    local text = ("a pr or "):rep(1024)
    for _, long in ipairs { text .. "a pr", ("("):rep(2 ^ 20), '"' .. ("x"):rep(2 ^ 20) } do
      local node, message, err
      local work = effort.of(function()
        node, message, err = filter.parse(long)
      end)
      assert.is_nil(node)
      assert.matches("8192 are the limit", message)
      assert.equal("invalidFilter", err.scim_type)
      assert.is_true(work < 1000, work)
    end
    assert.truthy(filter.parse(" " .. text:sub(1, -9) .. "a pr" .. " "))
    assert.truthy(filter.parse(text .. "a pr", { max_length = 8200 }))
  end)

  it("refuse what is too deep at the bracket that is too much", function()
    assert.truthy(filter.parse(nested(50, "(", ")")))
    assert.truthy(filter.parse(nested(50, "not (", ")")))
    assert.truthy(filter.parse(nested(250, "not(", ")"), { max_depth = 250 }))
    assert.truthy(
      filter.parse("emails[" .. nested(249, "b pr and(", ")") .. "]", { max_depth = 250 })
    )
    local node, message, err = filter.parse(nested(51, "(", ")"))
    assert.is_nil(node)
    assert.matches("more than 50 nested", message)
    assert.equal(51, err.position)
    assert.is_nil((filter.parse(("("):rep(8000))))
    assert.is_nil((filter.parse(nested(3, "not (", ")"), { max_depth = 2 })))
    assert.has_error(function()
      filter.parse("a pr", { max_depth = 251 })
    end)
    assert.has_error(function()
      filter.parse("a pr", { max_length = 2 ^ 20 })
    end)
  end)

  it("have room for as many comparisons as fit", function()
    local text = ("a pr or "):rep(4095) .. "a pr"
    assert.equal(4096, #parse(text, { max_length = 32768 }))
    assert.equal(4096, #parse(("(a pr)or"):rep(4095) .. "(a pr)", { max_length = 32768 }))
  end)

  it("are met in linear time", function()
    local shapes = {
      function(n)
        return ("a eq 1 and (b pr) or "):rep(n) .. "c pr"
      end,
      function(n)
        return ('emails[type eq "w" or not(value pr)].value co "x" and '):rep(n) .. "c pr"
      end,
      function(n)
        return "a pr" .. (" "):rep(20 * n) .. "x"
      end,
      function(n)
        return 'a eq "' .. ("\\"):rep(10 * n)
      end,
      function(n)
        return ("a."):rep(10 * n) .. " pr"
      end,
      function(n)
        return ("a:"):rep(10 * n) .. "b pr"
      end,
    }
    for index, shape in ipairs(shapes) do
      local function work(n)
        return effort.of(function()
          filter.parse(shape(n), { max_length = 32768 })
        end)
      end
      work(10)
      local small, large = work(100), work(400)
      assert.is_true(large <= 6 * small + 2000, ("%d: %d, %d"):format(index, small, large))
    end
  end)
end)

describe("filter.path", function()
  for _, text in ipairs {
    "active",
    "name.givenName",
    'members[value eq "2819c223"]',
    'emails[type eq "work" and primary eq true].value',
    ENTERPRISE,
    ENTERPRISE .. ":manager",
    ENTERPRISE .. ":manager.value",
  } do
    it("reads " .. text, function()
      assert.equal(text, filter.print_path((assert(filter.path(text)))))
    end)
  end

  it("tells a bad path from a bad filter in it", function()
    for text, scim_type in pairs {
      [""] = "invalidPath",
      ["a b"] = "invalidPath",
      ["a.b.c"] = "invalidPath",
      ["members[value eq x]"] = "invalidFilter",
      ['members[value foo "x"]'] = "invalidFilter",
      ["members[0]"] = "invalidFilter",
      ["members[value pr"] = "invalidFilter",
      ["members[value pr].a.b"] = "invalidPath",
    } do
      local path, _, err = filter.path(text)
      assert.is_nil(path, text)
      assert.equal(scim_type, err.scim_type, text)
    end
  end)
end)

local function test_of(text, options)
  return assert(filter.compile(parse(text), schema.types.User, options))
end

local user = {
  schemas = { schema.URN.user },
  id = "2819c223",
  externalId = "Ann-7",
  userName = "Ann.L\195\169e@Acme.example",
  name = { givenName = "Ann", familyName = "L\195\137E" },
  active = false,
  title = "",
  emails = {
    { value = "ann@acme.example", type = "work", primary = true },
    { value = "ann@home.example", type = "home" },
  },
  meta = { created = "2026-11-30T09:00:00+01:00", resourceType = "User" },
  [ENTERPRISE] = { manager = { value = "aB" }, department = "IT" },
}

describe("filter.compile", function()
  local expected = {
    ['userName eq "ann.l\195\137e@acme.EXAMPLE"'] = true,
    ['userName eq "ann"'] = false,
    ['userName eq " ann.l\195\169e@acme.example"'] = false,
    ['externalId eq "ann-7"'] = false,
    ['externalId eq "Ann-7"'] = true,
    ['id eq "2819C223"'] = false,
    ['userName sw "ANN"'] = true,
    ['userName ew "example"'] = true,
    ['userName ew ""'] = true,
    ['userName co ".L\195\137"'] = true,
    ['userName gt "ANA"'] = true,
    ['userName lt "ana"'] = false,
    ['id lt "2819c223"'] = false,
    ['id gt "2819c223"'] = false,
    ['id le "2819c223"'] = true,
    ['id ge "2819c223"'] = true,
    ['USERNAME ge "ann.l\195\169e@acme.example"'] = true,
    ["active eq false"] = true,
    ["active ne false"] = false,
    ["active pr"] = true,
    ["title pr"] = false,
    ['title eq ""'] = true,
    ["title eq null"] = false,
    ["nickName eq null"] = true,
    ["nickName ne null"] = false,
    ['nickName eq "x"'] = false,
    ['nickName ne "x"'] = true,
    ['not (nickName eq "x")'] = true,
    ["name pr"] = true,
    ["addresses pr"] = false,
    ['emails eq "ANN@home.example"'] = true,
    ['emails.value co "home"'] = true,
    ['emails.type eq "work" and emails.value co "home"'] = true,
    ['emails[type eq "work" and value co "home"]'] = false,
    ['emails[type eq "home" and value co "home"]'] = true,
    ['emails[type eq "work"].value eq "ann@acme.example"'] = true,
    ['emails[type eq "work"].value eq "ann@home.example"'] = false,
    ['emails[type eq "other"].value eq null'] = true,
    ["emails[primary eq true]"] = true,
    ["emails[not (type pr)]"] = false,
    ["emails.display pr"] = false,
    ['emails.type ne "work"'] = true,
    ['meta.created eq "2026-11-30T08:00:00Z"'] = true,
    ['meta.created eq "2026-11-30T08:00:00"'] = true,
    ['meta.created lt "2026-11-30T09:00:00+00:30"'] = true,
    ['meta.created ge "2026-11-30T08:00:00.001Z"'] = false,
    ['meta.created gt "2026-11-29T24:00:00Z"'] = true,
    ['meta.resourceType eq "User"'] = true,
    ['schemas eq "' .. schema.URN.user .. '"'] = true,
    ['schemas eq "' .. ENTERPRISE .. '"'] = false,
    [ENTERPRISE .. ':department eq "it"'] = true,
    [ENTERPRISE .. ':manager.value eq "aB"'] = true,
    [ENTERPRISE .. ':manager eq "ab"'] = false,
    [schema.URN.user .. ":active eq false"] = true,
    ["userName pr and (active eq true or title pr) or id pr"] = true,
  }
  for text, is_match in pairs(expected) do
    it(text, function()
      assert.equal(is_match, test_of(text)(user))
    end)
  end

  it("refuses what cannot be compared", function()
    for _, text in ipairs {
      "active gt false",
      'active eq "false"',
      'active co "a"',
      'x509Certificates gt "a"',
      'x509Certificates co "a"',
      "userName eq 5",
      "userName gt null",
      'name eq "x"',
      'addresses eq "x"',
      'meta.created eq "yesterday"',
      'meta.created co "2026"',
      'password eq "x"',
      "password pr",
      'foo eq "x"',
      'name.foo eq "x"',
      'emails[foo eq "x"]',
      'emails[value.x eq "x"]',
      'name[givenName eq "x"]',
      "schemas[value eq 1]",
      'department eq "x"',
      ENTERPRISE .. ':userName eq "x"',
      'urn:other:Thing:userName eq "x"',
    } do
      local test, message, err = filter.compile(parse(text), schema.types.User)
      assert.is_nil(test, text)
      assert.same({ "invalidFilter", 400 }, { err.scim_type, err.status }, message)
    end
  end)

  it("takes unknown attributes for absent ones where that is asked for", function()
    local options = { unknown = "absent" }
    assert.is_false(test_of('foo eq "x"', options)(user))
    assert.is_false(test_of("foo pr", options)(user))
    assert.is_true(test_of("foo eq null", options)(user))
    assert.is_true(test_of('foo ne "x"', options)(user))
    assert.is_true(test_of('foo eq "x" or active eq false', options)(user))
    assert.is_false(test_of('emails[foo eq "x"]', options)(user))
    assert.is_true(test_of('emails[foo eq null and type eq "work"]', options)(user))
  end)

  it("takes values without quotes as they are, where that is asked for", function()
    for text, value in pairs {
      ["jyoung"] = "jyoung",
      ["True"] = true,
      ["null"] = json.null,
      ["12"] = 12,
      ["00123"] = "00123",
      ["1e3"] = "1e3",
      ["12345678901234567890"] = "12345678901234567890",
      ["2011-05-13T04:42:34Z"] = "2011-05-13T04:42:34Z",
      ['"quoted"'] = "quoted",
    } do
      assert.equal(value, parse("a eq " .. text .. " and b pr", { lenient = true })[1].value)
    end
    assert.is_nil((filter.parse("a eq x\255", { lenient = true })))
    assert.is_nil((filter.parse("a eq x'\"", { lenient = true })))
  end)

  it("converts where that is asked for", function()
    assert.is_true(test_of('active eq "False"', { lenient = true })(user))
    local node = parse("externalId eq Ann-7 and active eq False", { lenient = true })
    assert.is_true(assert(filter.compile(node, schema.types.User, { lenient = true }))(user))
  end)
end)

describe("filter's builders", function()
  it("make what they say, whatever a value has in it", function()
    local hostile = 'x" or userName pr or userName eq "'
    local node = filter.all {
      filter.eq("userName", hostile),
      filter.any { filter.eq("active", true), filter.negate(filter.present "title") },
      filter.all { filter.compare("meta.created", "gt", "2026-01-01T00:00:00Z") },
    }
    local text = filter.print(node)
    assert.equal(
      'userName eq "x\\" or userName pr or userName eq \\"" and (active eq true or not (title pr)) '
        .. 'and meta.created gt "2026-01-01T00:00:00Z"',
      text
    )
    assert.same(node, parse(text))
  end)

  it("raise for what is no filter", function()
    assert.has_error(function()
      filter.eq("user name", "x")
    end)
    assert.has_error(function()
      filter.compare("userName", "is", "x")
    end)
    assert.has_error(function()
      filter.eq("userName", {})
    end)
    assert.has_error(function()
      filter.eq("userName", "\255")
    end)
    assert.has_error(function()
      filter.all {}
    end)
  end)
end)

describe("filter.equality", function()
  local function equality(text, names)
    return filter.equality(parse(text), schema.types.User, names)
  end

  it("is the one that every match fulfils", function()
    assert.same({ attribute = "userName", value = "x" }, equality 'USERNAME eq "x"')
    assert.same({ attribute = "emails.value", value = "x" }, equality 'emails eq "x"')
    assert.same({ attribute = "emails.value", value = "x" }, equality 'emails[value eq "x"]')
    assert.same(
      { attribute = ENTERPRISE .. ":department", value = "x" },
      equality(ENTERPRISE .. ':department eq "x"')
    )
    assert.same(
      { attribute = "id", value = "7" },
      equality('active eq true and userName eq "x" and id eq "7"', { "id", "userName" })
    )
    assert.same(
      { attribute = "userName", value = "x" },
      equality('active eq true and userName eq "x"', { "id", "userName" })
    )
  end)

  it("is none where a match need not", function()
    for _, text in ipairs {
      'userName eq "x" or id eq "7"',
      'not (userName eq "x")',
      'userName co "x"',
      "userName eq null",
      'emails[type eq "work"].value eq "x"',
      'foo eq "x"',
    } do
      assert.is_nil(equality(text), text)
    end
    assert.is_nil(equality('title eq "x"', { "userName" }))
    assert.same({ attribute = "foo", value = json.decode "1" }, filter.equality(parse "foo eq 1"))
  end)

  it("is asked of every attribute, whatever it is compared with", function()
    local operands = { '"x"', "1", "true", "null", '"2026-11-30T09:15:00Z"' }
    local function try(type_of, resource, text)
      local node = parse(text)
      filter.equality(node, type_of)
      local test, message = filter.compile(node, type_of)
      assert.equal("boolean", test and type(test(resource)) or message and "boolean", text)
    end
    for _, type_of in pairs(schema.types) do
      local resource = { id = "1", schemas = { type_of.urn }, meta = {} }
      for _, attribute in pairs(type_of.index) do
        local names = { attribute.name, attribute.name .. "[value %s].type" }
        for _, sub in ipairs(attribute.subs or {}) do
          names[#names + 1] = attribute.name .. "." .. sub.name
          names[#names + 1] = attribute.name .. "[" .. sub.name .. " %s]"
        end
        for _, name in ipairs(names) do
          for _, op in ipairs { "eq", "ne", "co", "gt" } do
            for _, operand in ipairs(operands) do
              local comparison = op .. " " .. operand
              local selects = name:find("[", 1, true)
              local text = selects and name:format(comparison) or name .. " " .. comparison
              text = text:find "type$" and selects and text .. " pr" or text
              try(type_of, resource, text)
            end
          end
        end
      end
    end
  end)
end)

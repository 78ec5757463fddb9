-- One record; whole sources are in table_spec, json_spec and the peers' slapd_spec.
local json = require "lastpass.json"
local record = require "lastpass.source.record"

do
  local function reader(more)
    local self = { kind = {}, trim = true }
    for name, value in pairs(more or {}) do
      self[name] = value
    end
    return self
  end

  local function column(name, more, plan)
    local given = { join = " ", email = name == "email" }
    for key, value in pairs(more or {}) do
      given[key] = value
    end
    return record.column(
      plan or { required = {}, dates = {} },
      name,
      given.headers or { name },
      given
    )
  end

  -- The value of one column; or the code and reason why it is refused.
  local function value_of(one, object, self)
    local person, refusal = record.read(self or reader(), { one }, object)
    if refusal then
      assert.equal(one, refusal[3].column)
      return refusal[1] .. ": " .. refusal[2]
    end
    return person[one.name]
  end

  describe("record.read", function()
    it("joins the values of several keys and those of a list", function()
      local name = column("name", { headers = { "first", "last" } })
      assert.equal("Ann Lee", value_of(name, { first = " Ann", last = "Lee " }))
      assert.equal("Lee", value_of(name, { first = "", last = "Lee" }))
      assert.equal("A B Lee", value_of(name, { first = { "A", "", "B" }, last = "Lee" }))
      assert.equal("", value_of(name, { first = "" }))
      assert.is_nil(value_of(name, {}))
      assert.equal("A-B", value_of(column("tags", { join = "-" }), { tags = { "A", "B" } }))
    end)

    it("makes lists of what is to be one", function()
      local tags = column("tags", { list = true })
      assert.same({ "A", "B" }, value_of(tags, { tags = { "A", "", " B" } }))
      assert.same({ "A" }, value_of(tags, { tags = "A" }))
      assert.same({}, value_of(tags, { tags = {} }))
      assert.is_nil(value_of(tags, {}))
      local both = column("tags", { list = true, headers = { "one", "two" } })
      assert.same({ "1", "2", "3" }, value_of(both, { one = 1, two = { 2, 3 } }))
    end)

    it("refuses several values where one is needed", function()
      local two = { email = { "a@b", "c@d" }, id = { 1, 2 } }
      assert.equal(
        "many_values: 'email' has 2 values where one is wanted",
        value_of(column "email", two)
      )
      local id = column("id", nil, { key = "id", required = {}, dates = {} })
      assert.equal("many_values: 'id' has 2 values where one is wanted", value_of(id, two))
      assert.same({ "a@b", "c@d" }, value_of(column("email", { list = true }), two))
    end)

    it("refuses several values without an order, unless they are to be joined", function()
      local unordered = reader { kind = { is_unordered = true } }
      local object = { cn = { "B", "A" } }
      assert.equal(
        "many_values: 'cn' has 2 values where one is wanted",
        value_of(column "cn", object, unordered)
      )
      assert.equal("A B", value_of(column("cn", { joined = true }), object, unordered))
      assert.same({ "A", "B" }, value_of(column("cn", { list = true }), object, unordered))
      assert.same({}, value_of(column("cn", { list = true }), {}, unordered))
    end)

    it("refuses what is no text", function()
      assert.equal(
        "not_a_value: 'name' holds another object",
        value_of(column "name", { name = { x = 1 } })
      )
      assert.equal("not_a_value: 'name' is a function", value_of(column "name", { name = print }))
      assert.equal(
        "bad_encoding: 'name' is not valid UTF-8",
        value_of(column "name", { name = "\255" })
      )
      assert.equal("ff00", value_of(column("name", { binary = true }), { name = "\255\0" }))
    end)

    it("trims, or not", function()
      assert.equal("x", value_of(column "name", { name = " x\194\160" }))
      assert.equal(" x ", value_of(column "name", { name = " x " }, reader { trim = false }))
    end)

    it("goes on behind a value that cannot be read", function()
      local list = { column "email", column "name" }
      local person, refusal = record.read(reader(), list, { email = "a@b", name = { x = 1 } })
      assert.equal("a@b", person.email)
      assert.equal("not_a_value", refusal[1])
    end)

    it("notes which keys were there", function()
      local name = column("name", { headers = { "first", "last" } })
      value_of(name, { first = "" })
      assert.same({ first = true }, name.present)
    end)
  end)

  describe("record.find_fault", function()
    it("finds what is missing", function()
      local required = column("name", { required = true })
      for _, value in ipairs { "", {} } do
        local refusal = record.find_fault(required, value)
        assert.equal("missing_value", refusal[1])
        assert.equal("'name' is empty", refusal[2])
        assert.is_nil(record.find_fault(column "name", value))
      end
      assert.equal("missing_value", record.find_fault(required, nil)[1])
      assert.is_nil(record.find_fault(required, "x"))
    end)

    it("finds what is no address, in a list too", function()
      assert.is_nil(record.find_fault(column "email", "a@b"))
      assert.is_nil(record.find_fault(column "email", ""))
      assert.equal(
        "'x' is not an e-mail address: it has no @",
        record.find_fault(column "email", "x")[2]
      )
      local refusal = record.find_fault(column("email", { list = true }), { "a@b", "x", "y" })
      assert.equal("bad_email", refusal[1])
      assert.equal("x", refusal[3].value)
    end)
  end)

  describe("record.columns_of", function()
    it("makes fields of keys, but not of objects", function()
      local list = record.columns_of({ key = "email", required = { name = true }, dates = {} }, {
        ["E-mail"] = "a@b",
        ["First name"] = "Ann",
        tags = { "x" },
        empty = {},
        address = { city = "Rome" },
        origin = "x",
        [1] = "y",
      })
      local shown = {}
      for index, one in ipairs(list) do
        shown[index] = ("%s=%s%s%s%s"):format(
          one.name,
          one.label,
          one.email and " email" or "",
          one.required and " required" or "",
          one.list and " list" or ""
        )
      end
      assert.same({
        "email=E-mail email required",
        "empty=empty list",
        "first_name=First name",
        "name=name required",
        "origin_=origin",
        "tags=tags list",
      }, shown)
    end)

    it("does not choose between two keys for one field", function()
      local list, one, other = record.columns_of(
        { required = {}, dates = {} },
        { Mail = 1, mail = 2 }
      )
      assert.is_nil(list)
      assert.same({ "Mail", "mail" }, { one, other })
    end)
  end)
end

describe("values", function()
  local function collected(object, path)
    local found = {}
    local fault = record.collect(object, path, found)
    return fault or table.concat(found, "|"), found
  end

  it("become texts, numbers in full", function()
    assert.equal("x", record.text "x")
    assert.equal("true", record.text(true))
    assert.equal("false", record.text(false))
    for number, text in pairs {
      [0] = "0",
      [-7] = "-7",
      [100000] = "100000",
      [1e15] = "1000000000000000",
      [2 ^ 53 - 1] = "9007199254740991",
      [1.5] = "1.5",
      [0.1] = "0.1",
      [1 / 3] = "0.3333333333333333",
      [1e300] = "1e+300",
    } do
      assert.equal(text, record.text(number))
    end
    assert.is_nil(record.text(nil))
    assert.is_nil(record.text {})
    assert.is_nil(record.text(json.null))
  end)

  it("stand at a path", function()
    local object = assert(json.decode [=[{
      "mail": "a@b", "none": null, "name": {"family": "Lee", "given": null},
      "emails": [{"value": "c@d"}, {"value": "e@f"}, {"x": 1}, 7], "tags": ["x", null, 2, false],
      "empty": [], "object": {}, "deep": [[1]], "urn:x:2.0:User": {"number": 7, "a.b": {"c": 8}}
    }]=])
    for path, expected in pairs {
      ["mail"] = "a@b",
      ["none"] = "",
      ["missing"] = "",
      ["mail.x"] = "",
      ["name.family"] = "Lee",
      ["name.given"] = "",
      ["name.x"] = "",
      ["emails.value"] = "c@d|e@f",
      ["tags"] = "x|2|false",
      ["empty"] = "",
      ["object"] = "",
      ["urn:x:2.0:User.number"] = "7",
      ["urn:x:2.0:User.a.b.c"] = "8",
      ["name"] = "holds another object",
      ["emails"] = "holds another object",
      ["deep"] = "holds another object",
    } do
      assert.equal(expected, (collected(object, path)), path)
    end
  end)

  it("are told apart: absent, null, an empty list", function()
    local object = assert(json.decode '{"none": null, "empty": [], "name": {"given": null}}')
    local function flags(path)
      local _, found = collected(object, path)
      return { found.present == true, found.is_list == true }
    end
    assert.same({ true, false }, flags "none")
    assert.same({ true, true }, flags "empty")
    assert.same({ true, false }, flags "name.given")
    assert.same({ false, false }, flags "name.family")
    assert.same({ false, false }, flags "x")
  end)

  it("may be anything in Lua", function()
    assert.equal("is a function", (collected({ x = print }, "x")))
    assert.equal("7", (collected({ "first", x = 7 }, "x")))
  end)
end)

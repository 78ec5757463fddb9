local schema = require "lastpass.sandbox.schema"
local json = require "lastpass.json"

describe("lastpass.sandbox.schema", function()
  local fields = {
    name = { "string", required = true },
    count = { "integer" },
    on = { "flag" },
    page = { "digits" },
    list = { "strings" },
    map = { "map" },
    really = { "boolean" },
  }

  local function complaint(object, strict)
    return schema.object(fields, object, strict ~= false)
  end

  it("accepts what is right", function()
    for _, object in ipairs({
      { name = "" },
      { name = "x", count = 3, on = 0, page = "12", list = {}, map = {}, really = false },
      { name = "x", on = true, page = 12, list = { "a" }, map = { a = "b" } },
      { name = "x", count = json.null },
    }) do
      assert.is_nil(complaint(object))
    end
  end)

  it("refuses what is wrong, naming the field", function()
    for _, case in ipairs({
      { {}, "Missing field: name" },
      { { name = json.null }, "Missing field: name" },
      { { name = 1 }, "Wrong type of field: name" },
      { { name = "x", count = 1.5 }, "Wrong type of field: count" },
      { { name = "x", count = "1" }, "Wrong type of field: count" },
      { { name = "x", on = 2 }, "Wrong type of field: on" },
      { { name = "x", page = "1x" }, "Wrong type of field: page" },
      { { name = "x", list = { "a", 1 } }, "Wrong type of field: list" },
      { { name = "x", list = { a = "b" } }, "Wrong type of field: list" },
      { { name = "x", map = { "a" } }, "Wrong type of field: map" },
      { { name = "x", map = { a = 1 } }, "Wrong type of field: map" },
      { { name = "x", really = 1 }, "Wrong type of field: really" },
      { { name = "x", cuont = 1 }, "Unknown field: cuont (count?)" },
      { { name = "x", zzzzzzzzzzzz = 1 }, "Unknown field: zzzzzzzzzzzz" },
    }) do
      assert.equal(case[2], complaint(case[1]))
    end
    for _, data in ipairs({ "x", 1, true, { "x" } }) do
      assert.equal("data is not an object", complaint(data))
    end
  end)

  it("is lenient about all but the required when not strict", function()
    assert.is_nil(complaint({ name = "x", count = "1", more = 1 }, false))
    assert.equal("Missing field: name", complaint({ count = 1 }, false))
    assert.equal("Wrong type of field: name", complaint({ name = 1 }, false))
  end)

  it("checks lists", function()
    assert.is_nil(schema.strings({ "a", "b" }))
    assert.equal("data is empty", schema.strings({}))
    assert.equal("data is not an array", schema.strings("a"))
    assert.equal("data is not an array of strings", schema.strings({ "a", 1 }))
    assert.is_nil(schema.objects(fields, { { name = "x" } }, true))
    assert.equal("data is empty", schema.objects(fields, {}, true))
    assert.equal("data is not an array", schema.objects(fields, { name = "x" }, true))
    assert.equal("data is not an object", schema.objects(fields, { { name = "x" }, "y" }, true))
  end)

  it("knows the form of an address", function()
    for _, mail in ipairs({ "a@b.cd", "a.b+c_d-e'f@g-h.i.example", "A1@B2.CC", "x@1.2.example" }) do
      assert.is_true(schema.is_mail(mail), mail)
    end
    local wrong = "a @ a@ @b.cd a@b a@b. a@.cd é@b.cd a..b@c.de .a@b.cd a.@b.cd a@b..cd a@@b.cd"
    for mail in wrong:gmatch("%S+") do
      assert.is_false(schema.is_mail(mail), mail)
    end
    assert.is_false(schema.is_mail("a b@c.de"))
    assert.is_false(schema.is_mail("a@b.cd\n"))
    assert.is_false(schema.is_mail(""))
  end)
end)

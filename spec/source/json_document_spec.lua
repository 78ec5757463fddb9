local check = require "spec.support.check"
local json_document = require "lastpass.source.json_document"

local function items(text, path)
  local document = assert(json_document.open(text, "hr.json", path))
  local list = {}
  for item in
    function()
      return document:next()
    end
  do
    list[#list + 1] = tostring(item.place) .. " " .. (item.fault and item.fault[3] or item.record.n)
  end
  assert.is_nil(document:next())
  return list
end

describe("json_document", function()
  it("gives elements with the lines they begin on", function()
    local text = '[\n  {"n": "a"},\n  {\n    "n": "b\\n"\n  }, {"n": "c"}\n]\n'
    assert.same({ "hr.json:2 a", "hr.json:3 b\n", "hr.json:5 c" }, items(text))
    assert.same({}, items " [ ] ")
    assert.same({ "hr.json:1 a" }, items('{"x": 1, "d": {"l": [{"n": "a"}]}}', "d.l"))
  end)

  it("is not led astray by braces in strings, however many", function()
    local parts, expected = {}, {}
    for index = 1, 100 do
      local name = ({ "}", "{", "{{", "]}", '\\"}', "\\\\" })[index % 6 + 1]
      parts[index] = ('{"x": "%s", "n": "%d"}'):format(name, index)
      expected[index] = "hr.json:1 " .. index
    end
    assert.same(expected, items("[" .. table.concat(parts, ",") .. "]"))
  end)

  it("marks elements that are no objects", function()
    local text = '[1,"x",null,[{"n":"a"}],{"n":"b"}]'
    assert.same({
      "hr.json:1 1",
      'hr.json:1 "x"',
      "hr.json:1 null",
      'hr.json:1 [{"n":"a"}]',
      "hr.json:1 b",
    }, items(text))
  end)

  it("has to be JSON to its end before the first element is given", function()
    local function refused(text, path)
      return check.failure("protocol", nil, json_document.open(text, "hr.json", path))
    end
    local err = refused '[{"n": "a"},\n {"n": "b"}'
    assert.equal("cut_short", err.code)
    assert.equal(2, err.line)
    assert.matches("^hr.json:2: .*the text ends too early", err.message)
    assert.equal("duplicate_key", refused('[\n\n{"n": 1, "n": 2}]').code)
    assert.equal(3, refused('[\n\n{"n": 1, "n": 2}]').line)
    assert.equal("invalid_utf8", refused('["\255"]').code)
  end)

  it("has to have the list", function()
    local function no_list(text, path)
      local err = check.failure("protocol", "no_list", json_document.open(text, "hr.json", path))
      return err.message:gsub("^hr.json:1: ", ""), err
    end
    local object = '{"users": [{"n": 1}], "other": [1]}'
    local message, err = no_list(object)
    assert.equal("this is an object; it has the lists 'users'", message)
    assert.equal("say which it is: list = 'users'", err.hint)
    message, err = no_list(object, "user")
    assert.equal("there is no list 'user'; it has the lists 'users'", message)
    assert.equal("users", err.nearest)
    assert.equal("this is an object; it has no list of objects", (no_list "{}"))
    assert.equal("this is a list itself; leave out the option 'list'", (no_list("[]", "users")))
    assert.equal("expected a list of people", (no_list "7"))
  end)

  it("stops when it is closed", function()
    local document = assert(json_document.open('[{"n":1},{"n":2}]', "hr.json"))
    document:next()
    document:close()
    assert.is_nil(document:next())
  end)
end)

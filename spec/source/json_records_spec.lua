local check = require "spec.support.check"
local files = require "spec.source.files"
local json_records = require "lastpass.source.json_records"

describe("json_text", function()
  local text =
    [[ {"a": 1, "b\"}": "x\\", "c": {"d": [], "e": [ [1], {"f": "}]"} ] } , "g.h":[{"i":1},2]} ]]

  it("finds where values end", function()
    for value, rest in pairs {
      ["1"] = ",2",
      ["-1.5e3"] = "]",
      ["true"] = "",
      ["null"] = " ",
      ['""'] = ",",
      ['"a\\"b\\\\"'] = '"',
      ["[]"] = "]",
      ['{"a":[1,{"b":"]}"}]}'] = "}",
    } do
      assert.equal(#value, json_records.end_of_value(value .. rest, 1), value)
      assert.equal(#value + 2, json_records.end_of_value("[ " .. value .. rest, 3), value)
    end
  end)

  it("gives the members of an object", function()
    local seen = {}
    for key, position in json_records.members(text, 2) do
      seen[#seen + 1] = key .. "=" .. text:sub(position, json_records.end_of_value(text, position))
    end
    assert.same({
      "a=1",
      'b"}="x\\\\"',
      'c={"d": [], "e": [ [1], {"f": "}]"} ] }',
      'g.h=[{"i":1},2]',
    }, seen)
    assert.is_nil(json_records.members("{ }", 1)())
  end)

  it("gives the elements of a list", function()
    local list = '[ 1 , {"a":[2]},"]" ]'
    local position = json_records.next_element(list, 1)
    local seen = {}
    while position do
      local last = json_records.end_of_value(list, position)
      seen[#seen + 1] = list:sub(position, last)
      position = json_records.next_element(list, last)
    end
    assert.same({ "1", '{"a":[2]}', '"]"' }, seen)
    assert.is_nil(json_records.next_element("[ ]", 1))
  end)

  it("finds a list by its path, a dot in a key included", function()
    local function list_at(path)
      local position = json_records.find_list(text, 2, path)
      return position and text:sub(position, json_records.end_of_value(text, position))
    end
    assert.equal("[]", list_at "c.d")
    assert.equal('[ [1], {"f": "}]"} ]', list_at "c.e")
    assert.equal('[{"i":1},2]', list_at "g.h")
    for _, path in ipairs { "a", "c", "x", "c.x", "a.b", "g.h.i", "" } do
      assert.is_nil(list_at(path))
    end
    assert.is_nil(json_records.find_list("[]", 1, "a"))
  end)

  it("names the lists of objects", function()
    assert.same({ "g.h" }, json_records.lists(text, 2))
    assert.same({ "a", "z" }, json_records.lists('{"z":[{}],"a":[{}],"m":[1]}', 1))
  end)
end)

describe("json_document", function()
  local function items(text, path)
    local document = assert(json_records.open_document(text, "hr.json", path))
    local list = {}
    for item in
      function()
        return document:next()
      end
    do
      list[#list + 1] = tostring(item.from)
        .. " "
        .. (item.fault and item.fault[3] or item.record.n)
    end
    assert.is_nil(document:next())
    return list
  end

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
      return check.failure("protocol", nil, json_records.open_document(text, "hr.json", path))
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
      local err =
        check.failure("protocol", "no_list", json_records.open_document(text, "hr.json", path))
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
    local document = assert(json_records.open_document('[{"n":1},{"n":2}]', "hr.json"))
    document:next()
    document:close()
    assert.is_nil(document:next())
  end)
end)

describe("json_lines", function()
  local function items(text, size, max_row)
    local lines =
      json_records.open_lines(files.stream(text, size), "", "hr.ndjson", max_row or 1000)
    local list = {}
    while true do
      local item, _, err = lines:next()
      if not item then
        return list, err
      end
      list[#list + 1] = tostring(item.from)
        .. " "
        .. (item.fault and item.fault[1] .. " " .. item.fault[3] or item.record.n)
    end
  end

  local text = '{"n":"a"}\n\n \r\n{"n":"b"}\r\n{"n":\n[1]\n"x"\n{"n":"c"}'

  it("gives one object a line, whatever the pieces", function()
    for size = 1, #text + 1 do
      local list, err = items(text, size)
      assert.is_nil(err)
      assert.same({
        "hr.ndjson:1 a",
        "hr.ndjson:4 b",
        'hr.ndjson:5 bad_json {"n":',
        "hr.ndjson:6 not_an_object [1]",
        'hr.ndjson:7 not_an_object "x"',
        "hr.ndjson:8 c",
      }, list)
    end
  end)

  it("breaks off at a last line that is neither whole nor ended", function()
    for size = 1, 30, 7 do
      local list, err = items('{"n":"a"}\n{"n":"b"', size)
      assert.same({ "hr.ndjson:1 a" }, list)
      assert.equal("cut_short", err.code)
      assert.equal("hr.ndjson:2: the file ends in the middle of a row", err.message)
      assert.equal(2, err.line)
    end
    local list, err = items('{"n":"a"}\n{"n":"b"\n', 9)
    assert.equal(2, #list)
    assert.is_nil(err)
  end)

  it("breaks off at a line that is too long, without reading on to its end", function()
    local endless = {
      count = 0,
      read = function(self)
        self.count = self.count + 1
        return ("x"):rep(100)
      end,
    }
    local lines = json_records.open_lines(endless, '{"n":"a"}\n', "hr.ndjson", 1000)
    assert.equal("a", lines:next().record.n)
    local err = check.failure("protocol", "row_too_large", lines:next())
    assert.equal("hr.ndjson:2: the line is longer than 1000 bytes", err.message)
    assert.is_true(endless.count < 20)
    local list
    list, err = items('{"n":"a"}\n{"n":"bbbb"}\n{"n":"c"}\n', 100, 10)
    assert.equal(1, #list)
    assert.equal("row_too_large", err.code)
  end)

  it("hands on a failure of the file", function()
    local gone = {
      read = function()
        return nil, "gone", { code = "read_failed" }
      end,
    }
    local lines = json_records.open_lines(gone, '{"n":"a"}\n{"n"', "hr.ndjson", 1000)
    assert.equal("a", lines:next().record.n)
    local item, message = lines:next()
    assert.is_nil(item)
    assert.equal("gone", message)
  end)

  it("stops when it is closed", function()
    local lines =
      json_records.open_lines(files.stream('{"n":"b"}\n', 9), '{"n":"a"}\n', "hr.ndjson", 1000)
    lines:close()
    assert.is_nil(lines:next())
  end)
end)

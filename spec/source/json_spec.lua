local source_file = require "lastpass.source.file"
local check = require "spec.support.check"
local files = require "spec.source.files"
local json = require "lastpass.source.json"
local source = require "lastpass.source"

local instrumented = os.getenv "LASTPASS_SLOW" ~= nil

local write_file, stream = files.write, files.stream

local function named(options)
  local copy = { name = "hr.json" }
  for name, value in pairs(options or {}) do
    copy[name] = value
  end
  return copy
end

local function open(text, options)
  return assert(source.json(write_file(text), named(options)))
end

local function read(text, options)
  local people = open(text, options)
  local list, problems, err, rows = people:read()
  return list or rows, list and problems or people.problems, err, people
end

after_each(files.remove)

local columns = {
  email = "mail",
  fullname = { "name.given", "name.family" },
  id = "number",
  groups = { "groups", list = true },
  active = "active",
}

local ann = '{"mail": "ann@acme.com", "name": {"given": "Ann", "family": "Lee"}, "number": 100017, '
  .. '"groups": ["Sales", "IT"], "active": true}'
local bob = '{"mail": "bob@acme.com", "name": {"given": "Bob", "family": null}, "number": null, '
  .. '"groups": [], "active": false}'

describe("source.json", function()
  local function expect_both(list, lines)
    assert.same({
      {
        email = "ann@acme.com",
        fullname = "Ann Lee",
        id = "100017",
        groups = { "Sales", "IT" },
        active = "true",
        origin = { file = "hr.json", row = 1, line = lines[1] },
      },
      {
        email = "bob@acme.com",
        fullname = "Bob",
        groups = {},
        active = "false",
        origin = { file = "hr.json", row = 2, line = lines[2] },
      },
    }, list)
  end

  it("reads a list of objects", function()
    local text = "[\n" .. ann .. ",\n" .. bob .. "\n]\n"
    local list, problems, _, people = read(text, { columns = columns })
    expect_both(list, { 2, 3 })
    assert.equal("hr.json:3", tostring(list[2].origin))
    assert.same({}, problems)
    assert.same({
      kind = "json",
      format = "json",
      file = "hr.json",
      rows = 2,
      refused = 0,
      bytes = #text,
      final_newline = true,
      complete = true,
    }, people.proof)
  end)

  it("reads a list within an object", function()
    local text = '{"total": 2, "data": {"users": [' .. ann .. "," .. bob .. "]}}"
    local list, _, _, people = read(text, { columns = columns, list = "data.users" })
    expect_both(list, { 1, 1 })
    assert.is_false(people.proof.final_newline)
    assert.equal("lastpass.source.json: hr.json (2 rows, complete)", tostring(people))
  end)

  it("reads one object a line", function()
    local text = ann .. "\n\n" .. bob .. "\n"
    local list, _, _, people = read(text, { columns = columns })
    expect_both(list, { 1, 3 })
    assert.equal("ndjson", people.proof.format)
    expect_both(read(text, { columns = columns, format = "ndjson" }), { 1, 3 })
    local by_ending = assert(source.json(write_file("x\n", ".jsonl")))
    assert.equal("ndjson", by_ending.proof.format)
    local _, problems = by_ending:read()
    assert.equal("bad_json", problems[1].code)
  end)

  it("reads SCIM's list of users", function()
    local text =
      [[{"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1,
      "Resources": [{"userName": "ann", "emails": [{"value": "ann@acme.com", "primary": true}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "17"}}]}]]
    local list = read(text, {
      list = "Resources",
      columns = {
        email = "emails.value",
        id = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.employeeNumber",
      },
    })
    assert.equal("ann@acme.com", list[1].email)
    assert.equal("17", list[1].id)
    assert.equal(2, list[1].origin.line)
  end)

  it("takes every key when no columns are named", function()
    local list =
      read('[{"E-mail": "a@b", "First name": "Ann", "n": 1.5, "deep": {"x": 1}, "l": [1]}]')
    assert.same({
      email = "a@b",
      first_name = "Ann",
      n = "1.5",
      l = { "1" },
      origin = { file = "hr.json", row = 1, line = 1 },
    }, list[1])
  end)

  it("names the first row with a key, to all that follow", function()
    local text = '[{"mail": "new@a"},\n{"mail": "ann@a"},\n{"mail": "ANN@a"},\n{"mail": "Ann@A"}]'
    local _, problems = read(text, { columns = { email = "mail" } })
    assert.equal("hr.json:3: 'ANN@a' is already at hr.json:2", tostring(problems[1]))
    assert.equal("hr.json:4: 'Ann@A' is already at hr.json:2", tostring(problems[2]))
    assert.equal("hr.json:2", problems[2].first)
  end)

  it("refuses rows and goes on", function()
    local text = table.concat({
      '[{"mail": "ann@acme.com"}',
      '{"mail": "ANN@acme.com"}',
      '{"mail": "x"}',
      '{"m": 1}',
      "7",
      '{"mail": {"x": 1}}',
      '{"mail": "bob@acme.com"}]',
    }, ",\n")
    local list, problems, _, people = read(text, { columns = { email = "mail" } })
    local shown = {}
    for index, problem in ipairs(problems) do
      shown[index] = tostring(problem)
    end
    assert.same({
      "hr.json:2: 'ANN@acme.com' is already at hr.json:1",
      "hr.json:3: 'x' is not an e-mail address: it has no @",
      "hr.json:4: 'mail' is empty",
      "hr.json:5: the element of the list is not an object",
      "hr.json:6: 'mail' holds another object",
    }, shown)
    assert.equal(2, #list)
    assert.same({ file = "hr.json", row = 2, line = 2 }, problems[1].origin)
    assert.equal("ann@acme.com", problems[1].key)
    assert.equal(7, people.proof.rows)
    assert.equal(5, people.proof.refused)
    assert.is_true(people.proof.complete)
  end)

  it("gives the same whatever the pieces of the file", function()
    local text = ann .. "\n" .. bob .. '\n{"mail":1}\n' .. ann
    local expected = #read(text, { columns = columns })
    for size = 1, #text, 3 do
      local people = assert(source.json(stream(text, size), named { columns = columns }))
      local list = people:read()
      assert.equal(expected, #list)
      assert.equal(2, #people.problems)
      assert.equal(#text, people.proof.bytes)
    end
  end)

  it("closes what it opened and leaves open what it was given", function()
    local path = write_file("[" .. ann .. "]")
    local file = assert(io.open(path, "rb"))
    finally(function()
      file:close()
    end)
    local list = assert(source.json(file, { columns = columns })):read()
    assert.equal(1, #list)
    assert.equal("file", io.type(file))
    local people = assert(source.json(path))
    people:close()
    people:close()
    check.failure("cancelled", "closed", people:next())
    assert.is_false(people.proof.complete)
  end)

  it("has the SHA-256 of the file", function()
    local path = write_file("[" .. ann .. "]\n")
    local pipe = assert(io.popen("sha256sum " .. path))
    local expected = pipe:read "*a":match "^%x+"
    pipe:close()
    local people = assert(source.json(path, { columns = columns, sha256 = true }))
    assert.is_nil(people.proof.sha256)
    people:read()
    assert.equal(expected, people.proof.sha256)
    people = assert(source.json(path, { columns = columns }))
    people:read()
    assert.equal(expected, people:sha256())
  end)
end)

describe("a JSON file that breaks off", function()
  it("is usable up to there when it has one object a line", function()
    local list, _, err, people = read(ann .. "\n" .. bob:sub(1, -2), { columns = columns })
    assert.equal("ann@acme.com", list[1].email)
    assert.equal(1, #list)
    assert.equal("cut_short", err.code)
    assert.is_false(people.proof.complete)
    assert.is_nil(people.proof.sha256)
    assert.equal("lastpass.source.json: hr.json (1 rows, broken off)", tostring(people))
  end)

  it("never looks complete, wherever it is cut", function()
    local lines = ann .. "\n" .. bob .. "\n"
    local whole = { "[" .. ann .. "," .. bob .. "]", '{"users":[' .. ann .. "," .. bob .. "]}" }
    for _, text in ipairs(whole) do
      local list = text:find "^{" and "users" or nil
      for length = 0, #text - 1 do
        local cut = stream(text:sub(1, length), 50)
        assert.is_nil(source.json(cut, { list = list, format = "json" }), length)
      end
    end
    for length = 1, #lines - 1 do
      local options = { columns = columns, format = "ndjson" }
      local people = assert(source.json(stream(lines:sub(1, length), 50), options))
      local _, _, err = people:read()
      -- Cut between two rows, or before the last line end, it is a whole file.
      local between = length == #ann or length == #ann + 1 or length == #lines - 1
      assert.equal(between, err == nil, length)
      assert.equal(between, people.proof.complete, length)
    end
  end)

  it("says where", function()
    for _, case in ipairs {
      { "", "argument", "empty_file", "hr.json: is empty" },
      { "[\n{}\n", "protocol", "cut_short" },
      { '{"users": []}', "protocol", "no_list" },
      { "\255\254[\0]\0", "protocol", "bad_encoding", "hr.json: this is UTF-16, not UTF-8" },
    } do
      local err = check.failure(case[2], case[3], source.json(write_file(case[1]), named()))
      assert.equal("hr.json", err.file)
      assert.equal(case[4] or err.message, err.message)
    end
    check.failure("argument", "no_such_file", source.json "/nowhere/hr.json")
    check.failure("argument", "is_a_directory", source.json "/tmp")
    check.failure("transport", "read_failed", source.json "/proc/self/mem")
  end)

  it("may be too large to be held", function()
    local text = "[" .. ann .. "," .. bob .. "]"
    local err = check.failure(
      "protocol",
      "too_large",
      source.json(write_file(text), named { max_bytes = #text - 1 })
    )
    assert.equal(
      ("hr.json: is larger than %d bytes (option 'max_bytes')"):format(#text - 1),
      err.message
    )
    assert.equal(2, #read(text, { max_bytes = #text, columns = columns }))
  end)

  it("lacks a column in every row", function()
    local list, _, err, people = read("[" .. ann .. "," .. bob .. "]", {
      columns = { email = "mail", name = "name.givn" },
    })
    assert.equal(2, #list)
    assert.equal("missing_column", err.code)
    assert.equal(
      "hr.json: no row has the key 'name.givn' (for the field 'name'); the nearest is 'name.given'",
      err.message
    )
    assert.is_false(people.proof.complete)
  end)

  it("lacks the key in every row", function()
    local list, problems, err, people = read("[" .. ann .. "," .. bob .. "]")
    assert.same({}, list)
    assert.equal(2, #problems)
    assert.equal("missing_column", err.code)
    assert.equal("say which it is: columns = { email = … }, or key = false", err.hint)
    assert.is_false(people.proof.complete)
  end)

  it("changed while it was read", function()
    local path = write_file(ann .. "\n" .. bob .. "\n" .. ("\n"):rep(100000))
    local people = assert(source.json(path, { columns = columns }))
    local file = assert(io.open(path, "ab"))
    file:write "\n"
    file:close()
    local _, _, err = people:read()
    assert.equal("file_changed", err.code)
  end)
end)

describe("a mistake in the call of source.json", function()
  it("is raised at the caller's line", function()
    local function mistake(file, options)
      return check.blamed(function()
        source.json(file, options)
      end)
    end
    assert.equal("source.json: the file must be a path or an open file, not nil", mistake(nil))
    assert.equal(
      "source.json: unknown option 'lsit' (did you mean 'list'?)",
      mistake("x", { lsit = "users" })
    )
    assert.equal(
      [[source.json: option 'format' must be "json" or "ndjson", not string]],
      mistake("x", { format = "xml" })
    )
    assert.equal(
      "source.json: option 'list' is not for NDJSON",
      mistake("x", { format = "ndjson", list = "users" })
    )
    assert.equal(
      "source.json: option 'ignore' is for a list within an object (option 'list')",
      mistake("x", { ignore = { "total" } })
    )
    assert.equal(
      "source.json: option 'ignore' must be a list of names, as { \"meta.total\" }",
      mistake("x", { list = "users", ignore = { total = true } })
    )
    assert.equal(
      "source.json: column 'email': a key must be a string, not number",
      mistake("x", { columns = { email = { 7 } } })
    )
    assert.equal(
      "source.json: 'columns' is a table of field = key",
      mistake("x", { columns = { "mail" } })
    )
    assert.equal(
      "source.json: option 'max_row' must be from 1 to 2^30",
      mistake("x", { max_row = 0 })
    )
  end)
end)

describe("100,000 objects", function()
  local count = 100000
  local row_format = '{"mail": "user%d@acme.example", "name": {"given": "J\195\188rgen", '
    .. '"family": "Last %d"}, "number": %d, "groups": ["D%d"], "active": true}\n'

  -- Lines made on the way, so that the test itself holds nothing.
  local function endless()
    local row = 0
    return {
      read = function(_, bytes)
        local parts, length = {}, 0
        while length < bytes - 200 and row < count do
          row = row + 1
          local line = row_format:format(row, row, row, row % 50)
          parts[#parts + 1] = line
          length = length + #line
        end
        return length > 0 and table.concat(parts) or nil
      end,
    }
  end

  it("stream in memory that does not grow with them but by their keys", function()
    if instrumented then
      return pending "under a sanitizer or valgrind"
    end
    for key, most_kilobytes in pairs { email = 20000, [false] = 1000 } do
      local people = assert(source.json(endless(), { columns = columns, key = key }))
      collectgarbage()
      collectgarbage()
      local before, most, rows = collectgarbage "count", 0, 0
      for person in people:rows() do
        rows = rows + 1
        if rows % 20000 == 0 then
          assert.equal(rows, person.origin.line)
          collectgarbage()
          collectgarbage()
          most = math.max(most, collectgarbage "count" - before)
        end
      end
      assert.equal(count, rows)
      assert.is_true(people.proof.complete)
      assert.is_true(most < most_kilobytes, "Lua memory grew by " .. most .. " KiB")
    end
  end)
end)

describe("json_format", function()
  local function reader(text, size)
    local position = 1
    local handle = {
      read = function()
        local piece = text:sub(position, position + size - 1)
        position = position + #piece
        return piece ~= "" and piece or nil
      end,
    }
    return assert(source_file.open(handle, { name = "hr" }, { bytes = 0 }))
  end

  local function format_of(text, size)
    local from = reader(text, size)
    local head = assert(json.read_head(from, "hr"))
    local format, seen = json.detect_format(from, head, 1000)
    assert.equal(text:gsub("^\239\187\191", ""):sub(1, #seen), seen)
    return format
  end

  it("tells one text from one object a line", function()
    for text, expected in pairs {
      ["[]"] = "json",
      [' \n[{"a":1}]'] = "json",
      ['\239\187\191[{"a":1}]'] = "json",
      ['"x"'] = "json",
      ['{\n"users": [\n{"a":1},\n{"a":2}]}'] = "json",
      ['{"users": [{"a":1},\n{"a":2}]}'] = "json",
      ['{"users": [{"a":1}]}'] = "json",
      ['{"users": [{"a":1}]}\n\n'] = "json",
      ['{"users": []}'] = "json",
      ['{"total": 0, "users": [ ]}\n'] = "json",
      ['{"mail": "a@b", "groups": []}'] = "ndjson",
      ['{"a":1}'] = "ndjson",
      ['{"a":1}\n'] = "ndjson",
      ['{"a":[1]}\r\n'] = "ndjson",
      ['{"a":1}\n{"a":2}\n'] = "ndjson",
      ['{"a":1}\n\n  {"a":2}'] = "ndjson",
      ['\239\187\191{"a":1}\n{"a":2'] = "ndjson",
      ['{"a":1,"a":1}\n{"a":2}'] = "ndjson",
      ['{"users": [{"a":1}]}\n{"users": []}'] = "ndjson",
      ['{"a":1}\nx'] = "ndjson",
      ['{"a":'] = "json",
      ["{"] = "json",
    } do
      for size = 1, 12 do
        assert.equal(expected, format_of(text, size), text .. " by " .. size)
      end
    end
  end)

  it("does not read far to tell", function()
    local endless = {
      bytes = 0,
      read = function(self)
        self.bytes = self.bytes + 100
        return ("{"):rep(100)
      end,
    }
    local from = assert(source_file.open(endless, { name = "hr" }, { bytes = 0 }))
    assert.equal("json", (json.detect_format(from, assert(json.read_head(from, "hr")), 1000)))
    assert.is_true(endless.bytes < 2000)
  end)

  it("refuses what is empty or UTF-16", function()
    for _, text in ipairs { "", " \n\t ", "\239\187\191", "\239\187\191 \n" } do
      local err = check.failure("argument", "empty_file", json.read_head(reader(text, 5), "hr"))
      assert.equal("hr: is empty", err.message)
    end
    for _, text in ipairs { "\255\254[\0]\0", "\254\255\0[\0]", "[\0]\0", "\0[\0]" } do
      local err = check.failure("protocol", "bad_encoding", json.read_head(reader(text, 5), "hr"))
      assert.equal("hr: this is UTF-16, not UTF-8", err.message)
    end
  end)

  it("knows a file that is something else", function()
    for text, expected in pairs {
      ["PK\3\4\20\0\6\0[Content_Types].xml"] = "an Excel workbook (.xlsx)",
      ["<!DOCTYPE html>\n"] = "an HTML page",
      ["\31\139\8\0xxxx"] = "compressed by gzip",
    } do
      for _, size in ipairs { 1, 1000 } do
        local err = check.failure("argument", "not_json", json.read_head(reader(text, size), "hr"))
        assert.equal(("hr: this is %s, not JSON"):format(expected), err.message)
      end
    end
  end)
end)

local check = require "spec.support.check"
local files = require "spec.source.files"
local json_lines = require "lastpass.source.json_lines"

local function items(text, size, max_row)
  local lines = json_lines.open(files.stream(text, size), "", "hr.ndjson", max_row or 1000)
  local list = {}
  while true do
    local item, _, err = lines:next()
    if not item then
      return list, err
    end
    list[#list + 1] = tostring(item.place)
      .. " "
      .. (item.fault and item.fault[1] .. " " .. item.fault[3] or item.record.n)
  end
end

describe("json_lines", function()
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
    local lines = json_lines.open(endless, '{"n":"a"}\n', "hr.ndjson", 1000)
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
    local lines = json_lines.open(gone, '{"n":"a"}\n{"n"', "hr.ndjson", 1000)
    assert.equal("a", lines:next().record.n)
    local item, message = lines:next()
    assert.is_nil(item)
    assert.equal("gone", message)
  end)

  it("stops when it is closed", function()
    local lines = json_lines.open(files.stream('{"n":"b"}\n', 9), '{"n":"a"}\n', "hr.ndjson", 1000)
    lines:close()
    assert.is_nil(lines:next())
  end)
end)

local bytes = require "lastpass.source.bytes"
local check = require "spec.support.check"
local json_format = require "lastpass.source.json_format"

local function reader(text, size)
  local position = 1
  local handle = {
    read = function()
      local piece = text:sub(position, position + size - 1)
      position = position + #piece
      return piece ~= "" and piece or nil
    end,
  }
  return assert(bytes.open(handle, { name = "hr" }, { bytes = 0 }))
end

local function format_of(text, size)
  local from = reader(text, size)
  local head = assert(json_format.head(from, "hr"))
  local format, seen = json_format.detect(from, head, 1000)
  assert.equal(text:gsub("^\239\187\191", ""):sub(1, #seen), seen)
  return format
end

describe("json_format", function()
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
    local from = assert(bytes.open(endless, { name = "hr" }, { bytes = 0 }))
    assert.equal("json", (json_format.detect(from, assert(json_format.head(from, "hr")), 1000)))
    assert.is_true(endless.bytes < 2000)
  end)

  it("refuses what is empty or UTF-16", function()
    for _, text in ipairs { "", " \n\t ", "\239\187\191", "\239\187\191 \n" } do
      local err = check.failure("argument", "empty_file", json_format.head(reader(text, 5), "hr"))
      assert.equal("hr: is empty", err.message)
    end
    for _, text in ipairs { "\255\254[\0]\0", "\254\255\0[\0]", "[\0]\0", "\0[\0]" } do
      local err = check.failure("protocol", "bad_encoding", json_format.head(reader(text, 5), "hr"))
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
        local err =
          check.failure("argument", "not_json", json_format.head(reader(text, size), "hr"))
        assert.equal(("hr: this is %s, not JSON"):format(expected), err.message)
      end
    end
  end)
end)

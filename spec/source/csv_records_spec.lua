local csv_records = require "lastpass.source.csv_records"
local files = require "spec.source.files"

local handle = files.pieces

local function open(file, more)
  local settings = { name = "f.csv", parser = {} }
  for name, value in pairs(more or {}) do
    settings[name] = value
  end
  local proof = { bytes = 0, complete = false }
  return assert(csv_records.open(file, settings, proof)), proof
end

describe("csv_records", function()
  it("gives rows across pieces and then the end, again and again", function()
    local records, proof = open(handle("a,b\nc", ",d\ne", ",f"))
    local rows = {}
    for row in
      function()
        return records:next()
      end
    do
      rows[#rows + 1] = table.concat(row, "|") .. " " .. row.line
    end
    assert.same({ "a|b 1", "c|d 2", "e|f 3" }, rows)
    assert.is_nil(records:next())
    assert.same({ bytes = 11, complete = true, final_newline = false }, proof)
  end)

  it("gives the rows before a failure first", function()
    local records, proof = open(handle 'a\nb\nc"d\ne\n')
    assert.equal("a", records:next()[1])
    assert.equal("b", records:next()[1])
    for _ = 1, 2 do
      local row, message, err = records:next()
      assert.is_nil(row)
      assert.equal("f.csv:3: field 1 has a quote inside but does not begin with one", message)
      assert.equal(3, err.line)
    end
    assert.is_false(proof.complete)
  end)

  it("stops when it is closed and leaves the caller's handle open", function()
    local file = handle "a\nb\n"
    local records, proof = open(file)
    records:next()
    records:close()
    records:close()
    assert.is_nil(records:next())
    assert.is_false(proof.complete)
    assert.is_false(file.is_closed())
  end)

  it("knows encodings by their usual names", function()
    for given, expected in pairs {
      ["UTF-8"] = "utf-8",
      ["Utf8"] = "utf-8",
      ["CP1250"] = "windows-1250",
      ["Windows-1252"] = "windows-1252",
      ["ISO_8859_15"] = "iso-8859-15",
      ["Shift_JIS"] = "shift_jis",
      ["UTF16"] = "utf-16",
    } do
      assert.equal(expected, (csv_records.encoding(given)))
    end
    local encoding, known = csv_records.encoding "klingon"
    assert.is_nil(encoding)
    assert.equal("utf-8", known[1])
  end)
end)

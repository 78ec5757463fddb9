local check = require "spec.support.check"
local source_file = require "lastpass.source.file"
local files = require "spec.source.files"

describe("bytes", function()
  local handle = files.pieces

  local function write_file(text)
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    finally(function()
      os.remove(path)
    end)
    return path
  end

  it("come in pieces, counted, and end again and again", function()
    local file, proof = handle("ab", "c\n"), { bytes = 0 }
    local reader = assert(source_file.open(file, { name = "f" }, proof))
    assert.equal("ab", reader:read())
    assert.same({ bytes = 2 }, proof)
    assert.equal("c\n", reader:read())
    for _ = 1, 2 do
      assert.is_nil(reader:read())
    end
    assert.same({ bytes = 4, final_newline = true }, proof)
    assert.is_false(file.is_closed())
    assert.is_nil(reader:sha256())
  end)

  it("know a last line that was not ended, across pieces too", function()
    for _, case in ipairs {
      { "a\n", "b", false },
      { "a", "\n", true },
      { "a", "\r", true },
      { "a\0\n", "\0", true },
      { "", "", false },
    } do
      local proof = { bytes = 0 }
      local reader = assert(source_file.open(handle(case[1], case[2]), { name = "f" }, proof))
      while reader:read() do
        assert(proof.bytes <= 4)
      end
      assert.equal(case[3], proof.final_newline)
    end
  end)

  it("are hashed when asked", function()
    local reader =
      assert(source_file.open(handle("a", "bc"), { name = "f", sha256 = true }, { bytes = 0 }))
    while reader:read() do
      assert.is_table(reader)
    end
    local abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert.equal(abc, reader:sha256())
    local path = write_file "abc"
    assert.equal(abc, source_file.sha256(path, { file = path, bytes = 3 }))
    local err = check.failure(
      "conflict",
      "file_changed",
      source_file.sha256(path, { file = "hr.csv", bytes = 4 })
    )
    assert.equal("hr.csv: has changed since it was read", err.message)
    check.failure(
      "conflict",
      "file_changed",
      source_file.sha256("/nowhere/x", { file = "x", bytes = 4 })
    )
  end)

  it("cannot be had of what is not there or no file", function()
    local function open(path)
      return source_file.open(path, { name = path }, { bytes = 0 })
    end
    check.failure("argument", "no_such_file", open "/nowhere/hr.csv")
    local reader = assert(open "/tmp")
    local err = check.failure("argument", "is_a_directory", reader:read())
    assert.equal("/tmp: Is a directory", err.message)
    reader = assert(open "/proc/self/mem")
    check.failure("transport", "read_failed", reader:read())
    reader:close()
  end)

  it("must be those of one file", function()
    local path = write_file "abc"
    local proof = { bytes = 0 }
    local reader = assert(source_file.open(path, { name = "hr.csv" }, proof))
    assert.equal("abc", reader:read())
    local file = assert(io.open(path, "ab"))
    file:write "de"
    file:close()
    assert.equal("de", reader:read())
    local err = check.failure("conflict", "file_changed", reader:read())
    assert.equal(
      "hr.csv: the file changed while it was read (3 bytes at first, 5 read)",
      err.message
    )
  end)
end)

-- Files that are something else; what source.csv and source.json make of them is in their specs.
describe("the kind of a file", function()
  it("knows files by their first bytes", function()
    for head, expected in pairs {
      ["PK\3\4....xl/workbook.xml"] = "an Excel workbook (.xlsx)",
      ["PK\5\6"] = "a zip archive",
      ["Rar!\26\7"] = "a RAR archive",
      ["%PDF-1.4"] = "a PDF file",
      ["<HTML><body>"] = "an HTML page",
      ["<!-- x -->"] = "an HTML page",
      ["<?xml version='1.0'?><Workbook>"] = "XML",
      ["\255\254\0\0E\0\0\0"] = "UTF-32",
    } do
      local what, hint = source_file.of_bytes(head, "CSV")
      assert.equal(expected, what)
      assert.is_string(hint)
    end
  end)

  it("says what to export it as, in the format that was asked for", function()
    for format, hint in pairs {
      CSV = "is it a page to sign in? Export the list as CSV",
      JSON = "is it a page to sign in? Export the list as JSON",
    } do
      assert.equal(hint, (select(2, source_file.of_bytes("<html>", format))))
    end
    assert.equal("export the list as CSV", (select(2, source_file.of_line "BEGIN:VCARD")))
    assert.matches("Export the list as CSV$", (select(2, source_file.of_line "<html>")))
  end)

  it("takes a text for one", function()
    for _, head in ipairs { "E-mail,Name\n", "", "PKZ,x\n", "<5 years,x\n", '{"users":[]}' } do
      assert.is_nil((source_file.of_bytes(head, "CSV")), head)
    end
    for _, line in ipairs { "E-mail,Name", "", "[E-mail],x", "{id},x", "dn,mail" } do
      assert.is_nil((source_file.of_line(line)), line)
    end
    for _, line in ipairs { "{", "[ ", '{"a":1}', "[[1]]", '["a"]', "[]" } do
      assert.equal("JSON", (source_file.of_line(line)), line)
    end
  end)
end)

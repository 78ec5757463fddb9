local bytes = require "lastpass.source.bytes"
local check = require "spec.support.check"
local files = require "spec.source.files"

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

describe("bytes", function()
  it("come in pieces, counted, and end again and again", function()
    local file, proof = handle("ab", "c\n"), { bytes = 0 }
    local reader = assert(bytes.open(file, { name = "f" }, proof))
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
      local reader = assert(bytes.open(handle(case[1], case[2]), { name = "f" }, proof))
      while reader:read() do
        assert(proof.bytes <= 4)
      end
      assert.equal(case[3], proof.final_newline)
    end
  end)

  it("are hashed when asked", function()
    local reader =
      assert(bytes.open(handle("a", "bc"), { name = "f", sha256 = true }, { bytes = 0 }))
    while reader:read() do
      assert.is_table(reader)
    end
    local abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert.equal(abc, reader:sha256())
    local path = write_file "abc"
    assert.equal(abc, bytes.sha256(path, { file = path, bytes = 3 }))
    local err =
      check.failure("conflict", "file_changed", bytes.sha256(path, { file = "hr.csv", bytes = 4 }))
    assert.equal("hr.csv: has changed since it was read", err.message)
    check.failure("conflict", "file_changed", bytes.sha256("/nowhere/x", { file = "x", bytes = 4 }))
  end)

  it("cannot be had of what is not there or no file", function()
    local function open(path)
      return bytes.open(path, { name = path }, { bytes = 0 })
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
    local reader = assert(bytes.open(path, { name = "hr.csv" }, proof))
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

-- What becomes of a row that the parser leaves to Lua; whole files are in csv_spec.lua.
local row_reader = require "lastpass.source.row"

local function reader()
  local claimed = {}
  local email = { name = "email", label = "E", position = 1, positions = { 1 } }
  email.email, email.required = true, true
  local name = { name = "name", label = "A + B", join = "-", positions = { 2, 3 } }
  return {
    header = { "E", "A", "B" },
    proof = { file = "f.csv", rows = 0, refused = 0 },
    problems = {},
    _width = 3,
    _columns = { email, name },
    _key_column = email,
    _records = {
      claim = function(_, key, line)
        local first = claimed[key]
        claimed[key] = first or line
        return first
      end,
    },
  }
end

local function row(line, ...)
  return { line = line, number = line, ... }
end

describe("row.admit", function()
  it("makes a person", function()
    local self = reader()
    local person = row_reader.admit(self, row(2, "Ann@Acme.com", "a", "b"))
    local origin = { file = "f.csv", row = 2, line = 2 }
    assert.same({ email = "Ann@Acme.com", name = "a-b", origin = origin }, person)
    assert.equal("f.csv:2", tostring(person.origin))
    assert.same({ file = "f.csv", rows = 1, refused = 0 }, self.proof)
  end)

  it("refuses with a problem and counts it", function()
    local self = reader()
    assert.is_nil(row_reader.admit(self, row(2, "ann", "a", "b")))
    assert.is_nil(row_reader.admit(self, row(3, "ann@x")))
    assert.same({ file = "f.csv", rows = 2, refused = 2 }, self.proof)
    assert.equal("f.csv:2: 'ann' is not an e-mail address: it has no @", tostring(self.problems[1]))
    assert.equal("f.csv:3: the row has 1 field, the header 3", tostring(self.problems[2]))
    assert.equal("ann@x", self.problems[2].key)
  end)

  it("takes a key only with a good row", function()
    local self = reader()
    assert.is_nil(row_reader.admit(self, row(2, "ann@x", "a")))
    assert.is_table(row_reader.admit(self, row(3, "ANN@x", "a", "b")))
    assert.is_nil(row_reader.admit(self, row(4, "ann@X", "a", "b")))
    assert.equal("f.csv:4: 'ann@X' is already on line 3", tostring(self.problems[2]))
  end)

  it("passes over a row that holds nothing", function()
    local self = reader()
    assert.is_nil(row_reader.admit(self, row(2, "", "", "")))
    assert.is_nil(row_reader.admit(self, row(3, "")))
    assert.same({ file = "f.csv", rows = 0, refused = 0 }, self.proof)
  end)

  it("keeps only the beginning of a value that is refused", function()
    local self = reader()
    row_reader.admit(self, row(2, ("x"):rep(100000), "a", "b"))
    assert.equal(1000, #self.problems[1].value)
    assert.is_true(#self.problems[1].reason < 150)
  end)
end)

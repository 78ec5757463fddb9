local check = require "spec.support.check"
local roster_file = require "lastpass.report.roster_file"

describe("lastpass.report.roster_file", function()
  local path

  before_each(function()
    path = os.tmpname()
    local out = assert(io.open(path, "wb"))
    out:write "Mail;Full Name\nann@acme.com;Ann Lee\n"
    out:close()
  end)

  after_each(function()
    os.remove(path)
  end)

  it("opens what a description says", function()
    local source = assert(roster_file.open {
      path = path,
      csv = { delimiter = ";" },
      columns = { email = "Mail" },
      needed = { { called = "field", field = "full_name" } },
    })
    local list = assert(source:read())
    assert.same({ "ann@acme.com", "Ann Lee" }, { list[1].email, list[1].full_name })
  end)

  it("says which column is missing, in the caller's words", function()
    local given = { path = path, csv = { delimiter = ";" }, column_hint = "name it" }
    local err = check.failure("argument", "usage", roster_file.open(given))
    assert.equal("name it", err.hint)
    given.columns, given.needed = { email = "Mail" }, { { called = "--left", field = "status" } }
    err = check.failure("argument", "usage", roster_file.open(given))
    assert.matches("^%-%-left: .* has no column for 'status'", err.message)
  end)
end)

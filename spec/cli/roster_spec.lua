local check = require "spec.support.check"
local lua_text = require "lastpass.cli.lua_text"
local roster = require "lastpass.cli.roster"

describe("the roster", function()
  local paths = {}

  local function file(text)
    local path = os.tmpname()
    paths[#paths + 1] = path
    local out = assert(io.open(path, "wb"))
    out:write(text)
    out:close()
    return path
  end

  after_each(function()
    for place, path in ipairs(paths) do
      os.remove(path)
      paths[place] = nil
    end
  end)

  local HR = "E-mail,Full Name,Last day\nann@acme.com,Ann Lee,2026-03-31\n"

  it("is read with the fields that its titles make", function()
    local list = assert(assert(roster.open { roster = file(HR) }):read())
    assert.equals("ann@acme.com", list[1].email)
    assert.equals("2026-03-31", list[1].last_day)
  end)

  it("keeps the other columns when one is called otherwise", function()
    local path = file "Mail,Full Name,E-mail\nann@acme.com,Ann Lee,x@y.example\n"
    local list = assert(roster
      .open({
        roster = path,
        column = { "email=Mail", "fullname=Full Name" },
      })
      :read())
    assert.equals("ann@acme.com", list[1].email)
    assert.equals("Ann Lee", list[1].fullname)
  end)

  it("may have titles that make the same field, when --column tells them apart", function()
    local path = file "E-mail,Email\nann@acme.com,other@acme.com\n"
    check.failure("argument", "duplicate_column", roster.open { roster = path })
    local list = assert(roster.open({ roster = path, column = { "email=Email" } }):read())
    assert.equals("other@acme.com", list[1].email)
  end)

  it("is read as the options say that it is written", function()
    local path = file "People\n\nE-mail;Name\nann@acme.com;Lee\nEND;1\n"
    local options = { roster = path, delimiter = ";", header = 3, expect_trailer = "^END;(%d)$" }
    local list = assert(assert(roster.open(options)):read())
    assert.same({ "ann@acme.com", "Lee" }, { list[1].email, list[1].name })
    options.date = { "name=DD/MM/YYYY" }
    local _, problems = assert(roster.open(options)):read()
    assert.matches("'Lee' in 'Name' is not a date", problems[1].reason, 1, true)
    options.date, options.expect_rows = nil, "2"
    local _, message = assert(roster.open(options)):read()
    assert.matches("has 1 rows, and 2 were expected", message, 1, true)
    check.failure("argument", "usage", roster.open { roster = path, expect_rows = "many" })
  end)

  it("must be there, with an address, and with the fields that options name", function()
    for options, text in pairs {
      [{}] = "--roster is needed",
      [{ roster = file "mail;x\na@b.c;1\n" }] = "has no column for 'email'; it has: mail_x",
      [{ roster = file(HR), column = { "email" } }] = "write FIELD=TITLE",
    } do
      local err = check.failure("argument", "usage", roster.open(options))
      assert.truthy(err.message:find(text, 1, true), err.message)
    end
    local wanted = { { option = "last-day", field = "last_dy" } }
    local err = check.failure("argument", "usage", roster.open({ roster = file(HR) }, wanted))
    assert.matches("%-%-last%-day: .*did you mean 'last_day'", err.message)
    check.failure("argument", nil, roster.open { roster = "/nowhere/hr.csv" })
    check.failure("argument", nil, roster.open { roster = file(HR), delimiter = ",," })
    err = check.failure(
      "argument",
      "missing_column",
      roster.open {
        roster = file(HR),
        column = { "email=Mail" },
      }
    )
    assert.matches("no column 'Mail'", err.message)
  end)

  it("names fields as people do", function()
    assert.equals("last_day", roster.field "Last day")
    assert.equals("last_day", roster.field "last_day")
  end)

  it("leaves aside with a reason", function()
    assert.same({ ["svc-*@acme.com"] = "service" }, roster.exclusions { "svc-*@acme.com=service" })
    assert.is_nil((roster.exclusions {}))
    check.failure("argument", "usage", roster.exclusions { "svc-*@acme.com" })
  end)

  it("that breaks off has a code of its own", function()
    local source = assert(roster.open { roster = file 'email,x\na@b.example,"open\n' })
    local list, message, err = source:read()
    assert.is_nil(list)
    check.failure(err.kind, "incomplete_source", roster.classify(source, nil, message, err))
    assert.equals(5, (roster.classify(source, 5)))
  end)

  it("is Lua, too", function()
    assert.equals(
      'assert(require("lastpass").source.csv("hr.csv", { columns = { email = "Mail" } }))',
      lua_text.value(roster.lua { roster = "hr.csv", column = { "email=Mail" } })
    )
  end)
end)

local where = require "lastpass.cli.output.where"

local view = {
  name = "users",
  key = "email",
  fields = { "email", "status", "admin", "mfa", "groups", "sites", "at", "before" },
  times = { at = true },
  mixed = { before = true },
}

local users = {
  { email = "ann@acme.com", status = "active", admin = true, groups = { "Finance" }, sites = 3 },
  { email = "bob@acme.com", status = "active", admin = false, groups = {}, mfa = "duo", at = 0 },
  { email = "cleo@acme.com", status = "disabled", admin = false, before = true },
  { email = "dan@acme.com", status = "invited", admin = false, before = "Sales" },
}

-- How many rows are chosen, and the notes; or nil and the error.
local function ask(text, rows)
  local is_chosen, notes, err = where.compile(text, view)
  if not is_chosen then
    return nil, err
  end
  local count = 0
  for _, user in ipairs(rows or users) do
    local ok, result = pcall(is_chosen, user)
    if not ok then
      return nil, result
    end
    count = count + (result and 1 or 0)
  end
  return count, notes()
end

local function no_note(text, count, rows)
  local found, notes = ask(text, rows)
  assert.equals(count, found, text .. (notes.message or ""))
  assert.same({}, notes, text)
end

local function note(text, expected, count)
  local found, notes = ask(text)
  assert.equals(count or 0, found, text .. (notes.message or ""))
  assert.same({ "--where: " .. expected }, notes, text)
end

local function mistake(text, message, hint)
  local found, err = ask(text)
  assert.is_nil(found, text)
  assert.equals("bad_where", err.code)
  assert.equals("argument", err.kind)
  assert.equals("--where: " .. message, err.message)
  if hint then
    assert.truthy(tostring(err.hint):find(hint, 1, true), tostring(err.hint))
  end
end

describe("a value that no row has", function()
  local STATUS = 'no row has status "Active"; there are active, disabled, invited'

  it("is noted, with those there are", function()
    note('u.status == "Active"', STATUS)
    note('"Active" == u.status', STATUS)
    note('row.status == "Active"', STATUS)
    note('u["status"] == "Active"', STATUS)
    note('((u.status)) == ("Active")', STATUS)
    note('u.status ~= "Active"', STATUS, 4)
    note('u.admin and (u.sites == 3 or u.status == "Active") and false', STATUS)
    note("u.sites == 7", "no row has sites 7; there are 3, nil (no value)")
    note('u.mfa == "none"', 'no row has mfa "none"; there are duo, nil (no value)')
    note(
      "u.at == 60",
      "no row has at 1970-01-01T00:01:00Z; there are 1970-01-01T00:00:00Z, nil (no value)"
    )
    note('has(u.groups, "Finnance")', 'no row has "Finnance" in groups; there is Finance')
    note('not has(u.groups, "Finnance")', 'no row has "Finnance" in groups; there is Finance', 4)
    note(
      'u.status:lower() == "Active"',
      'u.status:lower() is "Active" in no row; there are active, disabled, invited'
    )
    note("#u.email == 3", "#u.email is 3 in no row; there are 12, 13")
  end)

  it("is looked for in every row, not only where the expression asks", function()
    no_note('u.admin and u.status == "disabled"', 0)
    no_note('u.mfa and u.mfa:upper() == "DUO"', 1)
    note('u.admin and u.status == "Active"', STATUS)
  end)

  it("is not noted where the value is right, or nothing was compared", function()
    no_note('u.status == "active"', 2)
    no_note('u.status ~= "active"', 2)
    no_note('has(u.groups, "finance")', 1)
    no_note("u.mfa == nil", 3)
    no_note("u.mfa ~= nil", 1)
    no_note("u.admin == true", 1)
    no_note("u.admin == true", 0, { users[2] })
    no_note("u.sites == 3.0", 1)
    no_note("u.email == u.status", 0)
    no_note('u.status == "Active"', 0, {})
    no_note('u.email:find "u.status == 3"', 0)
    no_note('[[a == "b"]] and u.status ~= "active" -- u.status == "Active"', 2)
    no_note("u.email == \"ann@acme.com\" or u.email == 'bob@acme.com'", 2)
  end)

  it("names the nearest where there are many, and shows no control character", function()
    local rows = {}
    for number = 1, 40 do
      rows[number] = { email = ("user%d@acme.com"):format(number), status = "a\27[2J" }
    end
    local _, notes = ask('u.email == "usr7@acme.com"', rows)
    assert.same({
      [[--where: no row has email "usr7@acme.com" (did you mean 'user7@acme.com'?)]],
    }, notes)
    _, notes = ask('u.status == "a"', rows)
    assert.is_nil(notes[1]:find("\27", 1, true))
    _, notes = ask('u.mfa == "duo"', rows)
    assert.same({ '--where: no row has mfa "duo"; it is nil in every row' }, notes)
    _, notes = ask('has(u.groups, "x")', rows)
    assert.same({}, notes, "what is no list in any row was not asked")
    _, notes = ask('has(u.groups, "x")', { { groups = {} } })
    assert.same({ '--where: no row has "x" in groups; all are empty' }, notes)
  end)
end)

describe("a comparison of two types", function()
  it("is an error that names both", function()
    mistake(
      'u.admin == "yes"',
      'u.admin is true or false, "yes" is a text: they are never equal',
      "write u.admin, or not u.admin"
    )
    mistake("u.admin == 1", "u.admin is true or false, 1 is a number: they are never equal")
    mistake("1 ~= u.admin", "1 is a number, u.admin is true or false: they are never equal")
    mistake(
      "u.mfa == false",
      "u.mfa is a text, false is true or false: they are never equal",
      "u.mfa == nil asks for the rows without one"
    )
    mistake(
      'u.sites == "3"',
      'u.sites is a number, "3" is a text: they are never equal',
      "without quotes"
    )
    mistake("u.status == 3", "u.status is a text, 3 is a number: they are never equal")
    mistake(
      'u.at == "1970-01-01"',
      'u.at is a number, "1970-01-01" is a text: they are never equal',
      'time "2026-03-01"'
    )
    mistake(
      'u.groups == "Finance"',
      'u.groups is a list, "Finance" is a text: they are never equal',
      'has(u.groups, "Finance")'
    )
    mistake("u.groups == {}", "u.groups is a list, {} is a list: they are never equal")
    mistake(
      'not u.status == "active"',
      'not u.status is true or false, "active" is a text: they are never equal',
      "write ~="
    )
    mistake(
      "has(u.groups, 3)",
      "u.groups is a list, 3 is a number: its members are of the type string"
    )
    mistake(
      "u.email == u.admin",
      "u.email is a text, u.admin is true or false: they are never equal"
    )
  end)

  it("gives no advice that was followed already", function()
    local _, err = ask "has(u.groups, 3)"
    assert.is_nil(err.hint)
  end)

  it("is one in the half of an expression that is not reached, too", function()
    mistake(
      'false and u.admin == "yes"',
      'u.admin is true or false, "yes" is a text: they are never equal'
    )
  end)

  it("is none in a field whose values have several types, or that has none", function()
    assert.equals(1, (ask 'u.before == "Sales"'))
    assert.equals(1, (ask "u.before == true"))
    note('u.before == "x"', 'no row has before "x"; there are Sales, true, nil (no value)')
    no_note("u.mfa == nil or u.mfa == 'duo'", 4)
  end)
end)

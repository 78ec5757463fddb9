local check = require "spec.support.check"
local json = require "lastpass.json"
local source = require "lastpass.source"

local function read(list, options)
  local people = assert(source.table(list, options))
  local rows, problems, err, before = people:read()
  return rows or before, rows and problems or people.problems, err, people
end

local function shown(problems)
  local texts = {}
  for index, problem in ipairs(problems) do
    texts[index] = tostring(problem)
  end
  return texts
end

describe("source.table", function()
  it("gives people with fields named by their keys", function()
    local list, problems, _, people = read {
      { ["E-mail"] = " ann@acme.com ", fullname = "Ann Lee", number = 7, active = true },
      { email = "bob@acme.com", groups = { "Sales", "IT" }, note = json.null },
    }
    assert.same({
      {
        email = "ann@acme.com",
        fullname = "Ann Lee",
        number = "7",
        active = "true",
        origin = { list = "table", row = 1 },
      },
      {
        email = "bob@acme.com",
        groups = { "Sales", "IT" },
        origin = { list = "table", row = 2 },
      },
    }, list)
    assert.equal("table:2", tostring(list[2].origin))
    assert.same({}, problems)
    assert.same({ kind = "table", rows = 2, refused = 0, complete = true }, people.proof)
    assert.equal("lastpass.source.table: table (2 rows, complete)", tostring(people))
  end)

  it("maps columns, through objects and lists", function()
    local list = read({
      {
        mail = "ann@acme.com",
        name = { given = "Ann", family = "Lee" },
        teams = { { id = 1 }, { id = 2 } },
      },
    }, {
      name = "payroll",
      columns = {
        email = "mail",
        fullname = { "name.given", "name.family" },
        teams = { "teams.id", list = true },
        phone = { "phone", optional = true },
      },
    })
    assert.same({
      email = "ann@acme.com",
      fullname = "Ann Lee",
      teams = { "1", "2" },
      origin = { list = "payroll", row = 1 },
    }, list[1])
  end)

  it("refuses rows as the other sources do", function()
    local list, problems, _, people = read({
      { email = "ann@acme.com" },
      { email = "ANN@acme.com" },
      { email = "bob" },
      { name = "Cat" },
      "dan@acme.com",
      json.null,
      { email = { "eve@acme.com", "e@acme.com" } },
      { email = "fay@acme.com", name = { given = "Fay" } },
      { Mail = 1, mail = 2 },
    }, { required = { "email" } })
    assert.equal("ann@acme.com", list[1].email)
    assert.equal("fay@acme.com", list[2].email)
    assert.equal(2, #list)
    assert.same({
      "table:2: 'ANN@acme.com' is already at table:1",
      "table:3: 'bob' is not an e-mail address: it has no @",
      "table:4: 'email' is empty",
      "table:5: the row is a string, not a table",
      "table:6: the row is null, not a table",
      "table:7: 'email' has 2 values where one is wanted",
      "table:9: 'Mail' and 'mail' both make the same field",
    }, shown(problems))
    assert.same({
      list = "table",
      row = 2,
      origin = { list = "table", row = 2 },
      code = "duplicate",
      reason = "'ANN@acme.com' is already at table:1",
      field = "email",
      column = "email",
      value = "ANN@acme.com",
      key = "ann@acme.com",
      first = "table:1",
    }, problems[1])
    assert.equal(9, people.proof.rows)
    assert.equal(7, people.proof.refused)
  end)

  it("names the first row with a key, to all that follow", function()
    local _, problems = read {
      { email = "new@acme.com" },
      { email = "ann@acme.com" },
      { email = "ANN@acme.com" },
      { email = "new@acme.com" },
      { email = "Ann@Acme.com" },
    }
    assert.same({
      "table:3: 'ANN@acme.com' is already at table:2",
      "table:4: 'new@acme.com' is already at table:1",
      "table:5: 'Ann@Acme.com' is already at table:2",
    }, shown(problems))
    assert.same(
      { "table:2", "table:1", "table:2" },
      { problems[1].first, problems[2].first, problems[3].first }
    )
  end)

  it("gives refused rows their key when it can be read", function()
    local columns = { email = "email", name = { "name", required = true } }
    local _, problems = read(
      { { email = "Ann@Acme.com" }, { email = "x", name = "y" } },
      { columns = columns }
    )
    assert.equal("missing_value", problems[1].code)
    assert.equal("ann@acme.com", problems[1].key)
    assert.is_nil(problems[2].key)
  end)

  it("does not take the key away from a good row that follows", function()
    local columns = { email = "email", name = { "name", required = true } }
    local list = read({ { email = "a@b" }, { email = "a@b", name = "y" } }, { columns = columns })
    assert.equal(1, #list)
  end)

  it("has the key that is asked for, or none", function()
    local rows = { { email = "a@b", id = 1 }, { email = "a@b", id = 2 }, { email = "c@d", id = 2 } }
    assert.equal(2, #read(rows))
    local list, problems = read(rows, { key = "id" })
    assert.equal(2, #list)
    assert.same({ "table:3: '2' is already at table:2" }, shown(problems))
    assert.equal(3, #read(rows, { key = false }))
    assert.equal(2, #read(rows, { key = "id", columns = { id = "id" } }))
    assert.equal(3, #read(rows, { columns = { name = "email" } }))
  end)

  it("is not complete when a column is in no row", function()
    local list, _, err, people = read({ { mail = "a@b", name = { given = "Ann" } } }, {
      columns = { email = "mail", name = { "name.given", "name.familiy" } },
    })
    assert.equal("Ann", list[1].name)
    assert.equal("missing_column", err.code)
    assert.equal(
      "table: no row has the key 'name.familiy' (for the field 'name'); "
        .. "the nearest is 'name.given'",
      err.message
    )
    assert.equal("if it may be missing: name = { 'name.familiy', optional = true }", err.hint)
    assert.is_false(people.proof.complete)
    assert.equal(err, people.failure)
  end)

  it("may be empty", function()
    local list, _, err, people = read({}, { columns = { email = "mail" } })
    assert.same({}, list)
    assert.is_nil(err)
    assert.is_true(people.proof.complete)
  end)

  it("has a hash of all values when asked, whatever the order", function()
    local ann, bob = { email = "ann@x.y", tags = { "1", "2" } }, { email = "bob@x.y" }
    local function hash(...)
      local _, _, _, people = read({ ... }, { sha256 = true })
      assert.equal(people.proof.sha256, people:sha256())
      return people.proof.sha256
    end
    assert.equal(64, #hash(ann, bob))
    assert.equal(hash(ann, bob), hash(bob, ann))
    assert.not_equal(hash(ann, bob), hash(ann, { email = "bob@x.z" }))
    assert.not_equal(hash(ann, { email = "x" }), hash(ann, { email = "y" }))
    assert.not_equal(hash(ann, 1), hash(ann, 2))
    local _, _, _, people = read { ann }
    check.failure("argument", "not_read", people:sha256())
  end)

  it("is read once, and stops when closed", function()
    local people = assert(source.table { { email = "a@b" }, { email = "c@d" } })
    assert.equal("a@b", people:next().email)
    people:close()
    check.failure("cancelled", "closed", people:next())
    assert.is_false(people.proof.complete)
  end)
end)

describe("a mistake in the call of source.table", function()
  it("is raised at the caller's line", function()
    local function mistake(list, options)
      return check.blamed(function()
        source.table(list, options)
      end)
    end
    assert.equal("source.table: 'list' is missing: source.table(list, options?)", mistake(nil))
    assert.equal(
      "source.table: needs a list of tables without gaps; this one has the key 'email'",
      mistake { email = "a@b" }
    )
    assert.equal(
      "source.table: unknown option 'colums' (did you mean 'columns'?)",
      mistake({}, { colums = {} })
    )
    assert.equal(
      "source.table: column 'email' must be a key or a list of keys, not boolean",
      mistake({}, { columns = { email = true } })
    )
    assert.equal(
      "source.table: column 'email': unknown option 'lst' (did you mean 'list'?)",
      mistake({}, { columns = { email = { "x", lst = true } } })
    )
    assert.equal(
      "source.table: the key 'email' cannot be a list",
      mistake({}, { columns = { email = { "x", list = true } } })
    )
    assert.equal(
      "source.table: 'key' names 'id', not a column",
      mistake({}, { columns = { email = "x" }, key = "id" })
    )
    assert.equal(
      "source.table: option 'max_problems' must be from 1 to 2^30",
      mistake({}, { max_problems = 0 })
    )
  end)

  it("takes the first key that has a value, and knows one that none has", function()
    local options = { columns = { email = { first = { "mail", "upn" } } } }
    local list = assert(source.table({ { mail = "a@b" }, { upn = "c@d" }, { mail = "" } }, options))
    local people, problems = list:read()
    assert.same({ "a@b", "c@d" }, { people[1].email, people[2].email })
    assert.equal("table:3: 'mail or upn' is empty", tostring(problems[1]))
    people = assert(source.table({ { mail = "a@b" } }, options)):read()
    assert.equal(1, #people) -- nobody needs the other
    local _, message = assert(source.table({ { upn = "c@d" } }, options)):read()
    assert.equal("table: no row has the key 'mail' (for the field 'email')", message)
    _, message = assert(source.table({ { mail = "a@b" }, { upm = "c@d" } }, options)):read()
    assert.truthy(message:find("no row has the key 'upn'", 1, true), message)
  end)
end)

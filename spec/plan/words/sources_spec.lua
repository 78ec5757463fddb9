-- Sources inside a playbook.
-- Sources as a playbook sees them.
local companies = require "spec.support.companies"
local people = require "lastpass.source"
local playbook = require "lastpass.plan.playbook"
local time = require "lastpass.time"
local source_words = require "lastpass.plan.words.sources"

describe("lastpass.plan.words.sources", function()
  local options = { zone = assert(time.zone "America/New_York"), now = companies.NOW }

  local function run(fn)
    return playbook.run(fn, options)
  end

  local path

  before_each(function()
    path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write "email,name,team\nann@acme.com,Ann,Sales\nbob@acme.com,Bob,\n"
    file:close()
  end)

  after_each(function()
    os.remove(path)
  end)

  local function mistake(fn)
    local _, message, err = run(fn)
    assert.equal("playbook_mistake", err and err.code)
    assert.matches("sources_spec.lua:%d+: ", message)
    return message
  end

  it("say which field a row does not have: { person.tema } would empty the groups", function()
    local message = mistake(function(p)
      for person in p.source.csv(path):rows() do
        p.user(person.email) { groups = { person.tema } }
      end
    end)
    assert.matches("a row has no field 'tema' (did you mean 'team'?)", message, 1, true)
    assert.matches(
      "a row has no field 'nmae' (did you mean 'name'?)",
      mistake(function(p)
        local list = { { email = "ann@acme.com" } }
        local columns = { email = "email", name = { "name", optional = true } }
        for person in p.source.table(list, { columns = columns }):rows() do
          assert(person.name == nil)
          p.user(person.email) { fullname = person.nmae }
        end
      end),
      1,
      true
    )
  end)

  it("know of columns that a file need not have", function()
    local declared = assert(run(function(p)
      local columns = { email = "email", phone = { "phone", optional = true } }
      for person in p.source.csv(path, { columns = columns }):rows() do
        assert(person.phone == nil and person.origin)
        p.user(person.email) {}
      end
    end))
    assert.equal(2, #declared.desired)
  end)

  it("raise for a mapping of what is not there, before anybody is declared", function()
    for _, open in ipairs { "csv", "table" } do
      local message = mistake(function(p)
        local source = open == "csv" and p.source.csv(path)
          or p.source.table { { email = "ann@acme.com", team = "Sales" } }
        p.users(source, { groups = { "tema" } })
      end)
      assert.matches("nobody has the field 'tema'", message, 1, true)
    end
  end)

  it("hash what was read, not what the file holds later", function()
    local declared = assert(run(function(p)
      local source = p.source.csv(path)
      p.users(source, { fullname = "name" })
      local file = assert(io.open(path, "r+"))
      file:write "EMAIL"
      file:close()
    end))
    local digest = require "lastpass.digest"
    assert.equal(
      digest.hex "email,name,team\nann@acme.com,Ann,Sales\nbob@acme.com,Bob,\n",
      playbook.sources(declared)[1].sha256
    )
  end)

  it("take letters as `user` does, and refuse an address that comes in two forms", function()
    local declared = assert(run(function(p)
      p.users(p.source.table {
        { email = "mu\204\136ller@acme.com" },
        { email = "m\195\188ller@acme.com" },
      })
    end))
    assert.equal("m\195\188ller@acme.com", (declared.desired:row(1)))
    assert.is_true(declared.extras[1].needs_folding)
    assert.equal("duplicate", declared.problems[1].code)
    assert.is_true(declared.untouchable["m\195\188ller@acme.com"])
  end)

  it("leave alone whose row is refused for another field than the address", function()
    local declared = assert(run(function(p)
      p.users(
        p.source.table { { email = "ann@acme.com", name = { "Ann", "Anna" } } },
        { fullname = "name" }
      )
    end))
    assert.equal(0, #declared.desired)
    assert.equal("many_values", declared.problems[1].code)
    assert.is_true(declared.untouchable["ann@acme.com"])
  end)

  it("have moments fall on days of the account's zone", function()
    assert(run(function(p)
      local list = { { email = "ann@acme.com", ends = "2027-01-01T04:30:00Z" } }
      local dates = { ends = "auto" }
      assert.equal("2026-12-31", p.source.table(list, { dates = dates }):next().ends)
      local zone = assert(time.zone "Europe/Berlin")
      assert.equal("2027-01-01", p.source.table(list, { dates = dates, zone = zone }):next().ends)
    end))
  end)
end)

describe("lastpass.plan.words.sources: rows", function()
  local function cut_csv()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write 'email,name\nann@acme.com,Ann\nbob@acme.com,Bob\n"cyd@acme.com,C'
    file:close()
    return path
  end

  it("remembers the row at hand, until there is none", function()
    local reading = {}
    local list = { { email = "ann@acme.com" }, { email = "bob@acme.com" } }
    local source = source_words.new(people.table(list), 3, reading)
    local seen = {}
    for person in source:rows() do
      assert.equal(person, reading.person)
      assert.equal(source, reading.source)
      seen[#seen + 1] = person.email
    end
    assert.same({ "ann@acme.com", "bob@acme.com" }, seen)
    assert.is_nil(reading.person)
    assert.is_nil(reading.source)
    assert.is_true(source_words.is(source))
    assert.is_false(source_words.is(list))
  end)

  it("ends a loop where the source broke off, and says so", function()
    local path = cut_csv()
    local source = source_words.new(people.csv(path), 1, {})
    local count = 0
    for _ in source:rows() do
      count = count + 1
    end
    os.remove(path)
    assert.equal(2, count)
    local description = source_words.describe(source)
    assert.is_false(description.complete)
    assert.is_string(description.failure)
    assert.is_nil(description.sha256)
    assert.same({ "csv", 2, 0 }, { description.kind, description.rows, description.refused })
  end)

  it("describes what was not read, and what was read in part", function()
    local list = { { email = "ann@acme.com" }, { email = "x" }, { email = "bob@acme.com" } }
    local source = source_words.new(people.table(list), 1, {})
    assert.equal("the playbook did not read it", source_words.describe(source).failure)
    source:next()
    assert.equal("the playbook stopped reading after 1 rows", source_words.describe(source).failure)
    source:next()
    assert.is_nil(source:next())
    local description = source_words.describe(source)
    assert.same({ true, 3, 1 }, { description.complete, description.rows, description.refused })
    assert.is_nil(description.failure)
    assert.equal("table", description.name)
    assert.equal("x", source_words.describe(source_words.new(people.table {}, 1, {}, "x")).name)
  end)

  it("is read once, and shows its problems and nothing of its inside", function()
    local source = source_words.new(people.table { { email = "?" } }, 1, {})
    local list, problems = source:read()
    assert.same({}, list)
    assert.equal("bad_email", problems[1].code)
    assert.equal(problems, source.problems)
    assert.equal(1, source.proof.rows)
    assert.is_nil(source._admit)
    assert.matches("table", tostring(source))
    assert.has_error(function()
      source:rows()
    end)
  end)
end)

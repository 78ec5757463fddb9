-- Sources as a playbook sees them.
local people = require "lastpass.source"
local tracked = require "lastpass.plan.tracked"

local function cut_csv()
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write 'email,name\nann@acme.com,Ann\nbob@acme.com,Bob\n"cyd@acme.com,C'
  file:close()
  return path
end

describe("lastpass.plan.tracked", function()
  it("remembers the row at hand, until there is none", function()
    local reading = {}
    local list = { { email = "ann@acme.com" }, { email = "bob@acme.com" } }
    local source = tracked.new(people.table(list), 3, reading)
    local seen = {}
    for person in source:rows() do
      assert.equal(person, reading.person)
      assert.equal(source, reading.source)
      seen[#seen + 1] = person.email
    end
    assert.same({ "ann@acme.com", "bob@acme.com" }, seen)
    assert.is_nil(reading.person)
    assert.is_nil(reading.source)
    assert.is_true(tracked.is(source))
    assert.is_false(tracked.is(list))
  end)

  it("ends a loop where the source broke off, and says so", function()
    local path = cut_csv()
    local source = tracked.new(people.csv(path), 1, {})
    local count = 0
    for _ in source:rows() do
      count = count + 1
    end
    os.remove(path)
    assert.equal(2, count)
    local description = tracked.describe(source)
    assert.is_false(description.complete)
    assert.is_string(description.failure)
    assert.is_nil(description.sha256)
    assert.same({ "csv", 2, 0 }, { description.kind, description.rows, description.refused })
  end)

  it("describes what was not read, and what was read in part", function()
    local list = { { email = "ann@acme.com" }, { email = "x" }, { email = "bob@acme.com" } }
    local source = tracked.new(people.table(list), 1, {})
    assert.equal("the playbook did not read it", tracked.describe(source).failure)
    source:next()
    assert.equal("the playbook stopped reading after 1 rows", tracked.describe(source).failure)
    source:next()
    assert.is_nil(source:next())
    local description = tracked.describe(source)
    assert.same({ true, 3, 1 }, { description.complete, description.rows, description.refused })
    assert.is_nil(description.failure)
    assert.equal("table", description.name)
    assert.equal("x", tracked.describe(tracked.new(people.table {}, 1, {}, "x")).name)
  end)

  it("is read once, and shows its problems and nothing of its inside", function()
    local source = tracked.new(people.table { { email = "?" } }, 1, {})
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

-- Sources inside a playbook.
local companies = require "spec.support.companies"
local playbook = require "lastpass.plan.playbook"
local time = require "lastpass.time"

local options = { zone = assert(time.zone "America/New_York"), now = companies.NOW }

local function run(fn)
  return playbook.run(fn, options)
end

describe("lastpass.plan.words.sources", function()
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
    assert.equal(2, #declared.wanted)
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
    local digest = require "lastpass.source.digest"
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
    assert.equal("m\195\188ller@acme.com", (declared.wanted:row(1)))
    assert.is_true(declared.extras[1].other_letters)
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
    assert.equal(0, #declared.wanted)
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

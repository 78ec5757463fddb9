-- Managed companies: created, changed and detached once each, whatever becomes of the answers.
local check = require "spec.support.check"
local companies = require "lastpass.directory.companies"
local lastpass = require "lastpass"
local support = require "spec.support.box"

describe("lastpass.directory.companies", function()
  local box, acme

  before_each(function()
    box = support.start {
      users = 3,
      companies = {
        { cid = 42, name = "North", users = 2, parent = 8771312, license_limit = 15 },
        { cid = 43, name = "South", users = 2, parent = 8771312, license_limit = 5 },
        { cid = 44, name = "South", users = 2, parent = 8771312, license_limit = 5 },
      },
    }
    acme = assert(box:client())
    assert(box:act { settings = { rest_job_polls = 0 } })
  end)

  after_each(function()
    box:stop()
  end)

  local function creations()
    return support.requests(box, "rest:create_managed_company")
  end

  local WEST = { name = "West", license_limit = 9, type = "managed" }

  it("are created once, and read back", function()
    local outcome = assert(companies.create(acme, WEST, { wait = 30 }))
    assert.same({ "done", "West", 9 }, {
      outcome.state,
      outcome.company.name,
      outcome.company.license_limit,
    })
    outcome = assert(companies.create(acme, WEST, { wait = 30 }))
    assert.equal("unchanged", outcome.state)
    assert.equal(1, creations())
  end)

  it("give a handle where nobody waits", function()
    local outcome = assert(companies.create(acme, WEST))
    assert.equal("pending", outcome.state)
    assert.equal(200, assert(acme:rest():job({ id = outcome.id, url = outcome.url }):poll()).status)
  end)

  it("are not asked for again while nobody knows what became of it", function()
    assert(box:faults { command = "rest:create_managed_company", count = 1, drop = "before" })
    local err = check.failure("transport", nil, companies.create(acme, WEST, { wait = 30 }))
    assert.is_true(err.uncertain)
    err = check.failure("conflict", "asked_before", companies.create(acme, WEST, { wait = 30 }))
    assert.match("creating 'West' was asked for at .* not sent again before", err.message)
    assert.equal(1, creations())
  end)

  it("are there when the answer alone was lost", function()
    assert(box:faults { command = "rest:create_managed_company", count = 1, drop = "after" })
    check.failure("transport", nil, companies.create(acme, WEST, { wait = 30 }))
    assert.equal("unchanged", assert(companies.create(acme, WEST, { wait = 30 })).state)
    assert.equal(1, creations())
  end)

  it("may be asked for again after a refusal", function()
    local wrong = { name = "West", license_limit = 9, type = "managed", parent_id = 9 }
    check.failure("refused", "bad_request", companies.create(acme, wrong))
    assert.equal("done", assert(companies.create(acme, WEST, { wait = 30 })).state)
  end)

  it("keep what a change does not name, and change nothing twice", function()
    local outcome = assert(companies.update(acme, "North", { addons = { "mfa" } }, { wait = 30 }))
    assert.same({ "done", 15, "active", { "mfa" } }, {
      outcome.state,
      outcome.company.license_limit,
      outcome.company.status,
      outcome.company.addons,
    })
    assert.same({}, outcome.before.addons)
    outcome = assert(companies.update(acme, "42", { addons = { "mfa" } }))
    assert.equal("unchanged", outcome.state)
    assert.equal(1, support.requests(box, "rest:update_managed_company"))
    -- one that is done, though nobody asked, does not stand in the way of the next
    assert.equal("pending", assert(companies.update(acme, "42", { license_limit = 3 })).state)
    assert.equal("pending", assert(companies.update(acme, "42", { license_limit = 4 })).state)
  end)

  it("are named by number, or by a name that one has", function()
    check.failure("refused", "ambiguous", companies.find(acme, "South"))
    local err = check.failure("refused", "no_such_company", companies.find(acme, "Nort"))
    assert.match("did you mean 'North'", err.message)
    assert.equal("43", assert(companies.find(acme, "43")).id)
    local bare = lastpass.new {
      cid = box.cid,
      url = box.url,
      provhash = lastpass.secret.value(box.provhash),
    }
    check.failure("argument", "no_rest", companies.find(bare, "43"))
  end)

  it("are detached, and gone from the list", function()
    local outcome = assert(companies.detach(acme, "43"))
    assert.same({ "done", "South" }, { outcome.state, outcome.before.name })
    check.failure("refused", "no_such_company", companies.detach(acme, "43"))
  end)
end)

-- What a plan depends on beside the playbook: earlier runs, and how sources were.
local check = require "spec.support.check"
local companies = require "spec.support.companies"
local errors = require "lastpass.error"
local limits = require "lastpass.plan.limits"
local surroundings = require "lastpass.plan.surroundings"

describe("lastpass.plan.surroundings", function()
  local client, journal, tenant

  before_each(function()
    local users = companies.people(3)
    users[2].disabled = true
    client = companies.client { users = users, invited = { "dee@acme.com" } }
    journal, tenant = companies.journal(client)
  end)

  it("are the size of the company, and what the journal knows", function()
    local run = assert(journal:begin_run {
      tenant = tenant,
      plan = "x",
      kind = "apply",
      total = 2,
    })
    local after = { email = "new@acme.com" }
    assert(journal:intend(run, {
      { number = 1, kind = "rename", subject = "Old@acme.com", after = after },
      { number = 2, kind = "disable", subject = "x@acme.com" },
    }))
    assert(
      journal:settle(run, { { number = 1, state = "done" }, { number = 2, state = "unknown" } })
    )
    assert(journal:note_source(tenant, "hr", { rows = 7 }))
    local context = assert(surroundings.read(client, client:snapshot(), { { name = "hr" } }))
    assert.same({ 4, 3, 1 }, { context.people, context.memberships, context.admins })
    assert.same({ ["old@acme.com"] = "new@acme.com" }, context.pending_renames)
    for _, span in ipairs(limits.spans) do
      assert.equal(1, context.done_lately("disable", span))
      assert.equal(0, context.done_lately("remove", span))
    end
    assert.equal(7, context.last_source("hr").rows)
    assert.is_nil(context.last_source "other")
  end)

  it("are no reason to plan without them: a journal that fails is told", function()
    for _, method in ipairs { "amounts", "last_source", "done_steps", "note_source" } do
      rawset(journal, method, function()
        return errors.fail("conflict", "store_busy", "busy")
      end)
      local plan, message, err = companies.plan(client, function(p)
        p.users(p.source.table({ { email = "person1@acme.com" } }, { name = "hr" }))
      end)
      rawset(journal, method, nil)
      check.failure("conflict", "store_busy", plan, message, err)
    end
  end)

  it("remember sources that were read to their end and have not shrunk", function()
    assert(journal:note_source(tenant, "shrunk", { rows = 100 }))
    local sources = {
      { name = "good", complete = true, rows = 5 },
      { name = "cut", complete = false, rows = 5 },
      { name = "empty", complete = true, rows = 0 },
      { name = "shrunk", complete = true, rows = 79 },
    }
    local context = assert(surroundings.read(client, client:snapshot(), sources))
    assert.is_true(surroundings.note_sources(context, { shrink = "20%" }))
    assert.equal(5, journal:last_source(tenant, "good").rows)
    assert.is_nil((journal:last_source(tenant, "cut")))
    assert.is_nil((journal:last_source(tenant, "empty")))
    assert.equal(100, journal:last_source(tenant, "shrunk").rows)
    assert.is_true(surroundings.note_sources(context, { shrink = "21%" }))
    assert.equal(79, journal:last_source(tenant, "shrunk").rows)
  end)
end)

-- A plan as an admin reads it.
-- Runs as text.
local companies = require "spec.support.companies"
local document = require "lastpass.plan.document"
local errors = require "lastpass.error"
local runs = require "lastpass.plan.run"
local plan_text = require "lastpass.plan.text"

describe("lastpass.plan.text", function()
  it("says who, what, why and from where, and what it will cost", function()
    local users = companies.people(6)
    users[5].disabled = true
    local plan =
      assert(companies.plan({ users = users, invited = { "guest@acme.com" } }, function(p)
        local list = {
          { email = "person2@acme.com", name = "New Name" },
          { email = "?", name = "X" },
        }
        for person in p.source.table(list, { name = "hr" }):rows() do
          p.user(person.email) { fullname = person.name, groups = { "Sales" } }
        end
        p.user "person3@acme.com" { active = false }
        p.user "person5@acme.com" { active = true }
        p.user "new@acme.com" { fullname = "New One" }
        p.user "guest@acme.com" { active = false }
        p.group "All" { "person1@acme.com", "person4@acme.com" }
        p.protect "person3@acme.com"
      end))
    local shown = tostring(plan)
    for _, part in ipairs {
      "Plan " .. plan.name:sub(1, 12) .. " for lastpass.example/enterpriseapi.php",
      "directory of 7 users",
      "hr: 2 rows, 1 refused, read to its end",
      "create and invite: New One",
      "change the name: Person 2 -> New Name",
      "change the groups: +Sales, -All",
      "let log in again",
      "withdraw the invitation",
      "hr:1",
      "Held back, not part of the plan:",
      "protected by the playbook",
      "Rows that were not used:",
      "1 e-mail will be sent",
    } do
      assert.is_truthy(shown:find(part, 1, true), part .. "\n" .. shown)
    end
    assert.matches("\n%+ +new@acme.com", shown)
    assert.matches("\n~ +person2@acme.com", shown)
    assert.matches("\n%- +guest@acme.com", shown)
  end)

  it("lets nothing from outside reach the terminal", function()
    local plan = assert(companies.plan({ users = companies.people(3) }, function(p)
      p.user "person2@acme.com" { fullname = "A\27[2Jx", groups = { "G\27]0;\7" } }
      p.users(p.source.table({}, { name = "n\27[1m" }))
      p.reason "r\27[2J"
      p.user "person3@acme.com" { active = false }
    end))
    assert.is_nil(tostring(plan):find("[%z\1-\9\11-\31\127]"))
  end)

  it("is short when there is nothing to do", function()
    local plan = assert(companies.plan({ users = {} }, {}))
    assert.matches("nothing to change$", tostring(plan))
  end)

  it("has words for every step", function()
    local changes = require "lastpass.directory.changes"
    for _, kind in ipairs(changes.list) do
      local step = {
        kind = kind.name,
        before = {},
        after = { groups = {}, join = {}, leave = { "G" }, email = "x@acme.com", level = "Admin" },
      }
      assert.equal(kind.verb, plan_text.what(step):sub(1, #kind.verb))
    end
  end)
end)

describe("lastpass.plan.text: runs", function()
  local function run_of(outcomes, state, more)
    local body = document.new()
    for number = 1, #outcomes do
      body.steps[number] =
        { number = number, kind = "disable", subject = ("u%d@x.example"):format(number) }
    end
    local fields = {
      id = 7,
      plan = ("ab"):rep(32),
      kind = "apply",
      state = state,
      body = body,
      outcomes = outcomes,
    }
    for name, value in pairs(more or {}) do
      fields[name] = value
    end
    return tostring(runs.new(fields))
  end

  local function has(text, part)
    assert.truthy(text:find(part, 1, true), part .. " is not in:\n" .. text)
  end

  it("of a good run says how many, and how to take it back", function()
    assert.equal(
      "Run 7 (plan abababababab) finished: 1 done, 1 so already\n"
        .. "to take it back: client:undo(7) makes the plan",
      run_of({ { state = "done" }, { state = "unchanged" } }, "finished")
    )
  end)

  it("of an empty run says so, and offers nothing", function()
    assert.equal("Run 7 (plan abababababab) finished: nothing to do", run_of({}, "finished"))
  end)

  it("names every row that is not done, and why", function()
    local text = run_of({
      { state = "done" },
      { state = "refused", reason = "No such user" },
      { state = "unknown", reason = "no trace" },
    }, "finished")
    has(text, "1 done, 1 refused, 1 unknown")
    has(text, "u2@x.example")
    has(text, "No such user")
    has(text, "u3@x.example")
    assert.is_nil(text:find("u1@x.example", 1, true))
    assert.is_nil(text:find("client:resume", 1, true))
  end)

  it("of a stopped run says why, what to do about it, and how to go on", function()
    local _, _, err = errors.fail("auth", "x", "wrong hash", { hint = "check provhash" })
    local text = run_of({ { state = "not_tried" } }, "stopped", { stopped = err })
    has(text, "stopped: 1 not tried")
    has(text, "wrong hash; check provhash")
    has(text, "to go on: client:resume(7)")
    assert.is_nil(text:find("client:undo", 1, true))
  end)

  it("of a run that broke off says how to go on, once", function()
    local _, _, err = errors.fail("cancelled", "interrupted", "interrupted", {
      hint = "go on with client:resume(7)",
    })
    local text = run_of({ { state = "intended" } }, "stopped", { stopped = err })
    has(text, "1 uncertain")
    local _, count = text:gsub("client:resume", "")
    assert.equal(1, count)
  end)

  it("of an undo names the run that was taken back", function()
    has(run_of({}, "finished", { kind = "undo", of_run = 3 }), "Run 7 (takes back run 3, plan abab")
  end)
end)

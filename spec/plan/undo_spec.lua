-- Runs taken back: the plan leads to what was before, leaves alone who has changed since, and says what
-- does not come back.
local check = require "spec.support.check"
local directory = require "lastpass.directory"
local journals = require "lastpass.store"
local plans = require "spec.support.plans"
local store = require "spec.support.store"
local support = require "spec.support.box"

describe("lastpass.plan.undo", function()
  local box, client, files, active

  setup(function()
    box = support.start { users = 60, invited = 4, seed = 13 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    assert(box:act { settings = { unknown_group = "create", batchadd_makes = "invited" } })
    files = {}
    client = box:client { journal = plans.path(files) }
    active = plans.active(client, 20)
  end)

  after_each(function()
    plans.remove(files)
  end)

  local function with_status(status)
    for user in client:users { status = status } do
      if not user.admin then
        return user.email
      end
    end
  end

  local function apply(list, options)
    local run = assert(client:apply(plans.plan(client, list), options))
    assert.is_true(run.ok)
    return run
  end

  -- Kinds of steps by address.
  local function kinds_of(steps)
    local kinds = {}
    for _, step in ipairs(steps) do
      kinds[step.subject] = kinds[step.subject] and kinds[step.subject] .. " " .. step.kind
        or step.kind
    end
    return kinds
  end

  local function warning_about(plan, address)
    for _, warning in ipairs(plan.body.warnings) do
      if warning:find(address, 1, true) == 1 then
        return warning
      end
    end
  end

  it("leads back to the old directory", function()
    local before = assert(client:snapshot())
    local disabled = with_status "disabled"
    local groups = before:user(active[3]).groups
    local run = apply {
      { "create", "new@acme.example", { fullname = "New", groups = { "Finance" } } },
      { "name", active[1], { fullname = "Other Name" } },
      { "groups", active[1], { join = { "Go" }, leave = {} } },
      { "disable", active[1] },
      { "enable", disabled },
      { "groups", active[3], { join = { "Chess" }, leave = { groups[1] } } },
    }
    local undo = assert(client:undo(run.id))
    assert.equal("undo", undo.body.kind)
    assert.equal(run.id, undo.body.of_run)
    assert.equal(6, undo:count())
    assert.same(
      { create = nil, uninvite = 1, name = 1, groups = 2, disable = 1, enable = 1 },
      undo.body.counts
    )
    assert.equal(0, #undo.body.held)
    assert.truthy(tostring(undo):find("takes back step", 1, true))
    local done = assert(client:apply(undo))
    assert.is_true(done.ok)
    assert.equal("undo", done.kind)
    assert.equal(run.id, done.of_run)
    assert.same({}, directory.diff(before, assert(client:snapshot())))
  end)

  it("can be saved, loaded and applied like any other plan, once", function()
    local run = apply { { "disable", active[1] } }
    local path = plans.path(files)
    assert(assert(client:undo(run.id)):save(path))
    local undo = assert(client:load_plan(path))
    assert.is_true(assert(client:apply(undo)).ok)
    check.failure("conflict", "applied_before", client:apply(undo))
  end)

  it("is taken back by another undo", function()
    local run = apply { { "disable", active[1] }, { "name", active[2], { fullname = "Other" } } }
    local undone = assert(client:apply(assert(client:undo(run.id))))
    assert.equal("active", client:user(active[1]).status)
    assert.is_true(assert(client:apply(assert(client:undo(undone.id)))).ok)
    assert.equal("disabled", client:user(active[1]).status)
    assert.equal("Other", client:user(active[2]).fullname)
  end)

  it("lets the same plan be applied again", function()
    local plan = plans.plan(client, { { "disable", active[1] } })
    local run = assert(client:apply(plan))
    assert(client:apply(assert(client:undo(run.id))))
    assert.is_true(assert(client:apply(plan)).ok)
    assert.equal("disabled", client:user(active[1]).status)
  end)

  describe("of somebody created", function()
    local created = { { "create", "new@acme.example", { fullname = "New", groups = { "Go" } } } }

    it("withdraws the invitation while there is one", function()
      local run = apply(created)
      local undo = assert(client:undo(run.id))
      assert.same({ ["new@acme.example"] = "uninvite" }, kinds_of(undo.body.steps))
      assert(client:apply(undo))
      check.failure("refused", "no_such_user", client:user "new@acme.example")
    end)

    it("removes an account that nobody has used", function()
      assert(box:act { settings = { batchadd_makes = "user" } })
      local run = apply(created)
      local undo = assert(client:undo(run.id))
      assert.same({ ["new@acme.example"] = "remove" }, kinds_of(undo.body.steps))
      assert.equal("hard", undo.body.steps[1].reversal)
      assert.is_true(assert(client:apply(undo)).ok)
    end)

    it("holds an account that is in use", function()
      local run = apply(created)
      assert(box:act { accept = { "new@acme.example" } })
      assert(box:act { login = { "new@acme.example" } })
      local undo = assert(client:undo(run.id))
      assert.equal(0, undo:count())
      assert.equal("changed_since", undo.body.held[1].code)
      assert.equal("remove", undo.body.held[1].kind)
      assert.truthy(undo.body.held[1].held)
    end)

    it("has nothing to do when they are gone", function()
      local run = apply(created)
      assert(client:user("new@acme.example"):uninvite())
      local undo = assert(client:undo(run.id))
      assert.equal(0, undo:count() + #undo.body.held)
      assert.truthy(warning_about(undo, "new@acme.example"):find("gone already", 1, true))
    end)
  end)

  it("invites and creates anew who was taken out, and says what is lost", function()
    local invited = with_status "invited"
    local user = client:user(active[1])
    local fullname, groups = user.fullname, user.groups
    local run = apply({
      { "uninvite", invited },
      { "remove", active[1] },
      { "delete", active[2] },
    }, { confirm_final = 1 })
    local undo = assert(client:undo(run.id))
    assert.same({ [invited] = "create", [active[1]] = "create" }, kinds_of(undo.body.steps))
    assert.truthy(warning_about(undo, active[1]):find("without the vault", 1, true))
    assert.truthy(warning_about(undo, active[2]):find("deleted for good", 1, true))
    for _, step in ipairs(undo.body.steps) do
      assert.equal("hard", step.reversal)
      if step.subject == active[1] then
        assert.equal(fullname, step.after.fullname)
        table.sort(groups)
        assert.same(groups, { (table.unpack or unpack)(step.after.groups) })
      end
    end
    assert.is_true(assert(client:apply(undo)).ok)
    assert.equal("invited", client:user(invited).status)
    assert.equal("invited", client:user(active[1]).status)
  end)

  it("lists what leaves no trace, and what is not taken back", function()
    local run = apply {
      { "reinvite", with_status "invited" },
      { "reset_password", active[1] },
      { "rename", active[2], { email = "renamed@acme.example" } },
      { "disable_mfa", active[3] },
      { "require_password_change", active[4] },
    }
    local undo = assert(client:undo(run.id))
    assert.equal(0, undo:count())
    assert.equal(5, #undo.body.warnings)
    assert.truthy(warning_about(undo, active[2]):find("renamed@acme.example", 1, true))
    assert.truthy(warning_about(undo, active[1]):find("password reset", 1, true))
  end)

  it("holds who has changed since, with what changed", function()
    local run = apply { { "disable", active[1] }, { "disable", active[2] } }
    assert(client:user(active[1]):join "Chess")
    local undo = assert(client:undo(run.id))
    assert.same({ [active[2]] = "enable" }, kinds_of(undo.body.steps))
    assert.same({ [active[1]] = "enable" }, kinds_of(undo.body.held))
    assert.equal("changed_since", undo.body.held[1].code)
    assert.truthy(undo.body.held[1].held:find("is in Chess now", 1, true))
    assert.truthy(tostring(undo):find("is in Chess now", 1, true))
    assert.is_true(assert(client:apply(undo)).ok)
    assert.equal("disabled", client:user(active[1]).status)
  end)

  it("takes back only what the run did, not what was so already or was refused", function()
    local plan = plans.plan(client, { { "disable", active[1] }, { "disable", active[2] } })
    assert(client:disableuser { active[1] })
    local run = assert(client:apply(plan))
    assert.equal("unchanged", plans.states(run)[active[1]])
    local undo = assert(client:undo(run.id))
    assert.same({ [active[2]] = "enable" }, kinds_of(undo.body.steps))
  end)

  it("takes a run back that broke off, by what the directory shows", function()
    local plan = plans.plan(client, {
      { "disable", active[1] },
      { "disable", active[2] },
      { "reset_password", active[3] },
    })
    local journal = assert(journals.of(client))
    local id = assert(journal:begin_run {
      tenant = journals.tenant(client),
      plan = plan.name,
      kind = "apply",
      document = plan:text(),
      total = 3,
    })
    local list = {}
    for position, step in ipairs(plan.body.steps) do
      list[position] = {
        number = step.number,
        kind = step.kind,
        subject = step.subject,
        doubt_until = os.time() + 50,
      }
    end
    assert(journal:intend(id, list))
    assert(client:disableuser { active[1] })
    -- what LastPass carries out late would undo the undo
    local err = check.failure("conflict", "in_doubt", client:undo(id))
    assert.is_true(err.retry_after > 40 and err.retry_after <= 50)
    assert.truthy(err.hint:find(("client:resume(%d)"):format(id), 1, true))
    local cancel, restore = plans.fast_clock(60)
    cancel()
    finally(restore)
    local undo = assert(client:undo(id))
    assert.same({ [active[1]] = "enable" }, kinds_of(undo.body.steps))
    assert.truthy(warning_about(undo, active[3]):find("may have been", 1, true))
    assert.is_true(assert(client:apply(undo)).ok)
    assert.equal("active", client:user(active[1]).status)
    check.failure("conflict", "run_abandoned", client:resume(id))
  end)

  it("is refused when no active admin would be left", function()
    local admins = {}
    for user in client:users { admin = true } do
      if user.status == "active" then
        admins[#admins + 1] = user.email
      end
    end
    assert(client:disableuser(admins))
    local run = apply { { "enable", admins[1] } }
    local undo = assert(client:undo(run.id))
    assert.equal("last_admin", undo.body.refusals[1].guard)
    check.failure("guard", "refused_by_guards", client:apply(undo))
  end)

  it("has limits once the run is older than a week, and when they are given", function()
    local list = {}
    for position = 1, 5 do
      list[position] = { "disable", active[position] }
    end
    local run = apply(list)
    local plan = assert(client:undo(run.id))
    assert.same({ {}, 5 }, { plan.body.refusals, plan:count() })
    plan = assert(client:undo(run.id, { limit = { enable = 4 } }))
    assert.equal("enable", plan.body.refusals[1].guard)
    local journal = assert(journals.of(client))
    local sql = "UPDATE lastpass_runs SET started = started - ? WHERE id = ?"
    store.tamper(journal, sql, 7 * 86400 - 3600, run.id)
    assert.same({}, assert(client:undo(run.id)).body.refusals)
    store.tamper(journal, sql, 7200, run.id)
    plan = assert(client:undo(run.id))
    assert.equal("people let in again: 5 of 64; the limit is 2% (3)", plan.body.refusals[1].message)
    assert.equal("{ limit = { enable = 5 } } as an option of the call", plan.body.refusals[1].allow)
    check.failure("guard", "refused_by_guards", client:apply(plan))
    plan = assert(client:undo(run.id, { limit = { enable = 5 } }))
    assert.same({}, plan.body.refusals)
    assert.is_true(assert(client:apply(plan)).ok)
    assert.matches(
      "there is no limit 'enabl' %(did you mean 'enable'%?%)",
      check.blamed(function()
        client:undo(run.id, { limit = { per_day = { enabl = 5 } } })
      end)
    )
  end)

  it("refuses runs that do not exist, and those that are under way", function()
    check.failure("argument", "no_such_run", client:undo(99))
    check.blamed(function()
      client:undo "1"
    end)
    local plan = plans.plan(client, { { "disable", active[1] } })
    local journal = assert(journals.of(client))
    local lock = assert(journal:lock(journals.tenant(client)))
    local id = assert(journal:begin_run {
      tenant = journals.tenant(client),
      plan = plan.name,
      kind = "apply",
      document = plan:text(),
      total = 1,
    })
    check.failure("conflict", "locked", client:undo(id))
    lock:release()
    assert.equal(0, assert(client:undo(id)):count())
  end)

  it("expires, after a day unless told otherwise", function()
    local run = apply { { "disable", active[1] } }
    local undo = assert(client:undo(run.id))
    assert.equal(86400, undo.body.expires - undo.body.created)
    undo = assert(client:undo(run.id, { expires_in = 60 }))
    assert.equal(60, undo.body.expires - undo.body.created)
    local text = check.blamed(function()
      client:undo(run.id, { expires = 60 })
    end)
    assert.truthy(text:find("did you mean 'expires_in'", 1, true))
  end)
end)

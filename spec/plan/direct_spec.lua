-- What is asked for directly: the client's functions over lists.
local check = require "spec.support.check"
local journals = require "lastpass.store"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

describe("lastpass.plan.direct", function()
  local box, client, files

  setup(function()
    box = support.start { users = 60 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    files = {}
    client = box:client { journal = plans.path(files) }
  end)

  after_each(function()
    assert(journals.of(client)):close()
    plans.remove(files)
  end)

  local function rows_of(list)
    local rows = {}
    for position, entry in ipairs(list) do
      rows[position] = entry.row
    end
    return rows
  end

  local function status(email)
    return assert(client:user(email)).status
  end

  local function admins()
    local list = {}
    for user in client:users { admin = true, status = "active" } do
      list[#list + 1] = user.email
    end
    return list
  end

  it("names its own option for what a guard holds, which lets it through", function()
    local there = plans.active(client, 1)[1]
    local list = { { username = "'" .. there, fullname = "Zoe Zed" } }
    local refused = assert(client:add_users(list)).refused[1]
    assert.equal("look_alike", refused.code)
    local way = "allow so many with { limit = { look_alikes = 1 } } as an option of the call"
    assert.equal(way, refused.reason:match "allow so many.*$")
    local result = assert(client:add_users(list, { limit = { look_alikes = 1 } }))
    assert.equal("1 done", tostring(result))
  end)

  it("is true to the row, and names the run", function()
    local active = plans.active(client, 3)
    assert(client:disableuser { active[2] })
    local list = { active[1], "nobody@x.example", active[2], "not an address", active[1]:upper() }
    list[6] = active[3]
    local result = assert(client:disable_users(list))
    assert.equal("2 done, 1 unchanged, 3 refused", tostring(result))
    assert.same({ 1, 6 }, rows_of(result.done))
    assert.same({ 3 }, rows_of(result.unchanged))
    assert.same({ 2, 4, 5 }, rows_of(result.refused))
    assert.same({ "no_such_user", "bad_address", "repeated" }, {
      result.refused[1].code,
      result.refused[2].code,
      result.refused[3].code,
    })
    assert.equal("the same address as row 1", result.refused[3].reason)
    assert.equal(list[2], result.refused[1].item)
    assert.is_false(result.ok)
    assert.equal(1, result.requests)
    local run = assert(client:run(result.run))
    assert.equal("direct", run.kind)
    assert.equal(2, run.counts.done)
    -- and back
    assert(client:apply(assert(client:undo(result.run))))
    assert.equal("active", status(active[1]))
    assert.equal("disabled", status(active[2]))
  end)

  it("begins no run when there is nothing to do, and the same may be asked for again", function()
    local email = plans.active(client, 1)[1]
    local result = assert(client:enable_users { email })
    assert.equal("0 done, 1 unchanged", tostring(result))
    assert.is_true(result.ok)
    assert.is_nil(result.run)
    assert.equal(0, result.requests)
    assert.is_true(assert(client:disable_users {}).ok)
    for _ = 1, 3 do
      assert.equal("1 done", tostring(assert(client:disable_users { email })))
      assert.equal("1 done", tostring(assert(client:enable_users { email })))
    end
  end)

  it("creates, renames and moves people", function()
    local email = plans.active(client, 1)[1]
    local result = assert(client:add_users {
      {
        username = "new@x.example",
        fullname = "New One",
        groups = { "Sales" },
        attribs = { Id = "7" },
      },
      { username = email, fullname = "Somebody Else" },
    })
    assert.equal("1 done, 1 refused", tostring(result))
    assert.equal("exists", result.refused[1].code)
    local fields = support.person(box, "new@x.example").fields
    assert.equal("New One", fields.fullname)
    assert.same({ "Sales" }, fields.groups)
    assert.same({ Id = "7" }, fields.attribs)
    result = assert(client:update_users {
      { username = email, fullname = "Other Name", duousername = "duo", securidusername = "sec" },
    })
    assert.is_true(result.ok)
    fields = support.person(box, email).fields
    assert.same({ "Other Name", "duo", "sec" }, {
      fields.fullname,
      fields.duousername,
      fields.securidusername,
    })
    result = assert(client:change_groups {
      { username = email, add = { "Night Shift" } },
      { username = email:upper(), del = { "All Staff" } },
      { username = email, add = { "Night Shift" } },
      { username = email, del = { "Night Shift", "No Such Group" } },
    })
    assert.same({ 1, 2, 3 }, rows_of(result.done))
    assert.equal(1, result.requests)
    assert.same({ 4 }, rows_of(result.refused))
    local groups = table.concat(support.person(box, email).fields.groups, ",")
    assert.truthy(groups:find("Night Shift", 1, true))
    assert.is_nil(groups:find("All Staff", 1, true))
  end)

  it("changes only a name for Duo, and takes it back where it was known", function()
    local email = plans.active(client, 1)[1]
    assert(client:updateuser { username = email, duousername = "before" })
    local name = support.person(box, email).fields.fullname
    local result = assert(client:update_users { { username = email, duousername = "after" } })
    assert.is_true(result.ok)
    assert.equal(
      "0 done, 1 unchanged",
      tostring(assert(client:update_users {
        { username = email, duousername = "after" },
      }))
    )
    assert(client:apply(assert(client:undo(result.run))))
    local fields = support.person(box, email).fields
    assert.equal("before", fields.duousername)
    assert.equal(name, fields.fullname)
    result = assert(client:update_users { { username = email, securidusername = "sec" } })
    local plan = assert(client:undo(result.run))
    assert.is_true(plan:is_empty())
    assert.matches("the old one is not known", plan.body.warnings[1], 1, true)
  end)

  it("does not take a name for SecurID for done when the answer was lost", function()
    local email = plans.active(client, 1)[1]
    support.inject(box, "updateuser", nil, { drop = "after" })
    local result = assert(client:update_users { { username = email, securidusername = "sec" } })
    assert.equal("0 done, 1 uncertain", tostring(result))
    assert.equal("traceless", result.uncertain[1].code)
    support.inject(box, "updateuser", nil, { drop = "after" })
    result =
      assert(client:update_users { { username = email, fullname = "Shown", duousername = "d" } })
    assert.equal("1 done", tostring(result))
    assert.equal("read_back", result.done[1].code)
  end)

  it("keeps a first password out of plan and journal, and sends it", function()
    local SECRET = "Correct-Horse-Battery-1"
    local row = { username = "new@x.example", password = SECRET, attribs = { Pin = SECRET } }
    local plan = assert(client:plan { create = { row } })
    assert.is_nil(plan:text():find(SECRET, 1, true))
    assert.is_nil(tostring(plan):find(SECRET, 1, true))
    local result = assert(client:add_users { row })
    assert.is_true(result.ok)
    local person = support.person(box, "new@x.example")
    assert.is_true(person.fields.password_reset_required)
    assert.equal(SECRET, person.fields.attribs.Pin)
    for _, path in ipairs { files[1], files[1] .. "-wal" } do
      local file = io.open(path, "rb")
      if file then
        assert.is_nil(file:read("*a"):find(SECRET, 1, true))
        file:close()
      end
    end
    -- a plan that was saved does not have it any more, and does not create somebody without it
    row.username = "other@x.example"
    local path = plans.path(files)
    assert(assert(client:plan { create = { row } }):save(path))
    local run = assert(client:apply(assert(client:load_plan(path))))
    assert.equal("refused", plans.states(run)["other@x.example"])
    assert.equal("not_kept", plans.row(run, "other@x.example").code)
    check.failure("refused", "no_such_user", client:user "other@x.example")
  end)

  it("is refused beyond the limits, and says what allows it", function()
    local list = plans.active(client, 16) -- a quarter of 62 is 15
    local result, message, err = client:disable_users(list)
    check.failure("guard", "refused_by_guards", result, message, err)
    assert.matches("^people disabled: 16 of %d+; the limit is 15$", message)
    assert.equal("to allow it: { limit = { disable = 16 } } as an option of the call", err.hint)
    assert.equal("active", status(list[1]))
    assert.is_true(assert(client:disable_users(list, { limit = { disable = 16 } })).ok)
    local more = plans.active(client, 15)
    result, message, err = client:disable_users(more)
    check.failure("guard", "refused_by_guards", result, message, err)
    assert.matches(
      "within 24 hours: 16 by earlier runs and 15 by this plan; the limit is 30",
      message
    )
    assert.equal(
      "to allow it: { limit = { per_day = { disable = 31 } } } as an option of the call",
      err.hint
    )
    result = assert(client:disable_users(more, { limit = { per_day = { disable = 31 } } }))
    assert.is_true(result.ok)
    -- letting people in again is limited as in plans, but for a handful
    result, message, err = client:enable_users(list)
    check.failure("guard", "refused_by_guards", result, message, err)
    assert.matches("^people let in again: 16 of %d+; the limit is 5", message)
  end)

  it("holds a handful against the day alone, more against the week and the month", function()
    local list = plans.active(client, 30)
    local six, journal = {}, assert(journals.of(client))
    for position = 1, 30 do
      six[position % 6 + 1] = list[position]
      if position % 6 == 0 then
        assert(client:disable_users(six, { limit = { disable = 6, per_day = { disable = 90 } } }))
      end
    end
    local now = require("lastpass.time").now()
    journal._database:query("UPDATE lastpass_steps SET touched_at = ?", now - 3 * 24 * 60 * 60)
    local more = plans.active(client, 6)
    local result, message, err = client:disable_users(more, { limit = { disable = 6 } })
    check.failure("guard", "refused_by_guards", result, message, err)
    assert.matches("within 7 days: 30 by earlier runs and 6 by this plan; the limit is 18", message)
    assert.equal(
      "to allow it: { limit = { per_week = { disable = 36 } } } as an option of the call",
      err.hint
    )
    assert.is_true(assert(client:disable_users { more[1] }).ok)
    result, message, err = client:disable_users(
      { more[2] },
      { limit = { per_month = { disable = 9 } } }
    )
    check.failure("guard", "refused_by_guards", result, message, err)
  end)

  it("leaves an admin, in a group of rows and after the plan was made", function()
    local list = admins()
    assert.equal(2, #list)
    local result, message, err = client:disable_users(list, { limit = { disable = "100%" } })
    check.failure("guard", "refused_by_guards", result, message, err)
    assert.equal("no active admin would be left: 2 of 2 would go", message)
    assert.same(list, admins())
    local plan = assert(client:plan { disable = { list[1] } })
    assert(client:disableuser { list[2] })
    result, message, err = client:apply(plan)
    check.failure("guard", "last_admin", result, message, err)
    assert.equal("active", status(list[1]))
  end)

  it("takes nothing from whom the client protects, and does the rest", function()
    local active = plans.active(client, 2)
    local path = plans.path(files)
    local careful = box:client { journal = path, protect = { active[1]:upper() } }
    local result = assert(careful:disable_users(active))
    assert.equal("1 done, 1 refused", tostring(result))
    assert.equal("protected", result.refused[1].code)
    assert.equal("is protected by the configuration", result.refused[1].reason)
    assert.equal("active", status(active[1]))
    assert.equal("disabled", status(active[2]))
    local group = assert(client:user(active[1])).groups[1]
    result = assert(careful:change_groups { { username = active[1], del = { group } } })
    assert.equal("0 done, 1 refused", tostring(result))
    assert(journals.of(careful)):close()
  end)

  it("stops when it is cancelled, and resume goes on", function()
    local list, calls = {}, 0
    for position, email in ipairs(plans.active(client, 4)) do
      list[position] = { username = email, fullname = "Name " .. position }
    end
    local result = assert(client:update_users(list, {
      in_flight = 1,
      cancel = function()
        calls = calls + 1
        return calls > 3
      end,
    }))
    assert.equal("cancelled", result.stopped.kind)
    assert.truthy(#result.done > 0 and #result.not_tried > 0)
    assert.equal(4, #result.done + #result.not_tried)
    local run = assert(client:resume(result.run))
    assert.is_true(run.ok)
    assert.equal("Name 4", support.person(box, list[4].username).fields.fullname)
  end)

  it("does not call done what the directory does not show", function()
    support.inject(box, "batchadd", '{"status":"OK"}', { status = 200 })
    local row = { username = "ghost@x.example", fullname = "A Ghost" }
    local result = assert(client:add_users({ row }, { confirm_within = 0.1 }))
    assert.is_false(result.ok)
    assert.equal("0 done, 1 not confirmed", tostring(result))
    assert.matches(
      "does not show it: is not in the company",
      result.not_confirmed[1].reason,
      1,
      true
    )
    assert.equal("1 done", tostring(assert(client:add_users { row })))
  end)

  it("says who has the company", function()
    local journal, tenant = assert(journals.of(client)), journals.tenant(client)
    local lock = assert(journal:lock(tenant))
    local result, message, err = client:disable_users(plans.active(client, 1))
    check.failure("conflict", "locked", result, message, err)
    assert(lock:release())
  end)

  it("gives the failure alone when nothing could be tried", function()
    local email = plans.active(client, 1)[1]
    support.inject(box, "disableuser", nil, { status = 403 })
    local result, message, err = client:disable_users { email }
    check.failure("transport", "http_status", result, message, err)
    assert.is_number(err.run)
    assert.is_true(assert(client:resume(err.run)).ok)
    assert.equal("disabled", status(email))
  end)

  it("asks nothing when no row is left that could be sent", function()
    local before = support.requests(box)
    local result = assert(client:disable_users { "ann@x.example\0", "ann@x.example\226\128\139" })
    assert.equal("bad_address", result.refused[1].code)
    assert.equal(2, #result.refused)
    assert.equal(before, support.requests(box))
  end)

  it("minds what a programmer gets wrong", function()
    for expected, call in pairs {
      ["client:add_users: 'list' must be a table, not a string"] = function()
        client:add_users "ann@x.example"
      end,
      ["client:add_users: row 1 must be a table, not a string"] = function()
        client:add_users { "ann@x.example" }
      end,
      ["client:disable_users: row 2 must be a string, not a table"] = function()
        client:disable_users { "a@x.example", { username = "ann@x.example" } }
      end,
      ["client:update_users: row 2: "] = function()
        client:update_users {
          { username = "a@x.example", fullname = "A" },
          { fullname = "No Address" },
        }
      end,
      ["client:add_users: unknown option 'limits' (did you mean 'limit'?)"] = function()
        client:add_users({ { username = "ann@acme.com" } }, { limits = { create = 5 } })
      end,
      ["client:add_users: unknown option 'chunks' (did you mean 'chunk'?)"] = function()
        client:add_users({}, { chunks = 5 })
      end,
      ["client:add_users: option 'limit' must be table, not number"] = function()
        client:add_users({}, { limit = 5 })
      end,
      ["unknown option 'disabel' (did you mean 'disable'?)"] = function()
        client:disable_users({ "a@x.example" }, { limit = { disabel = 5 } })
      end,
    } do
      assert.matches(expected, check.blamed(call), 1, true)
    end
  end)
end)

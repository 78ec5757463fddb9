-- Plans that go over SCIM: which steps do and why, how they are sent, and what refuses them.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

describe("plans via scim", function()
  local box, client, files, active

  setup(function()
    box = support.start { users = 60, seed = 5 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    files = {}
    client = box:client { journal = plans.path(files), retries = 0 }
    active = plans.active(client, 20)
  end)

  after_each(function()
    plans.remove(files)
  end)

  local function plan(given, options)
    options = options or {}
    options.via = "scim"
    options.limit = { create = 50, disable = 50, delete = 50, leave = 50, join = 200 }
    return assert(client:plan(given, options))
  end

  -- The writing requests that came over SCIM, and the commands of the Enterprise API.
  local function requests()
    local over_scim, commands = {}, {}
    for _, entry in ipairs(assert(box:journal())) do
      local name = entry.command:match "^scim:(.*)$"
      local writes = name and not name:find "^list_" and not name:find "^get_"
      if writes then
        over_scim[#over_scim + 1] = name
      elseif not name and entry.command ~= "getuserdata" then
        commands[#commands + 1] = entry.command
      end
    end
    return over_scim, commands
  end

  local function everything()
    return {
      create = {
        {
          username = "new1@x.example",
          fullname = "New One",
          groups = { "Everyone Else", "Pilots" },
        },
        { username = "new2@x.example", groups = { "Pilots" } },
        { username = "new3@x.example" },
      },
      disable = { active[1], active[2] },
      update = { { username = active[3], fullname = "Another Name" } },
      groups = {
        { username = active[4], add = { "Pilots", "Others" } },
        { username = active[5], add = { "Pilots" }, del = client:user(active[5]).groups },
      },
      delete = { active[6] },
      remove = { active[7] },
      reset_password = { active[8] },
    }
  end

  it("say of each step what carries it, and why", function()
    local made = plan(everything())
    assert.equal("scim", made.body.via)
    assert.equal(box.scim_url, made.body.scim)
    local via, why = {}, {}
    for _, step in ipairs(made.body.steps) do
      via[step.kind], why[step.kind] = step.via, step.why
    end
    assert.same({
      create = "scim",
      name = "scim",
      groups = "scim",
      disable = "scim",
      delete = "scim",
      remove = "enterprise",
      reset_password = "enterprise",
    }, via)
    assert.equal("SCIM does it by PATCH of active", why.disable)
    assert.match("SCIM has no such operation", why.remove)
    local text = tostring(made)
    assert.match("Over SCIM (" .. box.scim_url .. "):", text, 1, true)
    assert.match(
      "via enterprise, remove from the company: the Enterprise API does it by deluser",
      text
    )
    assert.match("via scim, disable the account: SCIM does it by PATCH of active", text)
    local path = plans.path(files)
    assert(made:save(path))
    assert.match('"via":"scim"', plans.read(path))
    assert.equal(made.name, assert(client:load_plan(path)).name)
  end)

  it("count their requests", function()
    local made = plan { disable = { active[1], active[2] } }
    assert.equal(2, made.body.requests)
    local joins = {}
    for index = 1, 12 do
      joins[index] = { username = active[index], add = { "Pilots", "Others" } }
    end
    assert.equal(2, plan({ groups = joins }).body.requests)
    assert.equal(4, plan({ create = everything().create }).body.requests - 1)
  end)

  it("do what plans over the Enterprise API do", function()
    local made = plan(everything())
    support.reset_journal(box)
    local run = assert(client:apply(made, { confirm_final = 1 }))
    assert.is_true(run.ok, tostring(run))
    local over_scim, commands = requests()
    table.sort(commands)
    assert.same({ "deluser", "resetpassword" }, commands)
    assert.equal(#over_scim + #commands, run.requests)
    local snapshot = assert(client:snapshot())
    assert.truthy(snapshot:user "new1@x.example")
    assert.same({ "Everyone Else", "Pilots" }, snapshot:user("new1@x.example").groups)
    assert.equal("disabled", snapshot:user(active[1]).status)
    assert.equal("Another Name", snapshot:user(active[3]).fullname)
    assert.same({ "Pilots" }, snapshot:user(active[5]).groups)
    assert.is_nil(snapshot:user(active[6]))
    assert.is_nil(snapshot:user(active[7]))
    local pilots = assert(box:scim():find("Group", "displayName", "Pilots"))
    local whole = assert(box:scim():get("Group", pilots.id))
    assert.equal(4, #whole.members)
  end)

  it("change the members of a group by one request for many people", function()
    local joins = {}
    for index = 1, 20 do
      joins[index] = { username = active[index], add = { "Pilots" } }
    end
    local made = plan { groups = joins }
    support.reset_journal(box)
    local run = assert(client:apply(made))
    assert.is_true(run.ok, tostring(run))
    local over_scim = requests()
    table.sort(over_scim)
    -- the group is made, and gets its members
    assert.same({ "create_group", "patch_group" }, over_scim)
  end)

  it("are taken back over SCIM, by default", function()
    local run = assert(client:apply(plan { disable = { active[1], active[2] } }))
    local undo = assert(client:undo(run.id))
    assert.equal("scim", undo.body.via)
    assert.equal("scim", undo.body.steps[1].via)
    assert.is_true(assert(client:apply(undo)).ok)
    assert.equal("active", assert(client:user(active[1])).status)
    run = assert(client:apply(plan { disable = { active[1] } }))
    undo = assert(client:undo(run.id, { via = "enterprise" }))
    assert.is_nil(undo.body.via)
    assert.is_true(assert(client:apply(undo)).ok)
  end)

  it("are made by the functions over lists as well", function()
    local result = assert(client:disable_users({ active[1], active[2] }, { via = "scim" }))
    assert.is_true(result.ok)
    local over_scim, commands = requests()
    assert.equal(2, #over_scim)
    assert.same({}, commands)
    result = assert(client:change_groups({
      { username = active[1], add = { "Pilots" } },
      { username = active[1], add = { "Others" } },
    }, { via = "scim" }))
    assert.is_true(result.ok)
    assert.same({ "done", "done" }, { result.done[1] and "done", result.done[2] and "done" })
  end)

  it("leave to the Enterprise API what SCIM does not carry of a step", function()
    local made = plan {
      create = {
        { username = "a@x.example", password = "initial Passw0rd!" },
        { username = "b@x.example", fullname = "B" },
      },
      update = { { username = active[1], duousername = "duo1" } },
    }
    local via = {}
    for _, step in ipairs(made.body.steps) do
      via[step.subject] = step.via
      assert.is_string(step.why)
    end
    assert.same({
      ["a@x.example"] = "enterprise",
      ["b@x.example"] = "scim",
      [active[1]] = "enterprise",
    }, via)
    local run = assert(client:apply(made))
    assert.is_true(run.ok, tostring(run))
  end)

  it("need an endpoint, and the same one when they are applied", function()
    local without = lastpass.new {
      cid = box.cid,
      url = box.url,
      provhash = lastpass.secret.value(box.provhash),
      journal = client:option "journal",
      now = client:option "now",
    }
    local actions = { disable = { active[1] } }
    local err = check.failure("argument", "no_scim", without:plan(actions, { via = "scim" }))
    assert.match("scim_token", err.hint)
    assert.match("scim = { token = … }", err.hint, 1, true)
    local made = plan(actions)
    err = check.failure("argument", "no_scim", without:apply(made))
    assert.match("the plan goes over SCIM", err.message)
    local done = assert(client:apply(plan { disable = { active[2] } }))
    err = check.failure("argument", "no_scim", without:undo(done.id))
    assert.match("{ via = 'enterprise' }", err.hint, 1, true)
    assert.is_true(assert(without:apply(assert(without:undo(done.id, { via = "enterprise" })))).ok)
    support.reset_journal(box)
    check.failure("conflict", "other_surface", client:apply(made, { via = "enterprise" }))
    local other = assert(client:plan(actions))
    check.failure("conflict", "other_surface", client:apply(other, { via = "scim" }))
    local elsewhere = client:with {
      scim = { url = box.scim_url .. "/other", token = lastpass.secret.value "x" },
    }
    check.failure("conflict", "other_surface", elsewhere:apply(made))
    assert.equal(0, #requests())
    check.blamed(function()
      client:plan(actions, { via = "scimm" })
    end)
  end)

  it("are refused when their file says something else of what carries them", function()
    local document = require "lastpass.plan.document"
    for _, change in ipairs {
      function(body)
        body.steps[1].via = "carrier pigeon"
      end,
      function(body)
        body.scim = nil
      end,
      function(body)
        body.via = "smtp"
      end,
    } do
      local body = plan({ disable = { active[1] } }).body
      change(body)
      check.failure("conflict", "plan_changed", document.parse(document.render(body), "p.json"))
    end
  end)

  it("are refused by the same guards", function()
    local everybody = plans.active(client, 30)
    local made = assert(client:plan({ disable = everybody }, { via = "scim" }))
    assert.equal(1, #made.body.refusals)
    local protected = client:with { protect = { active[1] } }
    made = assert(protected:plan({ disable = { active[1] } }, { via = "scim" }))
    assert.equal("protected", made.body.held[1].code)
  end)

  it("stop when the token is refused, and nothing is taken for done", function()
    local made = plan { disable = { active[1], active[2] }, update = everything().update }
    local wrong = client:with {
      scim = { url = box.scim_url, token = lastpass.secret.value "another-token" },
    }
    local run = assert(wrong:apply(made))
    assert.equal("stopped", run.state)
    assert.equal("authorization_error", run.stopped.code)
    assert.equal(0, run.counts.done)
    local resumed = assert(client:resume(run.id))
    assert.is_true(resumed.ok, tostring(resumed))
  end)
end)

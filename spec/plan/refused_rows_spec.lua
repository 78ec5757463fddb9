-- The people whose steps did not go through, as a file that can be fed back.
local check = require "spec.support.check"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local plans = require "spec.support.plans"
local refused_rows = require "lastpass.plan.refused_rows"
local support = require "spec.support.box"

describe("lastpass.plan.refused_rows", function()
  -- A plan's body and a run of it from {kind, subject, state, after, reason, origin}.
  local function made_of(list, objects)
    local body, rows = { steps = {}, objects = objects }, {}
    for number, given in ipairs(list) do
      body.steps[number] = {
        number = number,
        kind = given[1],
        subject = given[2],
        after = given.after,
        origin = given.origin,
      }
      rows[number] = {
        number = number,
        subject = given[2],
        state = given[3],
        reason = given.reason,
      }
    end
    local run = {
      steps = function()
        local place = 0
        return function()
          place = place + 1
          return rows[place]
        end
      end,
    }
    return body, run
  end

  local function image(status, fullname, groups)
    return { status = status, fullname = fullname, groups = json.list(groups or {}) }
  end

  local HEADER = "email,fullname,groups,active,state,reason,origin\r\n"

  it("has a line for who did not go through, with what was wanted", function()
    local body, run = made_of({
      {
        "create",
        "new@x",
        "refused",
        after = { fullname = "New One", groups = { "B", "A" } },
        reason = "no licence",
        origin = "hr.csv:3",
      },
      { "name", "a@x", "done", after = { fullname = "Not here" } },
      { "disable", "b@x", "stale", reason = "has changed", origin = "hr.csv:9" },
      { "disable", "c@x", "unchanged" },
    }, {
      ["new@x"] = { status = "absent" },
      ["a@x"] = image("active", "A"),
      ["b@x"] = image("active", "Bea", { "Ops" }),
      ["c@x"] = image("active", "C"),
    })
    assert.equal(
      HEADER
        .. "new@x,New One,A;B,true,refused,no licence,hr.csv:3\r\n"
        .. "b@x,Bea,Ops,false,stale,has changed,hr.csv:9\r\n",
      refused_rows.text(body, run)
    )
  end)

  it("names a person once, with all their steps", function()
    local body, run = made_of(
      {
        { "name", "A@x", "not_tried", after = { fullname = "New" }, origin = "hr.csv:2" },
        {
          "groups",
          "a@x",
          "uncertain",
          after = { join = { "C" }, leave = { "A" } },
          origin = "hr.csv:2",
          reason = "lost",
        },
      },
      { ["A@x"] = image("active", "Old", { "A", "B" }), ["a@x"] = image("active", "Old", { "A" }) }
    )
    assert.equal(
      HEADER .. "A@x,New,B;C,,not_tried; uncertain,lost,hr.csv:2\r\n",
      refused_rows.text(body, run)
    )
  end)

  it("guards values against spreadsheets, and quotes them where RFC 4180 wants it", function()
    local body, run = made_of({
      { "name", "a@x", "refused", after = { fullname = '=1+1, "Ann"' }, reason = "two\nlines" },
      { "remove", "b@x", "unknown", reason = " edge " },
    }, { ["a@x"] = image("active", "A"), ["b@x"] = image("active", "+49") })
    assert.equal(
      HEADER
        .. 'a@x,"\'=1+1, ""Ann""",,,refused,"two\nlines",\r\n'
        .. 'b@x,\'+49,,false,unknown," edge ",\r\n',
      refused_rows.text(body, run)
    )
  end)

  it("is a header alone when all went through", function()
    assert.equal(HEADER, refused_rows.text(made_of({ { "disable", "a@x", "done" } }, {})))
  end)

  it("is written by apply, for its owner alone, and read back by a source", function()
    local files = {}
    local box = support.start { users = 40, seed = 6 }
    finally(function()
      box:stop()
      plans.remove(files)
    end)
    local client = box:client { journal = plans.path(files) }
    local path, active = plans.path(files), plans.active(client, 2)
    local plan = plans.plan(client, {
      { "name", active[1], { fullname = 'Ann "A", Lee' } },
      { "disable", active[2] },
    })
    assert(box:faults { command = "updateuser", body = '{"status":"FAIL","error":"no, never"}' })
    local run = assert(client:apply(plan, { refused_rows = path }))
    assert.equal(1, run.counts.refused)
    assert.is_nil(run.refused_rows_error)
    local source = assert(lastpass.source.csv(path))
    local list, problems = source:read()
    assert.same({}, problems)
    assert.equal(1, #list)
    assert.equal(active[1], list[1].email)
    assert.equal('Ann "A", Lee', list[1].fullname)
    assert.truthy(list[1].reason:find("no, never", 1, true))
    assert.equal("refused", list[1].state)
    local pipe = io.popen("stat -c %a " .. path)
    assert.equal("600", pipe:read "*l")
    pipe:close()
  end)

  it("says when it cannot be written", function()
    check.failure("argument", "cannot_write", refused_rows.prepare "/nonexistent/rows.csv")
    local path = os.tmpname()
    local stood = assert(io.open(path, "w"))
    stood:write "what stood there"
    stood:close()
    assert.is_true(refused_rows.prepare(path))
    assert.equal("what stood there", plans.read(path))
    assert.is_nil(io.open(path .. ".new"))
    os.remove(path)
    local body, run = made_of({}, {})
    check.failure("argument", "cannot_write", refused_rows.write("/nonexistent/r.csv", body, run))
  end)
end)

-- Reads of the directory that are kept, what has changed between them, and what explains it.
local check = require "spec.support.check"
local directory = require "lastpass.directory"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

local function lines_of(list)
  local texts = {}
  for position, one in ipairs(list) do
    texts[position] = tostring(one)
  end
  return texts
end

describe("kept directories", function()
  local box, client, files

  setup(function()
    box = support.start { users = 30, seed = 5 }
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
    plans.remove(files)
  end)

  it("are found again by time, as they were", function()
    check.failure("argument", "no_snapshot", client:snapshot { as_of = "2026-01-01" })
    local first = assert(client:keep_snapshot())
    local email = plans.active(client, 1)[1]
    local day = 24 * 60 * 60
    assert(box:clock { advance = day })
    assert(client:user(email):disable())
    local second = assert(client:keep_snapshot(assert(client:snapshot())))
    assert.is_true(second > first)
    local now = client:now()
    local old = assert(client:snapshot { as_of = now - 1 })
    assert.equal("active", old:user(email:upper()).status)
    assert.equal("disabled", assert(client:snapshot { as_of = now }):user(email).status)
    assert.equal("disabled", assert(client:kept_snapshot "now"):user(email).status)
    assert.same(
      { email .. " status: active -> disabled" },
      lines_of(directory.diff(old, client:snapshot()))
    )
    assert.same({}, directory.diff(old, old))
    assert.equal(2, #assert(client:kept_snapshots()))
    assert.equal(31, old:count()) -- one is only invited
    check.failure("argument", "bad_time", client:snapshot { as_of = "last spring" })
    check.failure("argument", "bad_time", client:snapshot { as_of = "2026-02-30" })
  end)

  it("are kept once while nothing changes", function()
    local first = assert(client:keep_snapshot())
    assert(box:clock { advance = 3600 })
    assert.equal(first, assert(client:keep_snapshot()))
    assert.equal(1, #assert(client:kept_snapshots()))
  end)

  it("mean the end of a day when only a day is given", function()
    assert(client:keep_snapshot()) -- 2026-06-15 09:00 in New York
    assert.is_truthy(client:snapshot { as_of = "2026-06-15" })
    check.failure("argument", "no_snapshot", client:snapshot { as_of = "2026-06-14" })
  end)

  it("hold no attributes, which may be secret", function()
    assert(box:load {
      users = { { username = "a@x.example", attribs = { password = "hunter2-canary" } } },
    })
    local text = directory.record.text(assert(client:snapshot()))
    assert.is_nil(text:find("hunter2", 1, true))
    assert.is_truthy(text:find("a@x.example", 1, true))
  end)

  it("are refused when their text is not whole", function()
    local text = directory.record.text(assert(client:snapshot()))
    assert.equal(31, assert(directory.record.parse(text, 1)):count())
    for _, broken in ipairs { "", "x", text:sub(1, -20), text:gsub("\n[^\n]+\n$", "\n"), "{}\n" } do
      check.failure("protocol", "not_a_directory", directory.record.parse(broken, 1))
    end
  end)

  describe("drift", function()
    it("needs a run", function()
      local err = check.failure("argument", "no_plan_applied", client:drift())
      assert.matches("apply a plan first", err.hint, 1, true)
    end)

    it("tells each difference and the event that explains it", function()
      local people = plans.active(client, 4)
      local run = assert(client:apply(plans.plan(client, { { "disable", people[1] } })))
      assert.is_true(run.ok)
      assert.same({}, assert(client:drift()))
      assert(box:clock { advance = 60 })
      assert(client:user(people[1]):enable())
      assert(client:user(people[2]):remove())
      assert(client:user(people[3]):update { fullname = "Somebody Else" })
      local drift = assert(client:drift())
      assert.equal(3, #drift)
      local by_email = {}
      for _, one in ipairs(drift) do
        by_email[one.email] = one
      end
      assert.same({ "status", "disabled", "active" }, {
        by_email[people[1]].what,
        by_email[people[1]].before,
        by_email[people[1]].after,
      })
      assert.matches("eactivated", by_email[people[1]].event.action)
      assert.equal("gone", by_email[people[2]].what)
      assert.is_truthy(by_email[people[2]].event)
      assert.equal("fullname", by_email[people[3]].what)
      assert.matches(" gone %(.* by .* at 2026%-06%-15", tostring(by_email[people[2]]))
    end)
  end)

  describe("differences", function()
    local function record(users)
      return {
        users = function()
          local position = 0
          return function()
            position = position + 1
            return users[position]
          end
        end,
      }
    end

    it("name every field, sorted", function()
      local before = record {
        { email = "a@x", status = "active", fullname = "A", groups = { "G", "H" }, admin = false },
        { email = "b@x", status = "invited", groups = {} },
      }
      local after = record {
        {
          email = "A@x",
          status = "disabled",
          fullname = "",
          groups = { "H", "I" },
          admin = true,
          mfa = "totp",
        },
        { email = "c@x", status = "active", groups = {} },
      }
      assert.same({
        "A@x admin: no -> yes",
        "A@x fullname: A -> nothing",
        "A@x joined I",
        "A@x left G",
        "A@x mfa: nothing -> totp",
        "A@x status: active -> disabled",
        "b@x gone",
        "c@x appeared",
      }, lines_of(directory.diff(before, after)))
    end)

    it("need two directories", function()
      assert.matches(
        "needs two directories",
        check.blamed(function()
          directory.diff({}, {})
        end)
      )
    end)
  end)
end)

-- The whole way round: files out, decisions in, a plan, its run, the closure.
local check = require "spec.support.check"
local planted = require "spec.support.planted"
local report = require "lastpass.report"

local review = report.access_review

describe("lastpass.report.access_review", function()
  local box, client, made

  local function roster()
    return planted.roster({
      { email = "ann@acme.example", fullname = "Ann", manager = "boss@acme.example" },
      { email = "bob@acme.example", fullname = "Bob", manager = "Boss@acme.example" },
      { email = "cat@acme.example", fullname = "Cat", manager = "chief@acme.example" },
      { email = "boss@acme.example", fullname = "Boss", manager = "boss@acme.example" },
    }, { name = "hr" })
  end

  setup(function()
    box = planted.start()
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    made = {}
    assert(box:reset())
    planted.plant(box, {
      { "ann@acme.example", { groups = { "Sales", "Staff" } } },
      { "bob@acme.example", { groups = { "Staff" }, admin = true } },
      { "cat@acme.example", { groups = { "Sales", "=cmd|' /C calc'!A0" } } },
      { "boss@acme.example", {} },
      { "off@acme.example", { disabled = true, groups = { "Staff" } } },
    })
    box:clear_faults()
    planted.folders(box, {
      {
        name = "Plans",
        users = {
          { "ann@acme.example", can_administer = true },
          { "cat@acme.example", readonly = true, group_name = "Sales" },
          { "off@acme.example" },
          { "boss@acme.example", superadmin = true, can_administer = true },
        },
      },
    })
    client = box:client()
  end)

  after_each(function()
    planted.remove(made)
  end)

  local function export(options)
    local folder = planted.path(made)
    local merged = { roster = roster() }
    for name, value in pairs(options or {}) do
      merged[name] = value
    end
    local asked, files = assert(review.export(client, folder, merged))
    return folder, asked, files
  end

  -- Fills in decisions as a spreadsheet would: { R00001 = "keep" } in the files of a folder.
  local function decide(folder, files, decisions)
    for _, name in ipairs(files) do
      local text = planted.read(folder .. "/" .. name)
      text = text:gsub("(R%d+)([^\r\n]*),,\r\n", function(id, middle)
        local one = decisions[id]
        return one and ("%s%s,%s\r\n"):format(id, middle, one) or nil
      end)
      planted.write(folder .. "/" .. name, text)
    end
  end

  local expected = {
    "R00001 boss@acme.example ann@acme.example account log in active -",
    "R00002 boss@acme.example ann@acme.example group Sales member -",
    "R00003 boss@acme.example ann@acme.example group Staff member -",
    "R00004 boss@acme.example ann@acme.example folder Plans administer -",
    "R00005 boss@acme.example bob@acme.example account log in active -",
    "R00006 boss@acme.example bob@acme.example admin administer the company - -",
    "R00007 boss@acme.example bob@acme.example group Staff member -",
    "R00008 chief@acme.example cat@acme.example account log in active -",
    "R00009 chief@acme.example cat@acme.example group =cmd|' /C calc'!A0 member -",
    "R00010 chief@acme.example cat@acme.example group Sales member -",
    "R00011 chief@acme.example cat@acme.example folder Plans read Sales",
    "R00012 - boss@acme.example account log in active -",
  }

  it("asks about everything that people have, and nothing else", function()
    local asked = assert(review(client, { roster = roster() }))
    local lines = {}
    for position, row in ipairs(asked.rows) do
      lines[position] = table.concat({
        row.id,
        row.manager or "-",
        row.person,
        row.kind,
        row.what,
        row.right or "-",
        row.through or "-",
      }, " ")
    end
    assert.same(expected, lines)
    assert.same({ account = 4, admin = 1, group = 5, folder = 2 }, planted.counts(asked))
    assert.same({ "Things to decide: 4 + 1 + 5 + 2 = 12" }, asked.sums)
    assert.equal(1, asked:total "unassigned") -- nobody decides about themselves
  end)

  it("asks about less when it is told to", function()
    local asked = assert(review(client, {
      roster = roster(),
      what = { "group" },
      exclude = { ["cat@*"] = "on leave" },
    }))
    assert.same({ group = 3 }, planted.counts(asked))
    check.blamed(function()
      review(client, { roster = roster(), what = { "groups" } })
    end)
    check.blamed(function()
      review(client, {})
    end)
  end)

  it("writes a file for each manager, safe for a spreadsheet", function()
    local folder, _, files = export()
    assert.same({ "boss@acme.example.csv", "chief@acme.example.csv", "unassigned.csv" }, files)
    local text = planted.read(folder .. "/chief@acme.example.csv")
    assert.equal(
      "id,person,fullname,kind,what,right,through,last_login,decision,comment\r\n"
        .. "R00008,cat@acme.example,Name of cat,account,log in,active,,2026-06-10T13:00:00Z,,\r\n"
        .. "R00009,cat@acme.example,Name of cat,group,'=cmd|' /C calc'!A0,member,,"
        .. "2026-06-10T13:00:00Z,,\r\n"
        .. "R00010,cat@acme.example,Name of cat,group,Sales,member,,2026-06-10T13:00:00Z,,\r\n"
        .. "R00011,cat@acme.example,Name of cat,folder,Plans,read,Sales,2026-06-10T13:00:00Z,,\r\n",
      text
    )
  end)

  it("does not write over decisions", function()
    local folder = export()
    check.failure("argument", "not_empty", review.export(client, folder, { roster = roster() }))
  end)

  it("reads decisions back, and knows what is not one", function()
    local folder, _, files = export()
    decide(folder, files, {
      R00001 = "Keep,",
      R00002 = "remove,left sales",
      R00003 = "perhaps,",
      R00009 = "remove,",
    })
    local path = folder .. "/unassigned.csv"
    planted.write(
      path,
      (planted.read(path):gsub("boss@acme", "ann@acme"))
        .. "R00001,,,,,,,,keep,\r\nR77777,,,,,,,,keep,\r\n"
    )
    local decisions = assert(review.read(folder))
    assert.same({ keep = 1, remove = 2, undecided = 9 }, decisions.counts)
    local problems = {}
    for position, problem in ipairs(decisions.problems) do
      problems[position] = problem.origin .. ": " .. problem.reason
    end
    assert.same({
      "boss@acme.example.csv:4: R00003: the decision is keep or remove, not 'perhaps'",
      "unassigned.csv:2: R00012: the column 'person' was changed",
      "unassigned.csv:3: R00001 belongs to boss@acme.example.csv",
      "unassigned.csv:4: item R77777 does not exist",
    }, problems)
    check.failure("argument", "bad_decisions", review.plan(client, decisions))
    assert.truthy(
      tostring(decisions):find("2 to remove, 9 undecided, 4 rows not understood", 1, true)
    )
  end)

  it("counts the other files when one is missing, or is not CSV", function()
    local folder, _, files = export()
    decide(folder, files, { R00001 = "keep,", R00002 = "remove," })
    local path = folder .. "/unassigned.csv"
    for _, case in ipairs {
      { nil, "unassigned.csv: /.*/unassigned.csv: No such file or directory$" },
      {
        "PK\3\4[Content_Types].xml",
        "unassigned.csv: this is an Excel workbook %(.xlsx%), not CSV; open",
      },
      { "id,person\n", "unassigned.csv: no column " },
      { "", "unassigned.csv: is empty" },
    } do
      os.remove(path)
      if case[1] then
        planted.write(path, case[1])
      end
      local decisions = assert(review.read(folder))
      assert.same({ keep = 1, remove = 1, undecided = 10 }, decisions.counts)
      assert.equal(1, #decisions.problems)
      local problem = decisions.problems[1]
      assert.matches(case[2], problem.origin .. ": " .. problem.reason)
      check.failure("argument", "bad_decisions", review.plan(client, decisions))
    end
  end)

  it("reads files as spreadsheets save them", function()
    local folder, _, files = export()
    decide(folder, files, { R00001 = "keep,caf\195\169", R00002 = "remove," })
    local texts = {}
    for _, name in ipairs(files) do
      texts[name] = planted.read(folder .. "/" .. name)
    end
    local function latin(text)
      return (
        text:gsub("\195(.)", function(byte)
          return string.char(byte:byte() + 64)
        end)
      )
    end
    local function wide(text)
      return "\255\254" .. latin(text:gsub("^\239\187\191", "")):gsub(".", "%0\0")
    end
    local changes = {
      semicolons = function(text)
        return (text:gsub(",", ";"))
      end,
      separator_line = function(text)
        return "sep=;\r\n" .. text:gsub("^\239\187\191", ""):gsub(",", ";")
      end,
      latin = latin,
      tabs_in_utf_16 = function(text)
        return wide((text:gsub(",", "\t")))
      end,
    }
    for what, change in pairs(changes) do
      for name, text in pairs(texts) do
        planted.write(folder .. "/" .. name, change(text))
      end
      local decisions = assert(review.read(folder))
      assert.same({}, decisions.problems, what)
      assert.same({ keep = 1, remove = 1, undecided = 10 }, decisions.counts)
      assert.equal("caf\195\169", decisions.by_id.R00001.comment)
    end
    for name, text in pairs(texts) do
      planted.write(folder .. "/" .. name, (text:gsub(",", "~")))
    end
    assert.is_true(#assert(review.read(folder)).problems > 0)
    assert.same({}, assert(review.read(folder, { delimiter = "~" })).problems)
    assert.equal(
      "access_review.read: unknown option 'delimeter' (did you mean 'delimiter'?)",
      check.blamed(function()
        review.read(folder, { delimeter = "~" })
      end)
    )
  end)

  it("refuses a folder that is none", function()
    check.failure("argument", "cannot_read", review.read(planted.path(made)))
    local folder = export()
    planted.write(folder .. "/campaign.json", "{}")
    check.failure("protocol", "not_a_campaign", review.read(folder))
  end)

  it("makes a plan that does what was decided and nothing else", function()
    local folder, _, files = export()
    decide(folder, files, {
      R00002 = "remove,left sales",
      R00004 = "remove,",
      R00006 = "remove,",
      R00008 = "remove,has left",
      R00010 = "remove,",
      R00011 = "remove,",
      R00007 = "keep,",
    })
    local decisions = assert(review.read(folder))
    local plan = assert(review.plan(client, decisions, { limit = { disable = 1, leave = 5 } }))
    local steps = {}
    for position, step in ipairs(plan.body.steps) do
      steps[position] = ("%s %s %s"):format(
        step.kind,
        step.subject,
        step.after and table.concat(step.after.leave, ",") or ""
      )
    end
    assert.same({ "groups ann@acme.example Sales", "disable cat@acme.example " }, steps)
    assert.equal(
      "access review R00002, decided by boss@acme.example: left sales",
      plan.body.steps[1].reason
    )
    assert.equal("boss@acme.example.csv:3", plan.body.steps[1].origin)
    local tasks = {}
    for position, task in ipairs(review.manual(decisions)) do
      tasks[position] = task.task
    end
    assert.same({
      "take ann@acme.example out of the shared folder 'Plans'",
      "take the admin rights from bob@acme.example",
      "take cat@acme.example out of the group 'Sales', or the group out of the folder 'Plans'",
    }, tasks)

    assert.equal("finished", assert(client:apply(plan)).state)
    assert.same({ "Staff" }, assert(client:user "ann@acme.example").groups)
    assert.same({ "Staff" }, assert(client:user "bob@acme.example").groups)
    assert.equal("disabled", assert(client:user "cat@acme.example").status)

    local closed = assert(review.closure(client, decisions))
    local classes = {}
    for _, row in ipairs(closed.rows) do
      classes[row.id] = row.class
    end
    assert.same({
      R00001 = "undecided",
      R00002 = "removed",
      R00003 = "undecided",
      R00004 = "open",
      R00005 = "undecided",
      R00006 = "open",
      R00007 = "kept",
      R00008 = "removed",
      R00009 = "gone",
      R00010 = "removed",
      R00011 = "removed",
      R00012 = "undecided",
    }, classes)
    assert.same({ "Things that were to be decided: 1 + 4 + 2 + 4 + 1 = 12" }, closed.sums)
    assert.equal(2, closed:total "open")
  end)

  it("leaves protected accounts alone", function()
    local folder, _, files = export()
    decide(folder, files, { R00008 = "remove,", R00002 = "remove," })
    local decisions = assert(review.read(folder))
    local plan = assert(review.plan(client, decisions, {
      protect = { "cat@acme.example" },
      limit = { leave = 5 },
    }))
    assert.equal(1, plan:count())
    assert.equal("protected", plan.body.held[1].code)
  end)

  it("needs decisions where it needs them", function()
    check.blamed(function()
      review.plan(client, {})
    end)
    check.blamed(function()
      review.closure(client, nil)
    end)
    check.blamed(function()
      review.export(client, 7, { roster = roster() })
    end)
  end)
end)

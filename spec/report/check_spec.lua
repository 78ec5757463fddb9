local check = require "spec.support.check"
local planted = require "spec.support.planted"
local check_report = require "lastpass.report.check"
local report = require "lastpass.report"

describe("lastpass.report.check", function()
  local box, client, made

  setup(function()
    box = planted.start()
    planted.plant(box, {
      { "ann@acme.example", { admin = true, groups = { "Finance" } } },
      { "boss@acme.example", { admin = true, multifactor = "none" } },
      { "carl@acme.example", { multifactor = "none", groups = { "Finance" } } },
      { "dora@acme.example", { mpstrength = "30" } },
      { "emil@acme.example", { last_login = "2026-01-02 09:00:00" } },
      { "fred@acme.example", { disabled = true, admin = true } },
      { "gus@acme.example", { last_pw_change = "2020-01-01 09:00:00" } },
      { "new@acme.example", { last_login = "", created = "2026-01-02 09:00:00" } },
    })
    planted.folders(box, {
      { name = "Fine", users = { { "ann@acme.example", can_administer = true } } },
      { name = "Orphan", users = { { "fred@acme.example", can_administer = true } } },
      {
        name = "Outside",
        users = {
          { "boss@acme.example", can_administer = true },
          { "guest@mail.example" },
        },
      },
    })
    client = box:client()
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    made = {}
  end)

  after_each(function()
    planted.remove(made)
  end)

  local function lines(one)
    local list = {}
    for position, row in ipairs(one.rows) do
      list[position] = ("%s %s %s%s"):format(
        row.severity,
        row.rule,
        row.subject,
        row.waived and " waived" or ""
      )
    end
    return list
  end

  local found = {
    "error admin_without_mfa boss@acme.example",
    "error folder_admin_without_mfa Outside",
    "error folder_without_admin Orphan",
    "warning disabled_admin fred@acme.example",
    "warning expired_master_password gus@acme.example",
    "warning folder_with_externals Outside",
    "warning inactive_account emil@acme.example",
    "warning user_without_mfa carl@acme.example",
    "warning user_without_mfa new@acme.example",
    "warning weak_master_password dora@acme.example",
    "note never_logged_in new@acme.example",
  }

  it("finds by all rules what was planted, and nothing else", function()
    local one = assert(report.check(client))
    assert.same(found, lines(one))
    assert.equal(10, one.failed)
    assert.same({ passed = 27, error = 3, warning = 7, note = 1 }, planted.counts(one))
    assert.same({ "Tests: 27 + 3 + 7 + 1 + 0 = 38" }, one.sums)
    assert.equal(11, one:total "rules")
  end)

  it("says what is wrong with each", function()
    local messages = {}
    for _, row in ipairs(assert(report.check(client)).rows) do
      messages[row.rule] = row.message
    end
    assert.equal("the master password has a strength of 30", messages.weak_master_password)
    assert.equal("not logged in for 163 days", messages.inactive_account)
    assert.equal(
      "people from outside have access: guest@mail.example",
      messages.folder_with_externals
    )
    assert.equal("admins without multifactor: boss@acme.example", messages.folder_admin_without_mfa)
    assert.equal("never used, 163 days after it was made", messages.never_logged_in)
  end)

  it("takes waivers until they expire", function()
    local waivers = {
      {
        rule = "admin_without_mfa",
        subject = "Boss@acme.example",
        expires = "2026-06-15", -- today is the last day
        reason = "new telephone on its way",
        by = "ann@acme.example",
      },
      {
        rule = "user_without_mfa",
        subject = "*@acme.example",
        expires = "2026-06-14",
        reason = "pilot",
      },
      {
        rule = "folder_without_admin",
        subject = "Nowhere",
        expires = "2026-12-31",
        reason = "none",
      },
    }
    local one = assert(report.check(client, { waivers = waivers }))
    local all = lines(one)
    assert.equal("error admin_without_mfa boss@acme.example waived", all[#all])
    assert.equal(9, one.failed)
    local waived = one.rows[#one.rows]
    assert.equal("new telephone on its way, ann@acme.example (until 2026-06-15)", waived.reason)
    local states = {}
    for position, row in ipairs(one.tables[2].rows) do
      states[position] = ("%s %d"):format(row.state, row.used)
    end
    assert.same({ "holds 1", "expired 2", "matches nothing 0" }, states)
    for _, row in ipairs(one.rows) do
      if row.rule == "user_without_mfa" then
        assert.equal("pilot (expired on 2026-06-14)", row.reason)
        assert.is_false(row.waived)
      end
    end
  end)

  it("runs rules that are written for the company", function()
    local one = assert(report.check(client, {
      rules = {
        "too_few_admins",
        {
          name = "finance_has_mfa",
          title = "Finance has a second factor",
          each = "user",
          applies = function(user)
            return user:is_in "Finance"
          end,
          holds = function(user)
            return user.mfa ~= nil
          end,
        },
        {
          name = "small_groups",
          severity = "note",
          each = "group",
          holds = function(group)
            return group.count < 2
          end,
          message = function(group)
            return ("%d members"):format(#group.members)
          end,
        },
        {
          name = "somebody_is_there",
          each = "company",
          holds = function(company)
            return company.active > 100
          end,
          message = "too small",
        },
      },
    }))
    assert.same({
      "error finance_has_mfa carl@acme.example",
      "error somebody_is_there the company",
      "note small_groups Finance",
    }, lines(one))
    assert.equal("Finance has a second factor", one.rows[1].message)
    assert.equal("2 members", one.rows[3].message)
    assert.equal(2, one.failed)
  end)

  it("runs a file of rules", function()
    local path = planted.path(made)
    planted.write(
      path,
      [[
use "admin_without_mfa"
use("inactive_account", { days = 200, severity = "error" })
rule "finance_has_mfa" {
  title = "Finance has a second factor",
  each = "user",
  applies = function(user) return user:is_in "Finance" end,
  holds = function(user) return user.mfa ~= nil end,
}
waive {
  rule = "finance_has_mfa", subject = "carl@acme.example",
  expires = "2026-12-31", reason = "on leave",
}
]]
    )
    local one = assert(report.check(client, { rules = path }))
    assert.same({
      "error admin_without_mfa boss@acme.example",
      "error finance_has_mfa carl@acme.example waived",
    }, lines(one))
    assert.equal(1, one.failed)
    assert.equal(path, one.statement.options.rules)
  end)

  local function mistake(text)
    local path = planted.path(made)
    planted.write(path, text)
    local err = check.failure("argument", "rule_mistake", report.check(client, { rules = path }))
    return err.message:gsub("^.-%w+:(%d+): ", "%1: "), err
  end

  it("tells mistakes of a file with their place", function()
    local message, err = mistake '\nuse "admin_without_mf"'
    assert.equal(
      "2: check: there is no rule 'admin_without_mf' (did you mean 'admin_without_mfa'?)",
      message
    )
    assert.equal(2, err.line)
    assert.equal(
      "1: rule 'x': the field 'holds' is missing",
      (mistake 'rule "x" { each = "user" }')
    )
    assert.truthy(
      mistake 'rule "x" { each = "users", holds = print }':find('must be "user"', 1, true)
    )
    assert.equal(
      "1: waive: expires is a day such as \"2026-12-31\", not 'soon'",
      (mistake 'waive { rule = "x", subject = "y", expires = "soon", reason = "z" }')
    )
    assert.equal(
      "1: waive: the field 'reason' is missing",
      (mistake 'waive { rule = "x", subject = "y", expires = "2026-12-31" }')
    )
    assert.truthy(mistake "use(":find("unexpected symbol", 1, true))
    assert.truthy(mistake "os.execute 'true'":find("execute", 1, true))
    assert.truthy(mistake "io.open 'x'":find("io", 1, true))
  end)

  it("tells mistakes within rules", function()
    local function run(holds, needs)
      return report.check(client, {
        rules = { { name = "mine", each = "user", holds = holds, needs = needs } },
      })
    end
    local err = check.failure(
      "argument",
      "rule_mistake",
      run(function(user)
        return user.mfaa
      end)
    )
    assert.truthy(
      err.message:find("a rule sees no field 'mfaa' of a user (did you mean 'mfa'?)", 1, true)
    )
    err = check.failure(
      "argument",
      "rule_mistake",
      run(function(user)
        return user:disable()
      end)
    )
    assert.truthy(err.message:find("no field 'disable'", 1, true))
    err = check.failure(
      "argument",
      "rule_mistake",
      run(function(user)
        return user.expired_password
      end)
    )
    assert.truthy(err.message:find("needs = {", 1, true))
    local one = assert(run(function(user)
      return not user.expired_password
    end, { "expired_passwords" }))
    assert.equal(1, one.failed)
    check.failure(
      "argument",
      "rule_mistake",
      report.check(client, {
        waivers = { { rule = "mine", subject = "x", expires = "2026-12-31", reason = "r" } },
      })
    )
  end)

  it("reads only what its rules need", function()
    assert(box:control("DELETE", "journal"))
    assert(report.check(client, { rules = { "too_few_admins" } }))
    local commands = {}
    for _, entry in ipairs(assert(box:journal())) do
      commands[entry.command] = true
    end
    assert.same({ getuserdata = true }, commands)
  end)

  it("is rendered for build servers and tools", function()
    local one = assert(report.check(client))
    assert.truthy(one:render("junit"):find '^<%?xml version="1.0"')
    assert.truthy(one:render("sarif"):find('"version":"2.1.0"', 1, true))
    assert.equal(
      "report:render: there is no format 'junit' (known are: csv, html, json, table)",
      check.blamed(function()
        assert(report.admins(client)):render "junit"
      end)
    )
  end)

  it("lists the rules without reading anything", function()
    local list = assert(report.check.rules())
    assert.equal("admin_without_mfa", list[1].name)
    assert.equal("error", list[1].severity)
    assert.equal("user", list[1].each)
    local mistaken, _, err = report.check.rules "/nowhere/rules.lua"
    assert.is_nil(mistaken)
    assert.equal("cannot_read", err.code)
  end)
end)

describe("tables of a check", function()
  it("counts what each rule has found", function()
    local one = check_report.rule_table {
      book = { rules = { { name = "a", title = "A", severity = "error" }, { name = "b" } } },
      tested = { a = 5, b = 0 },
      rows = { { rule = "a" }, { rule = "a", waived = true }, { rule = "a" } },
    }
    assert.same(
      { rule = "a", title = "A", severity = "error", tested = 5, findings = 2, waived = 1 },
      one.rows[1]
    )
    assert.same({ rule = "b", tested = 0, findings = 0, waived = 0 }, one.rows[2])
  end)

  it("says how waivers stand", function()
    local one = check_report.waiver_table {
      waivers = {
        { used = 0, is_valid = true },
        { used = 1, is_valid = true },
        { used = 1, is_valid = false },
      },
    }
    local states = {}
    for position, row in ipairs(one.rows) do
      states[position] = row.state
    end
    assert.same({ "matches nothing", "holds", "expired" }, states)
  end)
end)

-- Reports on the command line: report coverage, report mfa, report leavers, report admins,
-- report inactive, report invitations, report folders, report licences; check. What they find has specs of its own.
local cli = require "spec.support.cli"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local report = require "lastpass.report"
local tenants = require "spec.support.tenants"

local place, hr

setup(function()
  place = cli.start { users = 40, seed = 5 }
  local lines = { "E-mail,Name,Status,Last day,Manager" }
  local boss
  for user in place.box:client():users() do
    boss = boss or user.email
    local number = #lines
    local left = number % 9 == 0
    lines[#lines + 1] = ("%s,%s,%s,%s,%s"):format(
      user.email,
      (user.fullname or ""):gsub(",", ""),
      left and "terminated" or "active",
      left and "2026-03-31" or "",
      boss
    )
  end
  lines[#lines + 1] = "nobody@lumenor.example,No Body,active,,"
  hr = place:file(table.concat(lines, "\n") .. "\n", ".csv")
end)

teardown(function()
  place:stop()
end)

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function new_path(ending)
  local path = place:file("", ending)
  os.remove(path)
  return path
end

-- What each takes, beside the options of all.
local function all()
  return {
    coverage = "--roster " .. hr .. " --left Status=terminated",
    leavers = "--roster " .. hr .. " --last-day last_day --limit 4h",
    mfa = "--strength 60",
    admins = "--folders",
    inactive = "--days 30",
    invitations = "--window 100",
    folders = "--domain lumenor.example",
    licences = "--paid 120 --billed 110 --days 60 --exclude svc-*=service --left Status=terminated "
      .. "--roster "
      .. hr,
  }
end

describe("every report", function()
  it("is a table, with the statement under it", function()
    for name, options in pairs(all()) do
      local code, out, err = place:run(("report %s %s"):format(name, options))
      assert.equals(0, code, err)
      assert.equals("", err)
      assert.truthy(out:find("\nClasses\n", 1, true), name)
      assert.truthy(out:find("\nCompleteness  complete", 1, true), name)
      assert.is_nil(out:find("(option ", 1, true), name)
    end
  end)

  it("is JSON, CSV, and a page", function()
    for name, options in pairs(all()) do
      local words = ("report %s %s"):format(name, options)
      local value = place:json(words)
      assert.equals(name, value.name)
      local _, out, err = place:run(words .. " --csv")
      local header = {}
      for column, one in ipairs(value.columns) do
        header[column] = one.name
      end
      assert.equals(table.concat(header, ","), out:match "^[^\r]*")
      assert.truthy(err:find("^Population "), err)
      local path = new_path ".html"
      local code
      code, out, err = place:run(words .. " --html " .. path)
      assert.equals(0, code, err)
      assert.equals("", out)
      assert.truthy(err:find(path .. ": ", 1, true))
      assert.truthy(read(path):find("</html>", 1, true))
    end
  end)

  it("says why there is none", function()
    for name, options in pairs(all()) do
      local words = ("report %s %s --url=http://127.0.0.1:1/ --retries=0"):format(name, options)
      local failure, code = place:failure(words)
      assert.equals(69, code, name)
      assert.equals("transport", failure.kind)
    end
  end)

  it("is Lua, too, that makes the same report", function()
    for name, options in pairs(all()) do
      local words = ("report %s %s --print-lua"):format(name, options)
      local code, out = place:run(words)
      assert.equals(0, code)
      local source =
        out:gsub("^[^\n]*\n", "local client = ...\n"):gsub("print%(report%)", "return report")
      local made = assert((loadstring or load)(source))(lastpass.new {
        url = place.box.url,
        cid = place.box.cid,
        provhash = cli.secret(place),
      })
      assert.equals(name, made.name)
      assert.same(#place:json(words:gsub(" %-%-print%-lua", "") .. "").rows, #made.rows, name)
    end
  end)

  it("is one that the library has", function()
    local known = {}
    for _, name in ipairs(report.names()) do
      known[name] = true
    end
    local commands = require "lastpass.cli.commands"
    for _, name in ipairs(commands.names "report") do
      assert.is_true(known[name:match "^report (.*)$"], name)
    end
  end)
end)

describe("lastpass report coverage", function()
  it("chooses rows and tables", function()
    local options = "report coverage --roster " .. hr .. " --left status=terminated -q "
    local missing = place:json(options .. "--where u.class=='missing' --fields email,class")
    assert.same({ { email = "nobody@lumenor.example", class = "missing" } }, missing)
    local _, out, err = place:run(options .. "--table classes --csv --fields name,in_hr")
    assert.equals("", err)
    local sum = 0
    for count in out:gmatch ",(%d+)\r\n" do
      sum = sum + tonumber(count)
    end
    assert.equals(place:json(options).totals[1].value, sum)
  end)

  it("leaves aside, with a reason", function()
    local list = { "report", "coverage", "--roster", hr, "-q", "--where", 'u.class == "excluded"' }
    for _, word in ipairs { "--exclude", "nobody@*=starts in May", "--fields", "email,reason" } do
      list[#list + 1] = word
    end
    assert.same(
      { { email = "nobody@lumenor.example", reason = "starts in May" } },
      place:json(list)
    )
  end)

  it("ends with 3 when rows cannot be used, and with 6 when the file breaks off", function()
    local path = place:file("email\nann@lumenor.example\nno address\n", ".csv")
    local code, _, err = place:run("report coverage --no-events --roster " .. path)
    assert.equals(3, code)
    assert.matches("lastpass: the report is not complete: 1 row of the roster", err)
    path = place:file('email,x\nann@lumenor.example,"open\n', ".csv")
    local failure
    failure, code = place:failure("report coverage --roster " .. path)
    assert.same({ 6, "incomplete_source" }, { code, failure.code })
  end)

  it("says which option is missing or wrong", function()
    for words, text in pairs {
      ["coverage"] = "--roster is needed",
      ["coverage --left terminated --roster " .. hr] = "write FIELD=VALUE",
      ["coverage --left state=x --roster " .. hr] = "--left: "
        .. hr
        .. " has no column for 'state'",
      ["coverage --exclude x --roster " .. hr] = "write WHO=WHY",
      ["leavers --roster " .. hr] = "last day or moment\n  --last-day termination_date\n",
      ["leavers --last-day lst_day --roster " .. hr] = "did you mean 'last_day'?",
      ["leavers --last-day last_day --limit soon --roster " .. hr] = "--limit: 'soon'",
      ["inactive --days 0"] = "--days must be a whole number from 1 on",
      ["mfa --table grups"] = "'--table' must be one of 'classes', 'groups'",
      ["mfa --where u.nobody"] = "people with a finding have no field 'nobody'",
      ["admins --as-of nonsense"] = "cannot read the time",
    } do
      local code, _, err = place:run("report " .. words)
      assert.equals(64, code, words .. err)
      assert.truthy(err:find(text, 1, true), err)
      assert.is_nil(err:find("report%."), err)
    end
  end)
end)

describe("lastpass report admins and inactive", function()
  it("look at a kept directory as well", function()
    local failure, code = place:failure "report admins --as-of 2020-01-01"
    assert.same({ 1, "no_snapshot" }, { code, failure.code })
    assert.equals(0, (place:run "snapshot --keep"))
    for _, name in ipairs { "admins", "inactive" } do
      local kept = place:json(("report %s --as-of now"):format(name))
      assert.equals(#place:json("report " .. name).rows, #kept.rows, name)
    end
  end)
end)

describe("lastpass check", function()
  local rules, none

  setup(function()
    rules = place:file(
      [[
      rule "odd" { title = "Nobody is there", each = "user", severity = "error",
        holds = function(user) return user.admin end }
    ]],
      ".lua"
    )
    none =
      place:file([[rule "fine" { each = "company", holds = function() return true end }]], ".lua")
  end)

  it("ends with 7 when there are findings, and shows them", function()
    local code, out, err = place:run("check " .. rules)
    assert.equals(7, code, err)
    assert.truthy(out:find("\nerror +odd +%S+@%S+ +Nobody is there"), out)
    local value
    value, code = place:json("check " .. rules)
    assert.equals(7, code)
    assert.equals("check", value.name)
    value = place:json("check --where u.waived -q " .. rules)
    assert.same({}, value)
    code, out = place:run("check " .. none)
    assert.equals(0, code)
    assert.truthy(out:find("Findings: 0", 1, true))
  end)

  it("uses all rules that there are without a file, and lists them", function()
    local value = place:json "check"
    local list = place:json "check --list"
    assert.equals(#list, value.totals[1].value)
    assert.equals("admin_without_mfa", list[1].name)
    local code, out = place:run("check --list --csv " .. rules)
    assert.equals(0, code)
    assert.equals("name,severity,each,title\r\nodd,error,user,Nobody is there\r\n", out)
  end)

  it("writes JUnit, SARIF and a page at once", function()
    local junit, sarif, html = new_path ".xml", new_path ".sarif", new_path ".html"
    local code, out, err =
      place:run(("check %s --junit %s --sarif %s --html %s"):format(rules, junit, sarif, html))
    assert.equals(7, code)
    assert.equals("", out)
    assert.matches("Check; Rules: 1, ", err)
    assert.truthy(read(junit):find("<testsuite", 1, true))
    assert.equals("2.1.0", json.decode(read(sarif)).version)
    assert.truthy(read(html):find("</html>", 1, true))
  end)

  it("takes waivers from a file of their own", function()
    local words = "check %s --waivers %s"
    local path = place:file(
      'waive { rule = "odd", subject = "*", expires = "2099-01-01", reason = "known" }',
      ".lua"
    )
    local code, out, err = place:run(words:format(rules, path))
    assert.equals(0, code, err)
    assert.truthy(out:find("known (until 2099-01-01)", 1, true), out)
    path = place:file('use "admin_without_mfa"', ".lua")
    local failure
    failure, code = place:failure(words:format(rules, path))
    assert.equals(64, code)
    assert.matches("has the word 'waive' alone, not 'use'", failure.message)
  end)

  it("says where a file of rules is wrong", function()
    for text, expected in pairs {
      ["use 'admin_without_mf'"] = "did you mean 'admin_without_mfa'?",
      ["rule 'x' {"] = ":1: ",
      ["rule 'x' { each = 'user', holds = function(u) return u.a.b end }"] = "rule 'x': ",
    } do
      local failure, code = place:failure("check " .. place:file(text, ".lua"))
      assert.same({ 64, "rule_mistake" }, { code, failure.code })
      assert.truthy(failure.message:find(expected, 1, true), failure.message)
    end
    local failure, code = place:failure "check /nowhere/rules.lua"
    assert.same({ 64, "cannot_read" }, { code, failure.code })
    failure, code = place:failure("check --url=http://127.0.0.1:1/ --retries=0 " .. rules)
    assert.same({ 69, "transport" }, { code, failure.kind })
  end)

  it("is Lua, too", function()
    local _, out = place:run "check rules.lua --waivers w.lua --junit x.xml --print-lua"
    assert.truthy(
      out:find('report.check(client, { rules = "rules.lua", waivers = "w.lua" })', 1, true)
    )
    assert.truthy(out:find('check:save("x.xml", "junit")', 1, true), out)
    _, out = place:run "check --list --print-lua"
    assert.truthy(out:find("report.check.rules()", 1, true), out)
  end)
end)

describe("a report over companies", function()
  local companies

  setup(function()
    companies = tenants.start(3, {
      profile = function(number, profile)
        -- the second company's hash is nowhere
        profile.provhash = number == 2 and { file = "/nowhere/2.hash" } or profile.provhash
      end,
    })
  end)

  teardown(function()
    companies:stop()
  end)

  local function run(words)
    local list = {}
    for word in words:gmatch "%S+" do
      list[#list + 1] = word
    end
    list[#list + 1] = "--tenants-file=" .. companies.file
    return cli.run(list)
  end

  it("has everybody's rows, and names who is missing; it ends with 3", function()
    for name, options in pairs(all()) do
      options = options
        :gsub("%S*%.csv", companies.folder .. "/{company}.csv")
        :gsub("%-%-paid %d+ %-%-billed %d+", "")
      for _, company in ipairs { "c1", "c3" } do
        local text = "email,Status,Last day\nann@acme.example,active,2026-03-31\n"
        tenants.write(("%s/%s.csv"):format(companies.folder, company), text)
      end
      local words = ("report %s %s --tenants all"):format(name, options)
      local code, out, err = run(words .. " --json")
      assert.equals(3, code, err)
      local value = json.decode(out)
      assert.same({ 3, 2, "c2", 9002 }, {
        value.companies,
        value.done,
        value.missing[1].company,
        value.missing[1].cid,
      })
      assert.equals(value.companies, value.done + #value.missing)
      assert.equals("company", value.columns[1].name)
      assert.truthy(err:find("2 of 3 companies; 1 not: c2: cannot open '/nowhere/2.hash'", 1, true))
      code, out = run(words .. " -q")
      assert.equals(3, code)
      assert.truthy(out:find("\nCompanies without a result\n", 1, true), name)
    end
  end)

  it("gives rows that are chosen, with who is missing beside them", function()
    local _, out = run "report mfa --tenants all --fields company,email --json -q"
    local value = json.decode(out)
    assert.equals("c2", value.missing[1].company)
    assert.equals("c1", value.rows[1].company)
    _, out = run "report mfa --tenants all --table companies --csv -q"
    assert.matches("^company,cid,result,active,.*\r\nc1,9001,complete,", out)
    assert.matches("\r\nc2,9002,none,", out)
  end)

  it(
    "is a check for a build server, in which a company that was not checked is an error",
    function()
      local junit, sarif = new_path ".xml", new_path ".sarif"
      local words = "check --tenants all -q --junit %s --sarif %s"
      assert.equals(3, (run(words:format(junit, sarif))))
      assert.matches('errors="1"', read(junit), 1, true)
      assert.is_false(json.decode(read(sarif)).runs[1].invocations[1].executionSuccessful)
      assert.equals(7, (run "check --tenants c1,c3 -q")) -- all were checked, and there are findings
      local _, _, err = run "check --tenants all --list"
      assert.matches("--list does not go with --tenants", err, 1, true)
    end
  )

  it("takes nothing for all that is one company's own", function()
    local code, _, err = run "report licences --tenants all --paid 5"
    assert.equals(64, code)
    assert.matches("--paid", err, 1, true)
    code, _, err = run "report coverage --tenants all --roster hr.csv"
    assert.equals(64, code)
    assert.matches("each company needs a roster of its own", err, 1, true)
  end)

  it("is printed as Lua", function()
    local _, out = run "report mfa --tenants all --strength 60 --html x.html --print-lua"
    assert.matches(
      'local report = assert(set:report("mfa", { options = { strength = 60 } }))\n'
        .. 'assert(report:save("x.html", "html"))',
      out,
      1,
      true
    )
    _, out = run "check --tenants c1 --in-flight 2 --junit x.xml --print-lua"
    assert.matches('set:report("check", { }, { in_flight = 2 })', out:gsub("{}", "{ }"), 1, true)
  end)
end)

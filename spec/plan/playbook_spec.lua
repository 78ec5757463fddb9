-- Playbooks: the words, and that each error names its line and what was expected.
-- What is raised in a playbook is reported with its line there.
local check = require "spec.support.check"
local companies = require "spec.support.companies"
local errors = require "lastpass.error"
local playbook = require "lastpass.plan.playbook"
local time = require "lastpass.time"

describe("lastpass.plan.playbook", function()
  local options = { zone = assert(time.zone "America/New_York"), now = companies.NOW }

  local folder

  setup(function()
    local pipe = assert(io.popen "mktemp -d")
    folder = pipe:read "*l"
    pipe:close()
  end)

  teardown(function()
    os.execute("rm -rf " .. folder)
  end)

  local function write(name, text)
    local file = assert(io.open(folder .. "/" .. name, "w"))
    file:write(text)
    file:close()
    return folder .. "/" .. name
  end

  local function run(text)
    return playbook.run(write("playbook.lua", text), options)
  end

  -- What a playbook's mistake is said to be, and on which line.
  local function mistake(text)
    local err = check.failure("argument", "playbook_mistake", run(text))
    return err.message, err.line
  end

  it("declares people", function()
    local declared = assert(run [[
      user "ann@acme.com" { fullname = "Ann Lee", groups = { "B", "A" }, active = true }
      local people = { { "bob@acme.com", "Bob" }, { "cyd@acme.com", "Cyd" } }
      for _, one in ipairs(people) do
        user(one[1]) { fullname = one[2]:upper() }
      end
    ]])
    assert.equal(3, declared.desired:count())
    local email, name, groups, active = declared.desired:row(1)
    assert.same({ "ann@acme.com", "Ann Lee", true }, { email, name, active })
    assert.same({ "B", "A" }, groups)
    assert.equal("CYD", (select(2, declared.desired:row(3))))
    assert.equal("playbook.lua:4", declared:origin(2))
    assert.equal(64, #declared.playbook.sha256)
  end)

  describe("that never ends", function()
    local limited = { zone = options.zone, now = options.now, time_limit = 0.05 }

    local function ended(text)
      local err = check.failure(
        "argument",
        "playbook_too_long",
        playbook.run(write("playbook.lua", text), limited)
      )
      assert.matches("within 0.05 seconds of computing", err.message, 1, true)
    end

    it("is ended, also in a pcall, in a coroutine, and in a file that it requires", function()
      ended "while true do end"
      ended "while true do pcall(function() while true do user 'ann@acme.com' {} end end) end"
      ended "coroutine.wrap(function() while true do end end)()"
      write("forever.lua", "while true do end")
      ended 'require "forever"'
      ended "xpcall(function() error 'x' end, function() while true do end end)"
      ended "for i = 1, math.huge do local s = ('x'):rep(10) end"
    end)

    it("is ended when it is a function, too", function()
      check.failure(
        "argument",
        "playbook_too_long",
        playbook.run(function()
          while true do
          end
        end, limited)
      )
    end)

    it("may take as long as it takes otherwise", function()
      local text = [[
        local begun = os.clock()
        while os.clock() - begun < 0.2 do end
        user "ann@acme.com" {}
      ]]
      assert.equal(1, assert(run(text)).desired:count())
    end)
  end)

  describe("whose source", function()
    local function failed(kind, code, text)
      return check.failure(kind, code, run(text))
    end

    it("is away says so, and is no mistake of the playbook", function()
      for _, source in ipairs {
        'source.csv "nowhere.csv"',
        'source.json "nowhere.json"',
        'source.ldap { url = "ldap://127.0.0.1:1", base = "dc=x" }',
      } do
        local err = failed("transport", "source_unreachable", "\nlocal hr = " .. source)
        assert.matches("playbook.lua:2: source", err.message, 1, true)
      end
      local err = failed("transport", "source_unreachable", 'source.csv "nowhere.csv"')
      assert.matches("nowhere.csv: No such file or directory", err.message, 1, true)
    end)

    it("broke off, or is something else, says so", function()
      write("empty.csv", "")
      write("page.csv", "<html><body>Sign in</body></html>")
      write("empty.json", "")
      write("cut.json", '[{"email":"a@acme.com"')
      for _, source in ipairs {
        'source.csv "empty.csv"',
        'source.csv "page.csv"',
        'source.json "page.csv"',
        'source.json "empty.json"',
        'source.json "cut.json"',
      } do
        failed("protocol", "incomplete_source", source)
      end
    end)

    it("is there but named wrongly is a mistake, and so is what comes after a failure", function()
      write("hr.csv", "Mail\nann@acme.com\n")
      mistake 'source.csv("hr.csv", { columns = { email = "E-mail" } })'
      mistake "pcall(source.csv, 'nowhere.csv') usr 'ann@acme.com' {}"
    end)
  end)

  it("takes a blank cell for no group", function()
    local declared = assert(run [[
      user "ann@acme.com" { groups = { "" } }
      user "bob@acme.com" { groups = { "A", "", "B" } }
    ]])
    assert.same({}, (select(3, declared.desired:row(1))))
    assert.same({ "A", "B" }, (select(3, declared.desired:row(2))))
  end)

  it("reads sources beside itself, and notes rows", function()
    write("hr.csv", "Mail,Name,State\nann@acme.com,Ann,active\nbob@acme.com,Bob,left\nbad,X,\n")
    local declared = assert(run [[
      local columns = { email = "Mail", name = "Name", state = "State" }
      local hr = source.csv("hr.csv", { columns = columns })
      for person in hr:rows() do
        user(person.email) {
          fullname = person.name,
          active = status(person.state, { active = { "active" }, inactive = { "left" } }),
        }
      end
    ]])
    assert.matches("hr.csv:3$", declared:origin(2))
    assert.equal(1, #declared.problems)
    assert.matches("hr.csv:4$", declared.problems[1].origin)
    local sources = playbook.sources(declared)
    assert.equal(1, #sources)
    assert.is_true(sources[1].complete)
    assert.same({ 3, 1 }, { sources[1].rows, sources[1].refused })
    assert.equal(64, #sources[1].sha256)
  end)

  it("takes a whole source by a mapping, with the same outcome as a loop", function()
    write(
      "hr.csv",
      "email,name,team,state\nann@acme.com,Ann,Sales,active\nbob@acme.com,Bob,,LEFT\n"
        .. "ann@acme.com,Ann,Sales,active\n"
    )
    local mapped = assert(run [[
      users(source.csv "hr.csv", {
        fullname = "name", groups = { "team" }, fixed_groups = { "All" },
        active = { field = "state", active = { "active" }, inactive = { "left" } },
      })
    ]])
    assert.equal(2, mapped.desired:count())
    local _, name, groups, active = mapped.desired:row(2)
    assert.same({ "Bob", false }, { name, active })
    assert.same({ "All" }, groups)
    assert.matches("hr.csv:3$", mapped:origin(2))
    assert.is_true(mapped.untouchable["ann@acme.com"])
    assert.equal(1, #mapped.problems)
  end)

  it("is a function as well, which is given the words", function()
    local declared = assert(playbook.run(function(p)
      p.user "ann@acme.com" { fullname = "Ann" }
      p.missing "disable"
    end, options))
    assert.equal(1, declared.desired:count())
    assert.equal("disable", declared.settings.missing.users)
    assert.matches("playbook_spec.lua:%d+$", declared:origin(1))
  end)

  it("has Lua's library but for what acts", function()
    assert(run [[
      assert(string.format("%d", 3) == "3" and table.concat { "a", "b" } == "ab")
      assert(math.max(1, 2) == 2 and type(os.time()) == "number" and type(os.date "%Y") == "string")
      assert(io.open and io.lines)
      assert(pcall(error) == false and select("#", 1, 2) == 2 and tostring(nil) == "nil")
      local own = {} own.x = 1
      mine = own.x
      assert(mine == 1 and _G.mine == 1)
      assert(os.execute == nil and io.popen == nil and os.exit == nil and os.remove == nil)
      assert(rawget(_G, "debug") == nil and rawget(_G, "package") == nil)
    ]])
    assert.is_nil(rawget(_G, "mine"))
    assert.is_function(os.execute)
  end)

  it("requires files beside it, with the same words", function()
    write("teams.lua", 'owner "boss@acme.com" return { "Sales" }')
    local declared = assert(run [[
      local teams = require "teams"
      assert(require "teams" == teams and type(require "lastpass") == "table")
      user "ann@acme.com" { groups = teams }
    ]])
    assert.equal("boss@acme.com", declared.settings.owner)
    assert.matches(
      "playbook.lua:1: require: there is no file for 'nope'",
      (mistake 'require "nope"')
    )
    write("broken.lua", "user = = 1")
    assert.matches("broken.lua:1:", (mistake 'require "broken"'))
  end)

  it("tells every mistake with its line and what was expected", function()
    local cases = {
      ["x = = 1"] = "unexpected symbol",
      ["\nusr 'ann@acme.com' {}"] = "there is no 'usr' in a playbook (did you mean 'user'?)",
      ["\nuser 'ann@acme.com' { fullnam = 'x' }"] = "did you mean 'fullname'?",
      ["\nuser 'ann@acme.com' { fullname = 5 }"] = "'fullname' must be string, not number",
      ["\nuser 'ann@acme.com' { active = 'yes' }"] = "'active' must be boolean, not string",
      ["\nuser 'ann@acme.com' { groups = 'Sales' }"] = "'groups' must be",
      ["\nuser 'ann@acme.com' { groups = { 5 } }"] = "groups[1] must be a string, not number",
      ["\nuser 'ann@acme.com' { groups = { 'A', 5 } }"] = "groups[2] must be a string, not number",
      ["\nuser 'ann@acme.com' { groups = { x = 'A' } }"] = "'groups' must be a list without gaps",
      ["\nuser 'ann@acme.com' { remove = true, active = true }"] = "cannot be active and removed",
      ["\nuser 'ann@acme.com' { aliases = { 5 } }"] = "aliases[1] must be a string",
      ["\nuser 'ann@acme.com' 'Ann'"] = "needs a table of fields",
      ["\nuser(nil) {}"] = "needs an e-mail address, not a nil",
      ["\nuser('ann@acme.com', { active = false })"] = "takes one argument, and more were given",
      ["\nuser 'ann@acme.com' ({}, {})"] = 'user "ann@acme.com": takes one table of fields',
      ["user 'ann@acme.com'\nuser 'bob@acme.com' {}"] = 'user "ann@acme.com" has no fields',
      ["\ngroup 'A' 'ann@acme.com'"] = "group \"A\": 'members' must be a table, not a string",
      ["\ngroup 'A' { 'ann' }"] = "'ann' is not an e-mail address",
      ["group 'A' {}\ngroup 'A' {}"] = "declared twice, first at playbook.lua:1",
      ["\nsource.cvs 'x'"] = "there is no kind 'cvs' (did you mean 'csv'?)",
      ["\nusers('x', {})"] = "users: 'source' must be a table, not a string",
      ["\nprotect 'boss'"] = "'boss' is not an e-mail address",
      ["\nowner(5)"] = "owner: 'account' must be a string, not a number: owner",
      ["\nmissing 'delete'"] = "missing: 'users' must be",
      ["\nmissing { guests = 'keep' }"] = "unknown option 'guests'",
      ["\nlimit { disable = 'x' }"] = "must be a count or a percentage such as \"5%\", not 'x'",
      ["\nlimit { disabled = 5 }"] = "did you mean 'disable'?",
      ["\nlimit { per_day = { leaves = 5 } }"] = "no limit 'leaves' (did you mean 'leave'?)",
      ["\nlimit { per_week = { [1] = 5 } }"] = "per_week: there is no limit '1'",
      ["\nlimit { per_month = { join = '5' .. '%%' } }"] = "limit 'per_month.join' must be a count",
      ["\nlimit { per_year = { join = 5 } }"] = "unknown option 'per_year'",
      ["\nlimit { per_week = 5 }"] = "'per_week' must be table, not number",
      ["\nlimit { disable = 1.5 }"] = "must be a count or a percentage",
      ["\nonly { 5 }"] = "groups[1] must be a string",
      ["\nmatch { 'name' }"] = "there is no rule 'name'; known are employee_id, email and alias",
      ["\nmatch { attribut = 'x' }"] = "unknown option 'attribut'",
      ["\nrename 'yes'"] = 'must be "hold", "updateemail" or "keep"',
      ["\nuntil_date('31.12.2026', 'A')"] = 'needs a day such as "2026-12-31"',
      ["\nuntil_date('2026-02-30', 'A')"] = "needs a day",
      ["\nreason(5)"] = "reason: 'text' must be a string, not a number",
      ["\nlocal x = nil; x.y = 1"] = "nil value",
      ["\nerror 'no team file'"] = "no team file",
      ["\nos.execute 'ls'"] = "execute",
    }
    for text, expected in pairs(cases) do
      local message, line = mistake(text)
      assert.is_truthy(message:find(expected, 1, true), text .. ": " .. message)
      assert.matches("playbook.lua", message, 1, true)
      assert.equal(select(2, text:gsub("\n", "")) + 1, line, text .. ": " .. message)
    end
  end)

  it("says when the last person has no fields, or there is no such file", function()
    assert.matches('user "ann@acme.com" has no fields', (mistake 'user "ann@acme.com"'), 1, true)
    check.failure("argument", "no_playbook", playbook.run(folder .. "/none.lua", options))
  end)

  it("is a table of actions as well", function()
    local declared = assert(playbook.run({ reinvite = { "b@acme.com", "a@acme.com" } }, options))
    assert.same({
      { kind = "reinvite", subject = "a@acme.com" },
      { kind = "reinvite", subject = "b@acme.com" },
    }, declared.actions)
    for expected, actions in pairs {
      ["did you mean 'reinvite'?"] = { reinvit = { "a@acme.com" } },
      ["reinvite[1]: 'nobody' is not an e-mail address"] = { reinvite = { "nobody" } },
    } do
      local message = check.blamed(function()
        companies.plan({ users = {} }, actions)
      end)
      assert.matches(expected, message, 1, true)
    end
  end)

  it("is not sunk by a source without rows", function()
    local declared = assert(run [[
      local people = source.table({}, { name = "list" })
      for person in people:rows() do user(person.email) {} end
    ]])
    assert.equal(0, declared.desired:count())
    local source = playbook.sources(declared)[1]
    assert.same({ "list", 0, true }, { source.name, source.rows, source.complete })
  end)
end)

describe("lastpass.plan.playbook: errors in it", function()
  local options = { zone = assert(time.zone "America/New_York"), now = companies.NOW }

  local folder

  setup(function()
    local pipe = assert(io.popen "mktemp -d")
    folder = pipe:read "*l" .. "/" .. ("long"):rep(20)
    pipe:close()
    os.execute("mkdir " .. folder)
  end)

  teardown(function()
    os.execute("rm -rf '" .. folder:match "^(.*)/" .. "'")
  end)

  local function write(name, text)
    local file = assert(io.open(folder .. "/" .. name, "wb"))
    file:write(text)
    file:close()
  end

  local function mistake(text)
    write("playbook.lua", text)
    local declared, message, err = playbook.run(folder .. "/playbook.lua", options)
    assert.is_nil(declared)
    assert.equal("playbook_mistake", err.code)
    assert.equal(folder .. "/playbook.lua", err.file)
    return message, err.line
  end

  it("have the line also in a long path, a function and a file beside it", function()
    write("helper.lua", "local M = {}\nfunction M.add(a)\n  user(a) { x = 1 }\nend\nreturn M")
    for text, expected in pairs {
      ["\n\nuser 'ann@acme.com' { x = 1 }"] = { "playbook.lua", 3 },
      ["\nreturn user 'ann@acme.com' { x = 1 }"] = { "playbook.lua" },
      ["local function f()\n  user 'a@b.c' { x = 1 }\nend\nf()"] = { "playbook.lua", 2 },
      ["\nrequire('helper').add 'ann@acme.com'"] = { "helper.lua", 3 },
      ["\nerror { message = 'own' }"] = { "playbook.lua", 2 },
      ["\nerror()"] = { "playbook.lua", 2 },
      ["\nerror({})"] = { "playbook.lua", 2 },
      ["\nerror('bare', 0)"] = { "playbook.lua", 2 },
      ["\n\nlocal x = ('x'):rep(-1) .. nil"] = { "playbook.lua", 3 },
      ["\nstring.rep()"] = { "playbook.lua", 2 },
    } do
      local message, line = mistake(text)
      assert.is_truthy(message:find(expected[1], 1, true), text .. ": " .. message)
      assert.equal(expected[2], line, text .. ": " .. message)
      assert.is_nil(message:find("lastpass/plan", 1, true), message)
    end
  end)

  it("are told of functions as well, wherever they called", function()
    local function helper()
      error "deep"
    end
    local _, message, err = playbook.run(function(p)
      p.user "ann@acme.com" {}
      helper()
    end, options)
    assert.matches("playbook_spec.lua:%d+: deep", message)
    assert.is_number(err.line)
    _, message = playbook.run(function()
      errors.raise(1, "odd")
    end, options)
    assert.matches("playbook_spec.lua:%d+: odd", message)
  end)

  it("are raised by the words that do not exist, in functions too", function()
    local _, message = playbook.run(function(p)
      p.usr "ann@acme.com" {}
    end, options)
    assert.matches("there is no 'usr' in a playbook (did you mean 'user'?)", message, 1, true)
  end)
end)

-- What verbs and bulk runs have in common.
local boxes = require "spec.support.box"
local cli = require "spec.support.cli"
local writing = require "lastpass.cli.writing"

local place

setup(function()
  place = cli.start { users = 40, seed = 5 }
end)

teardown(function()
  place:stop()
end)

before_each(function()
  place:reset()
  place:new_journal() -- limits count what earlier runs did within a day
end)

describe("outcomes", function()
  it("have the columns of the verb beside them, so that they can be fed back", function()
    assert.same(
      { "row", "who", "outcome", "reason", "code", "email", "fullname", "groups" },
      writing.view("add").fields
    )
  end)
end)

describe("guards", function()
  local function file(lines)
    return place:file(table.concat(lines, "\n") .. "\n", ".csv")
  end

  local function admins()
    local list = {}
    for _, user in ipairs(place:json "users --status active --fields email,admin") do
      list[#list + 1] = user.admin and user.email or nil
    end
    return list
  end

  it("leave an admin, whatever the verb", function()
    local list = admins()
    assert.equals(2, #list)
    local path = file { "email", list[1], list[2] }
    for _, words in ipairs {
      { "user", "disable", list[1], list[2], "--yes" },
      { "user", "remove", list[1], list[2], "--confirm", "2" },
      { "user", "delete", list[1], list[2], "--confirm", "2" },
      { "bulk", "disable", path, "--yes", "--limit", "disable=100%" },
      { "bulk", "remove", path, "--confirm", "2" },
      { "bulk", "delete", path, "--confirm", "2" },
    } do
      local failure, code = place:failure(words)
      assert.equals(4, code, table.concat(words, " "))
      assert.equals("no active admin would be left: 2 of 2 would go", failure.message)
      words[#words + 1] = "--dry-run"
      local rows
      rows, code = place:json(words)
      assert.equals(4, code)
      assert.equals("would be refused", rows[1].outcome)
    end
    assert.same(list, admins())
    assert.equals("done", (place:outcome { "user", "disable", list[1], "--yes" }))
    assert.equals(4, (place:run { "user", "disable", list[2], "--yes" }))
  end)

  it("let so many through as the limit says, and name the option that allows more", function()
    local list = place:people()
    local lines = { "email" }
    for number = 1, 6 do
      lines[#lines + 1] = list[number]
    end
    local path = file(lines)
    local failure, code = place:failure { "bulk", "disable", path, "--yes" }
    assert.equals(4, code)
    assert.equals(
      "people disabled: 6 of " .. failure.message:match "(%d+);" .. "; the limit is 5",
      failure.message
    )
    assert.equals("to allow it: --limit disable=6", failure.hint)
    assert.equals("active", place:person(list[1]).status)
    assert.equals(0, (place:run { "bulk", "disable", path, "--yes", "--limit", "disable=6" }))
    assert.equals("disabled", place:person(list[6]).status)
    -- and over a day
    table.remove(lines)
    for place_of = 2, 6 do
      lines[place_of] = list[place_of + 5]
    end
    failure, code = place:failure { "bulk", "disable", file(lines), "--yes" }
    assert.equals(4, code)
    assert.truthy(failure.hint:find("--limit per_day.disable=11", 1, true), failure.hint)
    failure, code = place:failure { "bulk", "disable", path, "--yes", "--limit", "disabel=6" }
    assert.equals(64, code)
    assert.truthy(failure.message:find("did you mean 'disable'?", 1, true), failure.message)
  end)

  it("keep whom the configuration protects", function()
    local list = place:people()
    local profile = '{"cid":%.0f,"url":"%s","provhash":{"file":"%s"},"protect":["%s"]}'
    local configuration = place:file(
      ('{"profiles":{"acme":' .. profile .. "}}"):format(
        place.box.cid,
        place.box.url,
        place.hash,
        list[1]:upper()
      ),
      ".json"
    )
    local environment = ("LASTPASS_CONFIG=%s LASTPASS_JOURNAL=%s "):format(
      configuration,
      place.journal
    )
    os.execute("chmod 600 " .. configuration)
    for _, verb in ipairs { "disable", "reset-mfa", "reset-password" } do
      local line = ("lastpass user %s %s --yes --csv --profile acme"):format(verb, list[1])
      local out, code = cli.shell(line, environment)
      assert.equals(4, code, out)
      assert.truthy(out:find("is protected by the configuration,protected", 1, true), out)
    end
    local line = ("lastpass user disable %s %s --yes --profile acme"):format(list[1], list[2])
    local out, code = cli.shell(line, environment)
    assert.equals(3, code, out)
    assert.equals("active", place:person(list[1]).status)
    assert.equals("disabled", place:person(list[2]).status)
    out =
      cli.shell("lastpass user disable " .. list[3] .. " --profile acme </dev/null", environment)
    assert.truthy(out:find(("in acme (%.0f at 127.0.0.1:"):format(place.box.cid), 1, true), out)
  end)
end)

describe("runs of verbs", function()
  it("are in the journal, without secrets, and can be taken back", function()
    local list = place:people()
    local path = place:file(("email\n%s\n%s\n"):format(list[1], list[2]), ".csv")
    local code, _, err = place:run { "bulk", "disable", path, "--yes" }
    assert.equals(0, code)
    local id = err:match "2 done; run (%d+), which lastpass run undo %d+ takes back"
    assert.truthy(id, err)
    local run = place:json { "run", "show", id }
    assert.equals("direct", run.kind)
    assert.same({ "disable", list[1], "done" }, {
      run.steps[1].kind,
      run.steps[1].subject,
      run.steps[1].state,
    })
    local file = assert(io.open(place.journal, "rb"))
    local bytes = file:read "*a"
    file:close()
    assert.is_nil(bytes:find(place.box.provhash, 1, true))
    assert.equals(0, (place:run { "run", "undo", id, "--yes" }))
    assert.equals("active", place:person(list[1]).status)
    assert.equals("active", place:person(list[2]).status)
  end)

  it("are not begun while another program works on the company", function()
    local store = require "lastpass.store"
    local journal = assert(store.open { path = place.journal })
    local tenant = ("%s %.0f"):format(place.box.url:gsub("^%a+://", ""), place.box.cid)
    local lock = assert(journal:lock(tenant))
    local failure, code = place:failure { "user", "disable", place:people()[1], "--yes" }
    assert.equals(4, code)
    assert.equals("locked", failure.code)
    assert.truthy(failure.message:find("is being worked on by", 1, true), failure.message)
    assert(lock:release())
    journal:close()
    assert.equals(0, (place:run { "user", "disable", place:people()[1], "--yes" }))
  end)

  it("say how to go on when Ctrl-C ends them", function()
    local list = place:people()
    assert(place.box:faults { { command = "updateuser", delay = 1, count = 50 } })
    local rows = { "email,fullname" }
    for number = 1, 5 do
      rows[number + 1] = list[number] .. ",Changed Name"
    end
    local path = place:file(table.concat(rows, "\n") .. "\n", ".csv")
    local line = ("lastpass bulk update %s --yes --in-flight 1 </dev/null & "):format(path)
      .. "child=$!; sleep 2; kill -INT $child; wait $child"
    local out, code = cli.shell(line, place:environment())
    assert.equals(130, code, out)
    local sum = out:find "not tried; to continue: lastpass run resume %d+"
    local row = out:find(list[5], 1, true)
    assert.truthy(sum and row and sum < row, out)
    assert(place.box:clear_faults())
    local id = out:match "run resume (%d+)"
    assert.equals(0, (place:run { "run", "resume", id, "--yes" }))
    assert.equals("Changed Name", place:person(list[5]).fullname)
  end)

  it("do nothing when there is nothing to do", function()
    local email = place:people()[1]
    local before = #place:json "runs --limit 1000"
    local code, _, err = place:run { "user", "enable", email }
    assert.equals(0, code)
    assert.truthy(err:find("1 unchanged", 1, true), err)
    assert.equals(before, #place:json "runs --limit 1000")
  end)

  it("are the same in Lua", function()
    local list = place:people()
    local text = cli.shell(
      ("lastpass user disable %s --limit disable=7 --stop-after 3 --print-lua"):format(list[1]),
      place:environment()
    )
    assert.truthy(text:find('client:plan({ disable = { "' .. list[1], 1, true), text)
    assert.truthy(text:find("{ limit = { disable = 7 } }", 1, true), text)
    local apply = "client:apply(plan, { progress = true, stop_after = 3 })"
    assert.truthy(text:find(apply, 1, true), text)
    local script = place:file(text, ".lua")
    local run = "lastpass run " .. script
    local out, code = cli.shell(run, place:environment())
    assert.equals(0, code, out)
    assert.equals("disabled", place:person(list[1]).status)
    text = cli.shell(
      ("lastpass user enable %s --dry-run --print-lua"):format(list[1]),
      place:environment()
    )
    assert.truthy(text:find("-- a dry run ends here", 1, true), text)
    assert.is_nil(text:find("apply", 1, true), text)
    local path = place:file("E-mail,fullname,groups\nz@acme.example,Zed,Sales; Band\n", ".csv")
    text, code = cli.shell(
      ("lastpass bulk add %s --column email=E-mail --print-lua"):format(path),
      place:environment()
    )
    assert.equals(0, code, text)
    script = place:file(text, ".lua")
    out, code = cli.shell("lastpass run " .. script, place:environment())
    assert.equals(0, code, out)
    assert.same({ "Sales", "Band" }, boxes.person(place.box, "z@acme.example").fields.groups)
  end)
end)

describe("a dry run", function()
  -- As the company was, with somebody who has never logged in.
  local function begin()
    place:reset()
    place:new_journal()
    assert(place.box:load {
      users = { { username = "never@acme.example", fullname = "N", neverloggedin = true } },
    })
  end

  -- One person of each kind.
  local function everybody()
    begin()
    local list = { missing = "nobody@acme.example", wrong = "not an address" }
    for _, user in ipairs(place:json "users --fields email,status,admin,never_logged_in") do
      local kind = user.admin and "admin"
        or user.status == "active" and user.never_logged_in and "new"
        or user.status
      list[kind] = list[kind] or user.email
    end
    return list
  end

  local verbs = {
    { "user", "add", "$", "--name", "Another Name" },
    { "user", "add", "$" },
    { "user", "update", "$", "--name", "Another Name" },
    { "user", "update", "$", "--securid", "token" },
    { "user", "disable", "$" },
    { "user", "enable", "$" },
    { "user", "remove", "$", "--confirm", "$" },
    { "user", "delete", "$", "--confirm", "$" },
    { "user", "reinvite", "$" },
    { "user", "reset-password", "$" },
    { "user", "require-password-change", "$" },
    { "user", "reset-mfa", "$" },
    { "user", "rename", "$", "moved@acme.example" },
    { "group", "add", "Sales", "$" },
    { "group", "add", "Brand New", "$" },
    { "group", "remove", "Sales", "$" },
    { "group", "remove", "Nowhere", "$" },
  }

  local function words_of(verb, address, more)
    local words = {}
    for number, word in ipairs(verb) do
      words[number] = word == "$" and address or word
    end
    words[#words + 1] = more
    return words
  end

  it("says of every verb and every kind of person what really happens", function()
    local people_of, seen = everybody(), {}
    for _, kind in ipairs { "active", "new", "disabled", "invited", "admin", "missing", "wrong" } do
      local address = people_of[kind]
      assert.truthy(address, kind)
      for _, verb in ipairs(verbs) do
        begin()
        local what = table.concat(words_of(verb, kind), " ")
        local before = place:writes()
        local dry, dry_code = place:json(words_of(verb, address, "--dry-run"))
        assert.equals(before, place:writes(), what)
        local real, code, err = place:json(words_of(verb, address, "--yes"))
        assert.truthy(dry and real, what .. ": " .. tostring(err))
        assert.equals(real[1].outcome, (dry[1].outcome:gsub("^would be ", "")), what)
        assert.equals(code, dry_code, what)
        -- what is said of the server is so
        assert.equals(real[1].outcome == "done", place:writes() > before, what)
        seen[real[1].outcome] = (seen[real[1].outcome] or 0) + 1
      end
    end
    assert.truthy(seen.done > 20 and seen.refused > 20 and seen.unchanged > 5)
  end)
end)

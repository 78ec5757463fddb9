-- The commands that change people: user add|update|disable|enable|remove|delete|reinvite|
-- reset-password|require-password-change|reset-mfa|rename, group add|remove, bulk.
local box_room = require "spec.support.box"
local cli = require "spec.support.cli"

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

-- Active users, without the first two, who are admins.
local function people()
  local list = {}
  for _, user in ipairs(place:json "users --status active --fields email,admin") do
    if not user.admin then
      list[#list + 1] = user.email
    end
  end
  return list
end

local function person(email)
  return place:json { "user", "show", email }
end

local function outcome(words, options)
  local rows, code, err = place:json(words, options)
  return rows and rows[1] and rows[1].outcome or err, code, rows
end

local function writes()
  local count = 0
  for _, entry in ipairs(assert(place.box:journal())) do
    count = count + (entry.command:find "^get" and 0 or entry.command == "reporting" and 0 or 1)
  end
  return count
end

describe("lastpass user add", function()
  it("creates and invites", function()
    local rows, code = place:json {
      "user",
      "add",
      "new@acme.example",
      "--name",
      "New One",
      "--group",
      "Sales",
      "--group",
      "Berlin",
      "--yes", -- there is no group Berlin yet
    }
    assert.equals(0, code)
    assert.equals("done", rows[1].outcome)
    local state = box_room.person(place.box, "new@acme.example")
    assert.equals("New One", state.fields.fullname)
  end)

  it("names its own option for what a guard holds", function()
    local known = people()[1]
    local _, code, rows = outcome { "user", "add", "'" .. known, "--name", "Z", "--yes" }
    assert.equals(1, code)
    assert.equals("look_alike", rows[1].code)
    local way = rows[1].reason:match "allow so many with (.*)$"
    assert.equals("--limit look_alikes=1", way)
    local words =
      { "user", "add", "'" .. known, "--name", "Z", "--yes", "--limit", "look_alikes=1" }
    assert.equals("done", (outcome(words)))
  end)

  it("says what is wrong, row by row", function()
    local known = people()[1]
    local code, out = place:run { "user", "add", "not an address", "two@acme.example" }
    assert.equals(3, code)
    assert.truthy(out:find("refused", 1, true))
    local words = { "user", "add", known, "third@acme.example", "--name", "X", "--dry-run" }
    local rows
    rows, code = place:json(words)
    assert.equals(3, code)
    assert.equals("would be refused", rows[1].outcome)
    assert.truthy(rows[1].reason:find("is in the directory already, as ", 1, true), rows[1].reason)
    assert.equals("would be done", rows[2].outcome)
  end)

  it("leaves who is there as they are", function()
    local known = people()[1]
    local before = person(known)
    assert.equals("unchanged", (outcome { "user", "add", known }))
    assert.equals("unchanged", (outcome { "user", "add", known, "--name", before.fullname }))
    local said, code = outcome { "user", "add", known, "--name", "Somebody Else" }
    assert.equals("refused", said)
    assert.equals(1, code)
    assert.equals("refused", (outcome { "user", "add", known, "--group", "Band", "--yes" }))
    assert.same(before, person(known))
  end)

  it("asks about a group that it would make, and takes no empty name", function()
    local words = { "user", "add", "new@acme.example", "--group", "Choir" }
    local code, _, err = place:run(words, { answers = { "n" } })
    assert.equals(4, code)
    assert.truthy(err:find("making the new group 'Choir'? [y/N]", 1, true), err)
    code, _, err = place:run { "user", "add", "new@acme.example", "--group", "Choir", "--dry-run" }
    assert.equals(0, code)
    assert.truthy(err:find("the group 'Choir' is new", 1, true), err)
    assert.equals(0, (place:run(words, { answers = { "y" } })))
    -- a group that is there needs no question
    assert.equals(0, (place:run { "user", "add", "two@acme.example", "--group", "Choir" }))
    for _, more in ipairs { { "--name", "" }, { "--name", " " }, { "--group", "" } } do
      local failure
      failure, code = place:failure { "user", "add", "three@acme.example", more[1], more[2] }
      assert.equals(64, code)
      assert.equals(more[1] .. ": a name must not be empty", failure.message)
    end
  end)
end)

describe("lastpass user update", function()
  it("changes names", function()
    local email = people()[1]
    assert.equals("done", (outcome { "user", "update", email, "--name", "Other Name" }))
    assert.equals("Other Name", person(email).fullname)
  end)

  it("wants to know what", function()
    local failure, code = place:failure { "user", "update", people()[1] }
    assert.equals(64, code)
    assert.truthy(failure.message:find("--name", 1, true))
  end)
end)

describe("lastpass user disable and enable", function()
  it("block the log-in and give it back", function()
    local list = people()
    local said, code = outcome { "user", "disable", list[1], list[2], "--yes" }
    assert.equals("done", said)
    assert.equals(0, code)
    assert.equals("disabled", person(list[1]).status)
    assert.equals("unchanged", (outcome { "user", "disable", list[1], "--yes" }))
    assert.equals("done", (outcome { "user", "enable", list[1] }))
    assert.equals("active", person(list[1]).status)
  end)

  it("ask first, on a terminal", function()
    local email = people()[1]
    local code, _, err = place:run({ "user", "disable", email }, { answers = { "n" } })
    assert.equals(4, code)
    local company = ("account %.0f at %s"):format(place.box.cid, place.box.url:match "//([^/]+)")
    assert.truthy(err:find(("disable %s in %s? [y/N]"):format(email, company), 1, true), err)
    assert.equals("active", person(email).status)
    code = place:run({ "user", "disable", email }, { answers = { "y" } })
    assert.equals(0, code)
    assert.equals("disabled", person(email).status)
  end)

  it("write nothing in a dry run, and say who it would be", function()
    local email = people()[1]
    local before = writes()
    local rows, code = place:json { "user", "disable", email, "no@acme.example", "--dry-run" }
    assert.equals(3, code)
    assert.equals("would be done", rows[1].outcome)
    assert.equals("would be refused", rows[2].outcome)
    assert.equals("is not in the directory", rows[2].reason)
    rows, code = place:json { "user", "enable", email, "--dry-run" }
    assert.equals(0, code)
    assert.equals("unchanged", rows[1].outcome)
    assert.equals(before, writes())
  end)

  it("need few requests, in a company of any size", function()
    local email = people()[1]
    place:reset()
    assert.equals(0, (place:run { "user", "disable", email, "--yes" }))
    assert.is_true(box_room.requests(place.box, "getuserdata") <= 8)
    for _, entry in ipairs(assert(place.box:journal { command = "getuserdata" })) do
      assert.is_true((entry.rows or 1) <= 1)
    end
  end)

  it("mind a misspelt field before anything is written", function()
    local email = people()[1]
    assert.equals(64, (place:run { "user", "disable", email, "--yes", "--fields", "whoo" }))
    assert.equals("active", person(email).status)
  end)

  it("say whom the server does not know", function()
    local _, code, rows = outcome { "user", "enable", "no@acme.example" }
    assert.equals(1, code)
    assert.equals("refused", rows[1].outcome)
  end)

  it("look up what became of a lost answer", function()
    box_room.inject(place.box, "disableuser", nil, { drop = "after" })
    local said, code, rows = outcome { "user", "disable", people()[1], "--yes" }
    assert.equals("done", said)
    assert.equals(0, code, rows)
    assert.equals("read_back", rows[1].code)
  end)
end)

describe("lastpass user remove and delete", function()
  it("want the address typed", function()
    local email = people()[1]
    assert.equals(4, (place:run { "user", "remove", email, "--yes" }))
    assert.equals(4, (place:run { "user", "delete", email, "--confirm", "other@acme.example" }))
    assert.equals(4, (place:run({ "user", "delete", email }, { answers = { "y" } })))
    assert.equals("active", person(email).status)
    assert.equals("done", (outcome { "user", "remove", email, "--confirm", email }))
    assert.equals(1, (place:run { "user", "show", email }))
    email = people()[1]
    local code, _, err = place:run({ "user", "delete", email }, { answers = { email } })
    assert.equals(0, code, err)
  end)

  it("want the number of several", function()
    local list = people()
    local code, _, err = place:run { "user", "remove", list[1], list[2] }
    assert.equals(4, code)
    assert.truthy(err:find("--confirm 2", 1, true), err)
    assert.equals(0, (place:run { "user", "remove", list[1], list[2], "--confirm", "2" }))
  end)

  it("withdraw an invitation", function()
    local invited = place:json("users --status invited")[1].email
    local said = outcome { "user", "remove", invited, "--confirm", invited }
    assert.equals("done", said)
    assert.equals(1, (place:run { "user", "show", invited }))
  end)

  it("go on after somebody who is not there", function()
    local email = people()[1]
    local rows, code = place:json { "user", "remove", "no@a.example", email, "--confirm", "2" }
    assert.equals(3, code)
    assert.equals("refused", rows[1].outcome)
    assert.equals("no_such_user", rows[1].code)
    assert.equals("done", rows[2].outcome)
  end)

  it("stop where the way to LastPass ends, and say how to go on", function()
    local list = people()
    box_room.inject(place.box, "deluser", nil, { status = 403, count = 5 })
    local words = { "user", "remove", list[1], list[2], "--confirm", "2" }
    local rows, code, err = place:json(words)
    assert.same({ "not tried", "not tried" }, { rows[1].outcome, rows[2].outcome })
    assert.equals(69, code, err)
    assert.truthy(err:find("2 not tried; to continue: lastpass run resume %d+"), err)
    assert(place.box:clear_faults())
    assert.equals(0, (place:run { "run", "resume", err:match "run resume (%d+)", "--yes" }))
    assert.equals(1, (place:run { "user", "show", list[2] }))
  end)
end)

describe("lastpass user reinvite, reset-password, reset-mfa, rename", function()
  it("do it, after a yes", function()
    local list = people()
    local invited = place:json("users --status invited")[1].email
    for _, words in ipairs {
      { "user", "reinvite", invited },
      { "user", "reset-password", list[1] },
      { "user", "require-password-change", list[1] },
      { "user", "reset-mfa", list[1] },
      { "user", "rename", list[2], "renamed@acme.example" },
    } do
      assert.equals(4, (place:run(words)), words[2])
      words[#words + 1] = "--dry-run"
      assert.equals("would be done", (outcome(words)), words[2])
      words[#words] = "--yes"
      local rows, code, err = place:json(words)
      assert.equals("done", rows[1].outcome, words[2])
      assert.equals(0, code)
      -- an e-mail does not come back
      assert.truthy(err:find("1 done; run %d+\n$"), err)
    end
  end)

  it("say when there is no such user", function()
    for _, words in ipairs {
      { "user", "reinvite", "no@acme.example", "--yes" },
      { "user", "reset-password", "no@acme.example", "--yes" },
      { "user", "require-password-change", "no@acme.example", "--yes" },
      { "user", "reset-mfa", "no@acme.example", "--yes" },
      { "user", "rename", "no@acme.example", "other@acme.example", "--yes" },
    } do
      local said, code = outcome(words)
      assert.equals("refused", said, words[2])
      assert.equals(1, code, words[2])
    end
  end)
end)

describe("lastpass group add and remove", function()
  it("change who is in", function()
    local list = people()
    assert.equals(4, (place:run { "group", "add", "Choir", list[1] })) -- there is no such group yet
    assert.equals("done", (outcome { "group", "add", "Choir", list[1], list[2], "--yes" }))
    assert.equals(2, #place:json { "group", "show", "Choir" })
    assert.equals(4, (place:run { "group", "remove", "Choir", list[1] }))
    assert.equals("done", (outcome { "group", "remove", "Choir", list[1], "--yes" }))
    assert.equals(1, #place:json { "group", "show", "Choir" })
    assert.equals("would be done", (outcome { "group", "add", "Choir", list[3], "--dry-run" }))
  end)

  it("refuse what is no address, and a group that is not there to be left", function()
    local _, code = outcome { "group", "add", "Choir", "nobody" }
    assert.equals(1, code)
    local said, _, rows = outcome { "group", "remove", "Slaes", people()[1], "--yes" }
    assert.equals("refused", said)
    assert.equals("there is no group 'Slaes' (did you mean 'Sales'?)", rows[1].reason)
    assert.equals(64, (place:run { "group", "add", "", people()[1] }))
  end)

  it("leave who is in already, or is not", function()
    local email = people()[1]
    local group = person(email).groups[1]
    assert.equals("unchanged", (outcome { "group", "add", group, email }))
    local other = place:json("users --fields email,groups --status active")
    for _, user in ipairs(other) do
      local is_in = false
      for _, name in ipairs(user.groups) do
        is_in = is_in or name == "Sales"
      end
      if not is_in then
        assert.equals("unchanged", (outcome { "group", "remove", "Sales", user.email, "--yes" }))
        return
      end
    end
    error "everybody is in Sales"
  end)
end)

describe("lastpass bulk", function()
  local function file(lines)
    return place:file(table.concat(lines, "\n") .. "\n", ".csv")
  end

  it("says of every row of the file what became of it", function()
    local list = people()
    local path = file { "email", list[1], "no@acme.example", "not an address", list[2] }
    local rows, code = place:json { "bulk", "disable", path, "--yes" }
    assert.equals(3, code)
    assert.same({ 2, 3, 4, 5 }, { rows[1].row, rows[2].row, rows[3].row, rows[4].row })
    assert.same(
      { "done", "refused", "refused", "done" },
      { rows[1].outcome, rows[2].outcome, rows[3].outcome, rows[4].outcome }
    )
    local status, out = place:run { "bulk", "enable", file { "email", list[1] }, "--yes" }
    assert.equals(0, status)
    assert.truthy(out:find(list[1], 1, true))
  end)

  it("asks first, and harder where the harm is greater", function()
    local path = file { "email", people()[1] }
    assert.equals(0, (place:run { "bulk", "enable", path })) -- who may log in already needs none
    assert.equals(4, (place:run { "bulk", "disable", path }))
    assert.equals(4, (place:run { "bulk", "remove", path, "--yes" }))
    assert.equals(0, (place:run { "bulk", "remove", path, "--confirm", people()[1] }))
  end)

  it("takes every verb", function()
    local list = people()
    local invited = place:json("users --status invited")[1].email
    for _, one in ipairs {
      { "add", { "email,fullname,groups", "a1@acme.example,A One,Sales;Berlin" } },
      { "update", { "email,fullname", list[1] .. ",Another" } },
      { "reinvite", { "email", invited } },
      { "reset-password", { "email", list[1] } },
      { "require-password-change", { "email", list[1] } },
      { "reset-mfa", { "email", list[1] } },
      { "rename", { "email,new_email", list[2] .. ",moved@acme.example" } },
      { "group-add", { "email,group", list[3] .. ",Choir", list[3] .. ",Band" } },
      { "group-remove", { "email,group", list[3] .. ",Choir" } },
      { "delete", { "email", list[4] } },
    } do
      local verb, lines = one[1], one[2]
      local rows, code = place:json { "bulk", verb, file(lines), "--yes", "--confirm", list[4] }
      assert.equals(0, code, verb .. ": " .. tostring(rows and rows[1] and rows[1].reason))
      assert.equals("done", rows[1].outcome, verb)
    end
    assert.equals("Another", person(list[1]).fullname)
    assert.same({ "Sales", "Berlin" }, box_room.person(place.box, "a1@acme.example").fields.groups)
  end)

  it("writes nothing in a dry run", function()
    local before = writes()
    local rows = place:json { "bulk", "disable", file { "email", people()[1], "x" }, "--dry-run" }
    assert.equals("would be done", rows[1].outcome)
    assert.equals("would be refused", rows[2].outcome)
    assert.equals(before, writes())
  end)

  it("takes columns by other titles", function()
    local path = file { "E-mail;x", people()[1] }
    local failure, code = place:failure { "bulk", "disable", path, "--yes" }
    assert.equals(64, code)
    assert.truthy(failure.message:find("no column 'email'", 1, true), failure.message)
    path = file { "E-mail", people()[1] }
    assert.equals(
      "done",
      (outcome { "bulk", "disable", path, "--yes", "--column", "email=E-mail" })
    )
    assert.equals(64, (place:run { "bulk", "disable", path, "--column", "team=E-mail" }))
    assert.equals(64, (place:run { "bulk", "disable", path, "--column", "nothing" }))
  end)

  it("takes what it has left over, and the titles of its own tables", function()
    local path =
      file { "email,name,groups", "a1@acme.example,A One,Sales", "bad,B Two,Sales;Finance" }
    local words = { "bulk", "add", path, "--yes", "--csv", "--where", 'u.outcome ~= "done"' }
    local code, out = place:run(words)
    assert.equals(3, code)
    assert.equals("A One", box_room.person(place.box, "a1@acme.example").fields.fullname)
    local left = place:file((out:gsub("bad", "b2@acme.example")), ".csv")
    assert.equals(0, (place:run { "bulk", "add", left, "--yes" }))
    local two = box_room.person(place.box, "b2@acme.example").fields
    assert.equals("B Two", two.fullname)
    assert.same({ "Sales", "Finance" }, two.groups)
    path = file { "who;name", people()[1] .. ";Another" }
    assert.equals(0, (place:run { "bulk", "update", path, "--yes", "--delimiter", ";" }))
    assert.equals("Another", person(people()[1]).fullname)
  end)

  it("refuses a row that repeats another, or lacks what is needed", function()
    local list = people()
    local path = file { "email,new_email", list[1] .. ",x@acme.example", list[2] .. "," }
    local rows, code = place:json { "bulk", "rename", path, "--yes" }
    assert.equals(3, code)
    assert.equals("'new_email' is empty", rows[2].reason)
    path = file { "email", list[3], list[3]:upper(), "" }
    rows = place:json { "bulk", "disable", path, "--yes" }
    assert.equals("done", rows[1].outcome)
    assert.equals("the same address as row 2", rows[2].reason)
  end)

  it("does not begin with a file that breaks off, or is not there", function()
    local before = writes()
    local broken = file { "email,fullname", people()[1] .. ',"open' }
    local failure, code = place:failure { "bulk", "update", broken, "--yes" }
    assert.equals(6, code)
    assert.equals("incomplete_source", failure.code)
    assert.equals(64, (place:run { "bulk", "disable", "/nowhere.csv", "--yes" }))
    assert.equals(before, writes())
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
    assert.equals("done", (outcome { "user", "disable", list[1], "--yes" }))
    assert.equals(4, (place:run { "user", "disable", list[2], "--yes" }))
  end)

  it("let so many through as the limit says, and name the option that allows more", function()
    local list = people()
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
    assert.equals("active", person(list[1]).status)
    assert.equals(0, (place:run { "bulk", "disable", path, "--yes", "--limit", "disable=6" }))
    assert.equals("disabled", person(list[6]).status)
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
    local list = people()
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
    assert.equals("active", person(list[1]).status)
    assert.equals("disabled", person(list[2]).status)
    out =
      cli.shell("lastpass user disable " .. list[3] .. " --profile acme </dev/null", environment)
    assert.truthy(out:find(("in acme (%.0f at 127.0.0.1:"):format(place.box.cid), 1, true), out)
  end)
end)

describe("runs of verbs", function()
  it("are in the journal, without secrets, and can be taken back", function()
    local list = people()
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
    assert.equals("active", person(list[1]).status)
    assert.equals("active", person(list[2]).status)
  end)

  it("are not begun while another program works on the company", function()
    local store = require "lastpass.store"
    local journal = assert(store.open { path = place.journal })
    local tenant = ("%s %.0f"):format(place.box.url:gsub("^%a+://", ""), place.box.cid)
    local lock = assert(journal:lock(tenant))
    local failure, code = place:failure { "user", "disable", people()[1], "--yes" }
    assert.equals(4, code)
    assert.equals("locked", failure.code)
    assert.truthy(failure.message:find("is being worked on by", 1, true), failure.message)
    assert(lock:release())
    journal:close()
    assert.equals(0, (place:run { "user", "disable", people()[1], "--yes" }))
  end)

  it("say how to go on when Ctrl-C ends them", function()
    local list = people()
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
    assert.equals("Changed Name", person(list[5]).fullname)
  end)

  it("do nothing when there is nothing to do", function()
    local email = people()[1]
    local before = #place:json "runs --limit 1000"
    local code, _, err = place:run { "user", "enable", email }
    assert.equals(0, code)
    assert.truthy(err:find("1 unchanged", 1, true), err)
    assert.equals(before, #place:json "runs --limit 1000")
  end)

  it("are the same in Lua", function()
    local list = people()
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
    assert.equals("disabled", person(list[1]).status)
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
    assert.same({ "Sales", "Band" }, box_room.person(place.box, "z@acme.example").fields.groups)
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
        local before = writes()
        local dry, dry_code = place:json(words_of(verb, address, "--dry-run"))
        assert.equals(before, writes(), what)
        local real, code, err = place:json(words_of(verb, address, "--yes"))
        assert.truthy(dry and real, what .. ": " .. tostring(err))
        assert.equals(real[1].outcome, (dry[1].outcome:gsub("^would be ", "")), what)
        assert.equals(code, dry_code, what)
        -- what is said of the server is so
        assert.equals(real[1].outcome == "done", writes() > before, what)
        seen[real[1].outcome] = (seen[real[1].outcome] or 0) + 1
      end
    end
    assert.truthy(seen.done > 20 and seen.refused > 20 and seen.unchanged > 5)
  end)
end)

local boxes = require "spec.support.box"
local cli = require "spec.support.cli"
local json = require "lastpass.json"

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

describe("lastpass users", function()
  it("shows a table", function()
    local code, out = place:run "users"
    assert.equals(0, code)
    assert.truthy(out:find("^email +name +status +admin +mfa +groups +last login\n"), out)
    assert.equals(2 + place.box:client():snapshot():count() + 1, cli.count_lines(out))
  end)

  it("shows JSON, the same by both ways of writing it", function()
    local users = place:json "users"
    local again = place:json "users --where true"
    assert.same(again, users)
    assert.truthy(users[1].email:find "@")
  end)

  it("shows invited people too", function()
    local users = place:json "users --where u.status=='invited'"
    assert.equals(1, #users)
    assert.same({}, users[1].groups)
    local last
    local _, out = place:run "users --ndjson --fields status"
    for line in out:gmatch "[^\n]+" do
      last = json.decode(line)
    end
    assert.equals("invited", last.status)
  end)

  it("lets the server filter", function()
    assert.equals(0, (place:run "users --status disabled --admin"))
    for _, user in ipairs(place:json "users --admin") do
      assert.is_true(user.admin)
    end
    for _, user in ipairs(place:json "users --status disabled") do
      assert.equals("disabled", user.status)
    end
  end)

  it("minds a misspelt field before the table is shown", function()
    local code, out = place:run "users --fields emial"
    assert.equals(64, code)
    assert.equals("", out)
  end)

  it("says when LastPass cannot be reached", function()
    place:fails_when_unreachable "users"
  end)
end)

describe("lastpass user show", function()
  local function first()
    return place:json("users --fields email")[1].email
  end

  it("shows a list of fields, or JSON", function()
    local _, out = place:run { "user", "show", first() }
    assert.truthy(out:find("^email +" .. first():gsub("[%.%-]", "%%%0")), out)
    assert.equals(first(), place:json({ "user", "show", first() }).email)
    _, out = place:run { "user", "show", first(), "--csv", "--fields", "email" }
    assert.equals("email\r\n" .. first() .. "\r\n", out)
  end)

  it("says when there is none", function()
    local failure, code = place:failure "user show nobody@nowhere.example"
    assert.equals(1, code)
    assert.equals("no_such_user", failure.code)
    assert.truthy(failure.hint:find('find("nobody", 1, true)', 1, true), failure.hint)
    place:fails_when_unreachable "user show a@b.example"
  end)
end)

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
    local state = boxes.person(place.box, "new@acme.example")
    assert.equals("New One", state.fields.fullname)
  end)

  it("names its own option for what a guard holds", function()
    local known = place:people()[1]
    local _, code, rows = place:outcome { "user", "add", "'" .. known, "--name", "Z", "--yes" }
    assert.equals(1, code)
    assert.equals("look_alike", rows[1].code)
    local way = rows[1].reason:match "allow so many with (.*)$"
    assert.equals("--limit look_alikes=1", way)
    local words =
      { "user", "add", "'" .. known, "--name", "Z", "--yes", "--limit", "look_alikes=1" }
    assert.equals("done", (place:outcome(words)))
  end)

  it("says what is wrong, row by row", function()
    local known = place:people()[1]
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
    local known = place:people()[1]
    local before = place:person(known)
    assert.equals("unchanged", (place:outcome { "user", "add", known }))
    assert.equals("unchanged", (place:outcome { "user", "add", known, "--name", before.fullname }))
    local said, code = place:outcome { "user", "add", known, "--name", "Somebody Else" }
    assert.equals("refused", said)
    assert.equals(1, code)
    assert.equals("refused", (place:outcome { "user", "add", known, "--group", "Band", "--yes" }))
    assert.same(before, place:person(known))
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
    local email = place:people()[1]
    assert.equals("done", (place:outcome { "user", "update", email, "--name", "Other Name" }))
    assert.equals("Other Name", place:person(email).fullname)
  end)

  it("wants to know what", function()
    local failure, code = place:failure { "user", "update", place:people()[1] }
    assert.equals(64, code)
    assert.truthy(failure.message:find("--name", 1, true))
  end)
end)

describe("lastpass user disable and enable", function()
  it("disable the account and enable it again", function()
    local list = place:people()
    local said, code = place:outcome { "user", "disable", list[1], list[2], "--yes" }
    assert.equals("done", said)
    assert.equals(0, code)
    assert.equals("disabled", place:person(list[1]).status)
    assert.equals("unchanged", (place:outcome { "user", "disable", list[1], "--yes" }))
    assert.equals("done", (place:outcome { "user", "enable", list[1] }))
    assert.equals("active", place:person(list[1]).status)
  end)

  it("ask first, on a terminal", function()
    local email = place:people()[1]
    local code, _, err = place:run({ "user", "disable", email }, { answers = { "n" } })
    assert.equals(4, code)
    local company = ("account %.0f at %s"):format(place.box.cid, place.box.url:match "//([^/]+)")
    assert.truthy(err:find(("disable %s in %s? [y/N]"):format(email, company), 1, true), err)
    assert.equals("active", place:person(email).status)
    code = place:run({ "user", "disable", email }, { answers = { "y" } })
    assert.equals(0, code)
    assert.equals("disabled", place:person(email).status)
  end)

  it("write nothing in a dry run, and say who it would be", function()
    local email = place:people()[1]
    local before = place:writes()
    local rows, code = place:json { "user", "disable", email, "no@acme.example", "--dry-run" }
    assert.equals(3, code)
    assert.equals("would be done", rows[1].outcome)
    assert.equals("would be refused", rows[2].outcome)
    assert.equals("is not in the directory", rows[2].reason)
    rows, code = place:json { "user", "enable", email, "--dry-run" }
    assert.equals(0, code)
    assert.equals("unchanged", rows[1].outcome)
    assert.equals(before, place:writes())
  end)

  it("need few requests, in a company of any size", function()
    local email = place:people()[1]
    place:reset()
    assert.equals(0, (place:run { "user", "disable", email, "--yes" }))
    assert.is_true(boxes.requests(place.box, "getuserdata") <= 8)
    for _, entry in ipairs(assert(place.box:journal { command = "getuserdata" })) do
      assert.is_true((entry.rows or 1) <= 1)
    end
  end)

  it("mind a misspelt field before anything is written", function()
    local email = place:people()[1]
    assert.equals(64, (place:run { "user", "disable", email, "--yes", "--fields", "whoo" }))
    assert.equals("active", place:person(email).status)
  end)

  it("say whom the server does not know", function()
    local _, code, rows = place:outcome { "user", "enable", "no@acme.example" }
    assert.equals(1, code)
    assert.equals("refused", rows[1].outcome)
  end)

  it("look up what became of a lost answer", function()
    boxes.inject(place.box, "disableuser", nil, { drop = "after" })
    local said, code, rows = place:outcome { "user", "disable", place:people()[1], "--yes" }
    assert.equals("done", said)
    assert.equals(0, code, rows)
    assert.equals("read_back", rows[1].code)
  end)
end)

describe("lastpass user remove and delete", function()
  it("want the address typed", function()
    local email = place:people()[1]
    assert.equals(4, (place:run { "user", "remove", email, "--yes" }))
    assert.equals(4, (place:run { "user", "delete", email, "--confirm", "other@acme.example" }))
    assert.equals(4, (place:run({ "user", "delete", email }, { answers = { "y" } })))
    assert.equals("active", place:person(email).status)
    assert.equals("done", (place:outcome { "user", "remove", email, "--confirm", email }))
    assert.equals(1, (place:run { "user", "show", email }))
    email = place:people()[1]
    local code, _, err = place:run({ "user", "delete", email }, { answers = { email } })
    assert.equals(0, code, err)
  end)

  it("want the number of several", function()
    local list = place:people()
    local code, _, err = place:run { "user", "remove", list[1], list[2] }
    assert.equals(4, code)
    assert.truthy(err:find("--confirm 2", 1, true), err)
    assert.equals(0, (place:run { "user", "remove", list[1], list[2], "--confirm", "2" }))
  end)

  it("withdraw an invitation", function()
    local invited = place:json("users --status invited")[1].email
    local said = place:outcome { "user", "remove", invited, "--confirm", invited }
    assert.equals("done", said)
    assert.equals(1, (place:run { "user", "show", invited }))
  end)

  it("go on after somebody who is not there", function()
    local email = place:people()[1]
    local rows, code = place:json { "user", "remove", "no@a.example", email, "--confirm", "2" }
    assert.equals(3, code)
    assert.equals("refused", rows[1].outcome)
    assert.equals("no_such_user", rows[1].code)
    assert.equals("done", rows[2].outcome)
  end)

  it("stop where the way to LastPass ends, and say how to go on", function()
    local list = place:people()
    boxes.inject(place.box, "deluser", nil, { status = 403, count = 5 })
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
    local list = place:people()
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
      assert.equals("would be done", (place:outcome(words)), words[2])
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
      local said, code = place:outcome(words)
      assert.equals("refused", said, words[2])
      assert.equals(1, code, words[2])
    end
  end)
end)

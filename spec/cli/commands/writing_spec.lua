-- The commands that change people: user add|update|disable|enable|remove|delete|reinvite|
-- reset-password|reset-mfa|rename, group add|remove, bulk.
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
    }
    assert.equals(0, code)
    assert.equals("done", rows[1].outcome)
    local state = box_room.person(place.box, "new@acme.example")
    assert.equals("New One", state.fields.fullname)
  end)

  it("says what is wrong, row by row", function()
    local known = people()[1]
    local code, out = place:run { "user", "add", "not an address", "two@acme.example" }
    assert.equals(3, code)
    assert.truthy(out:find("refused", 1, true))
    local rows = place:json { "user", "add", known, "third@acme.example", "--dry-run" }
    assert.equals("would be refused", rows[1].outcome)
    assert.equals("would be done", rows[2].outcome)
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
    assert.truthy(err:find("disable " .. email .. "? [y/N]", 1, true), err)
    assert.equals("active", person(email).status)
    code = place:run({ "user", "disable", email }, { answers = { "y" } })
    assert.equals(0, code)
    assert.equals("disabled", person(email).status)
  end)

  it("write nothing in a dry run, and say who it would be", function()
    local email = people()[1]
    local before = writes()
    local rows, code = place:json { "user", "disable", email, "no@acme.example", "--dry-run" }
    assert.equals(0, code)
    assert.equals("would be done", rows[1].outcome)
    assert.equals("would be refused", rows[2].outcome)
    assert.equals(before, writes())
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

  it("tell what is uncertain from what is not", function()
    box_room.inject(place.box, "disableuser", nil, { drop = "after" })
    local said, code, rows = outcome { "user", "disable", people()[1], "--yes" }
    assert.equals("uncertain", said)
    assert.equals(3, code, rows)
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

  it("stop where the way to LastPass ends", function()
    local list = people()
    box_room.inject(place.box, "deluser", nil, { status = 503, count = 5 })
    local rows, code, err = place:json {
      "user",
      "remove",
      list[1],
      list[2],
      "--confirm",
      "2",
      "--retries=0",
    }
    assert.equals("not tried", rows[2].outcome)
    assert.is_true(code == 69 or code == 3, err)
    assert.truthy(err:find("503", 1, true), err)
  end)
end)

describe("lastpass user reinvite, reset-password, reset-mfa, rename", function()
  it("do it, after a yes", function()
    local list = people()
    local invited = place:json("users --status invited")[1].email
    for _, words in ipairs {
      { "user", "reinvite", invited },
      { "user", "reset-password", list[1] },
      { "user", "reset-mfa", list[1] },
      { "user", "rename", list[2], "renamed@acme.example" },
    } do
      assert.equals(4, (place:run(words)), words[2])
      words[#words + 1] = "--dry-run"
      assert.equals("would be done", (outcome(words)), words[2])
      words[#words] = "--yes"
      local said, code = outcome(words)
      assert.equals("done", said, words[2])
      assert.equals(0, code)
    end
  end)

  it("say when there is no such user", function()
    for _, words in ipairs {
      { "user", "reinvite", "no@acme.example", "--yes" },
      { "user", "reset-password", "no@acme.example", "--yes" },
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
    assert.equals("done", (outcome { "group", "add", "Choir", list[1], list[2] }))
    assert.equals(2, #place:json { "group", "show", "Choir" })
    assert.equals(4, (place:run { "group", "remove", "Choir", list[1] }))
    assert.equals("done", (outcome { "group", "remove", "Choir", list[1], "--yes" }))
    assert.equals(1, #place:json { "group", "show", "Choir" })
    assert.equals("would be done", (outcome { "group", "add", "Choir", list[3], "--dry-run" }))
  end)

  it("refuse what is no address", function()
    local _, code = outcome { "group", "add", "Choir", "nobody" }
    assert.equals(1, code)
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
    assert.equals(4, (place:run { "bulk", "enable", path }))
    assert.equals(4, (place:run { "bulk", "remove", path, "--yes" }))
    assert.equals(0, (place:run { "bulk", "remove", path, "--confirm", people()[1] }))
  end)

  it("takes every verb", function()
    local list = people()
    local invited = place:json("users --status invited")[1].email
    for verb, lines in pairs {
      add = { "email,fullname,groups", "a1@acme.example,A One,Sales;Berlin" },
      update = { "email,fullname", list[1] .. ",Another" },
      reinvite = { "email", invited },
      ["reset-password"] = { "email", list[1] },
      ["reset-mfa"] = { "email", list[1] },
      rename = { "email,new_email", list[2] .. ",moved@acme.example" },
      ["group-add"] = { "email,group", list[3] .. ",Choir", list[3] .. ",Band" },
      ["group-remove"] = { "email,group", list[3] .. ",Choir" },
      delete = { "email", list[4] },
    } do
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
    assert.equals("refused", rows[2].outcome)
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

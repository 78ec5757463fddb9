-- The commands that only look: users, user show, groups, group show, folders, events,
-- expired-passwords, auth check, call.
local cli = require "spec.support.cli"
local json = require "lastpass.json"

local place

setup(function()
  place = cli.start { users = 60, seed = 3 }
end)

teardown(function()
  place:stop()
end)

before_each(function()
  place:reset()
end)

local function count_lines(text)
  local count = 0
  for _ in text:gmatch "\n" do
    count = count + 1
  end
  return count
end

local unreachable = { "--url=http://127.0.0.1:1/", "--retries=0" }

local function fails_as_it_should(words)
  local list = {}
  for word in words:gmatch "%S+" do
    list[#list + 1] = word
  end
  for _, word in ipairs(unreachable) do
    list[#list + 1] = word
  end
  local code, out, err = place:run(list)
  assert.equals(69, code, words)
  assert.equals("", out)
  assert.truthy(err:find("^lastpass: "), err)
  local failure
  failure, code = place:failure(list)
  assert.equals(69, code)
  assert.equals("transport", failure.kind)
  assert.equals(69, failure.exit_code)
end

describe("lastpass users", function()
  it("shows a table", function()
    local code, out = place:run "users"
    assert.equals(0, code)
    assert.truthy(out:find("^email +name +status +admin +mfa +groups +last login\n"), out)
    assert.equals(2 + place.box:client():snapshot():count() + 1, count_lines(out))
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
    fails_as_it_should "users"
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
    fails_as_it_should "user show a@b.example"
  end)
end)

describe("lastpass groups and group show", function()
  it("show who is where", function()
    local groups = place:json "groups --sort -members"
    assert.equals(groups[1].members, #groups[1].people)
    assert.is_true(groups[1].members >= groups[2].members)
    local members = place:json { "group", "show", groups[1].name }
    assert.equals(groups[1].members, #members)
    assert.equals(groups[1].name, members[1].group)
    local _, out = place:run { "group", "show", groups[1].name }
    assert.equals(2 + groups[1].members, count_lines(out))
    _, out = place:run "groups"
    assert.truthy(out:find("^name +members\n"), out)
    local users = place:json { "group", "show", groups[1].name, "--users" }
    assert.equals("string", type(users[1].status))
  end)

  it("name the nearest of a group that nobody is in", function()
    local group = place:json("groups")[1].name
    local failure, code = place:failure { "group", "show", group .. "x" }
    assert.equals(1, code)
    assert.equals("no_such_group", failure.code)
    assert.truthy(failure.message:find(group, 1, true), failure.message)
    fails_as_it_should "groups"
    fails_as_it_should "group show Finance"
  end)
end)

describe("lastpass folders", function()
  it("shows folders, or a row for each right", function()
    local folders = place:json "folders"
    local rights = place:json "folders --users"
    local count = 0
    for _, folder in ipairs(folders) do
      count = count + folder.users
    end
    assert.equals(count, #rights)
    assert.equals("boolean", type(rights[1].can_write))
    local detailed = place:json "folders --detailed"
    assert.equals(count, #detailed)
    local _, out = place:run "folders"
    assert.truthy(out:find("^name +users +score +deleted\n"), out)
  end)

  it("says when LastPass cannot be reached", function()
    fails_as_it_should "folders"
  end)
end)

describe("lastpass events", function()
  it("shows them, oldest first", function()
    local events = place:json "events --from 2026-01-01"
    assert.is_true(#events > 1)
    assert.is_true(events[1].time <= events[#events].time)
    local code, out = place:run { "events", "--from", "-30d" }
    assert.equals(0, code)
    assert.truthy(out:find("^time %(UTC%) +user +from +action +data\n"), out)
    local user = events[1].username
    for _, event in ipairs(place:json { "events", "--from=2026-01-01", "--user", user }) do
      assert.equals(user, event.username)
    end
  end)

  it("minds a time that is none", function()
    local failure, code = place:failure "events --from yesteryear"
    assert.equals(64, code)
    assert.equals("argument", failure.kind)
    fails_as_it_should "events"
  end)
end)

describe("lastpass expired-passwords", function()
  it("shows who", function()
    local list = place:json "expired-passwords"
    assert.truthy(list[1].email:find "@")
    assert.truthy(list[1].last_password_change:find "Z$")
    local _, out = place:run "expired-passwords"
    assert.equals(2 + #list, count_lines(out))
    fails_as_it_should "expired-passwords"
  end)
end)

describe("lastpass auth check", function()
  it("says which account it is", function()
    local one = place:json "auth check"
    assert.equals(place.box.cid, one.cid)
    assert.is_true(one.users > 0)
    local code, out = place:run "auth check"
    assert.equals(0, code)
    assert.truthy(out:find("^cid +%d+\n"), out)
  end)

  it("ends with 77 when LastPass says no", function()
    local failure, code = place:failure "auth check --cid 12"
    assert.equals(77, code)
    assert.equals("auth", failure.kind)
  end)
end)

describe("lastpass call", function()
  it("prints the reply", function()
    local code, out = place:run { "call", "getuserdata", '{"pagesize": 1, "pageindex": 0}' }
    assert.equals(0, code)
    assert.equals(1, assert(json.decode(out)).count)
  end)

  it("asks before it writes, and sends nothing in a dry run", function()
    local email = place:json("users --fields email")[4].email
    local data = ('["%s"]'):format(email)
    assert.equals(4, (place:run { "call", "disableuser", data }))
    assert.equals(0, (place:run { "call", "disableuser", data, "--dry-run" }))
    assert.equals("active", place:json({ "user", "show", email }).status)
    assert.equals(0, (place:run { "call", "disableuser", data, "--yes" }))
    assert.equals("disabled", place:json({ "user", "show", email }).status)
  end)

  it("names the nearest command, and what is wrong with the data", function()
    local failure, code = place:failure "call getuserdatb"
    assert.equals(64, code)
    assert.truthy(failure.message:find("did you mean 'getuserdata'", 1, true))
    failure, code = place:failure { "call", "updateuser", '{"usrname": "x"}', "--yes" }
    assert.equals(64, code)
    assert.truthy(failure.message:find("username", 1, true), failure.message)
    assert.is_nil(failure.message:find("%.lua:%d"), failure.message)
    assert.equals(64, (place:run { "call", "updateuser", "{", "--yes" }))
    fails_as_it_should "call getuserdata"
  end)
end)

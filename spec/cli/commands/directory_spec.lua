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
  place:new_journal() -- limits count what earlier runs did within a day
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
    assert.equals(2 + groups[1].members, cli.count_lines(out))
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
    place:fails_when_unreachable "groups"
    place:fails_when_unreachable "group show Finance"
  end)
end)

describe("lastpass group add and remove", function()
  it("change who is in", function()
    local list = place:people()
    assert.equals(4, (place:run { "group", "add", "Choir", list[1] })) -- there is no such group yet
    assert.equals("done", (place:outcome { "group", "add", "Choir", list[1], list[2], "--yes" }))
    assert.equals(2, #place:json { "group", "show", "Choir" })
    assert.equals(4, (place:run { "group", "remove", "Choir", list[1] }))
    assert.equals("done", (place:outcome { "group", "remove", "Choir", list[1], "--yes" }))
    assert.equals(1, #place:json { "group", "show", "Choir" })
    assert.equals(
      "would be done",
      (place:outcome { "group", "add", "Choir", list[3], "--dry-run" })
    )
  end)

  it("refuse what is no address, and a group that is not there to be left", function()
    local _, code = place:outcome { "group", "add", "Choir", "nobody" }
    assert.equals(1, code)
    local said, _, rows = place:outcome { "group", "remove", "Slaes", place:people()[1], "--yes" }
    assert.equals("refused", said)
    assert.equals("there is no group 'Slaes' (did you mean 'Sales'?)", rows[1].reason)
    assert.equals(64, (place:run { "group", "add", "", place:people()[1] }))
  end)

  it("leave who is in already, or is not", function()
    local email = place:people()[1]
    local group = place:person(email).groups[1]
    assert.equals("unchanged", (place:outcome { "group", "add", group, email }))
    local other = place:json("users --fields email,groups --status active")
    for _, user in ipairs(other) do
      local is_in = false
      for _, name in ipairs(user.groups) do
        is_in = is_in or name == "Sales"
      end
      if not is_in then
        assert.equals(
          "unchanged",
          (place:outcome { "group", "remove", "Sales", user.email, "--yes" })
        )
        return
      end
    end
    error "everybody is in Sales"
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
    place:fails_when_unreachable "folders"
  end)
end)

describe("lastpass expired-passwords", function()
  it("shows who", function()
    local list = place:json "expired-passwords"
    assert.truthy(list[1].email:find "@")
    assert.truthy(list[1].last_password_change:find "Z$")
    local _, out = place:run "expired-passwords"
    assert.equals(2 + #list, cli.count_lines(out))
    place:fails_when_unreachable "expired-passwords"
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
    place:fails_when_unreachable "call getuserdata"
  end)
end)

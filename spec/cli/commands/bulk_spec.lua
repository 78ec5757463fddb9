local boxes = require "spec.support.box"
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

describe("lastpass bulk", function()
  local function file(lines)
    return place:file(table.concat(lines, "\n") .. "\n", ".csv")
  end

  it("says of every row of the file what became of it", function()
    local list = place:people()
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
    local path = file { "email", place:people()[1] }
    assert.equals(0, (place:run { "bulk", "enable", path })) -- who may log in already needs none
    assert.equals(4, (place:run { "bulk", "disable", path }))
    assert.equals(4, (place:run { "bulk", "remove", path, "--yes" }))
    assert.equals(0, (place:run { "bulk", "remove", path, "--confirm", place:people()[1] }))
  end)

  it("takes every verb", function()
    local list = place:people()
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
    assert.equals("Another", place:person(list[1]).fullname)
    assert.same({ "Sales", "Berlin" }, boxes.person(place.box, "a1@acme.example").fields.groups)
  end)

  it("writes nothing in a dry run", function()
    local before = place:writes()
    local rows =
      place:json { "bulk", "disable", file { "email", place:people()[1], "x" }, "--dry-run" }
    assert.equals("would be done", rows[1].outcome)
    assert.equals("would be refused", rows[2].outcome)
    assert.equals(before, place:writes())
  end)

  it("takes columns by other titles", function()
    local path = file { "E-mail;x", place:people()[1] }
    local failure, code = place:failure { "bulk", "disable", path, "--yes" }
    assert.equals(64, code)
    assert.truthy(failure.message:find("no column 'email'", 1, true), failure.message)
    path = file { "E-mail", place:people()[1] }
    assert.equals(
      "done",
      (place:outcome { "bulk", "disable", path, "--yes", "--column", "email=E-mail" })
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
    assert.equals("A One", boxes.person(place.box, "a1@acme.example").fields.fullname)
    local left = place:file((out:gsub("bad", "b2@acme.example")), ".csv")
    assert.equals(0, (place:run { "bulk", "add", left, "--yes" }))
    local two = boxes.person(place.box, "b2@acme.example").fields
    assert.equals("B Two", two.fullname)
    assert.same({ "Sales", "Finance" }, two.groups)
    path = file { "who;name", place:people()[1] .. ";Another" }
    assert.equals(0, (place:run { "bulk", "update", path, "--yes", "--delimiter", ";" }))
    assert.equals("Another", place:person(place:people()[1]).fullname)
  end)

  it("refuses a row that repeats another, or lacks what is needed", function()
    local list = place:people()
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
    local before = place:writes()
    local broken = file { "email,fullname", place:people()[1] .. ',"open' }
    local failure, code = place:failure { "bulk", "update", broken, "--yes" }
    assert.equals(6, code)
    assert.equals("incomplete_source", failure.code)
    assert.equals(64, (place:run { "bulk", "disable", "/nowhere.csv", "--yes" }))
    assert.equals(before, place:writes())
  end)
end)

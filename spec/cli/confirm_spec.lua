local cli = require "spec.support.cli"
local confirm = require "lastpass.cli.confirm"
local sessions = require "lastpass.cli.session"
local streams_module = require "lastpass.cli.streams"
local terminals = require "spec.cli.repl.terminal"

local function session(options, answers)
  local streams = streams_module.new(cli.streams { answers = answers })
  return sessions.new(options or {}, streams), streams
end

local function code_of(_, _, err)
  return err and err.code
end

describe("a yes or no", function()
  it("is asked on standard error, and no is what is not yes", function()
    local one, streams = session({}, { "y" })
    assert.is_true(confirm.ask(one, "disable ann?"))
    assert.equals("disable ann? [y/N] ", streams.err:text())
    assert.is_true(confirm.ask(session({}, { " YES " }), "x?"))
    for _, answer in ipairs { "n", "", "yep", "j" } do
      assert.equals("declined", code_of(confirm.ask(session({}, { answer }), "x?")), answer)
    end
  end)

  it("is answered by --yes", function()
    assert.is_true(confirm.ask(session { yes = true }, "x?"))
  end)

  it("is not asked where nobody can answer", function()
    local _, _, err = confirm.ask(session {}, "x?")
    assert.equals("not_confirmed", err.code)
    assert.equals("guard", err.kind)
    assert.truthy(err.hint:find("--yes", 1, true))
    assert.equals(
      "not_confirmed",
      code_of(confirm.ask(session({ no_input = true }, { "y" }), "x?"))
    )
  end)

  it("is no when the input ends", function()
    assert.equals("declined", code_of(confirm.ask(session({}, {}), "x?")))
  end)
end)

describe("a word to type", function()
  it("must be the word", function()
    assert.is_true(confirm.type(session({}, { "Ann@acme.com" }), "remove", "ann@acme.com"))
    assert.equals("declined", code_of(confirm.type(session({}, { "y" }), "remove", "ann@acme.com")))
  end)

  it("is not lifted by --yes", function()
    local _, _, err = confirm.type(session { yes = true }, "remove", "3")
    assert.equals("not_confirmed", err.code)
    assert.truthy(err.hint:find("--confirm 3", 1, true), err.hint)
  end)

  it("can be given as an option", function()
    assert.is_true(confirm.type(session { confirm = "3" }, "remove", "3"))
    assert.equals("not_confirmed", code_of(confirm.type(session { confirm = "2" }, "remove", "3")))
    assert.is_true(confirm.type(session { confirm_final = 2 }, "x", "2", "--confirm-final"))
  end)
end)

describe("harm", function()
  it("scales the question", function()
    assert.is_true(confirm.harm(session {}, nil, "enable a", { "a" }, 1))
    local one, streams = session({}, { "y" })
    assert.is_true(confirm.harm(one, "ask", "disable a, b", { "a", "b" }, 2))
    assert.equals("disable a, b? [y/N] ", streams.err:text())
    one, streams = session({}, { "2" })
    assert.is_true(confirm.harm(one, "type", "remove a, b", { "a", "b" }, 2))
    assert.truthy(streams.err:text():find("type 2 to confirm", 1, true))
    assert.is_true(confirm.harm(session({}, { "a" }), "type", "remove a", { "a" }, 1))
  end)

  it("counts who would be changed, or who was asked for", function()
    assert.is_true(confirm.harm(session { confirm = "2" }, "type", "remove", { "a", "b" }, 3))
    assert.is_true(confirm.harm(session { confirm = "3" }, "type", "remove", { "a", "b" }, 3))
    local code = code_of(confirm.harm(session { confirm = "4" }, "type", "x", { "a", "b" }, 3))
    assert.equals("not_confirmed", code)
  end)

  it("names people, as far as anybody reads them", function()
    local list = {}
    for number = 1, 28 do
      list[number] = ("p%d@x.cc"):format(number)
    end
    assert.equals("p1@x.cc, p2@x.cc, p3@x.cc, p4@x.cc, p5@x.cc and 23 more", confirm.people(list))
    assert.equals("p1@x.cc", confirm.people { list[1] })
    assert.equals("a\\x1b[1m@x.cc", confirm.people { "a\27[1m@x.cc" })
  end)
end)

describe("a question", function()
  local verbs = require "lastpass.cli.verbs"

  it("says what is done, and with what", function()
    local function question(name, ...)
      local items = {}
      for place, row in ipairs { ... } do
        items[place] = verbs.item(name, row)
      end
      return verbs.question(name, items)
    end
    assert.equals("disable", question("disable", { email = "a@b.cc" }))
    local one = { email = "a@b.cc", new_email = "d@b.cc", group = "Sales" }
    local other = { email = "x@b.cc", new_email = "y@b.cc", group = "Finance" }
    assert.equals("give the address d@b.cc to", question("rename", one))
    assert.equals("change the address of", question("rename", one, other))
    assert.equals("put into the group 'Sales':", question("group-add", one, one))
    assert.equals("take out of the group 'Sales':", question("group-remove", one))
    assert.equals("change the groups of", question("group-remove", one, other))
    assert.equals("change the groups of", question "group-remove")
  end)
end)

describe("a question in a terminal", function()
  local place, terminal

  setup(function()
    place = cli.start { users = 20 }
  end)

  teardown(function()
    place:stop()
  end)

  after_each(function()
    terminal:close()
  end)

  local function asked(line)
    terminal = terminals.start(
      (line:gsub("lastpass", place:environment():gsub("%%", "%%%%") .. "lua5.4 bin/lastpass"))
    )
    return terminal:wait_for "?"
  end

  it("is answered by no when nothing is said", function()
    local email = place:json("users --fields email")[3].email
    local screen = asked("lastpass user disable " .. email)
    local question = ("disable %s in account %.0f at "):format(email, place.box.cid)
    assert.truthy(screen:find(question, 1, true), screen)
    terminal:press "Enter"
    terminal:wait_for "lastpass: nothing was changed\n[ended 4]"
    assert.equals("active", place:json({ "user", "show", email }).status)
  end)

  it("is ended by Ctrl-C and by Ctrl-D, in a line of its own", function()
    local email = place:json("users --fields email")[3].email
    asked("lastpass user disable " .. email)
    terminal:press "C-c"
    terminal:wait_for "\nlastpass: interrupted; nothing was changed\n[ended 130]"
    terminal:close()
    asked("lastpass user disable " .. email)
    terminal:press "C-d"
    terminal:wait_for "\nlastpass: nothing was changed\n[ended 4]"
    assert.equals("active", place:json({ "user", "show", email }).status)
  end)

  it("changes something when it is answered by yes", function()
    local email = place:json("users --fields email")[3].email
    asked("lastpass user disable " .. email)
    terminal:enter "y"
    terminal:wait_for "[ended 0]"
    assert.equals("disabled", place:json({ "user", "show", email }).status)
  end)
end)

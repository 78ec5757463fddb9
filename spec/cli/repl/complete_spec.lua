local commands = require "lastpass.cli.repl.commands"
local complete = require "lastpass.cli.repl.complete"
local names = require "lastpass.cli.repl.names"
local scope = require "lastpass.cli.repl.scope"
local start_box = require("spec.support.box").start

describe("repl.complete.target", function()
  local function kind(text)
    local target = complete.target(text)
    return target and target.kind, target and target.start, target and target.path
  end

  it("tells names, members and commands", function()
    assert.same({ "name", "us" }, { kind "us" })
    assert.same({ "name", "" }, { kind "" })
    assert.same({ "name", "th" }, { kind "if x() th" })
    assert.same({ "name", "y" }, { kind "f(x, y" })
    assert.same({ "member", "us", "client" }, { kind "client:us" })
    assert.same({ "member", "", "lastpass.secret" }, { kind "x = lastpass.secret." })
    assert.is_true(complete.target("client:").colon)
    assert.is_false(complete.target("client.").colon)
    assert.same({ "command", ":he" }, { kind ":he" })
    assert.same({ "member", "us", "client" }, { kind ":doc client.us" })
  end)

  it("tells strings, with what stands in them so far", function()
    assert.same({ "string", "ann@ac" }, { kind 'users["ann@ac' })
    assert.same({ "string", "it is" }, { kind "f('it is" })
    assert.same({ "string", 'a \\" b' }, { kind 'x = "a \\" b' })
    assert.same({ "string", "long" }, { kind "x = [[long" })
    assert.same({ "name", "" }, { kind 'x = "done" ' })
    assert.same({ "name", "y" }, { kind "x = [[done]] .. y" })
    assert.equals('"', complete.target('f("x').quote)
  end)

  it("tells options of calls", function()
    assert.same({ "option", "dis", "client:users" }, { kind "client:users{ dis" })
    assert.same({ "option", "", "users" }, { kind "users{" })
    assert.same({ "option", "a", "users" }, { kind "users({ disabled = true, a" })
    assert.same({ "option", "n", "client:batchadd" }, { kind "client:batchadd{ { user = 1 }, n" })
    assert.same({ "name", "tr" }, { kind "users{ disabled = tr" })
    assert.same({ "name", "x" }, { kind "y = { x" })
  end)

  it("says nothing where only running could tell, and in comments and numbers", function()
    for _, text in ipairs { "f().x", "f():", "t[1].", "'x':up", "-- us", "x = 12", "x = 0x1f" } do
      assert.is_nil(complete.target(text), text)
    end
  end)

  it("survives anything", function()
    local odd = { "]]]", "}})", "\\", '"\\', "[[", "'''", ":", "::", "...", "\255\254" }
    for _, text in ipairs(odd) do
      assert.has_no_error(function()
        complete.target(text)
      end)
    end
  end)
end)

describe("repl.complete", function()
  local box, context, clock

  setup(function()
    box = start_box { users = 60, seed = 1 }
    clock = 1000
    local environment = scope.new {
      box = box,
      connect = function()
        return box:client()
      end,
    }
    context = {
      environment = environment,
      scope = { "client", "users" },
      commands = commands.names(),
      names = names.new(function()
        return environment.client
      end, function()
        return clock
      end),
      width = 80,
    }
  end)

  teardown(function()
    box:stop()
  end)

  -- The line after Tab (the cursor at "|"), and what is listed below.
  local function tab(line)
    local before, after = line:match "^(.-)|(.*)$"
    if not before then
      before, after = line, ""
    end
    local erase, insert, listing = complete.complete(before .. after, #before, context)
    for _ = 1, erase do
      before = before:gsub("[^\128-\191][\128-\191]*$", "")
    end
    return before .. insert .. after, listing
  end

  local function becomes(line, wanted)
    local got, listing = tab(line)
    assert.equals(wanted, got, listing)
    assert.equals("", listing)
  end

  local function lists(line, ...)
    local got, listing = tab(line)
    assert.equals(line, got)
    for _, wanted in ipairs { ... } do
      assert.truthy(listing:find(wanted, 1, true), wanted .. "\nin:\n" .. listing)
    end
    return listing
  end

  it("completes names of Lua and of the scope", function()
    becomes("cli", "client")
    becomes("x = tonu", "x = tonumber")
    becomes("whi", "while")
    becomes("string.for", "string.format")
    becomes("lastpass.sec", "lastpass.secret")
    becomes("lastpass.secret.des", "lastpass.secret.descriptor")
    becomes("lastpass.sandbox.st", "lastpass.sandbox.start")
    becomes("zzz", "zzz")
    lists("lastpass.secret.", "file", "env", "prompt")
  end)

  it("completes in the middle of a line", function()
    becomes("print(cli|)", "print(client)")
  end)

  it("completes methods and API commands", function()
    becomes("client:snap", "client:snapshot")
    becomes("client:batchch", "client:batchchangegrp")
    lists("client:user", "user", "users")
    becomes("client:add_u", "client:add_users")
    becomes("sandbox:clear", "sandbox:clear_faults")
    context.environment.ann = box:client():users()()
    becomes("ann:dis", "ann:disable")
    becomes("ann.last_l", "ann.last_login")
    context.environment.ann = nil
  end)

  it("completes the methods of a strict client", function()
    context.environment.strict = require "lastpass.strict"(box:client())
    becomes("strict:snap", "strict:snapshot")
    context.environment.strict = nil
  end)

  it("tells upper from lower case in Lua, and not in addresses", function()
    becomes("CLI", "CLI")
    becomes('users["DANIELA', 'users["daniela.wallin@lumenor.example"')
  end)

  it("completes options", function()
    becomes("users{ dis", "users{ disabled = ")
    becomes("client:events({ sea", "client:events({ search = ")
    lists("client:snapshot{ ", "as_of", "disabled")
    becomes("lastpass.new{ provh", "lastpass.new{ provhash = ")
    becomes("client:batchadd{ fulln", "client:batchadd{ fullname = ")
  end)

  it("completes commands and what :doc is asked", function()
    becomes(":he", ":help")
    becomes(":doc client:snap", ":doc client:snapshot")
    lists(":", ":save", ":quit")
  end)

  it("completes addresses and groups inside quotes, and closes them", function()
    becomes('client:user "daniela', 'client:user "daniela.wallin@lumenor.example"')
    becomes("groups['Eng", "groups['Engineering'")
    becomes('groups["Eng|"]', 'groups["Engineering"]')
    lists('x = "d', "daniela.wallin@lumenor.example", "dimitri.meyer@lumenor.example")
    becomes('x = "dar', 'x = "darius.bianchi@lumenor.example"')
    becomes("x = [[Eng", "x = [[Engineering")
    becomes('x = "nobody', 'x = "nobody')
  end)

  it("reads the names once in a while, not at every key", function()
    clock = clock + 1000
    tab 'x = "d'
    local before = #box:journal { command = "getuserdata" }
    for _ = 1, 20 do
      tab 'x = "d'
    end
    assert.equals(before, #box:journal { command = "getuserdata" })
    clock = clock + 61
    tab 'x = "d'
    assert.truthy(#box:journal { command = "getuserdata" } > before)
    context.names:forget()
    before = #box:journal { command = "getuserdata" }
    tab 'x = "d'
    assert.truthy(#box:journal { command = "getuserdata" } > before)
  end)

  it("offers nothing when the names cannot be read, and asks again later", function()
    assert(box:faults { command = "getuserdata", status = 500 })
    context.names:forget()
    becomes('x = "daniela', 'x = "daniela')
    assert(box:clear_faults())
    becomes('x = "daniela', 'x = "daniela')
    clock = clock + 61
    becomes('x = "daniela', 'x = "daniela.wallin@lumenor.example"')
  end)

  it("lists no more than a screen takes", function()
    local listing = lists('x = "', "more")
    local _, lines = listing:gsub("\n", "")
    assert.truthy(lines < 40, lines)
  end)

  it("survives anything that may stand in a line", function()
    for _, line in ipairs {
      "",
      " ",
      "'",
      '"',
      "[[",
      "a.b.c.d.",
      "client:x:y",
      "#",
      "\\",
      "é",
      "x.é",
    } do
      assert.has_no_error(function()
        for cursor = 0, #line do
          complete.complete(line, cursor, context)
        end
      end)
    end
  end)
end)

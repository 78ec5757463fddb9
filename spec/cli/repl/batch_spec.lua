local at_prompt = require "spec.cli.repl.at_prompt"
local batch = require "lastpass.cli.repl.batch"
local start_box = require("spec.support.box").start

describe("repl.batch", function()
  local box

  setup(function()
    box = start_box { users = 30, seed = 3, invited = 0 }
  end)

  teardown(function()
    box:stop()
  end)

  -- Output, errors, and what ended it.
  local function run(...)
    local input, data, complaints = io.tmpfile(), io.tmpfile(), io.tmpfile()
    input:write(table.concat({ ... }, "\n"))
    input:seek("set", 0)
    local err, signal = batch.run(at_prompt.new(box).session, input, {
      data = data,
      errors = complaints,
    })
    data:seek("set", 0)
    complaints:seek("set", 0)
    local shown, told = data:read "*a", complaints:read "*a"
    input:close()
    data:close()
    complaints:close()
    return shown, told, err, signal
  end

  it("runs line by line, without prompt or banner", function()
    local shown, told, err = run("x = 1", "x + 1", "", "for i = 1, 2 do", "  x = x + i", "end", "x")
    assert.same({ "2\n4\n", "" }, { shown, told })
    assert.is_nil(err)
    assert.equals("30 users\n", (run("users"):match "[^\n]*\n$"))
    assert.equals("", (run()))
    assert.truthy(run(":doc users"):find("client:users", 1, true))
    assert.equals("1\n", (run("1", ":quit", "2")))
  end)

  it("stops at what is raised, with its line", function()
    local shown, told, err = run("1", "", "local t = nil\nprint(t.x)", "2")
    assert.equals("1\n", shown)
    assert.truthy(told:find("lastpass: stdin:4:", 1, true), told)
    assert.truthy(err)
    shown, told = run("1", "for i = 1, 2 do", "  error 'bad'", "end")
    assert.equals("1\n", shown)
    assert.truthy(told:find("lastpass: stdin:3: bad\n", 1, true), told)
  end)

  it("stops at nil, message, err, with its hint", function()
    local shown, told, err = run("", 'client:user "nobody@lumenor.example"', "2")
    assert.equals("", shown)
    assert.equals("lastpass: stdin:2: there is no user nobody@lumenor.example\n", told)
    assert.equals("no_such_user", err.code)
    assert.equals("argument", select(3, run ":doc xyzzyx").kind)
  end)

  it("stops at what is no Lua, or no end", function()
    local _, told, err = run("1", "x y")
    assert.truthy(told:find("lastpass: stdin:2: ", 1, true), told)
    assert.is_true(err)
    _, told, err = run("1", "for i = 1, 2 do", "")
    assert.truthy(told:find("lastpass: stdin:2: the input ends", 1, true), told)
    assert.is_true(err)
  end)
end)

-- The prompt as a program, without a terminal.
local at_prompt = require "spec.cli.repl.at_prompt"
local repl = require "lastpass.cli.repl"
local start_box = require("spec.support.box").start

describe("repl.run_batch", function()
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
    local err, signal = repl.run_batch(at_prompt.new(box).session, input, {
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

local interpreter = "LUA_CPATH='build/5.4/?.so;;' lua5.4"

local function run(input)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(input)
  file:close()
  local pipe = assert(
    io.popen(('%s spec/cli/repl/prompt.lua <%s 2>&1; echo "ended $?"'):format(interpreter, path))
  )
  local output = pipe:read "*a"
  pipe:close()
  os.remove(path)
  return output
end

describe("repl", function()
  it("reads and runs what comes through a pipe", function()
    assert.equals("2\nended 0\n", run "1 + 1")
    assert.truthy(run("users"):find "users\nended 0\n$")
    assert.truthy(run("x ="):find("lastpass: stdin:1: the input ends", 1, true))
  end)

  it("loads little before its first line: neither a transport nor the sandbox", function()
    local program = [[
      for _, name in ipairs { "session", "interactive", "history" } do
        require("lastpass.cli.repl." .. name)
      end
      pcall(require, "lastpass.lineedit")
      require("lastpass.cli.repl.session").new { connect = print }
      local count = 0
      for name in pairs(package.loaded) do
        count = count + (name:find "^lastpass" and 1 or 0)
      end
      for _, name in ipairs { "curl", "enterprise", "sandbox", "plan", "httpd" } do
        assert(not package.loaded["lastpass." .. name], name)
      end
      print(count)]]
    local pipe = assert(io.popen(("%s -e '%s'"):format(interpreter, program)))
    local count = tonumber((pipe:read "*a"))
    pipe:close()
    assert.truthy(count < 40, count)
  end)
end)

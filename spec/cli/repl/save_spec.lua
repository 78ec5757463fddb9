local at_prompt = require "spec.cli.repl.at_prompt"
local save = require "lastpass.cli.repl.save"
local start_box = require("spec.support.box").start

describe("repl.save", function()
  local box, prompt, path

  setup(function()
    box = start_box { users = 30, seed = 3 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    prompt = at_prompt.new(box)
    path = os.tmpname()
    os.remove(path)
  end)

  after_each(function()
    os.remove(path)
  end)

  local function read()
    local file = assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    return text
  end

  it("writes a script that does the same again", function()
    prompt:run "count = 0"
    prompt:run "for user in users{ disabled = true } do\n  count = count + 1\nend"
    prompt:run "count"
    prompt:run "users{ admin = true }"
    prompt:run "groups"
    prompt:run "error 'failed, so it is not in it'"
    prompt:run "users[1].email"
    prompt:run "print 'the end'"
    local count = prompt:run("count").text
    assert.equals("wrote " .. path, prompt:run(":save " .. path).text)
    local script = read()
    assert.is_nil(script:find("failed", 1, true), script)
    assert.truthy(script:find("\n-- users[1].email\n", 1, true), script)
    local interpreter = rawget(_G, "jit") and "luajit"
      or _VERSION == "Lua 5.1" and "lua5.1"
      or "lua5.4"
    local pipe = assert(io.popen(interpreter .. " " .. path .. " 2>&1"))
    local output = pipe:read "*a"
    pipe:close()
    assert.truthy(output:find("^" .. count .. "\n"), output)
    assert.truthy(output:find "All Staff\n", output)
    assert.truthy(output:find "the end\n", output)
    pipe = io.popen("stat -c %a '" .. path .. "'")
    assert.equals("600\n", pipe:read "*a")
    pipe:close()
  end)

  it("leaves secrets out", function()
    prompt:run "x = { password = 'swordfish' }"
    prompt:run "y = 1"
    prompt:run(":save " .. path)
    assert.is_nil(read():find("swordfish", 1, true))
    assert.truthy(read():find("secret was here", 1, true))
  end)

  it("opens a profile where that was in use", function()
    local script = save.script { done = { { text = "x = 1" } }, profile = "acme" }
    assert.truthy(script:find('assert(lastpass.connect("acme"))', 1, true), script)
    script = save.script { done = { { text = "plan 'a.lua'", is_expression = true } } }
    assert.truthy(script:find("assert(lastpass.connect())", 1, true), script)
    assert.truthy(script:find("local function plan(", 1, true), script)
    assert.is_nil(script:find("local function users(", 1, true), script)
    assert.truthy((loadstring or load)(script))
  end)

  it("replaces a file only when told so", function()
    prompt:fails(":save " .. path, "nothing was done")
    prompt:run "x = 1"
    prompt:fails(":save", "needs the name of a file")
    prompt:shown(":save " .. path, "wrote")
    prompt:fails(":save " .. path, "exists")
    prompt:shown(":save! " .. path, "wrote")
    prompt:fails(":save /no/such/folder/x", "No such file")
  end)
end)

local at_prompt = require "spec.cli.repl.at_prompt"
local histories = require "lastpass.cli.repl.history"
local plain = require "lastpass.cli.repl.plain"
local start_box = require("spec.support.box").start

describe("repl.history secrets", function()
  it("sees what is not to be kept", function()
    for _, line in ipairs {
      'lastpass.secret.value "x"',
      "lastpass.secret.value('x')",
      'local s = secret . value "x"',
      'lastpass.secret["value"]("x")',
      'h = "' .. ("5a9db0c5"):rep(8) .. '"',
      "-- " .. ("0123456789abcdef"):rep(2),
      'client:batchadd{ { username = "a@b.c", password = "hunter2" } }',
      "x = { password='hunter2' }",
      'x = { ["password"] = "hunter2" }',
      '{"password": "hunter2"}',
      "password = [[hunter2]]",
      'Password = "hunter2"',
      'provhash = "abc"',
      'token = "abc"',
      'key = "lpkey_abc"',
    } do
      assert.is_true(histories.has_secret(line), line)
    end
  end)

  it("lets everything else pass", function()
    for _, line in ipairs {
      "users{ disabled = true }",
      'lastpass.secret.file "~/.config/lastpass/acme.hash"',
      'lastpass.secret.prompt "Password: "',
      "client:user('ann@acme.com'):reset_password()",
      "for user in users do if user.password_reset_required then print(user) end end",
      "client:resetpassword{ username = 'ann@acme.com' }",
      "password = ask()",
      "x = 0xdeadbeef",
      "",
    } do
      assert.is_false(histories.has_secret(line), line)
    end
  end)

  it("knows names of secret fields", function()
    assert.is_true(plain.is_secret "password")
    assert.is_true(plain.is_secret "ProvHash")
    assert.is_false(plain.is_secret "password_strength")
    assert.is_false(plain.is_secret(1))
  end)
end)

describe("repl.history scripts", function()
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
    local script = histories.script { done = { { text = "x = 1" } }, profile = "acme" }
    assert.truthy(script:find('assert(lastpass.connect("acme"))', 1, true), script)
    script = histories.script { done = { { text = "plan 'a.lua'", is_expression = true } } }
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

describe("repl.history", function()
  local folder, path

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    path = folder .. "/state/lastpass/repl_history"
  end)

  after_each(function()
    os.execute("rm -rf '" .. folder .. "'")
  end)

  it("keeps entries in a file of the user's alone, from session to session", function()
    local history = histories.open(path)
    assert.same({}, history.entries)
    assert.is_true(history:add "users")
    assert.is_true(history:add "for i = 1, 2 do\n  print '\\n'\nend")
    local pipe = io.popen(("stat -c %%a '%s' '%s/state/lastpass'"):format(path, folder))
    assert.equals("600\n700\n", pipe:read "*a")
    pipe:close()
    local other = histories.open(path)
    assert.same({ "users", "for i = 1, 2 do\n  print '\\n'\nend" }, other.entries)
  end)

  it("leaves out secrets, blanks and repetitions", function()
    local history = histories.open(path)
    assert.is_false(history:add 'lastpass.secret.value "swordfish"')
    assert.is_false(history:add "   ")
    assert.is_true(history:add "users")
    assert.is_false(history:add "users")
    assert.is_true(history:add "groups")
    assert.is_true(history:add "users")
    assert.same({ "users", "groups", "users" }, histories.open(path).entries)
    local file = assert(io.open(path))
    assert.is_nil(file:read("*a"):find "swordfish")
    file:close()
  end)

  it("is cut back when it has grown long", function()
    local history = histories.open(path)
    history:add "first"
    local file = assert(io.open(path, "ab"))
    for index = 1, 4000 do
      file:write("x = ", index, "\n")
    end
    file:close()
    local entries = histories.open(path).entries
    assert.equals(2000, #entries)
    assert.equals("x = 4000", entries[2000])
    assert.equals(2000, #histories.open(path).entries)
    local pipe = io.popen("stat -c %a '" .. path .. "'")
    assert.equals("600\n", pipe:read "*a")
    pipe:close()
  end)

  it("works without a file, and with a place that cannot be written", function()
    local history = histories.open(nil)
    assert.is_true(history:add "users")
    assert.same({ "users" }, history.entries)
    history = histories.open "/proc/no/such/place"
    assert.is_true(history:add "users")
  end)
end)

-- `lastpass repl` is a program of its own, always under Lua 5.4.
local cli = require "spec.support.cli"
local core = require "lastpass.core"
local json = require "lastpass.json"
local start_box = require("spec.support.box").start
local terminals = require "spec.cli.repl.terminal"

describe("lastpass repl", function()
  local box, folder, environment

  setup(function()
    box = start_box { users = 30, seed = 3, invited = 0 }
    folder = os.tmpname()
    os.remove(folder)
    os.execute("mkdir -m 700 '" .. folder .. "'")
    assert(core.write_file(folder .. "/hash", box.provhash .. "\n"))
    environment = {
      HOME = folder,
      XDG_STATE_HOME = folder .. "/state",
      XDG_CONFIG_HOME = folder .. "/config",
      LASTPASS_URL = box.url,
      LASTPASS_CID = ("%d"):format(box.cid),
      LASTPASS_PROVHASH_FILE = folder .. "/hash",
    }
  end)

  teardown(function()
    box:stop()
    os.execute("rm -r '" .. folder .. "'")
  end)

  -- Both streams together, and the exit code.
  local function run(input, arguments, more)
    local words = {}
    for name, value in pairs(environment) do
      words[#words + 1] = ("%s='%s'"):format(name, more and more[name] or value)
    end
    local path = folder .. "/input"
    local file = assert(io.open(path, "w"))
    file:write(input)
    file:close()
    local line = ("env %s lua5.4 bin/lastpass repl %s <%s 2>&1; echo $?"):format(
      table.concat(words, " "),
      arguments or "",
      path
    )
    local pipe = assert(io.popen(line))
    local text = pipe:read "*a"
    pipe:close()
    local output, code = text:match "^(.-)(%d+)\n$"
    return output, tonumber(code)
  end

  it("runs what comes through a pipe, against the company of the configuration", function()
    local output, code = run "users"
    assert.truthy(output:find "30 users\n$", output)
    assert.equals(0, code)
    output, code = run("users", "--sandbox --users 7 --seed 2")
    assert.truthy(output:find "users\n$", output)
    assert.equals(0, code)
  end)

  it("ends with the code that belongs to a failure", function()
    local output, code = run "client:user 'nobody@lumenor.example'"
    assert.equals("lastpass: stdin:1: there is no user nobody@lumenor.example\n", output)
    assert.equals(1, code)
    assert.equals(1, (select(2, run "x y")))
    output, code = run("users", "", { LASTPASS_URL = "http://127.0.0.1:9/" })
    assert.equals(69, code, output)
    output, code = run("users", "--cid 5")
    assert.equals(77, code, output)
    output, code = run("users", "--profile nobody")
    assert.equals(64, code, output)
    output, code = run("users", "--sandbax")
    assert.truthy(output:find("--sandbox", 1, true), output)
    assert.equals(64, code)
  end)

  it("is interrupted and goes on, in a terminal", function()
    assert(box:faults { command = "disableuser", delay = 30 })
    local terminal = terminals.start("lua5.4 bin/lastpass repl", { environment = environment })
    finally(function()
      terminal:close()
    end)
    terminal:wait_for "\nlastpass>"
    terminal:enter 'client:disableuser{ "ann@lumenor.example" }'
    terminal:wait_for 'example" }'
    terminal:press "C-c"
    terminal:wait_for "interrupted"
    terminal:enter "users{ disabled = true }"
    terminal:wait_for(function(screen)
      return screen:find "users?\nlastpass>$"
    end)
    terminal:press "C-d"
    terminal:wait_for "[ended 0]"
    assert(box:clear_faults())
  end)
end)

describe("lastpass run", function()
  local place

  setup(function()
    place = cli.start { users = 40, seed = 9 }
  end)

  teardown(function()
    place:stop()
  end)

  it("runs a script with client, lastpass and its arguments", function()
    local email = place:people()[1]
    local path = place:file(
      'local a = ...\nassert(a == arg[1] and arg[2] == "--json" and lastpass)\n'
        .. "return client:user(a).status == 'active' and 0 or 9",
      ".lua"
    )
    assert.equals(0, (place:run { "run", path, email, "--json" }))
  end)

  it("ends with what the script returns, and says where it is wrong", function()
    assert.equals(9, (place:run { "run", place:file("#!/usr/bin/env lastpass run\nreturn 9") }))
    assert.equals(1, (place:run { "run", place:file "return false" }))
    local code, _, err = place:run { "run", place:file "error 'mine'" }
    assert.equals(1, code)
    assert.truthy(err:find("mine", 1, true))
    assert.equals(64, (place:run { "run", place:file "return (" }))
    code, _, err = place:run { "run", place:file "client:user 'no@acme.example'" }
    assert.equals(1, code)
    assert.truthy(err:find("there is no user", 1, true), err)
  end)

  it("tells a script from a run of a plan", function()
    local _, _, err = place:run "run 12"
    assert.truthy(err:find("lastpass run show 12", 1, true), err)
    _, _, err = place:run "run shwo"
    assert.truthy(err:find("lastpass run show", 1, true), err)
  end)
end)

describe("lastpass sandbox", function()
  local home

  setup(function()
    home = cli.home()
  end)

  teardown(function()
    home.remove()
  end)

  it("says why it cannot start", function()
    local output, code = home.shell "lastpass sandbox --users 2000000 </dev/null"
    assert.equals(64, code, output)
    assert.truthy(output:find("users", 1, true), output)
    assert.equals(64, select(2, home.shell "lastpass sandbox --users many </dev/null"))
    assert.equals(64, select(2, home.shell "lastpass sandbox --user 3 </dev/null"))
  end)

  it("runs until its input ends", function()
    local output, code = home.shell ": | lastpass sandbox --users 5 --seed 4"
    assert.equals(0, code)
    assert.truthy(assert(json.decode(output)).url:find "^http://127")
  end)
end)

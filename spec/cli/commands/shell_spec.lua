local cli = require "spec.support.cli"
local version = require "lastpass.version"

local place, home

local function shell(line, more)
  return home.shell(line, more)
end

setup(function()
  place = cli.start { users = 20 }
end)

teardown(function()
  place:stop()
end)

before_each(function()
  home = cli.home()
end)

after_each(function()
  home.remove()
end)

describe("lastpass version, help, completion", function()
  it("print", function()
    assert.equals("lastpass " .. version .. "\n", shell "lastpass version")
    assert.equals("lastpass " .. version .. "\n", shell "lastpass --version")
    local output, code = shell "lastpass help"
    assert.equals(0, code)
    assert.truthy(output:find("^LastPass Business administration"), output)
    for _, name in ipairs { "bash", "zsh", "fish" } do
      output, code = shell("lastpass completion " .. name)
      assert.equals(0, code)
      assert.truthy(output:find("_lastpass", 1, true))
    end
  end)

  it("mind what they do not know", function()
    assert.equals(64, select(2, shell "lastpass version now"))
    assert.equals(64, select(2, shell "lastpass completion tcsh"))
    assert.equals(64, select(2, shell "lastpass help nothing"))
  end)
end)

describe("lastpass names", function()
  it("gives names of the directory that was kept last", function()
    local email = place:json("users --fields email")[1].email
    local _, out = place:run "names users"
    assert.equals("", out)
    place:run "snapshot --keep"
    _, out = place:run { "names", "users", email:sub(1, 4):upper() }
    assert.truthy(out:find(email, 1, true), out)
    local group = place:json("groups")[1].name
    _, out = place:run { "names", "groups", group:sub(1, 2) }
    assert.truthy(out:find(group, 1, true), out)
    place:add_profile(home)
    assert.equals("acme\n", (shell "lastpass names profiles a"))
    assert.equals(64, (place:run "names cats"))
  end)
end)

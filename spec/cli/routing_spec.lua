local route = require("lastpass.cli.routing").route

local function of(line)
  local words = {}
  for word in line:gmatch "%S+" do
    words[#words + 1] = word
  end
  return route(words)
end

describe("routing", function()
  it("finds the command and leaves the rest", function()
    local one = of "user show ann@acme.com --json"
    assert.equals("user show", one.name)
    assert.same({ "ann@acme.com", "--json" }, one.words)
    assert.is_false(one.help)
  end)

  it("lets shared options stand before the command, with their values", function()
    local one = of "--profile acme --json users --admin"
    assert.equals("users", one.name)
    assert.same({ "--profile", "acme", "--json", "--admin" }, one.words)
    assert.equals("users", of("--fields email users").name)
  end)

  it("tells runs of plans from scripts", function()
    assert.equals("run show", of("run show 3").name)
    local script = of "run ./show --json 3"
    assert.equals("run", script.name)
    assert.same({ "./show" }, script.words)
    assert.same({ "--json", "3" }, script.rest)
  end)

  it("leaves alone what stands behind two dashes", function()
    local one = of "user show -- --help"
    assert.same({ "--", "--help" }, one.words)
    assert.is_false(one.help)
  end)

  it("sees when help or the version is asked for", function()
    assert.is_true(of("user --help").help)
    assert.equals("user", of("user --help").name)
    assert.is_true(of("--help").help)
    assert.equals("version", of("--version").name)
    assert.equals("", of("").name)
  end)

  it("names the nearest of what it does not know", function()
    for line, nearest in pairs {
      userz = "users",
      ["user shwo x"] = "user show",
      snapshto = "snapshot",
      ["config pth"] = "config path",
    } do
      local found, message, err = of(line)
      assert.is_nil(found)
      assert.equals("usage", err.code)
      assert.truthy(message:find(nearest, 1, true), message)
    end
  end)

  it("says what a group wants to hear", function()
    local _, message = of "profile"
    assert.truthy(message:find("list, add, use, remove", 1, true), message)
  end)
end)

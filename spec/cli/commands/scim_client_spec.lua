-- scim users, scim user, scim groups, scim group, scim doctor.
local cli = require "spec.support.cli"
local json = require "lastpass.json"
local planted = require "spec.support.planted"

local paths = {}
local offline = setmetatable({ flags = {} }, { __index = cli.methods })
local token

setup(function()
  token = planted.path(paths)
  planted.write(token, "a-token\n")
  os.execute("chmod 600 " .. token)
end)

teardown(function()
  planted.remove(paths)
end)

local place, at_sandbox

setup(function()
  place = cli.start { users = 20, seed = 5 }
  local path = planted.path(paths)
  planted.write(path, place.box.scim_token .. "\n")
  os.execute("chmod 600 " .. path)
  at_sandbox = setmetatable({
    token = path,
    flags = { "--token-file=" .. path, "--url=" .. place.box.scim_url },
  }, { __index = cli.methods })
end)

teardown(function()
  place:stop()
end)

before_each(function()
  place:reset()
end)

describe("lastpass scim users and groups", function()
  it("list what the server has, in every form", function()
    local everybody = place:json "users"
    local list, code, err = at_sandbox:json "scim users"
    assert.equals(0, code, err)
    assert.equals(#everybody - #place:json "users --status invited", #list)
    local _, out = at_sandbox:run "scim users"
    assert.truthy(out:find("^id +userName +name +active"), out)
    _, out = at_sandbox:run "scim users --csv --fields userName,active --sort userName"
    assert.truthy(out:find("^userName,active\r\n[^,]+,true\r\n"), out)
    local groups = at_sandbox:json "scim groups"
    local by_name = {}
    for _, group in ipairs((place:json "groups")) do
      by_name[group.name] = group.members
    end
    for _, group in ipairs(groups) do
      assert.equals(by_name[group.displayName] or 0, group.members, group.displayName)
    end
  end)

  it("go by the server's filter, which is checked first", function()
    place:run { "user", "disable", place:people()[1], "--yes" }
    local disabled = place:json "users --status disabled"
    local list = at_sandbox:json { "scim", "users", "--filter", "active eq false" }
    assert.equals(#disabled, #list)
    local failure, code = at_sandbox:failure { "scim", "users", "--filter", "active eqq false" }
    assert.same({ 64, "invalid_filter" }, { code, failure.code })
  end)

  it("show one by name or id, and all that the server says", function()
    local address = place:people()[1]
    local resource, code, err = at_sandbox:json { "scim", "user", address }
    assert.equals(0, code, err)
    assert.equals(address, resource.userName)
    assert.equals("User", resource.meta.resourceType)
    local by_id = at_sandbox:json { "scim", "user", resource.id, "--fields", "userName,active" }
    assert.same({ userName = address, active = true }, by_id)
    local _, out = at_sandbox:run { "scim", "user", address }
    assert.truthy(out:find("userName +" .. address:gsub("%p", "%%%0")), out)
    local group = at_sandbox:json { "scim", "group", "Engineering" }
    assert.equals("Engineering", group.displayName)
    assert.is_true(#group.members > 0)
    assert.equals(group.id, at_sandbox:json({ "scim", "group", group.id }).id)
    local failure
    failure, code = at_sandbox:failure "scim user nobody@nowhere.example"
    assert.same({ 1, "no_such_user" }, { code, failure.code })
    failure, code = at_sandbox:failure "scim group Nothing"
    assert.same({ 1, "no_such_group" }, { code, failure.code })
  end)

  it("ask the profile's endpoint when no address is named", function()
    local home = cli.home()
    place:add_profile(home)
    local out, code = home.shell "lastpass scim users"
    assert.equals(64, code, out)
    assert.truthy(out:find("the profile has no token for SCIM", 1, true), out)
    local path = home.path .. "/.config/lastpass/config.json"
    local content = assert(json.decode(planted.read(path)))
    content.profiles.acme.scim_token = { file = at_sandbox.token }
    content.profiles.acme.scim_url = place.box.scim_url
    planted.write(path, json.encode(content))
    out, code = home.shell "lastpass scim users --template '$(userName)'"
    assert.equals(0, code, out)
    assert.truthy(out:find(place:people()[1], 1, true), out)
    home.remove()
  end)

  it("end with 77 for a token that is not accepted", function()
    local failure, code = at_sandbox:failure("scim users --token-file " .. token)
    assert.same({ 77, "auth" }, { code, failure.kind })
  end)
end)

describe("lastpass scim doctor", function()
  local function doctor(words)
    local file = words:find("--token-", 1, true) and "" or " --token-file " .. at_sandbox.token
    return "scim doctor " .. place.box.scim_url .. file .. words
  end

  it("asks what identity providers ask, and changes nothing", function()
    local before = place:json "users"
    local rows, code, err = offline:json(doctor "")
    assert.equals(0, code, err)
    assert.is_true(#rows > 20)
    for _, row in ipairs(rows) do
      assert.equals("ok", row.state, row.check)
    end
    assert.same(before, place:json "users")
    local _, out
    _, out, err = offline:run(doctor "")
    assert.truthy(out:find("^state +asked by +check"), out)
    assert.truthy(err:find("--write tries what identity providers change", 1, true), err)
  end)

  it("changes a test user and a test group with --write, and removes them", function()
    local before = #place:json "users"
    assert.equals(4, (offline:run(doctor " --write")))
    local rows, code, err = offline:json(doctor " --write --yes")
    assert.equals(0, code, err)
    local is_tried = {}
    for _, row in ipairs(rows) do
      is_tried[row.check] = row.state == "ok"
    end
    assert.is_true(is_tried["clean up"])
    assert.is_true(is_tried["create a user"])
    assert.equals(before, #place:json "users")
    rows = offline:json(doctor " --write --dry-run")
    assert.is_true(#rows < 30)
  end)

  it("ends with 7 and shows the first deviation, without the token", function()
    local line = "scim doctor " .. place.box.scim_url .. "x --token-file " .. at_sandbox.token
    local code, out, err = offline:run(line)
    assert.equals(7, code)
    assert.truthy(err:find("first deviation: test of the connection (entra)", 1, true), err)
    assert.truthy(err:find("sent: GET /Users?filter=userName eq", 1, true), err)
    assert.truthy(err:find("came: HTTP 404", 1, true), err)
    assert.truthy(err:find("expected: 200 and an empty ListResponse", 1, true), err)
    assert.truthy(err:find("more were not tried", 1, true), err)
    assert.is_nil((out .. err):find(place.box.scim_token, 1, true))
    local rows
    rows, code = offline:json(line)
    assert.equals(7, code)
    assert.equals("deviation", rows[1].state)
    assert.equals("skipped", rows[2].state)
    code, out, err = offline:run(doctor(" --token-file " .. token))
    assert.equals(7, code)
    assert.truthy(err:find("HTTP 401", 1, true), err)
    assert.is_nil((out .. err):find("a-token", 1, true))
  end)

  it("says what is wrong", function()
    assert.equals(64, (offline:run "scim doctor"))
    assert.equals(64, (offline:run(doctor " --domain acme.example")))
    assert.equals(64, (offline:run(doctor " --fields email")))
    local code, _, err = offline:run("scim doctor " .. place.box.url .. " --token-file " .. token)
    assert.equals(64, code)
    assert.truthy(err:find("url is that of the Enterprise API", 1, true), err)
  end)
end)

describe("the commands that ask a SCIM server", function()
  it("never take the token from the command line", function()
    local failure, code = offline:failure "scim users --url=https://x.example/scim --token=cafe1234"
    assert.same({ 64, "secret_on_command_line" }, { code, failure.code })
    assert.is_nil(failure.message:find("cafe1234", 1, true))
  end)

  it("say what they need", function()
    local failure, code = offline:failure "scim users --url=https://x.example/scim"
    assert.same({ 4, "no_terminal" }, { code, failure.code })
    assert.truthy(failure.hint:find("--token-file", 1, true))
    code =
      offline:run("scim users --url=https://x.example/scim --token-env A --token-file " .. token)
    assert.equals(64, code)
    failure, code = offline:failure("scim users --url=nonsense --token-file " .. token)
    assert.same({ 64, "argument" }, { code, failure.kind })
    assert.equals(64, (offline:run("scim users --dialect esperanto --url=https://x.example/")))
    assert.equals(64, (offline:run "scim user"))
  end)

  it("end with 69 when nothing answers", function()
    local words = "%s --url=http://127.0.0.1:1/scim --retries 0 --token-file %s"
    local commands = { "scim users", "scim groups", "scim user x@y.zz", "scim group Sales" }
    for _, command in ipairs(commands) do
      local failure, code = offline:failure(words:format(command, token))
      assert.same({ 69, "transport" }, { code, failure.kind }, command)
    end
  end)

  it("print the Lua that does the same", function()
    local _, out = offline:run {
      "scim",
      "users",
      "--print-lua",
      "--url=https://x.example/scim",
      "--token-file",
      token,
      "--filter",
      'userName sw "a"',
    }
    assert.truthy(
      out:find('local scim = require("lastpass").scim.new { token = assert(', 1, true),
      out
    )
    assert.truthy(
      out:find([[for one in scim:list("User", { filter = "userName sw \"a\"" }) do]], 1, true),
      out
    )
    assert((loadstring or load)(out))
    _, out = offline:run { "scim", "group", "Sales", "--print-lua", "--profile", "acme" }
    assert.truthy(out:find('require("lastpass").connect("acme")):scim())', 1, true), out)
    assert((loadstring or load)(out))
  end)
end)

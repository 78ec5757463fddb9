-- scim users, scim user, scim groups, scim group.
local cli = require "spec.support.cli"
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

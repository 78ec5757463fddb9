-- `make nginx-demo`, without waiting for Ctrl-C: the example's configuration in front of a sandbox.
-- Runs once: nginx has its own LuaJIT.
describe("examples/nginx", function()
  local function run(program, arguments)
    local root = os.getenv "PWD"
    local environment =
      [[LUA_PATH="%s/lua/?.lua;%s/lua/?/init.lua;;" LUA_CPATH="%s/build/5.4/?.so;;" ]]
    local pipe = assert(
      io.popen(
        environment:format(root, root, root)
          .. ("lua5.4 examples/nginx/%s %s"):format(program, arguments)
          .. " 2>&1; echo status $?"
      )
    )
    local text = pipe:read "*a"
    pipe:close()
    return text
  end

  it("starts with one command, answers, applies its playbook, and ends", function()
    local text = run("demo.lua", "--check")
    assert.is_nil(text:find("FAIL", 1, true), text)
    assert.matches("ok    curl .-/unified/user%-directory/users", text)
    assert.matches("ok    playbooks/joiners.lua was applied", text, 1, true)
    assert.matches("status 0\n$", text)
  end)

  it("ask for a second factor: a phone that approves, and one that denies", function()
    local text = run("mfa-demo.lua", "--check")
    assert.is_nil(text:find("FAIL", 1, true), text)
    assert.matches("ok    the next page does not ask again", text, 1, true)
    assert.matches("ok    after a no the phone rests", text, 1, true)
    assert.matches("status 0\n$", text)
  end)

  it("guard an application by SAML: sign-on, a leaver, a logout", function()
    local text = run("saml-demo.lua", "--check")
    assert.is_nil(text:find("FAIL", 1, true), text)
    assert.matches("ok    comes back to the page that was asked for", text, 1, true)
    assert.matches("ok    the session has ended after", text, 1, true)
    assert.matches("status 0\n$", text)
  end)
end)

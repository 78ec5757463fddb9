-- The prompt as a program, without a terminal.
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
      for _, name in ipairs { "session", "interactive", "reader", "history" } do
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

local commands = require "lastpass.cli.commands"
local exit = require "lastpass.cli.exit"
local manual = dofile "docs/manual.lua"
local reference = dofile "docs/commands.lua"

describe("the man page", function()
  it("has nothing that mandoc minds", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(manual.text())
    file:close()
    local pipe =
      assert(io.popen(("command -v mandoc >/dev/null && mandoc -Tlint -Wstyle %s"):format(path)))
    local said = pipe:read "*a"
    pipe:close()
    os.remove(path)
    assert.equals("", (said:gsub("[^\n]*referenced manual not found[^\n]*\n", "")))
  end)

  it("names every command, every exit code and every file", function()
    local text = manual.text():gsub("\\%-", "-")
    for _, name in ipairs(commands.names()) do
      assert.truthy(text:find('Cm "' .. name .. '"', 1, true), name)
    end
    for _, entry in ipairs(exit.list) do
      assert.truthy(text:find("\n.It " .. entry[2] .. "\n", 1, true), entry[1])
    end
    assert.truthy(text:find("config.json", 1, true))
  end)
end)

describe("the reference", function()
  it("names every command, its options and every exit code", function()
    local text = reference.text()
    for _, name in ipairs(commands.names()) do
      assert.truthy(text:find("#### `lastpass " .. name, 1, true), name)
      for _, option in ipairs(commands.load(name).options or {}) do
        assert.truthy(text:find(option[1]:match "%S+$", 1, true), name)
      end
    end
    for _, entry in ipairs(exit.list) do
      assert.truthy(text:find(("| %d |"):format(entry[2]), 1, true), entry[1])
    end
  end)
end)

-- docs/saml-metadata.md: its commands are commands with options that they have, its codes are codes, its Lua is Lua.
local checks = require "lastpass.saml.checks"
local grammar = require "lastpass.cli.grammar"
local commands = require "lastpass.cli.commands"
local files = require "lastpass.files"

local text = assert(files.read "docs/saml-metadata.md")

describe("docs/saml-metadata.md", function()
  it("has commands that the program reads", function()
    local count = 0
    for line in text:gsub("\\\n", " "):gmatch "%$ lastpass ([^\n]+)" do
      local words = {}
      for word in line:gmatch "%S+" do
        words[#words + 1] = word
      end
      local route = assert(grammar.route(words))
      assert(grammar.parse(commands.load(route.name), route.words), line)
      count = count + 1
    end
    assert.is_true(count >= 5)
  end)

  it("names codes that there are", function()
    local part = text:match "## When a login is refused(.*)$"
    local count = 0
    for row in part:gmatch "\n(|[^\n]+)" do
      for code in row:match("^|[^|]*"):gmatch "`([%l%d_]+)`" do
        assert.truthy(checks.of(code), code)
        count = count + 1
      end
    end
    assert.is_true(count >= 8)
  end)

  it("has Lua that compiles, and functions that there are", function()
    for block in text:gmatch "```lua\n(.-)```" do
      assert(loadstring and loadstring(block) or load(block))
    end
    local saml = require("lastpass").saml
    for package, name in text:gmatch "saml%.(%l+)%.(%l+)" do
      assert.equals("function", type(saml[package][name]), package .. "." .. name)
    end
  end)
end)

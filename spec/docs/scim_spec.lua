-- The Lua of docs/scim.md about the client and its objects, run against a sandbox: what is printed is what stands there.
local lastpass = require "lastpass"
local support = require "spec.support.box"

local load_text = loadstring or load

local function blocks_of(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  text = assert(text:match "\n## The client\n(.*)$", "no section about the client")
  local blocks = {}
  for block in text:gmatch "```lua\n(.-)```" do
    if block:find("scim:", 1, true) then
      blocks[#blocks + 1] = block
    end
  end
  return blocks
end

describe("docs/scim.md", function()
  it("shows a client that works as it says", function()
    local box = support.start { users = 30 }
    local blocks, printed = blocks_of "docs/scim.md", {}
    assert.is_true(#blocks >= 4)
    -- one program: locals of a block are used by the next ones
    local program = table.concat(blocks, "\n")
    local made, count = program:gsub("lastpass%.scim%.new %b{}", "new_client()")
    assert.equal(1, count)
    made = made:gsub('local lastpass = require "lastpass"\n', "", 1)
    local run = assert(load_text(made, "=docs/scim.md"))
    local old = { print = _G.print, new_client = rawget(_G, "new_client"), lastpass = _G.lastpass }
    rawset(_G, "print", function(...)
      local words = {}
      for index = 1, select("#", ...) do
        words[index] = tostring((select(index, ...)))
      end
      printed[#printed + 1] = table.concat(words, "  "):gsub("/Users/%d+", "/Users/16822362")
    end)
    rawset(_G, "new_client", function()
      return box:scim()
    end)
    rawset(_G, "lastpass", lastpass)
    local ok, message = pcall(run)
    for _, name in ipairs { "print", "new_client", "lastpass" } do
      rawset(_G, name, old[name])
    end
    box:stop()
    assert(ok, message)
    local output = "\n" .. table.concat(printed, "\n") .. "\n"
    local promised = 0
    for text in program:gmatch "%-%-> ([^\n]*)" do
      promised = promised + 1
      local words = text:gsub("; the second time: unchanged", "")
      assert.truthy(output:find("\n" .. words, 1, true), words .. " is not in " .. output)
    end
    assert.is_true(promised >= 4)
  end)
end)

local assumptions = require("lastpass.sandbox.assumptions")
local sandbox = require("lastpass.sandbox")

describe("lastpass.sandbox.assumptions", function()
  it("says of each what, why and where", function()
    local seen = {}
    for _, assumption in ipairs(assumptions.list) do
      assert.is_nil(seen[assumption.name], assumption.name)
      seen[assumption.name] = true
      assert.matches("^[a-z_]+$", assumption.name)
      assert.is_true(#assumption.what > 10, assumption.name)
      assert.is_true(#assumption.why > 10, assumption.name)
      assert.matches("^%d[%d.]*$", assumption.section)
    end
    assert.equal(assumptions.list, sandbox.assumptions())
  end)

  it("has defaults that it accepts", function()
    local settings = assumptions.defaults()
    for _, name in ipairs(assumptions.names()) do
      assert.not_nil(settings[name], name)
      assert.is_true(assumptions.check(name, settings[name]))
    end
  end)

  it("refuses other values and names", function()
    local wrong = { page_groups = "some", licences = "x", strict = 1, api_username = 1 }
    for name, value in pairs(wrong) do
      local ok, message = assumptions.check(name, value)
      assert.is_nil(ok)
      assert.matches(name, message)
    end
    assert.is_nil(assumptions.check("nothing", 1))
    assert.is_nil(assumptions.check("all_or_nothing", true))
  end)

  it("names settings that the code reads", function()
    local text = {}
    local source = debug.getinfo(assumptions.names, "S").source
    local root = source:match("^@(.*)assumptions%.lua$")
    local pipe = assert(io.popen(("find '%s' -name '*.lua' ! -name assumptions.lua"):format(root)))
    for path in pipe:lines() do
      local file = assert(io.open(path))
      text[#text + 1] = file:read("*a")
      file:close()
    end
    pipe:close()
    local all = table.concat(text)
    for _, name in ipairs(assumptions.names()) do
      assert.truthy(all:find("settings." .. name, 1, true), name .. " is read somewhere")
    end
  end)
end)

local look = require "lastpass.nginx.dashboard.look"
local style = require "lastpass.report.render.style"

describe("look", function()
  it("uses no colour that is not named for light and dark", function()
    local named = {}
    for name in (style .. look):gmatch "(%-%-[%l-]+): #" do
      named[name] = (named[name] or 0) + 1
    end
    for name in look:gmatch "var%((%-%-[%l-]+)%)" do
      assert.truthy((named[name] or 0) >= 2, name)
    end
    for line in look:gmatch "[^\n]+" do
      assert.truthy(line:find("--field: #", 1, true) or not line:find("#%x%x%x"), line)
    end
  end)

  it("loads nothing from anywhere", function()
    assert.is_nil(look:find("url(", 1, true))
    assert.is_nil(look:find("@import", 1, true))
  end)

  it("has as many braces closed as opened", function()
    local _, opened = look:gsub("{", "")
    local _, closed = look:gsub("}", "")
    assert.equal(opened, closed)
  end)
end)

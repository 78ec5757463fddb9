local samples = require "spec.support.formats"

describe("lastpass.export.formats.text", function()
  it("is a line for each event, whatever is in it", function()
    local text = samples.text "text"
    local lines = {}
    for line in text:gmatch "([^\n]*)\n" do
      lines[#lines + 1] = line
      assert.is_nil(line:find "%c", line)
      local moment = line:match "^(.-)  %S.-  %S+  %S"
      local is_time = moment and moment:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ%??$"
      assert.truthy(is_time or moment == "no time", line)
    end
    assert.equal(#samples.list(), #lines)
    assert.truthy(text:find("2026-03-01T15:00:05Z  ", 1, true), text)
  end)
end)

local script = require "lastpass.nginx.dashboard.script"

-- What it does is looked at in a browser: spec/nginx/dashboard_browser_spec.lua.
describe("script", function()
  it("turns no text into markup or code", function()
    local words = { "innerHTML", "outerHTML", "document.write", "eval(", "insertAdjacent" }
    for _, word in ipairs(words) do
      assert.is_nil(script:find(word, 1, true), word)
    end
  end)

  it("asks for the same page that the form shows", function()
    assert.truthy(script:find("form.action", 1, true))
    assert.truthy(script:find("part=results", 1, true))
    assert.is_nil(script:find("http", 1, true))
  end)
end)

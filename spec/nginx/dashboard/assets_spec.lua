local assets = require "lastpass.nginx.dashboard.assets"

describe("assets", function()
  it("have names that change with what is in them", function()
    assert.truthy(assets.name("style"):find "^style%-%x+%.css$")
    assert.truthy(assets.name("script"):find "^script%-%x+%.js$")
    assert.truthy(assets.name("icon"):find "^icon%-%x+%.svg$")
  end)

  it("are kept by browsers for ever, as what they are", function()
    local response = assets.respond(assets.name "style")
    assert.equal(200, response.status)
    assert.equal("text/css; charset=utf-8", response.headers["content-type"])
    assert.truthy(response.headers["cache-control"]:find("immutable", 1, true))
    assert.equal("nosniff", response.headers["x-content-type-options"])
    assert.equal(
      "text/javascript; charset=utf-8",
      assets.respond(assets.name "script").headers["content-type"]
    )
    assert.truthy(assets.respond(assets.name "icon").body:find "^<svg ")
  end)

  it("are not there under another name", function()
    assert.is_nil(assets.respond "style-0.css")
    assert.is_nil(assets.respond "style.css")
  end)

  it("have the style of reports and what the dashboard adds", function()
    local body = assets.respond(assets.name "style").body
    assert.truthy(body:find("prefers-color-scheme: dark", 1, true))
    assert.truthy(body:find("@media print", 1, true))
    assert.truthy(body:find(".filters", 1, true))
  end)
end)

-- What it does is looked at in a browser: spec/nginx/dashboard_browser_spec.lua.
describe("script", function()
  local script = assets.respond(assets.name "script").body

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

local chart = require "lastpass.report.render.chart"

describe("lastpass.report.render.chart", function()
  local bars = {
    { title = "Large", count = 1000 },
    { title = "Half", count = 500 },
    { title = "One", count = 1 },
    { title = "None", count = 0 },
  }

  local function widths(svg)
    local list = {}
    for width in svg:gmatch '<rect [^>]*width="([%d.]+)"' do
      list[#list + 1] = tonumber(width)
    end
    return list
  end

  it("draws bars as long as their counts; few are not none", function()
    assert.same({ 360, 180, 2, 0 }, widths(chart.wide(bars)))
    assert.same({ 249, 124.5, 2, 0 }, widths(chart.narrow(bars)))
    assert.same({ 0 }, widths(chart.wide { { title = "None", count = 0 } }))
  end)

  it("says the same in words", function()
    local svg = chart.wide(bars)
    assert.truthy(
      svg:find('role="img" aria-label="Bar chart: Large 1,000, Half 500, One 1, None 0"', 1, true)
    )
    assert.truthy(svg:find(">1,000</text>", 1, true))
    assert.truthy(chart.wide({ { title = "<x>", count = 1 } }):find("&lt;x&gt;", 1, true))
  end)
end)

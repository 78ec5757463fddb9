-- Contrast by the formula of WCAG 2.1, computed here from the colours of the style.
local style = require "lastpass.html.style"

describe("lastpass.html.style", function()
  local function variables(block)
    local found = {}
    for name, colour in block:gmatch "%-%-(%w[%w-]*): (#%x%x%x%x%x%x)" do
      found[name] = colour
    end
    return found
  end

  local themes = {
    light = variables(style:match ":root (%b{})"),
    dark = variables(style:match "prefers%-color%-scheme: dark%) { :root (%b{})"),
    paper = variables(style:match "@media print { :root (%b{})"),
  }

  local function luminance(colour)
    local parts = {}
    for part in colour:sub(2):gmatch "%x%x" do
      local value = tonumber(part, 16) / 255
      parts[#parts + 1] = value <= 0.03928 and value / 12.92 or ((value + 0.055) / 1.055) ^ 2.4
    end
    return 0.2126 * parts[1] + 0.7152 * parts[2] + 0.0722 * parts[3]
  end

  local function contrast(one, other)
    local a, b = luminance(one), luminance(other)
    return (math.max(a, b) + 0.05) / (math.min(a, b) + 0.05)
  end

  it("has at least 4.5 to 1 for every text, and 3 to 1 for bars", function()
    assert.truthy(contrast("#000000", "#ffffff") > 20.9)
    for theme, colours in pairs(themes) do
      colours.accent = colours.accent or themes.light.accent
      for _, pair in ipairs {
        { "text", "page", 4.5 },
        { "text", "card", 4.5 },
        { "text", "stripe", 4.5 },
        { "quiet", "page", 4.5 },
        { "quiet", "card", 4.5 },
        { "quiet", "stripe", 4.5 },
        { "warning", "warning-page", 4.5 },
        { "error", "error-page", 4.5 },
        { "accent", "card", 4.5 },
        { "bar", "card", 3 },
      } do
        local ratio = contrast(colours[pair[1]], colours[pair[2]])
        assert.truthy(
          ratio >= pair[3],
          ("%s: %s on %s has %.2f"):format(theme, pair[1], pair[2], ratio)
        )
      end
    end
  end)

  it("uses no colour but those, and nothing from outside", function()
    local rest = style:gsub("%-%-[%w-]+: #%x+", "")
    assert.is_nil(rest:find "#%x%x%x")
    assert.is_nil(rest:find "url%(")
  end)

  it("uses no colour that is not named for light and dark", function()
    local named = {}
    for name in style:gmatch "(%-%-[%l-]+): #" do
      named[name] = (named[name] or 0) + 1
    end
    for name in style:gmatch "var%((%-%-[%l-]+)%)" do
      assert.truthy((named[name] or 0) >= 2, name)
    end
    for line in style:gmatch "[^\n]+" do
      assert.truthy(line:find "%-%-[%l-]+: #" or not line:find "#%x%x%x", line)
    end
  end)

  it("loads nothing from anywhere", function()
    assert.is_nil(style:find("url(", 1, true))
    assert.is_nil(style:find("@import", 1, true))
  end)

  it("has as many braces closed as opened", function()
    local _, opened = style:gsub("{", "")
    local _, closed = style:gsub("}", "")
    assert.equal(opened, closed)
  end)
end)

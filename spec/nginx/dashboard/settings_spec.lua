local settings = require "lastpass.nginx.dashboard.settings"

describe("settings of the dashboard", function()
  it("are complete without any", function()
    local all = settings.complete(nil, 1)
    assert.equal("/dashboard", all.prefix)
    assert.equal(1800, all.idle)
    assert.equal(43200, all.lifetime)
    assert.is_nil(all.secure)
  end)

  it("are documented one by one, with their defaults", function()
    local all, documented = settings.complete(nil, 1), {}
    for _, one in ipairs(settings.list) do
      documented[one[1]] = one[3]
    end
    for name, value in pairs(all) do
      assert.truthy(documented[name], name)
      assert.equal((documented[name]:gsub('"', "")), tostring(value))
    end
  end)

  it("are in the guide, each with its default", function()
    local file = assert(io.open("docs/dashboard.md", "rb"))
    local guide = file:read "*a"
    file:close()
    for _, one in ipairs(settings.list) do
      local row = guide:match("\n| `" .. one[1] .. "` | ([^\n]-) | [^\n]+ |\n")
      assert.equal(one[3], (row or "missing"):gsub("`", ""), one[1])
    end
  end)

  it("refuse what they do not know, and name the nearest", function()
    assert.error_matches(function()
      settings.complete({ life_time = 1 }, 1)
    end, "did you mean 'lifetime'")
    for _, wrong in ipairs {
      { prefix = "dashboard" },
      { prefix = "/x/" },
      { prefix = "/a b" },
      { idle = 0 },
      { attempts = 0 },
      { invitation_days = 400 },
      { identify = "x" },
    } do
      assert.error_matches(function()
        settings.complete(wrong, 1)
      end, "must be")
    end
  end)
end)

local dashboard = require "spec.support.dashboard"
local planted = require "spec.support.planted"

describe("pending invitations", function()
  local box, user, body

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    planted.at(box, "2026-06-10 09:00:00", function()
      assert(box:client():reinviteuser { username = "new@acme.example" })
    end)
    user = dashboard.of(box)
    user:sign_in()
    body = user:page ""
  end)

  teardown(function()
    box:stop()
  end)

  -- Title to { people, share }, of one table.
  local function classes(id)
    local found = {}
    local rows = body:match('<caption id="' .. id:gsub("%-", "%%-") .. '">.-<tbody>(.-)</tbody>')
    for row in rows:gmatch "<tr>(.-)</tr>" do
      local title = row:match "<th[^>]*>(.-)</th>":gsub("<span.*", ""):gsub("<[^>]*>", "")
      local people, share = row:match '<td class="number">(.-)</td><td class="number">(.-)</td>'
      found[title] = { people, share }
    end
    return found
  end

  it("says how long invitations wait", function()
    local ages = classes "ages-table"
    assert.same({ "1", "50.0 %" }, ages["up to 7 days"])
    assert.same({ "1", "50.0 %" }, ages["over 180 days, or unknown"])
    local rows = body:match '<caption id="waiting%-table">.-<tbody>(.-)</tbody>'
    assert.truthy(
      rows:find 'newer@.-not known.-new@.-2026%-06%-10<.->13:00<.-<td class="number">5</td>'
    )
  end)

  it("says that ages are being read", function()
    local other = dashboard.of(box, {
      spawn = function() end,
    })
    other:sign_in()
    assert.truthy(other:page(""):find("Their age is being read", 1, true))
  end)

  it("does without ages when events cannot be read", function()
    local other = dashboard.of(box)
    other:sign_in()
    other.tenant:directory()
    local real = other.tenant:client()
    function other.tenant.client()
      return setmetatable({
        reporting = function()
          return nil, "out of <order>", { kind = "transport" }
        end,
      }, { __index = real })
    end
    local text = other:page ""
    assert.truthy(text:find("Their age is not known: out of &lt;order&gt;.", 1, true))
    assert.truthy(text:find("All 2 invitations", 1, true))
  end)

  it("says that nobody is waiting", function()
    local quiet = planted.start()
    planted.plant(quiet, { { "ann@acme.example" } })
    local other = dashboard.of(quiet)
    other:sign_in()
    local text = other:page ""
    quiet:stop()
    assert.truthy(text:find("Nobody is waiting", 1, true))
  end)
end)

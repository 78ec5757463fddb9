local campaign = require "lastpass.report.access_review.campaign"
local check = require "spec.support.check"
local planted = require "spec.support.planted"

describe("lastpass.report.access_review.campaign", function()
  local made

  before_each(function()
    made = {}
  end)

  after_each(function()
    planted.remove(made)
  end)

  local function report(managers)
    local rows = {}
    for place, manager in ipairs(managers) do
      rows[place] = {
        id = ("R%05d"):format(place),
        manager = manager or nil,
        person = "a@x.example",
        kind = "group",
        what = "A",
      }
    end
    return {
      rows = rows,
      statement = { query = {}, options = {}, read_at = 0, as_of = 0, complete = true },
    }
  end

  it("names files after managers, whatever their addresses", function()
    local folder = planted.path(made)
    local names = assert(campaign.write(
      report {
        "a@x.example",
        "../../etc/passwd@x",
        "o'neil@x.example",
        "o neil@x.example",
        "a@x.example",
        false,
      },
      folder
    ))
    assert.same({
      "a@x.example.csv",
      "_._.._etc_passwd@x.csv",
      "o_neil@x.example.csv",
      "o_neil@x.example-2.csv",
      "unassigned.csv",
    }, names)
    local back = assert(campaign.read(folder))
    assert.equal(6, #back.items)
    assert.equal("a@x.example.csv", back.items[2].file)
    assert.equal("1970-01-01T00:00:00Z", back.statement.read_at)
  end)

  it("refuses what is not its own", function()
    local folder = planted.path(made)
    assert(campaign.write(report { "a@x.example" }, folder))
    for _, text in ipairs {
      "",
      "[]",
      "{}",
      '{"format":"lastpass.access_review","version":2,"items":[]}',
    } do
      planted.write(folder .. "/campaign.json", text)
      check.failure("protocol", "not_a_campaign", campaign.read(folder))
    end
    local _, message, err = campaign.read(folder .. "/elsewhere")
    assert.matches("elsewhere/campaign.json", message, 1, true)
    assert.equal("is this the folder that the review was exported to?", err.hint)
  end)
end)

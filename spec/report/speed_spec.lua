-- 50,000 people at length, 16,000 otherwise, from the request to the page: nothing is left out, and four times the people
-- take no more than four times the work. One of each kind of report: the others do less of the same.
local lastpass = require "lastpass"
local effort = require "spec.support.effort"
local extent = require "spec.support.extent"
local report = require "lastpass.report"

local PEOPLE = extent(16000, 50000)
local FEWER = PEOPLE / 4

describe(("reports of %d people"):format(PEOPLE), function()
  local companies = {}

  setup(function()
    for _, people in ipairs { FEWER, PEOPLE } do
      local box = assert(lastpass.sandbox.start {
        users = people,
        invited = 100,
        seed = 1,
        frozen = true,
        events = 1000,
        folders = 200,
      })
      local client, path = box:client(), os.tmpname()
      local file = assert(io.open(path, "w"))
      file:write "email,fullname\n"
      for user in client:users() do
        file:write(user.email, ",", user.fullname or "", "\n")
      end
      file:close()
      companies[people] = { box = box, client = client, path = path }
    end
  end)

  teardown(function()
    for _, company in pairs(companies) do
      company.box:stop()
      os.remove(company.path)
    end
  end)

  local function grows(name, make)
    it(name, function()
      local function instructions(people)
        return (
          effort.of(function()
            local page = assert(assert(make(companies[people], people)):render "html")
            assert.truthy(#page > 10000)
          end)
        )
      end
      local few, many = instructions(FEWER), instructions(PEOPLE)
      assert.is_true(many < few * 4.5, ("%.2f times the work"):format(many / few))
    end)
  end

  grows("coverage", function(company, people)
    local one = report.coverage(company.client, { roster = lastpass.source.csv(company.path) })
    assert.equal(people + 100, #one.rows)
    assert.equal(people + 100, one:total "headcount")
    return one
  end)

  grows("multifactor", function(company)
    return report.mfa(company.client)
  end)

  grows("check", function(company)
    return report.check(company.client)
  end)

  grows("folders", function(company)
    return report.folders(company.client)
  end)
end)

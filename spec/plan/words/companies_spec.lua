-- Words of playbooks that are run for many companies.
local companies = require "spec.support.companies"
local playbook = require "lastpass.plan.playbook"
local time = require "lastpass.time"

describe("lastpass.plan.words.companies", function()
  local function run(company, fn)
    return playbook.run(fn, {
      zone = assert(time.zone "America/New_York"),
      now = companies.NOW,
      company = company,
    })
  end

  local acme = { name = "acme", cid = 7, groups = { "eu" }, known_groups = { "eu", "us" } }

  local function message_of(company, fn)
    local declared, message = run(company, fn)
    assert.is_nil(declared)
    return message
  end

  it("say which company it is", function()
    local seen
    assert(run(acme, function(p)
      seen = { p.company.name, p.company.cid, p.company.in_group "eu", p.company.in_group "us" }
    end))
    assert.same({ "acme", 7, true, false }, seen)
  end)

  it("know no group that nobody has, and no other field", function()
    assert.matches(
      "there is no group of companies 'euu' %(did you mean 'eu'%?%)",
      message_of(acme, function(p)
        return p.company.in_group "euu"
      end)
    )
    assert.matches(
      "company: has no field 'nmae' %(did you mean 'name'%?%)",
      message_of(acme, function(p)
        return p.company.nmae
      end)
    )
    assert.matches(
      "company: is read only",
      message_of(acme, function(p)
        p.company.name = "beta"
      end)
    )
    assert.matches(
      "needs the name of a group",
      message_of(acme, function(p)
        return p.company.in_group(1)
      end)
    )
  end)

  it("do not take a client without a name for a company of no group", function()
    for _, read in ipairs {
      function(p)
        return p.company.name
      end,
      function(p)
        return p.company.in_group "eu"
      end,
      function(p)
        return p.source.csv "{company}.csv"
      end,
    } do
      assert.matches("made for one client.*%-%-tenants NAME", message_of({ cid = 7 }, read))
    end
  end)

  it("fill in the paths of sources", function()
    local folder = os.tmpname()
    os.remove(folder)
    os.execute("mkdir -m 700 " .. folder)
    for _, name in ipairs { "acme", "7" } do
      local file = assert(io.open(folder .. "/" .. name .. ".csv", "w"))
      file:write("email\n", name, "@acme.example\n")
      file:close()
    end
    local people = {}
    assert(run(acme, function(p)
      for _, pattern in ipairs { "/{company}.csv", "/{cid}.csv" } do
        for row in p.source.csv(folder .. pattern):rows() do
          people[#people + 1] = row.email
        end
      end
    end))
    os.execute("rm -rf " .. folder)
    assert.same({ "acme@acme.example", "7@acme.example" }, people)
  end)

  it("let no name lead out of the folder, and no other word stand in a path", function()
    for name, expected in pairs {
      ["../../etc"] = "cannot be part of a path; use {cid}",
      ["..x"] = "cannot be part of a path; use {cid}",
      ["a/b"] = "cannot be part of a path; use {cid}",
    } do
      assert.matches(
        expected,
        message_of({ name = name }, function(p)
          return p.source.csv "hr/{company}.csv"
        end)
      )
    end
    assert.matches(
      "{compnay} in a path; known are {company} and {cid}",
      message_of(acme, function(p)
        return p.source.csv "hr/{compnay}.csv"
      end)
    )
  end)

  it("limit all companies together", function()
    local declared = assert(run(acme, function(p)
      p.limits_over_all { disable = 40 }
      p.limits_over_all { disable = 40, leave = "2%" }
    end))
    assert.same({ disable = 40, leave = "2%" }, declared.settings.limits_over_all)
    for expected, given in pairs {
      ["limits_over_all: unknown option 'disabel'"] = { disabel = 1 },
      ["limits_over_all: limit 'disable' must be a count"] = { disable = "many" },
      ["limits_over_all: 'per_day' is a limit of each company"] = { per_day = { disable = 1 } },
      ["limits_over_all: 'shrink' is a limit of each company"] = { shrink = "5%" },
    } do
      assert.matches(
        expected,
        message_of(acme, function(p)
          p.limits_over_all(given)
        end),
        1,
        true
      )
    end
    assert.matches(
      "'disable' is 4 here, and was 3 before",
      message_of(acme, function(p)
        p.limits_over_all { disable = 3 }
        p.limits_over_all { disable = 4 }
      end)
    )
  end)

  it("check what the option `company` says", function()
    local check = require("lastpass.plan.words.companies").check_company
    assert.is_true((check(acme)))
    for _, wrong in ipairs { 1, { nmae = "x" }, { name = 1 }, { groups = "eu" } } do
      assert.is_false((check(wrong)))
    end
  end)
end)

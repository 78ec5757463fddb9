-- Sets of companies: loaded, chosen, and asked.
local json = require "lastpass.json"
local lastpass = require "lastpass"
local tenants = require "spec.support.tenants"

local function names_of(set)
  local names = {}
  for position, company in ipairs(set:companies()) do
    names[position] = company.name
  end
  return table.concat(names, " ")
end

describe("a set of companies", function()
  local place

  setup(function()
    place =
      tenants.start(5, { groups = { some = { "c1", "group:even" }, all_some = { "group:some" } } })
  end)

  teardown(function()
    place:stop()
  end)

  it("has the companies of a file", function()
    local set = assert(place:load())
    assert.equal("c1 c2 c3 c4 c5", names_of(set))
    local company = set:company "c3"
    assert.equal(9003, company.cid)
    assert.same({ "odd" }, company.groups)
    assert.equal(place.box.url:gsub("^http://", "") .. " 9003", (company:tenant()))
  end)

  it("knows groups of profiles and of the file", function()
    assert.equal("c2 c4", names_of(assert(place:load "group:even")))
    assert.equal("c1 c2 c4", names_of(assert(place:load "group:all_some")))
    local list = assert(assert(place:load()):groups())
    assert.same({ "all_some", "even", "odd", "some" }, {
      list[1].name,
      list[2].name,
      list[3].name,
      list[4].name,
    })
    assert.same({ "c1", "c2", "c4" }, list[4].companies)
  end)

  it("can be narrowed", function()
    local set = assert(place:load "group:even")
    assert.equal("c4", names_of(assert(set:select "c4")))
    assert.equal("c2 c4", names_of(set))
  end)

  it("fails for what matches nobody, naming the nearest", function()
    local _, message, err = place:load "group:evn"
    assert.equal("unknown_group", err.code)
    assert.matches("did you mean 'even'", message)
    _, message, err = place:load "name:d*"
    assert.equal("no_company", err.code)
    assert.matches("no company matches 'name:d%*'", message)
  end)

  it("refuses groups that contain themselves", function()
    local path = place.folder .. "/circle.json"
    tenants.write(
      path,
      json.encode {
        profiles = place.profiles,
        groups = { a = { "group:b" }, b = { "c1", "group:a" } },
      }
    )
    local _, message, err = lastpass.tenants.load { file = path, select = "group:a" }
    assert.equal("bad_group", err.code)
    assert.matches("contains itself: a → b → a", message, 1, true)
    assert.is_truthy(lastpass.tenants.load { file = path, select = "c1" })
  end)

  it("refuses two names of one company, when both are chosen", function()
    local profiles = { twice = place.profiles.c1 }
    for name, profile in pairs(place.profiles) do
      profiles[name] = profile
    end
    local path = place.folder .. "/twice.json"
    tenants.write(path, json.encode { profiles = profiles })
    local _, message, err = lastpass.tenants.load { file = path }
    assert.equal("same_company", err.code)
    assert.matches("'c1' %(.*twice.json%) and 'twice' %(.*twice.json%) are the same", message)
    assert.matches("not twice", err.hint)
    assert.is_truthy(lastpass.tenants.load { file = path, select = "all and not twice" })
  end)

  it("knows a company whose address is written in another way", function()
    local path = place.folder .. "/written.json"
    local function load_with(one, other)
      local profiles = {}
      for name, url in pairs { a = one, b = other } do
        profiles[name] = { cid = 5, url = url or nil, provhash = place.profiles.c1.provhash }
      end
      tenants.write(path, json.encode { profiles = profiles })
      local set, _, err = lastpass.tenants.load { file = path }
      return set and "two" or err.code
    end
    local usual = "https://lastpass.com/enterpriseapi.php"
    assert.equal("same_company", load_with(false, "https://LastPass.com:443/enterpriseapi.php"))
    assert.equal("same_company", load_with(usual, usual .. "/"))
    assert.equal("same_company", load_with("http://localhost:99/x", "http://127.0.0.1:99/x"))
    assert.equal("two", load_with(usual, "https://lastpass.eu/enterpriseapi.php"))
    assert.equal("two", load_with("http://localhost:99/x", "http://localhost:98/x"))
  end)

  it("refuses a file that others can change", function()
    local path = place.folder .. "/open.json"
    tenants.write(path, json.encode { profiles = place.profiles })
    os.execute("chmod 666 " .. path)
    local _, _, err = lastpass.tenants.load { file = path }
    assert.equal("unsafe_config", err.code)
  end)

  it("raises for unknown options and kinds", function()
    assert.has_error(function()
      lastpass.tenants.load { selct = "all" }
    end, "tenants.load: unknown option 'selct' (did you mean 'select'?)")
    local set = assert(place:load())
    local ok, message = pcall(set.run, set, "user")
    assert.is_false(ok)
    assert.matches("no kind of work 'user' %(did you mean 'users'%?%)", message)
  end)

  it("asks every company, and rows and missing come to all of them", function()
    local set = assert(place:load())
    local seen, rows = {}, 0
    local result = assert(set:run("users", nil, {
      in_flight = 2,
      on_result = function(company, outcome)
        seen[company.name] = true
        for user in outcome:each() do
          rows = rows + (user.email and 1 or 0)
        end
      end,
    }))
    assert.equal(5, result.companies)
    assert.equal(5, result.done)
    assert.same({}, result.missing)
    assert.equal(0, result.code)
    assert.is_true(seen.c1 and seen.c5)
    assert.equal(result.rows, rows)
    assert.is_true(rows >= 3 + 4 + 5 + 6 + 7)
  end)

  it("keeps all outcomes when nobody takes them", function()
    local result = assert(assert(place:load "group:even"):run("users", { status = "active" }))
    assert.is_truthy(result.outcomes.c2)
    local line = result.outcomes.c2:lines()()
    assert.equal("active", assert(json.decode(line:match "[^\n]+")).status)
  end)
end)

describe("an outcome", function()
  it("can be stored and restored", function()
    local outcomes = require "lastpass.tenants.outcome"
    local made = outcomes.new {
      fields = { "name", "at", "list" },
      times = { at = true },
      rows = { { name = "a", at = 1780000000, list = {} }, { name = "b" } },
      summary = { two = 2 },
      code = 7,
    }
    local text = made:lines()()
    assert.equal(
      '{"name":"a","at":"2026-05-28T20:26:40Z","list":[]}\n{"name":"b","at":null,"list":null}\n',
      text
    )
    local head = assert(json.decode(json.encode(made:head())))
    local back = assert(outcomes.restore(head, text))
    assert.equal(7, back.code)
    assert.equal(2, back.count)
    assert.equal(2, back.summary.two)
    assert.equal(text, back:lines()())
    local row = back:each()()
    assert.equal(1780000000, row.at)
  end)
end)

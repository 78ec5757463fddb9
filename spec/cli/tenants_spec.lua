-- One command over many companies.
local cli = require "spec.support.cli"
local json = require "lastpass.json"
local tenants = require "spec.support.tenants"

local CLOSED = "http://127.0.0.1:1/enterpriseapi.php" -- nobody listens there

describe("--tenants", function()
  local place
  local key_file = os.tmpname()

  setup(function()
    place = tenants.start(4, {
      groups = { some = { "c1", "group:even" } },
      profile = function(number, profile)
        profile.url = number == 4 and CLOSED or nil or profile.url
        profile.retries = 3
        if number == 2 then
          profile.rest_url = profile.url:gsub("/enterpriseapi.php", "/business")
          profile.rest_key = { file = key_file }
        end
      end,
    })
    local key = require("lastpass.sandbox.business").key { cid = 9002, seed = 2 }
    tenants.write(key_file, key .. "\n")
    local rest = assert(place.box:rest { key = require("lastpass").secret.value(key) })
    assert(rest:create_user { email = "staged@x.example", action = "stage" })
  end)

  teardown(function()
    place:stop()
    os.remove(key_file)
  end)

  local function run(words)
    local list = type(words) == "table" and words or {}
    for word in (type(words) == "string" and words or ""):gmatch "%S+" do
      list[#list + 1] = word
    end
    list[#list + 1] = "--tenants-file=" .. place.file
    return cli.run(list)
  end

  it("lists users of all, the company first, and says who is missing", function()
    local code, out, err = run "users --tenants all --csv --fields company,email,status"
    assert.equal(3, code)
    assert.matches("^company,email,status\r\n", out)
    assert.matches("\nc3,", out)
    assert.is_nil(out:find("\nc4,", 1, true))
    assert.matches("^3 of 4 companies; 1 not:\n  c4: given up after 3 failures in a row: ", err)
  end)

  it("says it in JSON, where rows and missing come to all companies", function()
    local code, out = run "users --tenants all --json"
    assert.equal(3, code)
    local whole = assert(json.decode(out))
    assert.equal(4, whole.companies)
    assert.equal(3, whole.done)
    assert.equal("c4", whole.missing[1].company)
    assert.equal("given_up", whole.missing[1].code)
    assert.equal(json.null, whole.missing[1].age)
    local seen = {}
    for _, row in ipairs(whole.rows) do
      seen[row.company] = true
    end
    assert.same({ c1 = true, c2 = true, c3 = true }, seen)
  end)

  it("writes the same rows fast and field by field", function()
    local _, fast = run "users --tenants c2 --ndjson"
    local fields = {}
    for name in fast:match("^[^\n]+"):gmatch '"([%a_]+)":' do
      fields[#fields + 1] = name
    end
    local _, slow = run {
      "users",
      "--tenants=c2",
      "--ndjson",
      "--fields=" .. table.concat(fields, ","),
    }
    assert.equal(fast, slow)
    assert.matches('\n{"companies":1,"done":1,"missing":%[%]}\n$', fast)
  end)

  it("lists who is staged, of companies with a key of the REST API", function()
    local code, out = run "users --tenants c1,c2 --status staged --json"
    assert.equal(3, code)
    local whole = assert(json.decode(out))
    assert.same({ 1, "c2", "staged" }, {
      #whole.rows,
      whole.rows[1].company,
      whole.rows[1].account_status,
    })
    assert.same({ "c1", "no_rest" }, { whole.missing[1].company, whole.missing[1].code })
    code, out = run "users --tenants c2 --csv --fields company,email,account_status"
    assert.equal(0, code)
    assert.matches("c2,staged@x.example,staged", out)
    assert.equal(64, (run "users --tenants c2 --explain-source"))
  end)

  it("shows a table in the order of the companies", function()
    local code, out, err = run "users --tenants group:some --where u.company~='c4' --fields company"
    assert.equal(3, code)
    assert.matches("^company\n%-+\nc1\n.*c2\n$", out)
    assert.matches("2 of 3 companies", err)
  end)

  it("has no rows of companies that have none", function()
    local code, out = run "users --tenants c1 --status disabled --json"
    assert.equal(0, code)
    assert.same({}, assert(json.decode(out)).rows)
    code, out = run "users --tenants c4 --json"
    assert.equal(3, code)
    assert.equal(1, #assert(json.decode(out)).missing)
  end)

  it("lists groups and events", function()
    local code, out = run "groups --tenants c1,c2 --ndjson"
    assert.equal(0, code)
    assert.matches('^{"company":"c%d","name":"[^"]+","members":%d+,"people":%[', out)
    code, out = run "events --tenants c1,c2 --from 2026-06-01 --csv"
    assert.equal(0, code)
    assert.matches("^company,time,local_time,", out)
  end)

  it("calls what reads, and refuses what writes", function()
    local code, out = run { "call", "getuserdata", '{"username":"x@y.zz"}', "--tenants=c1,c4" }
    assert.equal(3, code)
    local first = assert(json.decode(out:match "^[^\n]+"))
    assert.equal("c1", first.company)
    assert.equal("table", type(first.reply))
    assert.equal(1, assert(json.decode(out:match "\n([^\n]+)\n$")).done)
    local _, err
    code, out, err = run { "call", "deluser", '{"username":"x@y.zz"}', "--tenants=all" }
    assert.equal(64, code)
    assert.equal("", out)
    assert.matches("deluser writes: over many companies a call only reads", err)
    code, _, err = run { "call", "getuserdata", '{"usernam":"x"}', "--tenants=all" }
    assert.equal(64, code)
    assert.matches("did you mean 'username'", err)
  end)

  it("exports: a file and a cursor of each company, or standard output", function()
    local path = place.folder .. "/ev-{company}.json"
    local words = {
      "export",
      "--tenants=c1,c2",
      "--cursor=siem",
      "--from=2026-06-01",
      "--json",
      "--file=" .. path,
    }
    local code, out = run(words)
    assert.equal(0, code)
    local rows = assert(json.decode(out)).rows
    assert.equal(2, #rows)
    assert.is_true(rows[1].events > 0)
    for _, name in ipairs { "c1", "c2" } do
      assert.is_truthy(io.open(place.folder .. "/ev-" .. name .. ".json")):close()
    end
    words[#words] = nil -- the file of companies, which `run` adds
    code, out = run(words)
    assert.equal(0, code)
    assert.is_true(assert(json.decode(out)).rows[1].duplicates > 0)
    code, out = run "export --tenants c1,c2 --from 2026-06-01 --format csv"
    assert.equal(0, code)
    assert.matches("^company,time,", out)
    assert.is_nil(out:find("\ncompany,", 1, true))
    assert.matches("\nc2,", out)
    local _, err
    code, _, err = run "export --tenants all --file one.json"
    assert.equal(64, code)
    assert.matches("each company needs its own\n  write {company} or {cid}", err)
    code, _, err = run "export --tenants all --file {nam}.json"
    assert.equal(64, code)
    assert.matches("{nam} in a path; known are {company} and {cid}", err)
    code, _, err = run "export --tenants all --format cef"
    assert.equal(64, code)
    assert.matches("do not say whose they are", err)
    code, _, err = run "export --tenants all --follow"
    assert.equal(64, code)
    assert.matches("%-%-follow does not go with %-%-tenants", err)
  end)

  it("is refused where one company is meant", function()
    local code, _, err = cli.run { "user", "disable", "a@b.cc", "--tenants=all" }
    assert.equal(64, code)
    assert.matches("user disable is about one company: %-%-profile names it", err)
    assert.matches("over many companies run: users, groups", err)
  end)

  it("does not go with what is one company's", function()
    for _, flag in ipairs { "--profile=x", "--cid=1", "--url=http://a.bc/", "--provhash-prompt" } do
      local code, _, err = run { "users", "--tenants=all", flag }
      assert.equal(64, code)
      assert.matches("does not go with %-%-tenants", err)
    end
    local code, _, err = cli.run { "users", "--in-flight=3" }
    assert.equal(64, code)
    assert.matches("%-%-in%-flight needs %-%-tenants", err)
  end)

  it("says what it cannot find before anything is asked", function()
    local code, _, err = run "users --tenants group:som"
    assert.equal(64, code)
    assert.matches("did you mean 'some'", err)
    code, _, err = run "users --tenants all --fields emial"
    assert.equal(64, code)
    assert.matches("did you mean 'email'", err)
  end)

  it("prints Lua that does the same", function()
    local code, out = run "users --tenants c1,c2 --status active --time-limit 1m --print-lua"
    assert.equal(0, code)
    local printed = {}
    local environment = setmetatable({
      print = function(...)
        printed[#printed + 1] = table.concat({ tostring((...)), tostring((select(2, ...))) }, " ")
      end,
    }, { __index = _G })
    local fn = setfenv and setfenv(loadstring(out), environment)
      or load(out, "=printed", "t", environment)
    fn()
    assert.equal("2 0", printed[#printed])
    assert.matches("^c%d .+@.+ %(active%)$", printed[1])
  end)
end)

describe("lastpass tenants", function()
  local place

  setup(function()
    place = tenants.start(3, {
      groups = { some = { "c1", "group:even" } },
      profile = function(number, profile)
        profile.provhash = number ~= 3 and profile.provhash or nil
      end,
    })
  end)

  teardown(function()
    place:stop()
  end)

  local function run(words)
    local list = {}
    for word in (words .. " --tenants-file=" .. place.file):gmatch "%S+" do
      list[#list + 1] = word
    end
    return cli.run(list)
  end

  it("lists companies without a request, and what is wrong with them", function()
    local before = #assert(place.box:journal())
    local code, out = run "tenants list --json"
    assert.equal(0, code)
    local rows = assert(json.decode(out))
    assert.equal("c1", rows[1].name)
    assert.equal(9001, rows[1].cid)
    assert.equal(json.null, rows[1].problem)
    assert.matches("has no provhash", rows[3].problem)
    code, out = run "tenants list group:some --csv"
    assert.equal(0, code)
    assert.matches("\r\nc2,9002,even,", out)
    assert.equal(before, #assert(place.box:journal()))
  end)

  it("lists groups", function()
    local code, out = run "tenants groups --csv"
    assert.equal(0, code)
    assert.equal("name,companies\r\neven,c2\r\nodd,c1;c3\r\nsome,c1;c2\r\n", out)
  end)

  it("names a company without a hash as missing", function()
    local code, _, err = run "users --tenants all"
    assert.equal(3, code)
    assert.matches('2 of 3 companies; 1 not:\n  c3: profile "c3" has no provhash', err)
  end)
end)

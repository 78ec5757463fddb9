-- Which fields say what of a person.
local core = require "lastpass.core"
local fuzz = require "spec.support.fuzz"
local mappings = require "lastpass.source.mapping"
local source = require "lastpass.source"

describe("source.mapping", function()
  it("is completed", function()
    local plan = mappings.plan {
      email = "mail",
      fullname = "name",
      groups = { "unit", "team" },
      active = {
        field = "status",
        active = { "In" },
        inactive = { " Left\194\160", "LEFT", "Gone" },
      },
      fixed_groups = { "All" },
    }
    plan.words = { active = plan.words.active, inactive = plan.words.inactive }
    assert.same({
      email = "mail",
      fullname = "name",
      active = "status",
      groups = { "unit", "team" },
      fixed = { "All" },
      words = { active = { "in" }, inactive = { "left", "left", "gone" } },
      fields = { "mail", "name", "status", "unit", "team" },
    }, plan)
    assert.same({ email = "mail", fields = { "mail" } }, mappings.plan { email = "mail" })
  end)

  it("raises when it makes no sense", function()
    for message, given in pairs {
      ["unknown option 'name'"] = { email = "email", name = "name" },
      ["'email' must be string"] = { email = 1 },
      ["must name the field 'email'"] = { fullname = "name" },
      ["'groups' must be a list of strings"] = { email = "email", groups = { 1 } },
      ["'groups' must be a list of strings without gaps"] = {
        email = "email",
        groups = { nil, "a" },
      },
      ["'fixed_groups' must be a list"] = { email = "email", fixed_groups = { x = "y" } },
      ["needs the 'field' with the status"] = { email = "email", active = { inactive = {} } },
      ["people:feed: active: needs the list 'active' as well"] = {
        email = "email",
        active = { field = "status", inactive = { "left" } },
      },
      ["unknown option 'inactiv'"] = {
        email = "email",
        active = { field = "status", inactiv = {} },
      },
      ["'inactive' must be a list of words, and has a boolean among them"] = {
        email = "email",
        active = { field = "status", active = { "in" }, inactive = { true } },
      },
    } do
      local ok, text = pcall(mappings.plan, given)
      assert.is_false(ok)
      assert.matches(message, text, 1, true)
    end
  end)
end)

-- People of a source straight into what is wanted.
describe("people:feed", function()
  -- A file that gives its text in pieces of a size.
  local function file_of(text, piece)
    local at = 1
    return {
      read = function(_, most)
        local part = text:sub(at, at + math.min(piece or most, most) - 1)
        at = at + #part
        return part ~= "" and part or nil
      end,
    }
  end

  local function open_csv(text, options, piece)
    options = options or {}
    options.name = "hr.csv"
    return assert(source.csv(file_of(text, piece), options))
  end

  -- Everything that is wanted: {email, fullname, groups, active, source, line} with "-" for nil.
  local function told(wanted)
    local lines = {}
    for row = 1, #wanted do
      local email, fullname, groups, active, number, line = wanted:row(row)
      lines[row] = table.concat({
        email,
        fullname or "-",
        groups and table.concat(groups, ",") or "-",
        active == nil and "-" or tostring(active),
        number,
        line,
      }, "|")
    end
    return lines
  end

  local function problems_of(people)
    local list = {}
    for i, problem in ipairs(people.problems) do
      list[i] = ("%s [%s]"):format(tostring(problem), problem.code)
    end
    return list
  end

  local hr = "E-mail,Name,Department,Team,Status\n"
    .. "ann@acme.com,Ann Lee,Finance,,active\n"
    .. "Bob@acme.com,,Sales,Tigers, TERMINATED \n"
    .. "eve@acme.com,Eve,,,on leave\n"

  local full = {
    email = "email",
    fullname = "name",
    groups = { "department", "team" },
    active = {
      field = "status",
      active = { "Active", "on leave" },
      inactive = { "terminated ", "Left" },
    },
    fixed_groups = { "Everyone" },
  }

  local full_told = {
    "ann@acme.com|Ann Lee|Finance,Everyone|true|3|2",
    "Bob@acme.com|-|Sales,Tigers,Everyone|false|3|3",
    "eve@acme.com|Eve|Everyone|true|3|4",
  }

  local wanted

  before_each(function()
    wanted = core.desired()
  end)

  describe("from a CSV file", function()
    it("adds everybody as the mapping says", function()
      for _, piece in ipairs { 65536, 1, 30 } do
        wanted = core.desired()
        local people = open_csv(hr, nil, piece)
        assert.equal(3, people:feed(wanted, full, 3))
        assert.same(full_told, told(wanted))
        assert.same({}, people.problems)
        assert.same({ true, 3, 0 }, {
          people.proof.complete,
          people.proof.rows,
          people.proof.refused,
        })
      end
    end)

    it("manages nothing that is not mapped", function()
      assert.equal(3, open_csv(hr):feed(wanted, { email = "email" }))
      assert.same({
        "ann@acme.com|-|-|-|0|2",
        "Bob@acme.com|-|-|-|0|3",
        "eve@acme.com|-|-|-|0|4",
      }, told(wanted))
    end)

    it("knows no group from groups that are not managed", function()
      open_csv(hr):feed(wanted, { email = "email", groups = {} }, 1)
      assert.same({}, (select(3, wanted:row(1))))
      wanted = core.desired()
      open_csv(hr):feed(wanted, { email = "email", fixed_groups = { "All", "All", "" } }, 1)
      assert.same({ "All" }, (select(3, wanted:row(3))))
    end)

    it("joins columns and takes fields of any name", function()
      local people = open_csv("Mail;First;Last;Dept\na@x.com;Ann;Lee;IT\nb@x.com;Bo;Li;HR\n", {
        delimiter = ";",
        columns = {
          email = "Mail",
          who = { "Last", "First", join = ", " },
          unit = { "Dept", "Dept" },
        },
      })
      local mapping = { email = "email", fullname = "who", groups = { "unit", "unit" } }
      assert.equal(2, people:feed(wanted, mapping, 1))
      assert.same({ "a@x.com|Lee, Ann|IT IT|-|1|2", "b@x.com|Li, Bo|HR HR|-|1|3" }, told(wanted))
    end)

    it("leaves refused rows to the source", function()
      local text = "E-mail,Name\n"
        .. "ann@acme.com,Ann\n"
        .. "nobody,No\n"
        .. "bob@acme.com,Bob,extra\n"
        .. "\n,\n"
        .. "z\195\188rich@acme.com,Z\n"
        .. "ANN@acme.com,Again\n"
        .. "eve@acme.com,E\255\n"
        .. "last@acme.com,Last\n"
      for _, piece in ipairs { 65536, 1 } do
        wanted = core.desired()
        local people = open_csv(text, nil, piece)
        assert.equal(3, people:feed(wanted, { email = "email", fullname = "name" }, 1))
        assert.same({
          "ann@acme.com|Ann|-|-|1|2",
          "z\195\188rich@acme.com|Z|-|-|1|7",
          "last@acme.com|Last|-|-|1|10",
        }, told(wanted))
        local codes = {}
        for i, problem in ipairs(people.problems) do
          codes[i] = problem.line .. " " .. problem.code
        end
        assert.same({ "3 bad_email", "4 too_many_fields", "8 duplicate", "9 bad_encoding" }, codes)
        assert.same({ 7, 4, true }, {
          people.proof.rows,
          people.proof.refused,
          people.proof.complete,
        })
      end
    end)

    it("does not guess which of two rows with one address counts", function()
      local text = "E-mail,Id\nann@acme.com,1\nbob@acme.com,2\nAnn@Acme.com,3\neve@acme.com,4\n"
      for _, piece in ipairs { 65536, 1 } do
        wanted = core.desired()
        local people = open_csv(text, { key = "id" }, piece)
        assert.equal(3, people:feed(wanted, { email = "email" }, 7))
        assert.same(
          { "hr.csv:4: 'Ann@Acme.com' is already on line 2 [repeated]" },
          problems_of(people)
        )
        local problem = people.problems[1]
        assert.same({ "email", "E-mail", "Ann@Acme.com", "ann@acme.com", 2, 4 }, {
          problem.field,
          problem.column,
          problem.value,
          problem.key,
          problem.first_line,
          problem.line,
        })
        assert.same({ 4, 1 }, { people.proof.rows, people.proof.refused })
        assert.same({ "ann@acme.com", "bob@acme.com", "eve@acme.com" }, {
          (wanted:row(1)),
          (wanted:row(2)),
          (wanted:row(3)),
        })
      end
    end)

    it("names the first row with an address, to all that follow", function()
      local people = open_csv "E-mail\nnew@acme.com\nann@acme.com\nANN@acme.com\nAnn@acme.com\n"
      assert.equal(2, people:feed(wanted, { email = "email" }, 1))
      local lines = {}
      for index, one in ipairs(people.problems) do
        lines[index] = ("%d %s %s"):format(one.line, one.first_line, one.value)
      end
      assert.same({ "4 3 ANN@acme.com", "5 3 Ann@acme.com" }, lines)
    end)

    it("says which source has an address already", function()
      open_csv("E-mail\nann@acme.com\n"):feed(wanted, { email = "email" }, 1)
      wanted:add("bob@acme.com", nil, nil, nil, 0, 0)
      local people = open_csv "E-mail\nbob@acme.com\nANN@acme.com\nnew@acme.com\n"
      assert.equal(1, people:feed(wanted, { email = "email" }, 2))
      assert.same({
        "hr.csv:2: 'bob@acme.com' is already in source 0 [repeated]",
        "hr.csv:3: 'ANN@acme.com' is already in source 1, line 2 [repeated]",
      }, problems_of(people))
      assert.is_nil(people.problems[2].first_line)
    end)

    it("judges addresses in a column that is not known to have them", function()
      local text = "Contact,Name\n"
        .. "first@acme.com,F\n"
        .. '" ann@acme.com",A\n'
        .. "no address,B\n"
        .. ",C\n"
        .. "z\195\188rich@acme.com,Z\n"
      local people = open_csv(text, { trim = false })
      assert.equal(3, people:feed(wanted, { email = "contact" }, 1))
      assert.same({
        "first@acme.com|-|-|-|1|2",
        "ann@acme.com|-|-|-|1|3",
        "z\195\188rich@acme.com|-|-|-|1|6",
      }, told(wanted))
      assert.same({
        "hr.csv:4: 'no address' is not an e-mail address: it has a space [bad_email]",
        "hr.csv:5: 'Contact' is empty [missing_value]",
      }, problems_of(people))
    end)

    it("takes a status in any spelling of its words, and refuses another word", function()
      local text = "E-mail,State\na@x.com,\194\160Left \nb@x.com,LEFT\nc@x.com,left it\nd@x.com,\n"
        .. "e@x.com,In\194\160house\nf@x.com,IN  HOUSE\ng@x.com,Zur\195\156ck\nh@x.com,lef\27t\n"
      local people = open_csv(text, { trim = false })
      local count = people:feed(wanted, {
        email = "email",
        active = {
          field = "state",
          active = { "in house", "zur\195\188ck" },
          inactive = { " leFT", "left" },
        },
      })
      assert.equal(5, count)
      local active = {}
      for row = 1, count do
        local email, _, _, is_active = wanted:row(row)
        active[email] = is_active
      end
      assert.same({
        ["a@x.com"] = false,
        ["b@x.com"] = false,
        ["e@x.com"] = true,
        ["f@x.com"] = true,
        ["g@x.com"] = true,
      }, active)
      assert.same({
        "hr.csv:4: the status 'left it' is on neither list (did you mean 'left'?) [status_word]",
        "hr.csv:5: the status is empty, which is on neither list [status_word]",
        "hr.csv:9: the status 'lef?t' is on neither list (did you mean 'left'?) [status_word]",
      }, problems_of(people))
      assert.same({ "c@x.com", "State", "left it" }, {
        people.problems[1].key,
        people.problems[1].column,
        people.problems[1].value,
      })
    end)

    it("keeps what came before a failure", function()
      local text = 'E-mail\nann@acme.com\nbob@acme.com\nev"e@acme.com\nlast@acme.com\n'
      for _, piece in ipairs { 65536, 1 } do
        wanted = core.desired()
        local people = open_csv(text, nil, piece)
        local count, message, err = people:feed(wanted, { email = "email" }, 1)
        assert.is_nil(count)
        assert.matches("hr.csv:4", message)
        assert.equal("stray_quote", err.code)
        assert.equal(err, people.failure)
        assert.is_false(people.proof.complete)
        assert.same({ "ann@acme.com|-|-|-|1|2", "bob@acme.com|-|-|-|1|3" }, told(wanted))
        assert.equal(2, people.proof.rows)
      end
    end)

    it("breaks off when a mapped field is not there", function()
      local people = open_csv(hr)
      local count, message, err = people:feed(wanted, { email = "email", fullname = "nmae" }, 1)
      assert.is_nil(count)
      assert.equal(
        "hr.csv: nobody has the field 'nmae', which the mapping names (did you mean 'name'?)",
        message
      )
      assert.same({ "argument", "missing_column" }, { err.kind, err.code })
      assert.equal(err, people.failure)
      assert.is_false(people.proof.complete)
      assert.equal(0, #wanted)
    end)

    it("ends after too many problems", function()
      local lines = { "E-mail" }
      for i = 1, 50 do
        lines[#lines + 1] = i % 2 == 0 and "wrong" or ("p%d@acme.com"):format(i)
      end
      local people = open_csv(table.concat(lines, "\n"), { max_problems = 5 })
      local _, _, err = people:feed(wanted, { email = "email" }, 1)
      assert.equal("too_many_problems", err.code)
      assert.equal(5, #people.problems)
      assert.is_false(people.proof.complete)
    end)

    it("reads many rows, whatever the collector does", function()
      local lines, expected = { "E-mail,Name,Group" }, {}
      local count = fuzz.rounds(3000)
      for i = 1, count do
        lines[#lines + 1] = ("p%d@acme.com,Name %d,G%d"):format(i, i, i % 50)
        expected[i] = ("p%d@acme.com|Name %d|G%d|-|1|%d"):format(i, i, i % 50, i + 1)
      end
      local pause, multiplier = collectgarbage("setpause", 0), collectgarbage("setstepmul", 1000)
      local people = open_csv(table.concat(lines, "\n"), nil, 997)
      local mapping = { email = "email", fullname = "name", groups = { "group" } }
      local added = people:feed(wanted, mapping, 1)
      collectgarbage("setpause", pause)
      collectgarbage("setstepmul", multiplier)
      assert.equal(count, added)
      assert.same(expected, told(wanted))
    end)
  end)

  describe("from any other source", function()
    it("adds everybody as the mapping says", function()
      local list = {
        { email = "ann@acme.com", name = "Ann Lee", department = "Finance", status = "active" },
        { email = "Bob@acme.com", name = "", department = { "Sales", "Tigers" } },
        { email = "eve@acme.com", name = "Eve", team = {}, status = "on leave" },
      }
      list[2].status = "TERMINATED"
      local people = assert(source.table(list, {
        columns = {
          email = "email",
          name = "name",
          status = "status",
          department = { "department", list = true, optional = true },
          team = { "team", list = true, optional = true },
        },
      }))
      assert.equal(3, people:feed(wanted, full, 3))
      assert.same({
        "ann@acme.com|Ann Lee|Finance,Everyone|true|3|1",
        "Bob@acme.com|-|Sales,Tigers,Everyone|false|3|2",
        "eve@acme.com|Eve|Everyone|true|3|3",
      }, told(wanted))
      assert.is_true(people.proof.complete)
    end)

    it("reads the same from JSON as from CSV", function()
      local text = '{"email":"ann@acme.com","name":"Ann Lee","department":"Finance",'
        .. '"status":"active"}\n'
        .. '{"email":"Bob@acme.com","department":"Sales","team":"Tigers","status":" TERMINATED "}\n'
        .. '{"email":"eve@acme.com","name":"Eve","status":"on leave"}\n'
      local people = assert(source.json(file_of(text), { format = "ndjson", name = "hr.json" }))
      assert.equal(3, people:feed(wanted, full, 3))
      assert.same({
        "ann@acme.com|Ann Lee|Finance,Everyone|true|3|1",
        "Bob@acme.com|-|Sales,Tigers,Everyone|false|3|2",
        "eve@acme.com|Eve|Everyone|true|3|3",
      }, told(wanted))
    end)

    it("refuses repeated and wrong addresses", function()
      local people = assert(source.table({
        { mail = "ann@acme.com" },
        { mail = "ANN@acme.com" },
        { mail = "no" },
        { mail = "" },
        { mail = { "a@x.com", "b@x.com" } },
        { mail = { "one@x.com" } },
      }, { key = false, columns = { mail = { "mail", list = true } } }))
      assert.equal(2, people:feed(wanted, { email = "mail" }, 1))
      assert.same({
        "table:2: 'ANN@acme.com' is already in row 1 [repeated]",
        "table:3: 'no' is not an e-mail address: it has no @ [bad_email]",
        "table:4: 'mail' is empty [missing_value]",
        "table:5: 'mail' has 2 values where one is wanted [many_values]",
      }, problems_of(people))
      assert.same({ "ann@acme.com|-|-|-|1|1", "one@x.com|-|-|-|1|6" }, told(wanted))
    end)

    it("breaks off when nobody has a mapped field", function()
      local people = assert(source.table { { email = "ann@acme.com", name = "Ann" } })
      local count, message, err = people:feed(wanted, { email = "email", groups = { "nam" } }, 1)
      assert.is_nil(count)
      assert.equal(
        "table: nobody has the field 'nam', which the mapping names (did you mean 'name'?)",
        message
      )
      assert.equal("missing_column", err.code)
      assert.is_false(people.proof.complete)
      assert.equal(err, people.failure)
    end)

    it("adds nobody from an empty source", function()
      local people = assert(source.table({}, { columns = { email = "email" } }))
      assert.equal(0, people:feed(wanted, { email = "email", fullname = "name" }, 1))
      assert.is_true(people.proof.complete)
    end)

    it("keeps what came before a failure", function()
      local text = '{"email":"ann@acme.com"}\n{"email":"bob@ac'
      local people = assert(source.json(file_of(text), { format = "ndjson", name = "hr.json" }))
      local count, _, err = people:feed(wanted, { email = "email" }, 1)
      assert.is_nil(count)
      assert.equal("cut_short", err.code)
      assert.is_false(people.proof.complete)
      assert.same({ "ann@acme.com|-|-|-|1|1" }, told(wanted))
    end)
  end)

  it("says the same of a CSV file by both ways", function()
    for seed = 1, fuzz.rounds(200) do
      local random = fuzz.random(seed)
      local lines = { "E-mail,Name,Group,Status" }
      for _ = 1, random:upto(20) do
        local fields = {
          random:of { "a", "B", "b", "c.d", "x_y", "wr ong", "\195\169", "" } .. random:of {
            "@x.com",
            "@X.com",
            "@x.com",
            "",
          },
          random:of { "Ann", "", '"A, ""B"""', "\255" },
          random:of { "G1", "G2", "" },
          random:of { "left", "in", "LEFT", "", "other", " In" },
        }
        fields[5] = random:once_in(15) and "more" or nil
        lines[#lines + 1] = table.concat(fields, ",")
      end
      local text = table.concat(lines, "\r\n")
      local options = { key = random:once_in(2) and "email" or false }
      local mapping = {
        email = "email",
        fullname = "name",
        groups = { "group" },
        active = { field = "status", active = { "in" }, inactive = { "left" } },
      }
      local short = open_csv(text, { key = options.key }, random:upto(100))
      local count = short:feed(wanted, mapping, 1)
      -- the same rows, but one after the other
      local other, long = core.desired(), open_csv(text, { key = options.key })
      long.proof.kind = "other"
      assert.equal(count, (long:feed(other, mapping, 1)))
      assert.same(told(other), told(wanted))
      assert.same(problems_of(long), problems_of(short))
      assert.same(
        { long.proof.rows, long.proof.refused },
        { short.proof.rows, short.proof.refused }
      )
      wanted = core.desired()
    end
  end)

  it("blames whoever gave a mapping that makes no sense", function()
    local ok, text = pcall(function()
      open_csv(hr):feed(wanted, { email = "email", name = "name" }, 1)
    end)
    assert.is_false(ok)
    assert.matches("mapping_spec.lua:%d+: people:feed: unknown option 'name'", text)
  end)

  it("reads a source once only, into something that is open", function()
    local people = open_csv(hr)
    people:feed(wanted, full, 1)
    assert.error_matches(function()
      people:feed(wanted, full, 1)
    end, "read already")
    wanted:close()
    assert.error_matches(function()
      open_csv(hr):feed(wanted, full, 1)
    end, "closed")
    assert.has_error(function()
      open_csv(hr):feed(core.desired(), full, 70000)
    end)
  end)
end)

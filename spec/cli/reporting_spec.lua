local cli = require "spec.support.cli"
local json = require "lastpass.json"
local report_options = require "lastpass.cli.report_options"
local reporting = require "lastpass.cli.reporting"
local reports = require "spec.support.reports"
local sessions = require "lastpass.cli.session"
local streams_module = require "lastpass.cli.streams"

describe("a report on the command line", function()
  local function shown(options, more, formats)
    local streams = cli.streams()
    local session = sessions.new(options, streams_module.new(streams))
    local report = reports.sample(more)
    local code, message, err = cli.returned(reporting.finish, session, report, formats)
    return code, streams.out:text(), streams.err:text(), message, err
  end

  it("is a table with its statement", function()
    local code, out, err = shown {}
    assert.equals(0, code)
    assert.truthy(out:find("^A sample & more\n=====", 1), out)
    assert.truthy(out:find("Completeness  complete", 1, true))
    assert.equals("", err)
    assert.is_nil(out:find("\27", 1, true))
  end)

  it("is one JSON object", function()
    local _, out, err = shown { json = true }
    assert.equals("lastpass.report", json.decode(out).format)
    assert.equals("", err)
  end)

  it("is CSV, with the statement on standard error unless it is to be quiet", function()
    local _, out, err = shown { csv = true }
    assert.truthy(out:find("^email,note,count,share,time,list,flag\r\n", 1), out)
    assert.truthy(err:find("Population    three people", 1, true), err)
    _, _, err = shown { csv = true, quiet = true }
    assert.equals("", err)
  end)

  it("has rows that can be chosen, in every form", function()
    local options = { where = "u.count", fields = "email,share,list,time", quiet = true }
    local _, out = shown(options)
    assert.truthy(out:find("ann@acme.example +50.0 %% +a, <b> +2026%-06%-15", 1), out)
    assert.is_nil(out:find("bob", 1, true))
    options.csv = true
    _, out = shown(options)
    assert.equals(
      "email,share,list,time\r\nann@acme.example,0.5,a; <b>,2026-06-15T13:00:00Z\r\n",
      out
    )
    options.csv, options.ndjson = nil, true
    _, out = shown(options)
    assert.same({
      email = "ann@acme.example",
      share = 0.5,
      list = { "a", "<b>" },
      time = "2026-06-15T13:00:00Z",
    }, json.decode(out))
  end)

  it("guards a spreadsheet against formulas in the rows that are chosen", function()
    local _, out = shown({ where = "true", csv = true, quiet = true, fields = "email" }, {
      rows = { { email = "=1+1" } },
    })
    assert.equals("email\r\n'=1+1\r\n", out)
  end)

  it("has further tables, and its classes, one by one", function()
    local _, out = shown { table = "classes", csv = true, quiet = true, fields = "name,count" }
    assert.equals("name,count\r\na,2\r\nb,0\r\nc,1\r\n", out)
    _, out = shown { table = "groups", json = true, quiet = true }
    assert.same({}, json.decode(out))
    assert.same({ "classes", "groups" }, report_options.table_option({ "groups" }).choices)
  end)

  it("knows the class of a row by its name", function()
    local _, out = shown({ where = 'u.class == "x"', ndjson = true, quiet = true }, {
      columns = { { name = "email", title = "E" }, { name = "class_title", title = "Class" } },
      rows = { { email = "a", class = "x", class_title = "X" }, { email = "b", class = "y" } },
    })
    assert.same({ email = "a", class = "x", class_title = "X" }, json.decode(out))
  end)

  it("is saved instead of shown, unless rows are asked for as well", function()
    local path = os.tmpname()
    local code, out, err = shown({ html = path }, nil)
    assert.equals(0, code)
    assert.equals("", out)
    assert.truthy(err:find("A sample & more; People: 3, Share: unknown", 1, true), err)
    local file = assert(io.open(path))
    assert.truthy(file:read("*a"):find("<html", 1, true))
    file:close()
    code, out = shown { html = path, json = true, quiet = true }
    assert.equals(0, code)
    assert.equals("lastpass.report", json.decode(out).format)
    os.remove(path)
    local failed, _, _, _, failure = shown { html = "/nowhere/x.html" }
    assert.is_nil(failed)
    assert.equals("cannot_write", failure.code)
  end)

  it("ends with 3 when something is missing", function()
    local statement = reports.sample().statement
    statement.complete, statement.completeness = false, "not complete: 1 row"
    local code, _, err = shown({}, { statement = statement })
    assert.equals(3, code)
    assert.equals("lastpass: the report is not complete: 1 row\n", err)
  end)
end)

describe("commands of reports", function()
  it("have their own options before those of all reports", function()
    local command = { name = "report x", report = "mfa" }
    reporting.complete(command)
    assert.equals("--strength", command.options[1][1])
    assert.equals("--quiet", command.options[#command.options][1]:match "%-%-%a+$")
    assert.is_true(command.rows and command.connects)
    assert.truthy(command.lua({}):find("report.mfa(client))", 1, true), command.lua {})
    assert.truthy(command.lua({ as_of = "-7d" }):find 'client:snapshot{ as_of = "%-7d" }')
    assert.truthy(command.lua({ html = "x" }):find('save("x", "html")', 1, true))
  end)
end)

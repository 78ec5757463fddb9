-- The formats by themselves: JSON, CSV, templates, tables. spec/cli/output/init_spec.lua has them
-- together with the selection of rows.
local cli = require "spec.support.cli"
local formats = require "lastpass.cli.output.formats"
local sessions = require "lastpass.cli.session"
local streams_of = require("lastpass.cli.streams").new

local view = { name = "users", key = "email", fields = { "email", "n", "list", "flag" } }

describe("a JSON object", function()
  it("keeps the order of fields, and large numbers whole", function()
    assert.equals(
      '{"n":9007199254740991,"email":"a","list":[],"flag":null}',
      formats.json.object(
        view,
        { "n", "email", "list", "flag" },
        { email = "a", n = 9007199254740991, list = {} }
      )
    )
  end)

  it("takes objects that have a text by it", function()
    local group = setmetatable({}, {
      __tostring = function()
        return "Finance"
      end,
    })
    assert.equals('{"n":"Finance"}', formats.json.object(view, { "n" }, { n = group }))
  end)
end)

describe("a cell of CSV", function()
  local function csv_of(rows)
    local streams = streams_of(cli.streams())
    local index = 0
    formats.csv.rows(sessions.new({}, streams), view, { fields = { "email" } }, function()
      index = index + 1
      return rows[index]
    end)
    return streams.out:text()
  end

  it("is a text", function()
    local function cell(value)
      return (csv_of({ { email = value } }):match "^email\r\n(.*)\r\n$")
    end
    assert.equals("", cell(nil))
    assert.equals("3", cell(3))
    assert.equals("83.2", cell(83.2))
    assert.equals("a;b", cell { "a", "b" })
    assert.equals("false", cell(false))
  end)

  it("is quoted where it has to be", function()
    local rows = { { email = " a" }, { email = "b\nc" }, { email = 'd"e' }, { email = "f,g" } }
    assert.equals('email\r\n" a"\r\n"b\nc"\r\n"d""e"\r\n"f,g"\r\n', csv_of(rows))
  end)
end)

describe("a template", function()
  local function render(text, row)
    local streams = streams_of(cli.streams())
    local done = false
    local ok, err = pcall(
      formats.template.rows,
      sessions.new({ template = text }, streams),
      view,
      {},
      function()
        if not done then
          done = true
          return row
        end
      end
    )
    if not ok then
      return nil, err
    end
    return streams.out:text()
  end

  it("puts fields in, and nothing for what has no value", function()
    assert.equals("<a> <>\n", render("<$(email)> <$(n)>", { email = "a" }))
  end)

  it("may hold Lua", function()
    local text = "# for _, one in ipairs(list) do\n- $(one)\n# end\n"
    assert.equals("- x\n- y\n", render(text, { list = { "x", "y" } }))
    assert.equals("no\n", render("$(flag and 'yes' or 'no')", { flag = false }))
  end)

  it("may come from a file", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write "$(email)!\n"
    file:close()
    assert.equals("a!\n", render("@" .. path, { email = "a" }))
    os.remove(path)
    local _, err = render("@" .. path, { email = "a" })
    assert.equals("bad_template", err.code)
  end)

  it("says what is wrong with it", function()
    local _, err = render("$(email email)", { email = "a" })
    assert.equals("bad_template", err.code)
    _, err = render("$(emial)", { email = "a" })
    assert.truthy(err.message:find("did you mean 'email'", 1, true), err.message)
    _, err = render("$(u.n.x)", { email = "a" })
    assert.truthy(err.message:find("at a:", 1, true), err.message)
    assert.is_nil(err.message:find("traceback", 1, true), err.message)
    assert.is_nil(err.message:find("[string", 1, true), err.message)
  end)
end)

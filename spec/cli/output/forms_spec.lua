-- The forms by themselves: JSON, CSV, templates, tables. spec/cli/output/init_spec.lua has them
-- together with the choice of rows.
local cli = require "spec.support.cli"
local csv = require "lastpass.cli.output.csv"
local json_form = require "lastpass.cli.output.json"
local sessions = require "lastpass.cli.session"
local streams_module = require "lastpass.cli.streams"
local template = require "lastpass.cli.output.template"

local view = { name = "users", key = "email", fields = { "email", "n", "list", "flag" } }

describe("a JSON object", function()
  it("keeps the order of fields, and large numbers whole", function()
    assert.equals(
      '{"n":9007199254740991,"email":"a","list":[],"flag":null}',
      json_form.object(
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
    assert.equals('{"n":"Finance"}', json_form.object(view, { "n" }, { n = group }))
  end)
end)

describe("a cell of CSV", function()
  it("is a text", function()
    assert.equals("", csv.text(nil))
    assert.equals("3", csv.text(3))
    assert.equals("83.2", csv.text(83.2))
    assert.equals("a;b", csv.text { "a", "b" })
    assert.equals("false", csv.text(false))
  end)

  it("is quoted where it has to be", function()
    local streams = streams_module.new(cli.streams())
    local rows = { { email = " a" }, { email = "b\nc" }, { email = 'd"e' }, { email = "f,g" } }
    local place = 0
    csv.rows(sessions.new({}, streams), view, { fields = { "email" } }, function()
      place = place + 1
      return rows[place]
    end)
    assert.equals('email\r\n" a"\r\n"b\nc"\r\n"d""e"\r\n"f,g"\r\n', streams.out:text())
  end)
end)

describe("a template", function()
  local function render(text, row)
    local streams = streams_module.new(cli.streams())
    local done = false
    local ok, err = pcall(
      template.rows,
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

local cli = require "spec.support.cli"
local json = require "lastpass.json"
local output = require "lastpass.cli.output"
local sessions = require "lastpass.cli.session"
local streams_module = require "lastpass.cli.streams"

local view = {
  name = "people",
  key = "name",
  fields = { "name", "age", "groups", "born", "boss" },
  columns = { "name", { field = "age", align = "right" }, "groups" },
  times = { born = true },
  tone = function(person)
    return person.boss and "bad" or nil
  end,
}

local people = {
  { name = "Ann", age = 41, groups = { "A", "B" }, born = 0, boss = true },
  { name = "bob", age = 7, groups = {}, boss = false },
  { name = 'Cleo "C", Mrs', groups = { "B" }, born = 86400, boss = false },
}

local function each(list)
  local place = 0
  return function()
    place = place + 1
    return list[place]
  end
end

local function shown(options, given, rows)
  local streams = streams_module.new(cli.streams(given))
  output.rows(sessions.new(options, streams), view, rows or people)
  return streams.out:text()
end

local function failure(options)
  local ok, err = pcall(shown, options)
  assert.is_false(ok)
  return err
end

describe("--where", function()
  local function said(options, rows)
    local streams = streams_module.new(cli.streams())
    output.rows(sessions.new(options, streams), view, rows or people)
    return streams.err:text(), streams.out:text()
  end

  it("notes on standard error what no row has, once the rows were read", function()
    for _, format in ipairs { "json", "ndjson", "csv", "table" } do
      local note, rows = said { where = 'u.name == "ann"', [format] = true }
      assert.equals(
        'note: --where: no row has name "ann"; there are Ann, Cleo "C", Mrs, bob\n',
        note,
        format
      )
      assert.is_nil(rows:find("Ann", 1, true))
      assert.equals("", (said { where = 'u.name == "Ann"', [format] = true }))
    end
    assert.equals("", (said({ where = 'u.name == "ann"' }, {})))
    local note = said { where = 'u.name == "ann"', sort = "name" }
    assert.truthy(note:find("^note: [^\n]+\n$"), note)
  end)

  it("raises for a comparison of two types", function()
    assert.equals("bad_where", failure({ where = "u.age == '7'" }).code)
  end)
end)

describe("rows", function()
  it("are a table for people", function()
    assert.equals(
      [[
name           age  groups
-------------  ---  ------
Ann             41  A, B
bob              7
Cleo "C", Mrs       B
]],
      shown {}
    )
    assert.equals("name  age  groups\n----  ---  ------\n(none)\n", shown({}, nil, {}))
  end)

  it("are as wide as the terminal", function()
    for line in shown({}, { width = 20 }):gmatch "[^\n]+" do
      assert.is_true(require("lastpass.text").width(line) <= 20, line)
    end
  end)

  it("never cut an address or a time: what is missed least is left out, and text wraps", function()
    local wide = {
      name = "steps",
      key = "who",
      fields = { "who", "at", "more", "why" },
      columns = { "who", "at", { field = "more", rank = 1 }, { field = "why", wrap = true } },
      times = { at = true },
      tone = function()
        return "bad"
      end,
    }
    local row = { who = "ann@acme.example", at = 0, more = ("m"):rep(20), why = "a b c d e f g h" }
    local streams = streams_module.new(cli.streams { width = 52 })
    output.rows(sessions.new({ color = "always" }, streams), wide, { row })
    assert.equals(
      "ann@acme.example  1970-01-01T00:00:00Z  a b c d e f\n" .. (" "):rep(40) .. "g h\n",
      (streams.out:text():gsub("^.-\n.-\n", ""):gsub("\27%[%d*m", ""))
    )
    assert.equals(2, select(2, streams.out:text():gsub("\27%[31m", "")), "each line has its colour")
    streams = streams_module.new(cli.streams { width = 30 })
    output.rows(sessions.new({ fields = "who,more,at" }, streams), wide, { row })
    local text = streams.out:text()
    assert.truthy(text:find("ann@acme.example", 1, true), text)
    assert.truthy(text:find("1970-01-01T00:00:00Z", 1, true), text)
    assert.truthy(text:find("mmmmm…", 1, true), text) -- asked for by name: not left out
  end)

  it("are coloured by line", function()
    local text = shown { color = "always" }
    assert.truthy(text:find("\27[31mAnn", 1, true), text)
    assert.truthy(text:find("\27[1mname", 1, true), text)
    assert.truthy(text:find("\nbob", 1, true), text)
  end)

  it("are JSON with every field, lists as lists and times as ISO 8601", function()
    local list = json.decode(shown { json = true })
    assert.equals(3, #list)
    assert.equals("1970-01-01T00:00:00Z", list[1].born)
    assert.equals(json.null, list[2].born)
    assert.is_true(shown({ json = true }):find('"groups":[]', 1, true) ~= nil)
    assert.equals("[]\n", shown({ json = true }, nil, {}))
  end)

  it("are one JSON object a line", function()
    local count = 0
    for line in shown({ ndjson = true }):gmatch "[^\n]+" do
      count = count + 1
      assert.equals(people[count].name, json.decode(line).name)
    end
    assert.equals(3, count)
    assert.equals("", shown({ ndjson = true }, nil, {}))
  end)

  it("are CSV", function()
    assert.equals(
      "name,age,groups,born,boss\r\n"
        .. "Ann,41,A;B,1970-01-01T00:00:00Z,true\r\n"
        .. "bob,7,,,false\r\n"
        .. '"Cleo ""C"", Mrs",,B,1970-01-02T00:00:00Z,false\r\n',
      shown { csv = true }
    )
  end)

  it("are what a template makes of them", function()
    assert.equals('Ann 41\nbob 7\nCleo "C", Mrs \n', shown { template = "$(name) $(age)" })
    assert.equals("!\n\n\n", shown { template = "$(boss and '!' or '')" })
  end)

  it("have the fields that are asked for, in their order", function()
    assert.equals(
      '{"age":41,"name":"Ann"}\n',
      shown({ ndjson = true, fields = "age,name" }):match "^.-\n"
    )
    assert.equals("age  name\n", shown({ fields = "age, name" }):match "^.-\n")
  end)

  it("are sorted and chosen", function()
    assert.equals(
      "name\nbob\nAnn\n",
      shown({ csv = true, fields = "name", sort = "age", where = "u.age" }):gsub("\r", "") .. ""
    )
  end)

  it("can come from an iterator", function()
    assert.equals(shown { json = true }, shown({ json = true }, nil, each(people)))
  end)

  it("take one form only", function()
    assert.equals("usage", failure({ json = true, csv = true }).code)
  end)
end)

describe("one object", function()
  local function one(options, object)
    local streams = streams_module.new(cli.streams())
    output.one(sessions.new(options, streams), view, object or people[1])
    return streams.out:text()
  end

  it("is a list of its fields for people, empty ones left out", function()
    assert.equals("name  bob\nage   7\nboss  no\n", one({}, people[2]))
  end)

  it("is an object in JSON, a row elsewhere", function()
    assert.equals("Ann", json.decode(one { json = true }).name)
    assert.equals("name,age\r\nAnn,41\r\n", one { csv = true, fields = "name,age" })
    assert.equals("Ann\n", one { template = "$(name)" })
  end)

  it("is nothing when --where does not want it", function()
    assert.equals("", one { where = "u.age > 50" })
  end)
end)

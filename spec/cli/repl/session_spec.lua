local at_prompt = require "spec.cli.repl.at_prompt"
local sessions = require "lastpass.cli.repl.session"
local start_box = require("spec.support.box").start

describe("repl.session chunks", function()
  local function compile(text, options)
    return sessions.compile(text, { print = print, select = select }, options)
  end

  it("takes expressions without return, and gives all their values", function()
    local chunk = assert(compile "1 + 1, nil, 'x', nil")
    assert.is_true(chunk.is_expression)
    assert.equals(4, select("#", chunk.run()))
    local first, second, third = chunk.run()
    assert.same({ 2, "x" }, { first, third })
    assert.is_nil(second)
    assert.equals(7, compile("7 -- a comment").run())
    assert.is_nil(compile("-- only a comment").run())
  end)

  it("takes statements", function()
    local environment = {}
    local chunk = assert(sessions.compile("x = 3", environment))
    assert.is_false(chunk.is_expression)
    chunk.run()
    assert.equals(3, environment.x)
    assert.is_nil(rawget(_G, "x"))
    assert.equals(5, compile("return 5").run())
  end)

  it("is not fooled by brackets", function()
    local chunk, message = compile "1) + (2"
    assert.is_nil(chunk)
    assert.truthy(message)
  end)

  it("knows what is only a beginning", function()
    for _, text in ipairs {
      "for i = 1, 2 do",
      "function f()",
      "f(",
      "x = {",
      "if true then",
      "x =",
      "[[a long",
      "--[[ a comment",
      "users{ disabled =",
      "local function f()\nreturn 1",
    } do
      local chunk, message, incomplete = compile(text)
      assert.is_nil(chunk, text)
      assert.is_string(message)
      assert.is_true(incomplete, text)
    end
  end)

  it("knows what is wrong whatever follows", function()
    for _, text in ipairs { "x y", "end", "for = 1", "'unfinished", "1 +* 2", "}" } do
      local chunk, message, incomplete = compile(text)
      assert.is_nil(chunk, text)
      assert.truthy(message:find("repl:1:", 1, true), message)
      assert.is_false(incomplete, text)
    end
  end)

  it("counts lines from where it stands, and names its chunk in errors", function()
    local chunk = assert(compile("select('x')", { name = "=stdin", line = 12 }))
    local _, message = pcall(chunk.run)
    assert.truthy(message:find("bad argument #1 to '", 1, true), message)
    chunk = assert(compile("undefined.field", { name = "=stdin", line = 12 }))
    _, message = pcall(chunk.run)
    assert.truthy(message:find("stdin:12:", 1, true), message)
    _, message = compile("\nx y", { name = "=stdin", line = 12 })
    assert.truthy(message:find("stdin:13:", 1, true), message)
  end)

  it("refuses bytecode", function()
    local text = string.dump(function() end)
    assert.is_nil((compile(text)))
  end)

  it("tells statements from expressions", function()
    assert.is_true(sessions.is_statement "f()")
    assert.is_true(sessions.is_statement "x = 1")
    assert.is_false(sessions.is_statement "x")
    assert.is_false(sessions.is_statement "1 + 1")
  end)
end)

describe("repl.session", function()
  local box, prompt

  setup(function()
    box = start_box { users = 30, seed = 3, invited = 0 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    prompt = at_prompt.new(box)
  end)

  it("names the line of mistakes", function()
    prompt:fails(
      "client:users{ disabeld = true }",
      "repl:1: client:users: unknown option 'disabeld'"
    )
    prompt:fails("error('x', 0)", "error: x")
    prompt:fails("error()", "nil")
    prompt:fails("local t = nil\nreturn t.x", "repl:2:")
  end)

  it("keeps globals of the session apart from the program's", function()
    prompt:run "x = 5"
    prompt:shown("x", "5")
    assert.is_nil(rawget(_G, "x"))
  end)

  it("hides the hash of the client, wherever it comes from", function()
    local hash = box.provhash
    local outcome = prompt:run(("%q .. ' in a text'"):format(hash))
    assert.truthy(outcome.text:find(hash, 1, true), "no client, no hash to know")
    prompt:run "client"
    assert.is_nil(prompt:run(("%q .. ' in a text'"):format(hash)).text:find(hash, 1, true))
    assert.is_nil(prompt:run("sandbox.provhash").text:find(hash, 1, true))
    assert.is_nil(prompt:run(("error(%q)"):format(hash)).text:find(hash, 1, true))
  end)
end)

local places = require "lastpass.cli.repl.place"

describe("repl.place", function()
  local function kind(text)
    local place = places.of(text)
    return place and place.kind, place and place.start, place and place.path
  end

  it("tells names, members and commands", function()
    assert.same({ "name", "us" }, { kind "us" })
    assert.same({ "name", "" }, { kind "" })
    assert.same({ "name", "th" }, { kind "if x() th" })
    assert.same({ "name", "y" }, { kind "f(x, y" })
    assert.same({ "member", "us", "client" }, { kind "client:us" })
    assert.same({ "member", "", "lastpass.secret" }, { kind "x = lastpass.secret." })
    assert.is_true(places.of("client:").colon)
    assert.is_false(places.of("client.").colon)
    assert.same({ "command", ":he" }, { kind ":he" })
    assert.same({ "member", "us", "client" }, { kind ":doc client.us" })
  end)

  it("tells strings, with what stands in them so far", function()
    assert.same({ "string", "ann@ac" }, { kind 'users["ann@ac' })
    assert.same({ "string", "it is" }, { kind "f('it is" })
    assert.same({ "string", 'a \\" b' }, { kind 'x = "a \\" b' })
    assert.same({ "string", "long" }, { kind "x = [[long" })
    assert.same({ "name", "" }, { kind 'x = "done" ' })
    assert.same({ "name", "y" }, { kind "x = [[done]] .. y" })
    assert.equals('"', places.of('f("x').quote)
  end)

  it("tells options of calls", function()
    assert.same({ "option", "dis", "client:users" }, { kind "client:users{ dis" })
    assert.same({ "option", "", "users" }, { kind "users{" })
    assert.same({ "option", "a", "users" }, { kind "users({ disabled = true, a" })
    assert.same({ "option", "n", "client:batchadd" }, { kind "client:batchadd{ { user = 1 }, n" })
    assert.same({ "name", "tr" }, { kind "users{ disabled = tr" })
    assert.same({ "name", "x" }, { kind "y = { x" })
  end)

  it("says nothing where only running could tell, and in comments and numbers", function()
    for _, text in ipairs { "f().x", "f():", "t[1].", "'x':up", "-- us", "x = 12", "x = 0x1f" } do
      assert.is_nil(places.of(text), text)
    end
  end)

  it("survives anything", function()
    local odd = { "]]]", "}})", "\\", '"\\', "[[", "'''", ":", "::", "...", "\255\254" }
    for _, text in ipairs(odd) do
      assert.has_no_error(function()
        places.of(text)
      end)
    end
  end)
end)

local call_room = require "lastpass.nginx.dashboard.call"

describe("call", function()
  local function call(query)
    return call_room.new {
      request = { query = query, now = 5 },
      settings = { prefix = "/d", pause = function() end },
      tenant = { name = "acme" },
      pause = function() end,
    }
  end

  it("writes addresses of which nothing can break out", function()
    assert.equal(
      "/d/acme/people?q=a%20%26%3D%22%3C%3E%27%23%C3%A9&x=a.b~c-d_e",
      call({}):url("people", { { "q", "a &=\"<>'#é" }, { "none", "" }, { "x", "a.b~c-d_e" } })
    )
    assert.equal("/d/acme/", call({}):url "")
    assert.equal("/x", call_room.address("/x", { { "a", nil } }))
  end)

  it("reads parameters: trimmed, valid, of bearable length", function()
    local one = call {
      { "q", "  ann  " },
      { "bad", "a\255" },
      { "long", ("é"):rep(150) },
      { "x", "1" },
      { "x", "2" },
    }
    assert.equal("ann", one:param "q")
    assert.equal("a?", one:param "bad")
    assert.equal(("é"):rep(100), one:param "long")
    assert.equal("a" .. ("é"):rep(99), call({ { "q", "a" .. ("é"):rep(150) } }):param "q")
    assert.equal("2", one:param "x")
    assert.equal("", one:param "none")
  end)

  it("does not cut the mark of a page", function()
    local mark = ("A"):rep(600)
    assert.equal(mark, call({ { "after", mark } }):param "after")
  end)

  it("knows whether the list alone is wanted", function()
    assert.is_true(call({ { "part", "results" } }):is_part())
    assert.is_false(call({ { "part", "x" } }):is_part())
  end)
end)

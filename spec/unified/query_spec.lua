local query = require "lastpass.unified.query"

local function read(text)
  return query.read(query.split(text))
end

local function reason(text)
  local tree, problem = read(text)
  assert.is_nil(tree)
  assert.equal(400, problem.status)
  return problem.message
end

describe("queries", function()
  it("are read in all the spellings that clients have", function()
    assert.same({ a = "1", b = "x y", c = "" }, read "a=1&b=x+y&c")
    assert.same({ a = { "x", "y" } }, read "a[]=x&a[]=y")
    assert.same({ a = { "x", "y" } }, read "a%5B1%5D=y&a%5B0%5D=x")
    assert.same({ a = { "x", "y" } }, read "a[7]=y&a[2]=x")
    assert.same({ a = { gt = "1", lt = "2" } }, read "a[gt]=1&a[lt]=2")
    assert.same(
      { foo = { bar = "baz", bar1 = { bar2 = "b" } } },
      read "foo[bar]=baz&foo[bar1][bar2]=b"
    )
    assert.same({ e = { { email = "a" }, { email = "b" } } }, read "e[][email]=a&e[][email]=b")
    assert.same({ e = { { email = "a", type = "w" } } }, read "e[][email]=a&e[][type]=w")
    assert.same({ next_cursor = "" }, read "next_cursor=")
    assert.same({ a = "50%" }, read "a=50%25")
  end)

  it("are refused where they are no queries", function()
    assert.match("brackets", reason "a[b=1")
    assert.match("brackets", reason "a]=1")
    assert.match("twice", reason "a=1&a=2")
    assert.match("value and as an object", reason "a=1&a[b]=2")
    assert.match("twice", reason "a[b]=1&a[b]=2")
    assert.match("deeper than 5", reason "a[b][c][d][e][f]=1")
    assert.match("UTF%-8", reason "a=%FF")
    assert.match("UTF%-8", reason "%FF=a")
    assert.match("longer than", reason("a=" .. ("x"):rep(5000)))
    local many = {}
    for position = 1, 201 do
      many[position] = "a" .. position .. "=1"
    end
    assert.match("201 parameters; 200", reason(table.concat(many, "&")))
  end)

  it("keep lists and objects apart when somebody mixes them", function()
    assert.same({ a = { ["0"] = "x", b = "y" } }, read "a[0]=x&a[b]=y")
  end)

  it("say yes, no and lists", function()
    assert.is_true(query.truth({ a = "true" }, "a"))
    assert.is_false(query.truth({ a = "0" }, "a"))
    assert.is_nil(query.truth({}, "a"))
    local value, problem = query.truth({ a = "maybe" }, "a")
    assert.is_nil(value)
    assert.equal(400, problem.status)
    assert.same({ "x", "y" }, query.list({ a = "x, y" }, "a"))
    assert.same({ "x" }, query.list({ a = { "x" } }, "a"))
    assert.same({}, query.list({}, "a"))
    assert.is_nil(query.list({ a = { b = "x" } }, "a"))
  end)
end)

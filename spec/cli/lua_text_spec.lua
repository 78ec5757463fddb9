local lua_text = require "lastpass.cli.lua_text"

local function read(text)
  return (loadstring or load)("return " .. text)()
end

describe("values as Lua", function()
  it("read back as they were", function()
    for _, value in ipairs {
      "plain",
      'with "quotes" and \\ and \n newline \r',
      12,
      true,
      { "a", "b" },
      { from = "-24h", ["not a name"] = 1, ["end"] = { 1, 2 } },
    } do
      assert.same(value, read(lua_text.value(value)))
    end
  end)

  it("may hold source that stands as it is", function()
    local text = lua_text.value { secret = lua_text.raw 'secret.file("x")', other = 1 }
    assert.equals('{ other = 1, secret = secret.file("x") }', text)
  end)

  it("are short for short ones", function()
    assert.equals('{ status = "active" }', lua_text.value { status = "active" })
    assert.equals("{}", lua_text.value {})
    assert.equals("()", lua_text.options {})
    assert.equals(
      "for user in client:users() do print(user) end",
      lua_text.loop("user", "users", {})
    )
    assert.equals(
      'local client = assert(require("lastpass").connect("acme"))',
      lua_text.preamble { profile = "acme" }
    )
  end)

  it("connect as the flags say", function()
    assert.equals(
      'local client = assert(require("lastpass").connect(nil, { cid = 7, url = "https://x/" }))',
      lua_text.preamble { cid = "7", url = "https://x/" }
    )
    assert.equals(
      'local client = assert(require("lastpass").connect("acme", { retries = 0 }))',
      lua_text.preamble { profile = "acme", retries = "0" }
    )
  end)

  it("name what they leave out", function()
    local command = {
      rows = true,
      connects = true,
      writes = true,
      options = {
        { "--limit", "", value = "NAME", many = true },
      },
    }
    assert.is_nil(
      (lua_text.left_out("print(1)", command, { limit = {}, yes = true, quiet = true }))
    )
    assert.equals(
      '-- left out: --limit "disable=3", --dry-run, --csv, --where "not u.mfa"',
      lua_text.left_out("print(1)", command, {
        limit = { "disable=3" },
        dry_run = true,
        csv = true,
        where = "not u.mfa",
      })
    )
    local text = "plan(x, { limit = { disable = 3 } }) -- a dry run ends here"
    assert.is_nil((lua_text.left_out(text, command, { limit = { "disable=3" }, dry_run = true })))
  end)

  it("show no password of an address", function()
    for value, shown in pairs {
      ["http://ann:canary7@proxy.example:3128"] = '"http://ann:***@proxy.example:3128"',
      ["postgresql://ann:canary7@db/x"] = '"postgresql://ann:***@db/x"',
      ["https://x.example/a:b"] = '"https://x.example/a:b"',
      ["ann:x@acme.com"] = '"ann:x@acme.com"',
    } do
      assert.equals(shown, lua_text.value(value))
    end
    local line = lua_text.preamble { proxy = "http://ann:canary7@proxy.example:3128" }
    assert.is_nil(line:find("canary7", 1, true), line)
  end)
end)

local display = require "lastpass.cli.repl.display"
local errors = require "lastpass.error"
local scope = require "lastpass.cli.repl.scope"
local start_box = require("spec.support.box").start

describe("repl.display", function()
  local box, client

  setup(function()
    box = start_box { users = 40, seed = 3, invited = 2, folders = 3 }
    client = box:client()
  end)

  teardown(function()
    box:stop()
  end)

  local function has(text, ...)
    for _, wanted in ipairs { ... } do
      assert.truthy(text:find(wanted, 1, true), wanted .. "\nin:\n" .. text)
    end
  end

  local function list(kind, iterator)
    return scope.new_listing(kind, iterator)
  end

  it("shows lists of everything as tables", function()
    has(display.value(list("users", client:users())), "email", "last login (UTC)", "users")
    has(display.value(list("groups", client:groups())), "group", "members", "groups")
    has(display.value(list("folders", client:folders())), "folder", "users", "folders")
    has(display.value(list("events", client:events { from = "-30d" })), "time", "who", "events")
    local expired = display.value(list("expired_passwords", client:expired_passwords()))
    assert.truthy(expired:find "expired passwords?$", expired)
  end)

  it("says so when a list is empty", function()
    assert.equals(
      "no users",
      display.value(list("users", function()
        return nil
      end))
    )
  end)

  it("shows plain lists of users and groups like those of the client", function()
    local users = { client:snapshot():user(client:users()().email) }
    has(display.value(users), "email", "1 user")
    has(display.value { client:group "All Staff" }, "group", "1 group")
  end)

  it("shows one of each", function()
    local user = client:users()()
    has(display.value(user), "email", user.email, "groups", "last_login (UTC)")
    local group = client:groups()()
    has(display.value(group), group.name, "member", group:members()[1])
    local folder = client:folders()()
    has(display.value(folder), folder.name)
    has(display.value(client:events { from = "-30d" }()), "time", "who", "action")
    has(display.value(client), "lastpass.Client")
    has(display.value(client:snapshot()), "lastpass.Snapshot")
  end)

  it("shows strict objects as what they are", function()
    local strict = require "lastpass.strict"(client)
    has(display.value(strict:user(client:users()().email)), "email", "groups")
  end)

  it("shows what became of a batch, row by row", function()
    local result = client:add_users {
      { username = "new@lumenor.example", password = "swordfish99" },
      { username = "none", password = "swordfish99" },
    }
    local text = display.value(result, 80)
    has(text, "1 done, 1 refused", "row", "none", "not an e-mail address")
    assert.is_nil(text:find("swordfish", 1, true), text)
    has(display.value(client:disable_users { "new@lumenor.example" }), "1 done")
  end)

  it("shows plans", function()
    local plan = assert(client:plan(function(words)
      words.user "joiner@lumenor.example" { fullname = "Jo Iner" }
    end))
    has(display.value(plan), "Plan ", "joiner@lumenor.example", "1 to create")
  end)

  it("shows the first of very many", function()
    local at = 0
    local text = display.value(list("events", function()
      at = at + 1
      return at <= 5000 and { local_time = "t" .. at, username = "", action = "", data = "" } or nil
    end))
    has(text, "t2000", "5,000 events; the first 2,000 are shown")
    assert.is_nil(text:find("t2001", 1, true))
  end)

  it("shows all results, and nothing when there are none", function()
    assert.is_nil((display.results { n = 0 }))
    assert.equals("nil", (display.results { n = 1 }))
    assert.equals("1\nx\nnil", (display.results { n = 3, 1, "x" }))
    assert.equals("nil\n3", (display.results { n = 2, nil, 3 }))
  end)

  it("shows nil, message, err as an error with its hint", function()
    local function pack(...)
      return { n = select("#", ...), ... }
    end
    local text, failed = display.results(pack(errors.fail("auth", "authorization_error", "no", {
      hint = "check cid",
    })))
    assert.is_true(failed)
    assert.equals("error: no\n  hint: check cid", text)
    text = display.results(pack(errors.fail("transport", "timeout", "late", { uncertain = true })))
    assert.equals("error: late\n  it is not known whether the change was made", text)
    text, failed = display.results(pack(io.open "/no/such/file"))
    assert.is_true(failed)
    has(text, "error: /no/such/file")
    text = display.results(pack(errors.fail("partial", "partial", "1 of 2", {
      rows = { { row = 2, item = { username = "ann@acme.com", password = "x" }, reason = "why" } },
    })))
    has(text, "error: 1 of 2", "ann@acme.com", "why")
    text = display.results(pack(errors.fail("refused", "refused", "evil \27[2J text")))
    assert.is_nil(text:find("\27", 1, true))
  end)
end)

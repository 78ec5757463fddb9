-- People as the directory and the REST API know them together.
local accounts = require "lastpass.directory.accounts"
local check = require "spec.support.check"
local fake = require "spec.support.rest_fake"
local support = require "spec.support.box"

describe("lastpass.directory.accounts", function()
  local box, acme

  local function start(options)
    box = support.start(options)
    acme = assert(box:client())
  end

  after_each(function()
    if box then
      box:stop()
      box = nil
    end
  end)

  local function by_status(list)
    local counts = {}
    for _, user in ipairs(list) do
      counts[user.status] = (counts[user.status] or 0) + 1
    end
    return counts
  end

  it("join the directory with those whom the REST API alone shows", function()
    start { users = 30, invited = 3, staged = 2 }
    local list = assert(acme:accounts())
    assert.equal(35, #list)
    local counts = by_status(list)
    assert.same({ 3, 2 }, { counts.invited, counts.staged })
    local staged = assert(acme:accounts { status = "staged" })
    assert.equal(2, #staged)
    assert.same({ "staged", "staged" }, { staged[1].status, staged[1].account_status })
    assert.is_string(staged[1].fullname)
    assert.same({}, staged[1].groups)
    assert.same({ "rest", "rest" }, { staged[1].sources.email, staged[1].sources.status })
    local active = assert(acme:accounts { status = "active" })
    assert.same({ "enrolled", "enterprise", "rest" }, {
      active[1].account_status,
      active[1].sources.status,
      active[1].sources.account_status,
    })
    assert.is_nil(active[1].admin_level)
    assert.match(
      "no field or method 'admin_levl'",
      select(
        2,
        pcall(function()
          return active[1].admin_levl
        end)
      )
    )
  end)

  it("are those of one address, whatever its case", function()
    start { users = 8, staged = 1 }
    local address = assert(acme:accounts { status = "staged" })[1].email
    local found = assert(acme:accounts { email = address:upper() })
    assert.same({ 1, address }, { #found, found[1].email })
    assert.same({}, (acme:accounts { email = "nobody@x.example" }))
  end)

  it("have admin levels where the server lists who has which, and say where it does not", function()
    start { users = 20 }
    local list, gap = acme:accounts { admin = true, levels = true }
    assert.is_true(#list > 0)
    assert.is_nil(list[1].admin_level)
    assert.match("documents no list of it, and the server has none %(HTTP 501%)", gap)
    assert(box:act { settings = { rest_undocumented = true } })
    list, gap = acme:accounts { admin = true, levels = true }
    assert.is_nil(gap)
    for _, user in ipairs(list) do
      assert.same({ "Super Admin", "rest" }, { user.admin_level, user.sources.admin_level })
    end
  end)

  it("are the directory alone without a key, and an error where that is asked for", function()
    start { users = 5, invited = 0, staged = 2 }
    local bare = require("lastpass").new {
      cid = box.cid,
      url = box.url,
      provhash = require("lastpass").secret.value(box.provhash),
      journal = ":memory:",
    }
    local list = assert(bare:accounts())
    assert.same({ 5, "enterprise" }, { #list, list[1].sources.status })
    check.failure("argument", "no_rest", bare:accounts { status = "staged" })
    check.failure("argument", "no_rest", bare:accounts { levels = true })
  end)

  -- A company whose REST API answers what a spec says.
  local function of_answers(answers)
    local rest, server = fake.new()
    server.answers = answers
    return {
      rest = function()
        return rest
      end,
    }, server
  end

  it("ask for a few addresses one by one, and pass over whoever comes with them", function()
    local client, server = of_answers {
      {
        200,
        {
          items = {
            { id = 1, email = "ann@x.example", accountStatus = "staged" },
            { id = 2, email = "joann@x.example", accountStatus = "enrolled" },
          },
        },
      },
    }
    local read = assert(accounts.read(client, { emails = { "Ann@x.example" } }))
    assert.equal(1, #read:list())
    assert.equal("staged", read:of("ANN@x.example").status)
    assert.match("email=Ann%%40x.example", server.requests[1].url)
    client, server = of_answers { { 200, { items = {} } } }
    assert(accounts.read(client, { emails = { "a%b@x.example", "c@x.example" } }))
    assert.equal(1, #server.requests)
    assert.is_nil(server.requests[1].url:find("email=", 1, true))
  end)

  it("leave the status of who is in the directory as the directory says it", function()
    start { users = 3 }
    local before = assert(acme:accounts())
    local address = before[1].email
    local row = '{"items":[{"id":1,"email":"%s","accountStatus":"staged"}]}'
    support.inject(box, "rest:users", row:format(address:upper()))
    local list = assert(acme:accounts())
    assert.equal(#before, #list)
    assert.same({ address, "active", "staged" }, {
      list[1].email,
      list[1].status,
      list[1].account_status,
    })
    assert.equal("enterprise", list[1].sources.status)
  end)

  it("mark an address that two accounts have, and leave out rows that are none", function()
    local client = of_answers {
      {
        200,
        {
          items = {
            { id = 1, email = "ann@x.example", accountStatus = "staged" },
            { id = 2, email = "ANN@x.example", accountStatus = "something-new" },
            { id = 3, accountStatus = "enrolled" },
            { id = 4, email = "bob@x.example" },
          },
        },
      },
    }
    local read = assert(accounts.read(client))
    assert.equal(2, #read:list())
    assert.is_true(read:of("ann@x.example").is_duplicate)
    assert.equal("something_new", read:list()[2].status)
  end)

  it("fail as the REST API does, with nothing half read", function()
    local client = of_answers { { 401, { title = "Unauthorized" } } }
    check.failure("auth", "authorization_error", accounts.read(client))
    client = of_answers {
      { 200, { items = {} } },
      { 200, { items = { { id = 7, name = "Admin" } } } },
      { 400, {} },
    }
    check.failure("refused", "bad_request", accounts.read(client, { levels = true }))
  end)
end)

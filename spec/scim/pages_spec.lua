-- Lists: complete, or an error.
local check = require "spec.support.check"
local fake = require "spec.support.scim_fake"
local json = require "lastpass.json"
local loop = require "lastpass.transport.scheduler"

describe("lastpass.scim.pages", function()
  before_each(function()
    stub(loop, "sleep")
  end)

  after_each(function()
    loop.sleep:revert()
  end)

  local function ids(client, options)
    local list, seen = {}, {}
    for user in client:list("User", options) do
      assert.is_nil(seen[user.id], "given twice")
      seen[user.id] = true
      list[#list + 1] = user.id
    end
    return list
  end

  it("goes on by what was received, however long the pages are", function()
    for _, case in ipairs { { 0, 10 }, { 1, 10 }, { 10, 10 }, { 11, 10 }, { 250, 7 } } do
      local server = fake.new(case[1], { max_page = case[2] })
      assert.equal(case[1], #ids(fake.client(server)))
    end
  end)

  it("reads pages that come shorter than they were", function()
    local server = fake.new(100)
    server.on_request = function(request)
      local start, count = tonumber(request.query.startIndex), tonumber(request.query.count)
      request.query.count = tostring(math.min(count, start == 1 and 10 or start % 7 + 1))
    end
    assert.equal(100, #ids(fake.client(server)))
  end)

  it("asks for one thing at a time when it may not have several under way", function()
    local server = fake.new(30, { max_page = 10 })
    assert.equal(30, #ids(fake.client(server, { in_flight = 1 })))
    -- three pages, and the ends of two
    assert.equal(5, #server.requests)
  end)

  it("does not believe a total that is the size of the page, or none at all", function()
    for _, change in ipairs {
      function(body)
        body.totalResults = #body.Resources
      end,
      function(body)
        body.totalResults = nil
      end,
      function(body)
        body.totalResults, body.itemsPerPage = tostring(body.totalResults), 999
      end,
      function(body)
        body.resources, body.Resources = body.Resources, nil
      end,
    } do
      local server = fake.new(250)
      local send = server.send
      server.send = function(self, request)
        local response = send(self, request)
        local body = json.decode(response.body)
        change(body)
        response.body = json.encode(body)
        return response
      end
      assert.equal(250, #ids(fake.client(server)))
    end
  end)

  it("takes a missing list for an empty one when the total says so", function()
    local server = fake.new(0)
    server.on_request = function()
      return fake.answer(200, { totalResults = 0 })
    end
    assert.equal(0, #ids(fake.client(server)))
    server.on_request = function()
      return fake.answer(200, { hello = "world" })
    end
    check.raised("protocol", "not_a_list", ids, fake.client(server))
  end)

  it("notices a server that passes over startIndex", function()
    local server = fake.new(250)
    server.on_request = function(request)
      request.query.startIndex = "1"
    end
    check.raised("protocol", "paging_ignored", ids, fake.client(server))
    server = fake.new(100, { max_page = 1000 })
    server.on_request = function(request)
      request.query.startIndex, request.query.count = "1", "1000"
    end
    assert.equal(100, #ids(fake.client(server))) -- all at once is all
  end)

  it("notices a server that counts from zero", function()
    local server = fake.new(25, { max_page = 10 })
    server.on_request = function(request)
      request.query.startIndex = tostring(tonumber(request.query.startIndex) + 1)
    end
    local err = check.raised("conflict", "list_changing", ids, fake.client(server))
    assert.matches("says 25 and gives 24", err.message)
  end)

  it("reads again when somebody leaves meanwhile, and gives nobody twice", function()
    local server = fake.new(50, { max_page = 10 })
    server.on_request = function(_, number)
      if number == 3 then
        table.remove(server.Users, 5)
      end
    end
    local list = ids(fake.client(server, { in_flight = 1 }))
    assert.equal(50, #list) -- the one who left among them: they were given out before
  end)

  it("notices that one left and another came, so that the total is the same", function()
    local server = fake.new(50, { max_page = 10 })
    server.on_request = function(_, number)
      if number == 3 then
        table.remove(server.Users, 5)
        table.insert(server.Users, { id = "new", userName = "new@x.example" })
      end
    end
    local list = ids(fake.client(server, { in_flight = 1 }))
    assert.equal(51, #list)
    assert.same({ true, true }, { table.concat(list, " "):find "21" ~= nil, list[50] ~= nil })
  end)

  it("gives up a list that never holds still", function()
    local server = fake.new(50, { max_page = 10 })
    server.on_request = function(_, number)
      table.insert(server.Users, 1, { id = "n" .. number, userName = "n@x.example" })
    end
    check.raised("conflict", "list_changing", ids, fake.client(server))
  end)

  -- A server of cursors: they are the position to go on at.
  local function cursors(count, options)
    local server = fake.new(count)
    server.on_request = function(request)
      local cursor = request.query.cursor
      local size = math.min(tonumber(request.query.count), 10)
      local start = cursor and tonumber(cursor:match "%d+") or 1
      if options.expire and cursor == "c21" then
        options.expire = false
        return fake.refusal(400, "expiredCursor")
      end
      local page = json.list {}
      for index = start, math.min(start + size - 1, count) do
        page[#page + 1] = server.Users[index]
      end
      return fake.answer(200, {
        totalResults = options.total and count or nil,
        Resources = page,
        nextCursor = start + size <= count and "c" .. (start + size) or nil,
      })
    end
    return server
  end

  it("follows cursors, asked for or not, with a total or without (RFC 9865)", function()
    for _, total in ipairs { true, false } do
      local asked = fake.client(cursors(45, { total = total }), { dialect = { paging = "cursor" } })
      assert.equal(45, #ids(asked))
      assert.equal(45, #ids(fake.client(cursors(45, { total = total }))))
    end
    local server = cursors(45, {})
    ids(fake.client(server, { dialect = { paging = "cursor" } }))
    assert.same(
      { "", nil },
      { server.requests[1].query.cursor, server.requests[1].query.startIndex }
    )
    assert.equal("c11", server.requests[2].query.cursor)
  end)

  it("begins again when a cursor has expired", function()
    assert.equal(45, #ids(fake.client(cursors(45, { expire = true, total = true }))))
  end)

  it("asks by startIndex a server that passes over cursors", function()
    local server = fake.new(25, { max_page = 10 })
    assert.equal(25, #ids(fake.client(server, { dialect = { paging = "cursor" } })))
  end)

  it("asks by POST, and by GET where there is no .search", function()
    local server = fake.new(3)
    local client = fake.client(server)
    local count = 0
    for _ in client:search("User", { filter = 'userName eq "u1@x.example"' }) do
      count = count + 1
    end
    assert.equal(1, count)
    local search = server.requests[1]
    assert.same({ "POST", "/Users/.search" }, { search.method, search.path })
    assert.same({ 'userName eq "u1@x.example"', 1, 100 }, {
      search.body.filter,
      search.body.startIndex,
      search.body.count,
    })
    assert.equal("GET", server.requests[2].method)
  end)

  it("takes what is asked for alone, also of a server that sends everything", function()
    local server = fake.new(250)
    for _, user in ipairs(server.Users) do
      user.emails, user.displayName = { { value = user.userName } }, "U"
    end
    server.Users[3].active = "False"
    local client, users = fake.client(server), {}
    for user in client:list("User", { attributes = { "username", "active", "emails" } }) do
      users[#users + 1] = user
    end
    assert.equal(250, #users)
    assert.same({
      id = "3",
      userName = "u3@x.example",
      active = false,
      emails = { { value = "u3@x.example" } },
    }, users[3])
  end)

  it("passes on what is selected and sorted", function()
    local server = fake.new(3)
    ids(fake.client(server), {
      attributes = { "userName", "name.givenName" },
      excluded = { "emails" },
      sort_by = "userName",
      descending = true,
      page_size = 50,
    })
    assert.same({
      attributes = "userName,name.givenName",
      excludedAttributes = "emails",
      sortBy = "userName",
      sortOrder = "descending",
      startIndex = "1",
      count = "50",
    }, server.requests[1].query)
    assert.matches(
      "'attributes' must be a list of names",
      check.blamed(function()
        fake.client(server):list("User", { attributes = { "a b" } })
      end)
    )
  end)
end)

-- Searches over a connection made here, which answers what no server can be made to answer at will;
-- the peers' ldap_spec has a real one.
local check = require "spec.support.check"
local ldap_search = require "lastpass.source.ldap_search"

local function entry(name, attributes)
  return { "entry", name, attributes or {} }
end

local function done(more)
  local result = { code = 0, message = "Success", referrals = {} }
  for key, value in pairs(more or {}) do
    result[key] = value
  end
  return { "done", result }
end

-- Each search is answered by the next of `answers`, a list of messages.
local function connection(answers)
  local from = { sent = {}, abandoned = 0, seconds = 0 }
  local queues = {}
  function from:search(request)
    local copy = {}
    for key, value in pairs(request) do
      copy[key] = value
    end
    local number = #self.sent + 1
    self.sent[number] = copy
    if answers[number] == "down" then
      return nil, "Can't contact LDAP server", -1
    end
    queues[number] = { at = 0, list = answers[number] }
    return number
  end
  function from:next(number, seconds)
    local queue = queues[number]
    queue.at = queue.at + 1
    local message = queue.list[queue.at]
    if message == "down" then
      return nil, "Can't contact LDAP server", -1
    elseif not message then
      self.seconds = self.seconds + seconds
      return "nothing"
    end
    return message[1], message[2], message[3]
  end
  function from:abandon()
    self.abandoned = self.abandoned + 1
  end
  return from
end

local function read(answers, settings, request)
  local from = connection(answers)
  local all = { where = "here", timeout = 3 }
  for key, value in pairs(settings or {}) do
    all[key] = value
  end
  if all.deadline then
    all.now = function()
      return from.seconds
    end
  end
  request = request or { attributes = { "mail" }, page_size = 2 }
  local search = ldap_search.new(from, request, all)
  local names = {}
  local dn, message, err = search:next()
  while dn do
    names[#names + 1] = dn
    dn, message, err = search:next()
  end
  if err then
    local _, again, same = search:next()
    assert.equal(message, again)
    assert.equal(err, same)
  end
  return table.concat(names, ","), err, search, from
end

describe("ldap_search", function()
  it("reads page after page, empty ones too, until there is no cookie", function()
    local names, err, search, from = read {
      { entry "a", entry "b", done { cookie = "1" } },
      { done { cookie = "2" } },
      { entry "c", done() },
    }
    assert.is_nil(err)
    assert.equal("a,b,c", names)
    assert.equal(3, search.pages)
    assert.equal(3, search.entries)
    assert.same({ "1", "2" }, { from.sent[2].cookie, from.sent[3].cookie })
    assert.is_nil(from.sent[1].cookie)
    assert.is_nil(from.sent[1].time_limit)
  end)

  it("asks for no attributes when none are wanted", function()
    local _, _, _, from = read({ { done() } }, nil, { attributes = {} })
    assert.same({ "1.1" }, from.sent[1].attributes)
  end)

  it("breaks off with what the server says in the middle of the pages", function()
    for code, expected in pairs {
      [1] = "operations_error",
      [3] = "time_limit",
      [4] = "size_limit",
      [11] = "admin_limit",
      [51] = "busy",
      [52] = "unavailable",
      [53] = "unwilling",
    } do
      local names, err = read {
        { entry "a", entry "b", done { cookie = "1" } },
        { entry "c", done { code = code, message = "No", cookie = "2" } },
      }
      assert.equal("a,b,c", names)
      assert.equal(expected, err.code)
      assert.equal("here: No after 3 entries", err.message)
    end
  end)

  it("breaks off with the connection, wherever that is", function()
    local first = { entry "a", done { cookie = "1" } }
    assert.equal("no_connection", select(2, read { "down" }).code)
    assert.equal("no_connection", select(2, read { { "down" } }).code)
    assert.equal("no_connection", select(2, read { first, "down" }).code)
    assert.equal("no_connection", select(2, read { first, { entry "b", "down" } }).code)
  end)

  it("waits as long as it may, in pieces", function()
    local names, err, _, from = read { { entry "a" } }
    assert.equal("a", names)
    assert.equal("timeout", err.code)
    assert.equal("here: nothing came from the server for 3 seconds", err.message)
    assert.equal(3, from.seconds)
    assert.equal(1, from.abandoned)
    names, err, _, from = read({ { entry "a" } }, { timeout = 60, deadline = 2.5 })
    assert.equal("a", names)
    assert.equal("time_limit", err.code)
    assert.equal(2.5, from.seconds)
    assert.equal(2.5, from.sent[1].time_limit)
    _, err, _, from = read({ { done() } }, { deadline = 0 })
    assert.equal("time_limit", err.code)
    assert.equal(0, #from.sent)
  end)

  it("counts parts that are kept elsewhere, once each", function()
    local answers = {
      { { "reference", { "ldap://x" } }, entry "a", done { cookie = "1" } },
      { { "reference", { "ldap://x", "ldap://y" } }, done() },
    }
    local names, err, search = read(answers)
    assert.equal("a", names)
    assert.equal("referral", err.code)
    assert.same({ "ldap://x", "ldap://y" }, search.references)
    names, err, search = read(answers, { referrals = "ignore" })
    assert.equal("a", names)
    assert.is_nil(err)
    assert.equal(2, #search.references)
  end)

  it("fails when the base itself is elsewhere, ignored or not", function()
    for _, urls in ipairs { {}, { "ldap://x" } } do
      local _, err = read(
        { { done { code = 10, referrals = urls, message = "Referral" } } },
        { referrals = "ignore" }
      )
      assert.equal("referral", err.code)
    end
  end)

  it("hands out no more entries than a limit of ours", function()
    local answers = { { entry "a", entry "b", done() } }
    local names, err = read(answers, nil, { attributes = { "mail" }, size_limit = 1 })
    assert.equal("a", names)
    assert.equal("here: there are more than 1 entries", err.message)
    names, err = read(answers, nil, { attributes = { "mail" }, size_limit = 2 })
    assert.equal("a,b", names)
    assert.is_nil(err)
  end)

  it("fetches values that did not come whole, as Active Directory gives them", function()
    local from = connection {
      { entry("g", { ["member;range=0-1"] = { "a", "b" }, cn = { "G" } }), done() },
      { entry("g", { ["member;range=2-3"] = { "c", "d" } }), done() },
      { entry("g", { ["member;range=4-*"] = { "e" } }), done() },
    }
    local search = ldap_search.new(
      from,
      { attributes = { "member" } },
      { where = "h", timeout = 1 }
    )
    local _, attributes = search:next()
    assert.same({ cn = { "G" }, member = { "a", "b", "c", "d", "e" } }, attributes)
    assert.same({ "member;range=2-*" }, from.sent[2].attributes)
    assert.equal("g", from.sent[2].base)
  end)

  it("does not go on when the rest of the values does not come", function()
    local first = { entry("g", { ["member;range=0-1"] = { "a", "b" } }), done() }
    local _, err = read { first, { done() } }
    assert.equal("bad_answer", err.code)
    _, err = read { first, { entry("g", { ["member;range=0-1"] = { "a", "b" } }), done() } }
    assert.equal("bad_answer", err.code)
    _, err = read { first, { done { code = 51, message = "Busy" } } }
    assert.equal("busy", err.code)
    _, err = read { first, { "down" } }
    assert.equal("no_connection", err.code)
  end)

  it("shows at once whether it can be answered", function()
    local settings = { where = "h", timeout = 1 }
    local from = connection { { done { code = 32, message = "No such object", matched = "o=x" } } }
    local search = ldap_search.new(from, { attributes = { "mail" } }, settings)
    local err = check.failure("argument", "no_such_base", search:begin())
    assert.equal("h: No such object; the nearest there is 'o=x'", err.message)
    from = connection { { entry "a", done() } }
    search = ldap_search.new(from, { attributes = { "mail" } }, settings)
    assert.is_true(search:begin())
    assert.equal("a", (search:next()))
    assert.is_nil((search:next()))
  end)
end)

-- Users while they arrive, in bounded memory.
local check = require "spec.support.check"
local core = require "lastpass.core"
local lastpass = require "lastpass"
local loop = require "lastpass.transport.loop"
local support = require "spec.support.box"

describe("lastpass.directory.stream", function()
  local box, client

  setup(function()
    box = support.start { users = 3000, invited = 4 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    client = box:client()
  end)

  it("gives the same users as the pages do, in one request", function()
    local expected, streamed = {}, {}
    for user in client:users() do
      expected[user.email] = user.fullname or ""
    end
    local before = support.requests(box)
    for user in client:users { stream = true } do
      assert.is_nil(streamed[user.email])
      streamed[user.email] = user.fullname or ""
    end
    assert.same(expected, streamed)
    assert.equal(1, support.requests(box) - before)
  end)

  it("gives users with all their fields and methods", function()
    local seen = false
    for user in client:users { stream = true, admin = true } do
      assert.is_true(user.admin)
      assert.equal("number", type(user.created))
      assert.equal("function", type(user.disable))
      local again = assert(client:user(user.email))
      assert.equal(again.id, user.id)
      assert.same(again.groups, user.groups)
      seen = true
    end
    assert.is_true(seen)
    for user in client:users { stream = true, disabled = true } do
      assert.equal("disabled", user.status)
    end
  end)

  it("gives nothing for an empty company", function()
    local empty = support.start { users = 0, invited = 0 }
    local list = check.emails(empty:client():users { stream = true })
    empty:stop()
    assert.same({}, list)
  end)

  it("keeps what was given out usable", function()
    local kept = {}
    for user in client:users { stream = true } do
      kept[#kept + 1] = user
    end
    assert.equal(3004, #kept)
    collectgarbage()
    local emails = {}
    for _, user in ipairs(kept) do
      emails[user.email] = true
      assert.equal("string", type(user.status))
    end
    local count = 0
    for _ in pairs(emails) do
      count = count + 1
    end
    assert.equal(3004, count)
  end)

  it("does not download ahead of a slow program", function()
    local big = support.start { users = 60000 }
    local reader = big:client()
    local pool = loop.pool()
    local start = pool.start
    local iterator, first, memory
    local sink
    -- the sink is the snapshot that takes the bytes; its size is what waits
    reader._transport = {
      start = function(_, request)
        sink = request.sink
        return require("lastpass.transport.curl").new():start(request)
      end,
      result = reader._transport.result,
      send = reader._transport.send,
    }
    iterator = reader:users { stream = true }
    first = iterator()
    for _ = 1, 50 do
      loop.sleep(0.001) -- moves bytes, should any be let in
    end
    memory = sink:memory()
    local count = 1
    for _ in iterator do
      count = count + 1
    end
    big:stop()
    assert.equal(start, pool.start)
    assert.truthy(first)
    assert.is_true(memory < 4 * 1024 * 1024, tostring(memory))
    assert.is_true(count >= 60000)
  end)

  it("hands rows over wherever the bytes happen to be cut", function()
    local body = '{"Users":{"1":{"username":"a@x.example","groups":["A","B"]},'
      .. '"2":{"username":"b@x.example","attribs":{"x":"y"},"groups":["B"]},'
      .. '"3":{"username":"c@x.example","other":[1,{"z":2}]}},'
      .. '"Groups":{"A":["a@x.example"]},"invited":["d@x.example"]}'
    local email, groups = core.user_fields.email, core.user_fields.groups
    for cut = 1, #body - 1 do
      local sink, people = core.snapshot(1), {}
      local function take()
        local rows = sink:take()
        for row = 1, rows and #rows or 0 do
          people[#people + 1] = core.user_value(rows, row, email)
            .. " "
            .. table.concat(core.user_value(rows, row, groups), ",")
        end
      end
      assert(sink:feed(body:sub(1, cut)))
      take()
      assert(sink:feed(body:sub(cut + 1)))
      assert(sink:finish())
      take()
      assert.same({ "a@x.example A,B", "b@x.example B", "c@x.example " }, people, "cut at " .. cut)
      assert.same({ "d@x.example" }, sink:invited())
    end
  end)

  it("raises when the reply breaks off, after the users that came", function()
    for _, length in ipairs { "declared", "lowered" } do
      for _, kept in ipairs { 0, 10, 5000, 400000 } do
        support.reset(box)
        assert(box:faults {
          command = "getuserdata",
          truncate = kept,
          content_length = length,
          count = 1,
        })
        local count = 0
        local ok, err = pcall(function()
          for _ in client:users { stream = true } do
            count = count + 1
          end
        end)
        local place = ("%s %d"):format(length, kept)
        assert.is_false(ok, place)
        assert.equal("table", type(err), place)
        assert.is_true(err.kind == "protocol" or err.kind == "transport", place)
        assert.equal("getuserdata", err.command)
        assert.equal(err.message, tostring(err))
        assert.is_true(count < 3000)
        assert.is_true(kept < 400000 or count > 100, place .. ": " .. count)
      end
    end
  end)

  it("raises for refusals, wrong credentials, statuses and limits", function()
    local function run(from)
      return check.raised(nil, nil, function()
        for _ in from:users { stream = true } do
          error "a user came"
        end
      end)
    end
    support.inject(box, "getuserdata", '{"status":"FAIL","error":"no"}')
    assert.equal("refused", run(client).kind)
    support.inject(box, "getuserdata", '{"status":"WARN","errors":["x"],"Users":{}}')
    assert.equal("protocol", run(client).kind)
    support.inject(box, "getuserdata", "{}")
    assert.equal("unexpected_shape", run(client).code)
    support.inject(box, "getuserdata", "[1")
    assert.equal("protocol", run(client).kind)
    support.inject(box, "getuserdata", nil, { status = 503 })
    assert.equal("http_status", run(client).code)
    support.inject(box, "getuserdata", nil, { status = 429, retry_after = 5000 })
    assert.equal(5000, run(client).retry_after)
    -- over a kept connection libcurl itself tries a read once more
    support.inject(box, "getuserdata", nil, { drop = "after", count = 2 })
    assert.equal("transport", run(client).kind)
    assert(box:clear_faults())
    assert.equal("auth", run(box:client { provhash = lastpass.secret.value(("0"):rep(64)) }).kind)
    local err = check.raised("transport", "reply_too_large", function()
      check.emails(box:client({ max_bytes = 2048 }):users { stream = true })
    end)
    assert.truthy(err.hint)
  end)

  it("works inside tasks, several at once", function()
    local counts = {}
    lastpass.parallel(3, function(spawn)
      for task = 1, 3 do
        spawn(function()
          local count = 0
          for _ in client:users { stream = true } do
            count = count + 1
          end
          counts[task] = count
        end)
      end
    end)
    assert.same({ 3004, 3004, 3004 }, counts)
  end)

  it("lets other calls go on while it is open", function()
    local iterator = client:users { stream = true }
    assert.truthy(iterator())
    assert(client:getsfdata())
    assert.equal("refused", select(3, client:user "nobody@x.example").kind)
    local count = 1
    for _ in iterator do
      count = count + 1
    end
    assert.equal(3004, count)
  end)

  it("can be left in the middle", function()
    for _ = 1, 20 do
      local iterator = client:users { stream = true }
      assert.truthy(iterator())
    end
    collectgarbage()
    collectgarbage()
    assert(client:getsfdata())
  end)
end)

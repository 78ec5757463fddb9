-- The hash of one company is never in a request to another: every request is recorded as it comes over the wire.
local cli = require "spec.support.cli"
local evidence = require "lastpass.report.evidence"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local queue = require "lastpass.tenants.queue"
local servers = require "spec.support.server"
local store = require "lastpass.store"
local tenants = require "spec.support.tenants"
local worker = require "lastpass.tenants.worker"

local COUNT = 12

-- Every fifth request fails, so that companies are asked again while others are asked.
local HANDLER = [[
  local directory = '{"Users":[],"Groups":[],"invited":[],"total":0,"count":0}'
  return function(client, number)
    local request = tools.read_request(client)
    if not request then return end
    tools.log((request.body:gsub("%s+", " ")))
    if number % 5 == 0 then
      client:send "HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    else
      tools.reply(client, directory, "Connection: close\r\n")
    end
  end
]]

describe("the hash of a company", function()
  it("is in requests to that company only", function()
    local server = servers.start(HANDLER)
    local folder = os.tmpname()
    os.remove(folder)
    os.execute("mkdir -m 700 " .. folder)
    local profiles = {}
    for number = 1, COUNT do
      local path = ("%s/%d.hash"):format(folder, number)
      tenants.write(path, tenants.hash(number))
      profiles[("c%02d"):format(number)] = {
        cid = 9000 + number,
        url = server.url,
        provhash = { file = path },
        journal = folder .. "/journal.db",
      }
    end
    local file = folder .. "/companies.json"
    tenants.write(file, json.encode { profiles = profiles })
    local set = assert(lastpass.tenants.load { file = file })
    for _, in_flight in ipairs { 4, 12 } do
      for _, kind in ipairs { "users", "groups" } do
        assert(set:run(kind, nil, { in_flight = in_flight, time_limit = 30 }))
      end
      local made = assert(set:plan(function(p)
        p.user "new@canary.example" { fullname = p.company.name }
      end, { in_flight = in_flight, time_limit = 30 }))
      for number = 1, COUNT do
        assert.is_nil(made:text():find(tenants.hash(number), 1, true))
      end
    end
    local counts, requests = {}, 0
    for _, line in ipairs(server:log()) do
      local number = assert(tonumber(line:match '"cid":"?(%d+)'), line) - 9000
      for other = 1, COUNT do
        local is_there = line:find(tenants.hash(other), 1, true) ~= nil
        assert.equal(other == number, is_there, line)
      end
      counts[number], requests = (counts[number] or 0) + 1, requests + 1
    end
    for number = 1, COUNT do
      assert.is_true((counts[number] or 0) >= 4)
    end
    assert.is_true(requests > COUNT * 4) -- some were sent again
    server:stop()
    os.execute("rm -rf " .. folder)
  end)

  -- A company answers as if it had done what it was told; a person who was created is there.
  local OBEDIENT = [[
    local there = {}
    return function(client)
      local request = tools.read_request(client)
      if not request then return end
      local body = request.body:gsub("%s+", " ")
      tools.log(body)
      local cid = body:match '"cid":"?(%d+)'
      local people = there[cid] or ""
      local count = people == "" and 0 or 1
      local users = count == 0 and "[]" or "{" .. people .. "}"
      local form = '{"Users":%s,"Groups":[],"invited":[],"total":%d,"count":%d}'
      local reply = form:format(users, count, count)
      if body:find '"cmd":"batchadd"' then
        there[cid] = '"1":{"username":"new@canary.example","fullname":"New","admin":false,'
          .. '"disabled":false,"neverloggedin":true,"groups":[]}'
        reply = '{"status":"OK"}'
      elseif body:find '"cmd":"expiredmasterpwlist"' then
        reply = '{"status":"Success","items":[]}'
      elseif body:find '"cmd":"getsfdata"' then
        reply = "[]"
      elseif not body:find '"cmd":"getuserdata"' then
        reply = '{"status":"OK","next":null,"data":{}}'
      end
      tools.reply(client, reply, "Connection: close\r\n")
    end
  ]]

  local FEW = 3
  local server, folder, file, journal

  local function new_hash(number)
    return tenants.hash(0x7000 + number)
  end

  before_each(function()
    server = servers.start(OBEDIENT)
    folder = os.tmpname()
    os.remove(folder)
    os.execute("mkdir -m 700 " .. folder)
    local profiles = {}
    for number = 1, FEW do
      local path = ("%s/%d.hash"):format(folder, number)
      tenants.write(path, tenants.hash(number))
      profiles["c" .. number] = {
        cid = 9000 + number,
        url = server.url,
        provhash = { file = path },
        journal = folder .. "/journal.db",
      }
    end
    file = folder .. "/companies.json"
    tenants.write(file, json.encode { profiles = profiles })
    journal = assert(store.open { path = folder .. "/journal.db" })
  end)

  after_each(function()
    server:stop()
    journal:close()
    os.execute("rm -rf " .. folder)
  end)

  local function load()
    local connect = worker.connect(lastpass.new, { timeout = 2, lease = 10 })
    return assert(lastpass.tenants.load { file = file, connect = connect })
  end

  local function assert_none(text, where)
    for number = 1, FEW do
      assert.is_nil(text:find(tenants.hash(number), 1, true), where)
      assert.is_nil(text:find(new_hash(number), 1, true), where)
    end
  end

  -- How often each company was asked with a hash; it is always that company's.
  local function requests(hash_of)
    local counts = {}
    for _, line in ipairs(server:log()) do
      local number = assert(tonumber(line:match '"cid":"?(%d+)'), line) - 9000
      for other = 1, FEW do
        for _, hash in ipairs { tenants.hash(other), new_hash(other) } do
          assert.is_true(other == number or not line:find(hash, 1, true), line)
        end
      end
      counts[number] = (counts[number] or 0) + (line:find(hash_of(number), 1, true) and 1 or 0)
    end
    return counts
  end

  -- Everything that the journal has, as it gives it and as it is on the disk.
  local function assert_none_in_journal(run)
    assert_none(json.encode(assert(journal:tenant_runs {})), "runs")
    assert_none(json.encode(assert(journal:runs {})), "runs of a company")
    local whole = assert(journal:tenant_run(run))
    assert_none(json.encode(whole), "the run, its settings and its plan")
    for _, job in ipairs(assert(journal:tenant_jobs(run))) do
      assert_none(json.encode(job), "a job and its payload")
      assert_none(json.encode(assert(journal:tenant_outcome(job.id)) or {}), "an outcome")
      local part = 1
      local rows = journal:tenant_rows(job.id, part)
      while rows do
        assert_none(rows, "rows of a result")
        part = part + 1
        rows = journal:tenant_rows(job.id, part)
      end
    end
    for _, ending in ipairs { "", "-wal" } do
      local handle = io.open(folder .. "/journal.db" .. ending, "rb")
      if handle then
        assert_none(handle:read "*a", "journal.db" .. ending)
        handle:close()
      end
    end
  end

  it("is with that company only while plans are applied, and nowhere in the journal", function()
    local set = load()
    local made = assert(set:plan(function(p)
      p.user "new@canary.example" { fullname = "New" }
    end))
    local result = assert(set:apply(made, {
      timeout = 2,
      lease = 10,
      settle_after = 0.1,
      late_margin = 0,
    }))
    assert.same({ FEW, FEW }, { result.companies, result.done }, json.encode(result.missing))
    for _, count in ipairs(requests(tenants.hash)) do
      assert.is_true(count >= 3) -- planned, created, read back
    end
    assert_none(json.encode(result.list), "the result")
    assert_none_in_journal(result.id)
  end)

  it("is with that company only where workers do it, and nowhere in the queue", function()
    local set, said = load(), {}
    local id = assert(queue.add(set, "users", { status = "active" }))
    local totals = assert(worker
      .new(set, {
        once = true,
        timeout = 2,
        lease = 10,
        every = 0.05,
        on_event = function(event)
          said[#said + 1] = ("%s %s %s"):format(event.what, event.company, tostring(event.message))
        end,
      })
      :work())
    assert.equal(FEW, totals.done, table.concat(said, "\n"))
    assert.same({ 1, 1, 1 }, requests(tenants.hash))
    assert_none(table.concat(said, "\n"), "what the worker says")
    assert_none(json.encode(assert(queue.status(journal, id))), "the status")
    assert_none_in_journal(id)
  end)

  it("is not in evidence", function()
    local set, key, bundle = load(), folder .. "/key", folder .. "/bundle"
    assert(evidence.new_key(key))
    local body = assert(set:evidence(bundle, { key = key, reports = { "mfa" } }))
    assert.equal(FEW, body.done, json.encode(body.missing))
    requests(tenants.hash)
    local pipe = assert(io.popen(("find %s -type f -exec cat {} +"):format(bundle)))
    local text = pipe:read "*a"
    pipe:close()
    assert.is_true(#text > 1000)
    assert_none(text, "evidence")
  end)

  it(
    "is rotated in requests to that company only; neither the old nor the new one is said",
    function()
      for number = 1, FEW do
        tenants.write(("%s/new-%d"):format(folder, 9000 + number), new_hash(number))
      end
      local code, out, err = cli.run {
        "auth",
        "rotate",
        "--tenants=all",
        "--tenants-file=" .. file,
        ("--new-provhash-file=%s/new-{cid}"):format(folder),
        "--yes",
      }
      assert.equal(0, code, err)
      assert_none(out .. err, "the output")
      for number = 1, FEW do
        local handle = assert(io.open(("%s/%d.hash"):format(folder, number)))
        assert.equal(new_hash(number), handle:read "*l")
        handle:close()
        assert.is_true(requests(new_hash)[number] >= 1)
      end
      local handle = assert(io.open(folder .. "/journal.db", "rb"))
      assert_none(handle:read "*a", "the journal")
      handle:close()
    end
  )
end)

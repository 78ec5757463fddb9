-- Writes over lists: true to the row, whatever the server says.
local batch = require "lastpass.enterprise.batch"
local check = require "spec.support.check"
local clocks = require "spec.support.clock"
local errors = require "lastpass.error"
local lastpass = require "lastpass"
local support = require "spec.support.box"

-- Places of rows, such as {1, 3}.
local function rows_of(list)
  local rows = {}
  for position, entry in ipairs(list) do
    rows[position] = entry.row
  end
  return rows
end

local function range(first, last)
  local list = {}
  for row = first, last do
    list[#list + 1] = row
  end
  return list
end

local function people(count)
  local list = {}
  for i = 1, count do
    list[i] = { username = ("new%d@x.example"):format(i), fullname = "New " .. i }
  end
  return list
end

local commands = {
  add_users = "batchadd",
  update_users = "updateuser",
  change_groups = "batchchangegrp",
  disable_users = "disableuser",
  enable_users = "enableuser",
}

-- A client whose functions over lists go straight to the wire.
local function wire(client)
  local methods = {}
  for name, command in pairs(commands) do
    methods[name] = function(_, list, options)
      return batch.run(client, "client:" .. name, command, list, options, 2)
    end
  end
  return setmetatable(methods, { __index = client })
end

describe("lastpass.enterprise.batch", function()
  local box, client

  setup(function()
    box = support.start { users = 60 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    client = wire(box:client())
  end)

  -- Addresses of so many active users of the sandbox.
  local function members(count)
    local list = {}
    for user in client:users { status = "active" } do
      if #list < count then
        list[#list + 1] = user.email
      end
    end
    return list
  end

  -- Every row is in exactly one list, the item is what was given.
  local function assert_complete(result, list)
    local seen = {}
    for _, outcome in ipairs { "done", "unchanged", "refused", "uncertain", "not_tried" } do
      local last = 0
      for _, entry in ipairs(result[outcome]) do
        assert.is_nil(seen[entry.row])
        assert.is_true(entry.row > last)
        assert.equal(list[entry.row], entry.item)
        seen[entry.row], last = true, entry.row
      end
    end
    for row = 1, #list do
      assert.is_true(seen[row], "row " .. row)
    end
  end

  describe("carries out", function()
    it("add_users in chunks", function()
      local list, progress = people(25), {}
      local result = assert(client:add_users(list, {
        chunk = 10,
        on_progress = function(so_far)
          progress[#progress + 1] = #so_far.done
        end,
      }))
      assert.is_true(result.ok)
      assert.equal(3, result.requests)
      assert.equal(3, support.requests(box, "batchadd"))
      assert.same({ 10, 20, 25 }, progress)
      assert.same(range(1, 25), rows_of(result.done))
      assert.equal("25 done", tostring(result))
      assert_complete(result, list)
      assert.equal("New 25", support.person(box, "new25@x.example").fields.fullname)
      local rows = {}
      for _, entry in ipairs(box:journal { command = "batchadd" }) do
        rows[#rows + 1] = entry.rows
      end
      assert.same({ 10, 10, 5 }, rows)
    end)

    it("a list in chunks of 100 unless told otherwise", function()
      assert.equal(3, assert(client:add_users(people(201))).requests)
      support.reset(box)
      assert.equal(7, assert(wire(box:client({ chunk = 30 })):add_users(people(201))).requests)
      support.reset(box)
      assert.equal(1, assert(client:add_users(people(201), { chunk = 100000 })).requests)
    end)

    it("update_users one by one", function()
      local list = {}
      for position, email in ipairs(members(3)) do
        list[position] = { username = email, fullname = "Name " .. position }
      end
      local result = assert(client:update_users(list))
      assert.equal(3, result.requests)
      for position, row in ipairs(list) do
        assert.equal("Name " .. position, support.person(box, row.username).fields.fullname)
      end
    end)

    it("change_groups, several changes of one user too", function()
      local email = members(1)[1]
      local result = assert(client:change_groups {
        { username = email, add = { "Night Shift" } },
        { username = email:upper(), del = { "All Staff" } },
      })
      assert.is_true(result.ok)
      assert.equal(1, result.requests)
      local groups = table.concat(support.person(box, email).fields.groups, ",")
      assert.truthy(groups:find("Night Shift", 1, true))
      assert.is_nil(groups:find("All Staff", 1, true))
    end)

    it("disable_users and enable_users, and says who was so before", function()
      local list = members(5)
      assert(client:disableuser { list[2] })
      local result = assert(client:disable_users(list))
      assert.is_true(result.ok)
      assert.same({ 1, 3, 4, 5 }, rows_of(result.done))
      assert.same({ 2 }, rows_of(result.unchanged))
      assert.equal("4 done, 1 unchanged", tostring(result))
      for _, email in ipairs(list) do
        assert.is_true(support.person(box, email).fields.disabled)
      end
      result = assert(client:enable_users(list))
      assert.equal(5, #result.done)
      assert.is_false(support.person(box, list[1]).fields.disabled)
    end)

    it("an empty list, without a request", function()
      local result = assert(client:add_users {})
      assert.is_true(result.ok)
      assert.equal(0, result.requests)
      assert.equal("0 done", tostring(result))
      assert.equal(0, support.requests(box))
    end)
  end)

  describe("finds rows that are wrong before asking", function()
    it("addresses that are none", function()
      local bad = { "no-at", "a@@b.example", "a b@x.example", "", "a@", "a@x..example" }
      local list = { "new0@x.example" }
      for _, address in ipairs(bad) do
        list[#list + 1] = address
      end
      local rows = {}
      for position, address in ipairs(list) do
        rows[position] = { username = address ~= "" and address or " " }
      end
      local result = assert(client:add_users(rows))
      assert.is_false(result.ok)
      assert.same({ 1 }, rows_of(result.done))
      assert.same(range(2, #list), rows_of(result.refused))
      for _, entry in ipairs(result.refused) do
        assert.equal("bad_address", entry.code)
        assert.matches("is no e-mail address", entry.reason, 1, true)
      end
      assert.equal(1, result.requests)
      assert_complete(result, rows)
    end)

    it("addresses with what a server may not see, before anything is sent", function()
      local email = members(1)[1]
      local result = assert(client:disable_users { email .. "\0", email .. "\226\128\139" })
      assert.same({ 1, 2 }, rows_of(result.refused))
      assert.equal("bad_address", result.refused[1].code)
      assert.equal(0, result.requests)
      assert.equal(0, support.requests(box, "disableuser"))
    end)

    it("addresses that come twice, the case of letters and spaces aside", function()
      local list = { "ann@x.example", "bob@x.example", "ANN@x.example", " ann@x.example " }
      local rows = {}
      for position, address in ipairs(list) do
        rows[position] = { username = address }
      end
      local result = assert(client:add_users(rows))
      assert.same({ 1, 2 }, rows_of(result.done))
      assert.same({ 3, 4 }, rows_of(result.refused))
      assert.equal("repeated", result.refused[1].code)
      assert.equal("the same address as row 1", result.refused[1].reason)
    end)

    it("and sends addresses without the spaces around them", function()
      local email = members(1)[1]
      local given = { "  " .. email .. "\t" }
      local result = assert(client:disable_users(given))
      assert.same({ 1 }, rows_of(result.done))
      assert.equal(given[1], result.done[1].item)
      result = assert(client:disable_users(given))
      assert.same({ 1 }, rows_of(result.unchanged))
      local row = { username = " spaced@x.example " }
      assert.is_true(assert(client:add_users { row }).ok)
      assert.equal(" spaced@x.example ", row.username)
      assert.is_true(support.person(box, "spaced@x.example").found)
    end)

    it("tells who was so before when others are not named at all", function()
      support.inject(
        box,
        "disableuser",
        '{"status":"success","disabled_users":["a@x.example"],"unchanged_users":["B@x.example"]}'
      )
      local result = assert(client:disable_users { "a@x.example", "b@x.example", "c@x.example" })
      assert.same({ 1 }, rows_of(result.done))
      assert.same({ 2 }, rows_of(result.unchanged))
      assert.same({ 3 }, rows_of(result.refused))
    end)

    it("addresses beyond ASCII are sent as they are", function()
      -- the sandbox knows ASCII addresses only
      support.inject(
        box,
        "disableuser",
        '{"status":"success","unchanged_users":["Zo\195\171@x.example"]}'
      )
      local result = assert(client:disable_users { "zo\195\171@x.example" })
      assert.same({ 1 }, rows_of(result.unchanged))
    end)
  end)

  describe("raises at the caller's line", function()
    it("what is no list, or no list of the right things", function()
      local cases = {
        [function()
          client:add_users "ann@x.example"
        end] = "client:add_users: needs a list",
        [function()
          client:add_users()
        end] = "client:add_users: needs a list",
        [function()
          client:add_users { username = "ann@x.example" }
        end] = "client:add_users: needs a list of rows, not a table with the key 'username'",
        [function()
          client:add_users { "ann@x.example" }
        end] = "client:add_users: row 1 must be a table, not a string",
        [function()
          client:disable_users { "a@x.example", { username = "ann@x.example" } }
        end] = "client:disable_users: row 2 must be a string, not a table",
        [function()
          client:disable_users(client:users()())
        end] = "client:disable_users: needs a list",
        [function()
          client:add_users({}, { chunks = 5 })
        end] = "client:add_users: unknown option 'chunks' (did you mean 'chunk'?)",
        [function()
          client:add_users({}, { chunk = 0 })
        end] = "client:add_users: option 'chunk' must be an integer from 1 on, not number",
        [function()
          client:add_users({}, { chunk = 1.5 })
        end] = "client:add_users: option 'chunk' must be an integer from 1 on, not number",
      }
      for fn, expected in pairs(cases) do
        assert.equal(expected, check.blamed(fn))
      end
    end)

    it("a field that is wrong in any row, before the first row is sent", function()
      local rows = people(250)
      rows[250].fulname = "x"
      local message = check.blamed(function()
        client:add_users(rows)
      end)
      assert.matches("unknown field 'fulname' %(did you mean 'fullname'%?%)", message)
      message = check.blamed(function()
        client:update_users { { username = "a@x.example" }, { fullname = "No Address" } }
      end)
      assert.matches("row 2", message)
      check.blamed(function()
        client:change_groups { { username = "a@x.example" } }
      end)
      assert.equal(0, support.requests(box))
    end)
  end)

  describe("halves what is refused as a whole", function()
    -- Groups that do not exist make the sandbox refuse the whole call, naming nobody.
    before_each(function()
      assert(box:act { settings = { unknown_group = "fail" } })
    end)

    local function changes(count, bad)
      local list = {}
      for position, email in ipairs(members(count)) do
        list[position] = { username = email, add = { bad[position] and "Nowhere" or "Sales" } }
      end
      return list
    end

    it("until the bad rows are found", function()
      local list = changes(32, { [7] = true, [20] = true })
      local result = assert(client:change_groups(list, { chunk = 32 }))
      assert.is_false(result.ok)
      assert.same({ 7, 20 }, rows_of(result.refused))
      assert.equal(30, #result.done)
      assert.equal(result.requests, support.requests(box, "batchchangegrp"))
      assert.is_true(result.requests - 1 <= 2 * (2 * 5 + 2))
      assert.matches("batchchangegrp: ", result.refused[1].reason)
      assert.equal("refused", result.refused[1].code)
      assert_complete(result, list)
      for position, row in ipairs(list) do
        local groups = table.concat(support.person(box, row.username).fields.groups or {}, ",")
        if position == 7 or position == 20 then
          assert.is_nil(groups:find("Nowhere", 1, true))
        else
          assert.truthy(groups:find("Sales", 1, true))
        end
      end
    end)

    it("also when all rows are bad, or the only one", function()
      local result = assert(client:change_groups(changes(1, { true })))
      assert.same({ 1 }, rows_of(result.refused))
      assert.equal(1, result.requests)
      result =
        assert(client:change_groups(changes(8, { true, true, true, true, true, true, true, true })))
      assert.equal(8, #result.refused)
      assert.equal(15, result.requests)
    end)

    it("within the bound, for bad rows anywhere in lists of up to 256", function()
      -- the server's part is played here: it refuses a call with a bad row, naming nobody
      local calls, bad
      local fake = box:client { chunk = 256 }
      function fake.batchchangegrp(_, rows)
        calls = calls + 1
        for _, row in ipairs(rows) do
          if bad[row.username] then
            return errors.fail("refused", "refused", "no")
          end
        end
        return { status = "OK" }
      end
      local random = 12345
      local function next_random(limit)
        random = (random * 16807) % 2147483647
        return random % limit + 1
      end
      for size = 1, 256 do
        local list = {}
        for row = 1, size do
          list[row] = { username = ("u%d@x.example"):format(row), add = { "Sales" } }
        end
        for _, count in ipairs { 1, 2, 5 } do
          calls, bad = 0, {}
          local expected = {}
          for _ = 1, math.min(count, size) do
            local row = next_random(size)
            if not bad[list[row].username] then
              expected[#expected + 1] = row
            end
            bad[list[row].username] = true
          end
          table.sort(expected)
          local result = wire(fake):change_groups(list)
          assert.same(expected, rows_of(result.refused))
          assert.equal(size - #expected, #result.done)
          assert.equal(calls, result.requests)
          local bound = #expected * (2 * math.log(size) / math.log(2) + 2)
          assert.is_true(
            calls - 1 <= bound + 1e-9,
            ("%d calls for %d of %d"):format(calls, #expected, size)
          )
        end
      end
    end)

    it("but sends no row that was done a second time", function()
      local sent = {}
      local fake = box:client {}
      function fake.batchadd(_, rows)
        for _, row in ipairs(rows) do
          if row.username == "new13@x.example" then
            return errors.fail("refused", "refused", "no")
          end
        end
        for _, row in ipairs(rows) do
          assert.is_nil(sent[row.username])
          sent[row.username] = true
        end
        return { status = "OK" }
      end
      local result = wire(fake):add_users(people(40))
      assert.equal(39, #result.done)
      assert.is_nil(sent["new13@x.example"])
    end)
  end)

  describe("done in part", function()
    it("files the rows that the server names as refused, the others as done", function()
      local list = members(4)
      local rows = {}
      for position, email in ipairs {
        list[1],
        "nobody@x.example",
        list[2],
        "anybody@x.example",
      } do
        rows[position] = { username = email, add = { "Sales" } }
      end
      local result = assert(client:change_groups(rows))
      assert.equal(1, result.requests)
      assert.same({ 1, 3 }, rows_of(result.done))
      assert.same({ 2, 4 }, rows_of(result.refused))
      assert.equal("nobody@x.example does not exist", result.refused[1].reason)
      assert.equal("2 done, 2 refused", tostring(result))
      result = assert(client:disable_users { list[1], "nobody@x.example", list[2] })
      assert.same({ 2 }, rows_of(result.refused))
      assert.same({ 1, 3 }, rows_of(result.done))
    end)

    it("finds each row of an address that is named once", function()
      local rows = {
        { username = "nobody@x.example", add = { "Sales" } },
        { username = members(1)[1], add = { "Sales" } },
        { username = "NOBODY@x.example", del = { "Sales" } },
      }
      local result = assert(client:change_groups(rows))
      assert.same({ 1, 3 }, rows_of(result.refused))
      assert.same({ 2 }, rows_of(result.done))
    end)

    it("leaves open what a remark without an address is about", function()
      support.inject(
        box,
        "batchadd",
        '{"status":"WARN","errors":["new2@x.example is odd","one licence too few"]}'
      )
      local result = assert(client:add_users(people(3)))
      assert.same({ 2 }, rows_of(result.refused))
      assert.same({ 1, 3 }, rows_of(result.uncertain))
      assert.equal("one licence too few", result.uncertain[1].reason)
      assert.is_false(result.ok)
    end)
  end)

  describe("stops", function()
    it("when an answer is lost: uncertain, and the rest is not tried", function()
      assert(box:faults { command = "batchadd", drop = "after", nth = 2 })
      local list = people(25)
      local result = assert(client:add_users(list, { chunk = 10 }))
      assert.same(range(1, 10), rows_of(result.done))
      assert.same(range(11, 20), rows_of(result.uncertain))
      assert.same(range(21, 25), rows_of(result.not_tried))
      assert.equal("10 done, 10 uncertain, 5 not tried", tostring(result))
      assert.is_false(result.ok)
      assert.is_true(result.stopped.uncertain)
      assert.equal("transport", result.stopped.kind)
      assert.equal(2, result.requests)
      assert.equal(2, support.requests(box, "batchadd"))
      assert_complete(result, list)
    end)

    it("at once when nothing can be tried, as a failure", function()
      local stranger = wire(box:client { provhash = lastpass.secret.value(("0"):rep(64)) })
      check.failure("auth", "authorization_error", stranger:add_users(people(300)))
      assert.equal(1, support.requests(box))
      assert(box:faults { command = "batchadd", status = 429, retry_after = 3600 })
      check.failure("throttled", "throttled", client:add_users(people(300)))
    end)

    it("while halving too", function()
      assert(box:act { settings = { unknown_group = "fail" } })
      assert(box:faults { command = "batchchangegrp", status = 502, nth = 3 })
      local list = {}
      for position, email in ipairs(members(8)) do
        list[position] = { username = email, add = { position == 8 and "Nowhere" or "Sales" } }
      end
      local result = assert(client:change_groups(list))
      assert.same({ 1, 2, 3, 4 }, rows_of(result.done))
      assert.same({ 5, 6, 7, 8 }, rows_of(result.uncertain))
      assert.equal(3, result.requests)
      assert_complete(result, list)
    end)

    it("when the server asks to wait: nothing uncertain, done rows kept", function()
      local clock = clocks.install()
      assert(box:faults { command = "batchadd", status = 429, retry_after = 5, nth = 2 })
      local result = client:add_users(people(25), { chunk = 10 })
      clock:remove()
      assert.same(range(1, 10), rows_of(result.done))
      assert.same(range(11, 25), rows_of(result.not_tried))
      assert.equal("throttled", result.stopped.kind)
    end)

    it("when the progress function raises: the error is passed on", function()
      local ok, message = pcall(client.add_users, client, people(25), {
        chunk = 10,
        on_progress = function()
          error("enough", 0)
        end,
      })
      assert.is_false(ok)
      assert.equal("enough", message)
      assert.equal(1, support.requests(box, "batchadd"))
    end)
  end)
end)

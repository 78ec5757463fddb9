-- Jobs in nginx that go on when nobody waits for them. Outside of nginx this file runs itself inside of
-- one, and looks at clients that go away and at nginx without a timer to spare.
-- Runs once: nginx has its own LuaJIT.
local nginx = require "spec.support.nginx"
local socket = require "socket"

local ngx = rawget(_G, "ngx")

if not ngx then
  describe("lastpass.transport.nginx", function()
    local server

    it("keeps its promises inside nginx", function()
      nginx.run_inside "spec/transport/nginx_jobs_spec.lua"
    end)

    -- An nginx with two slots. /call works for `works` seconds; /state tells of all calls.
    local function start(http)
      server = nginx.start {
        http = [[
          lua_shared_dict seen 1m;
          init_worker_by_lua_block {
            jobs = require "lastpass.transport.nginx"
            slots = require("ngx.semaphore").new(2)
            seen = ngx.shared.seen
            function call(within)
              ngx.update_time()
              local works = tonumber(ngx.var.arg_works)
              return jobs.run_job(slots, ngx.now() + within, ngx.now() + 5, function()
                seen:incr("begun", 1, 0)
                if works > 0 then
                  ngx.sleep(works)
                end
                seen:incr("ended", 1, 0)
                return "worked"
              end)
            end
          }
        ]] .. (http or ""),
        server = [[
          lua_check_client_abort on;
          location = /call { content_by_lua_block {
            local ended, text = call(tonumber(ngx.var.arg_within or 5))
            seen:incr("told", 1, 0)
            ngx.say(tostring(ended), " ", tostring(text))
          } }
          location = /state { content_by_lua_block {
            ngx.say(
              "begun ", seen:get "begun" or 0, ", ended ", seen:get "ended" or 0,
              ", told ", seen:get "told" or 0, ", slots ", slots:count()
            )
          } }
          # another's timer, that runs now or waits to run
          location = /other { content_by_lua_block {
            local runs = tonumber(ngx.var.arg_runs)
            assert(ngx.timer.at(tonumber(ngx.var.arg_after), function()
              ngx.sleep(runs)
            end))
            ngx.sleep(0.01)
          } }
        ]],
      }
    end

    after_each(function()
      if server then
        server:stop()
        server = nil
      end
    end)

    local function state()
      local _, text = server:get "/state"
      return (text:gsub("\n", ""))
    end

    local function reaches(wanted)
      local ends_at = socket.gettime() + 5
      while state() ~= wanted and socket.gettime() < ends_at do
        socket.sleep(0.01)
      end
      assert.equal(wanted, state(), server:log())
    end

    local function ask(path)
      local client = assert(socket.connect("127.0.0.1", server.port))
      client:send("GET " .. path .. " HTTP/1.0\r\nHost: x\r\n\r\n")
      return client
    end

    local function answer_of(client)
      client:settimeout(5)
      local text = client:receive "*a"
      client:close()
      return text and text:match "\r\n\r\n(.*)\n$"
    end

    it("works to its end for clients that go away", function()
      start()
      local clients = { ask "/call?works=0.2", ask "/call?works=0.2" }
      reaches "begun 2, ended 0, told 0, slots 0"
      local third = ask "/call?works=0" -- waits for a slot
      reaches "begun 2, ended 0, told 0, slots -1"
      for _, client in ipairs(clients) do
        client:close()
      end
      third:close()
      reaches "begun 2, ended 2, told 0, slots 2"
      -- as many as there are, and more
      for round = 1, 2 do
        for place = 1, 3 do
          clients[place] = ask "/call?works=0.02"
        end
        for place = 1, 3 do
          assert.equal("true worked", answer_of(clients[place]), server:log())
        end
        reaches(
          ("begun %d, ended %d, told %d, slots 2"):format(2 + 3 * round, 2 + 3 * round, 3 * round)
        )
      end
    end)

    it("begins once another timer ends, when nginx runs no more of them", function()
      start "lua_max_running_timers 1;"
      server:get "/other?after=0&runs=0.3"
      assert.equal("true worked", answer_of(ask "/call?works=0"), server:log())
      assert.matches("1 lua_max_running_timers are not enough", server:log(), 1, true)
      reaches "begun 1, ended 1, told 1, slots 2"
    end)

    it("does not begin at all when that is too late", function()
      start "lua_max_running_timers 1;"
      server:get "/other?after=0&runs=20"
      local began = socket.gettime()
      assert.equal("nil nil", answer_of(ask "/call?works=0&within=0.1"))
      assert.is_true(socket.gettime() - began < 20)
      reaches "begun 0, ended 0, told 1, slots 2"
    end)

    it("begins once another timer has begun, when nginx holds no more of them", function()
      start "lua_max_pending_timers 1;"
      server:get "/other?after=0.2&runs=0.001"
      local began = socket.gettime()
      assert.equal("true worked", answer_of(ask "/call?works=0"), server:log())
      local took = socket.gettime() - began
      assert.is_true(took > 0.1, took)
      server:get "/other?after=20&runs=0.001"
      assert.equal("nil nil", answer_of(ask "/call?works=0&within=0.1"))
      reaches "begun 1, ended 1, told 2, slots 2"
    end)
  end)
  return
end

local jobs = require "lastpass.transport.nginx"
local semaphore = require "ngx.semaphore"

describe("lastpass.transport.nginx", function()
  local SLOTS = 3
  local slots, at

  before_each(function()
    slots = semaphore.new(SLOTS)
    at = ngx.timer.at
  end)

  after_each(function()
    ngx.timer.at = at
  end)

  local function now()
    ngx.update_time()
    return ngx.now()
  end

  local function run(fn, begin_within, end_within)
    return jobs.run_job(slots, now() + (begin_within or 2), now() + (end_within or 2), fn)
  end

  local function wait_until(fn)
    local ends_at = now() + 2
    while not fn() and now() < ends_at do
      ngx.sleep(0.005)
    end
    assert.is_true(fn())
  end

  local function comes_to(count)
    wait_until(function()
      return slots:count() == count
    end)
    ngx.sleep(0.02) -- nor more than that
    assert.equal(count, slots:count())
  end

  -- Turns that were lost, or given back twice, would show here.
  local function has_all_slots()
    comes_to(SLOTS)
    local most, running, results, threads = 0, 0, {}, {}
    for place = 1, SLOTS * 3 do
      threads[place] = ngx.thread.spawn(function()
        local ended, value = run(function()
          running = running + 1
          most = math.max(most, running)
          ngx.sleep(0.01)
          running = running - 1
          return place
        end)
        results[place] = ended and value
      end)
    end
    for place, thread in ipairs(threads) do
      ngx.thread.wait(thread)
      assert.equal(place, results[place])
    end
    assert.equal(SLOTS, most)
    assert.equal(SLOTS, slots:count())
  end

  it("gives what the function returns, also when it waits", function()
    local function pack(...)
      return { n = select("#", ...), ... }
    end
    assert.same(
      { n = 4, true, 1, 2, 3 },
      pack(run(function()
        return 1, 2, 3
      end))
    )
    assert.same(
      { n = 4, true, nil, "message", nil },
      pack(run(function()
        ngx.sleep(0.01)
        return nil, "message"
      end))
    )
    assert.same({ true, false }, { run(function()
      return false
    end) })
    has_all_slots()
  end)

  it("runs it in a timer, once, with its job", function()
    local phases, given = {}, {}
    run(function(...)
      phases[#phases + 1] = ngx.get_phase()
      given[#given + 1] = { select("#", ...), (...).is_over }
    end)
    ngx.sleep(0.02)
    assert.same({ "timer" }, phases)
    assert.same({ { 1, nil } }, given)
  end)

  it("raises what the function raises", function()
    for _, problem in ipairs { "no", { code = "no" } } do
      for _, pause in ipairs { 0, 0.01 } do
        local ok, raised = pcall(run, function()
          if pause > 0 then
            ngx.sleep(pause)
          end
          error(problem, 0)
        end)
        assert.is_false(ok)
        assert.equal(problem, raised)
      end
    end
    has_all_slots()
  end)

  it("takes a slot, and waits for it", function()
    local count
    run(function()
      count = slots:count()
    end)
    assert.equal(SLOTS - 1, count)
    local threads, order = {}, {}
    for place = 1, SLOTS + 1 do
      threads[place] = ngx.thread.spawn(function()
        run(function()
          ngx.sleep(0.05)
        end)
        order[#order + 1] = place
      end)
    end
    assert.equal(-1, slots:count())
    for _, thread in ipairs(threads) do
      ngx.thread.wait(thread)
    end
    assert.equal(SLOTS + 1, order[SLOTS + 1])
    has_all_slots()
  end)

  -- All slots are taken for so long.
  local function take_slots(seconds)
    for _ = 1, SLOTS do
      ngx.thread.spawn(run, function()
        ngx.sleep(seconds)
      end)
    end
    assert.equal(0, slots:count())
  end

  it("does not begin when a slot comes too late", function()
    take_slots(2)
    local began, has_begun = now(), false
    local ended = run(function()
      has_begun = true
    end, 0.05)
    local took = now() - began
    assert.is_nil(ended)
    assert.is_true(took > 0.04 and took < 2, took)
    has_all_slots()
    assert.is_false(has_begun)
  end)

  it("does not begin when it is too late from the first, though there are slots", function()
    for _, within in ipairs { -1, 0 } do
      local has_begun = false
      assert.is_nil((run(function()
        has_begun = true
      end, within)))
      has_all_slots()
      assert.is_false(has_begun)
    end
  end)

  it("looks at the time that it is, not at nginx's of some time ago", function()
    local begin_by = now() + 0.05
    socket.sleep(0.1) -- nginx stands still
    local has_begun = false
    assert.is_nil((jobs.run_job(slots, begin_by, begin_by + 9, function()
      has_begun = true
    end)))
    has_all_slots()
    assert.is_false(has_begun)
  end)

  it("is not waited for beyond its time, and comes to its end nonetheless", function()
    local over, has_ended = {}, false
    local began = now()
    local ended, value = run(function(job)
      over[1] = tostring(job.is_over)
      ngx.sleep(2)
      over[2] = tostring(job.is_over)
      has_ended = true
      return "late"
    end, 2, 0.05)
    local took = now() - began
    assert.same({}, { ended, value })
    assert.is_true(took > 0.04 and took < 2, took)
    -- a slot is its own until then
    assert.same({ false, SLOTS - 1 }, { has_ended, slots:count() })
    has_all_slots()
    assert.is_true(has_ended)
    assert.same({ "nil", "true" }, over)
  end)

  it("is not waited for at all when that time has passed", function()
    local has_ended = false
    assert.is_nil((run(function()
      ngx.sleep(0.05)
      has_ended = true
    end, 2, -1)))
    assert.is_false(has_ended)
    has_all_slots()
    assert.is_true(has_ended)
  end)

  it("gives what has ended at once, whatever time it is", function()
    assert.same({ true, "quick" }, { run(function()
      return "quick"
    end, 2, -1) })
  end)

  it("gives a slot back when it raises and nobody waits", function()
    for _ = 1, SLOTS * 2 do
      assert.is_nil((run(function()
        ngx.sleep(0.02)
        error "nobody hears it"
      end, 2, 0.01)))
    end
    has_all_slots()
  end)

  describe("whose caller is killed", function()
    -- Calls it in a light thread, which is killed after a time.
    local function killed_after(seconds, fn)
      local came_back = false
      local thread = ngx.thread.spawn(function()
        run(fn)
        came_back = true
      end)
      if seconds then
        ngx.sleep(seconds)
      end
      assert(ngx.thread.kill(thread))
      return function()
        assert.is_false(came_back)
      end
    end

    it("in the middle of it goes on, and gives a slot back once", function()
      for _ = 1, 2 do
        local has_ended, checks = 0, {}
        for place = 1, SLOTS do
          checks[place] = killed_after(0.01, function()
            ngx.sleep(0.1)
            has_ended = has_ended + 1
          end)
        end
        assert.same({ 0, 0 }, { has_ended, slots:count() })
        has_all_slots()
        assert.equal(SLOTS, has_ended)
        for _, check in ipairs(checks) do
          check()
        end
      end
    end)

    it("in the middle of it, when it raises later", function()
      for _ = 1, SLOTS do
        killed_after(0.01, function()
          ngx.sleep(0.02)
          error "nobody hears it"
        end)
      end
      has_all_slots()
    end)

    it("before it has begun gives a slot back", function()
      for _ = 1, SLOTS * 2 do
        killed_after(nil, function() end)
        ngx.sleep(0.001)
      end
      has_all_slots()
    end)

    it("while it waits for a slot, takes none", function()
      take_slots(0.1)
      local has_begun = false
      for _ = 1, SLOTS * 2 do
        killed_after(nil, function()
          has_begun = true
        end)
      end
      has_all_slots()
      assert.is_false(has_begun)
    end)
  end)

  describe("with timers that come late", function()
    it("runs once, whichever of them comes", function()
      function ngx.timer.at(delay, ...)
        for _ = 1, 3 do
          assert(at(delay, ...))
        end
        return true
      end
      local count = 0
      for _ = 1, SLOTS * 2 do
        assert.is_true((run(function()
          ngx.sleep(0.01)
          count = count + 1
        end)))
      end
      ngx.sleep(0.05)
      ngx.timer.at = at
      assert.equal(SLOTS * 2, count)
      has_all_slots()
    end)

    it("does not run after its caller has gone without it", function()
      function ngx.timer.at(_, ...)
        return at(2, ...)
      end
      local has_begun, began = false, now()
      assert.is_nil((run(function()
        has_begun = true
      end, 0.03)))
      assert.is_true(now() - began < 2)
      ngx.timer.at = at
      assert.equal(SLOTS, slots:count())
      ngx.sleep(2.1)
      assert.is_false(has_begun)
      has_all_slots()
    end)

    it("takes another when nginx has dropped one", function()
      local asked = 0
      function ngx.timer.at(...)
        asked = asked + 1
        return asked < 2 or at(...)
      end
      local began = now()
      assert.same({ true, "fine" }, { run(function()
        return "fine"
      end) })
      local took = now() - began
      assert.equal(2, asked)
      assert.is_true(took > 0.9, took)
      ngx.timer.at = at
      has_all_slots()
    end)

    it("asks again and again when nginx takes none", function()
      local asked = 0
      function ngx.timer.at(...)
        asked = asked + 1
        if asked < 5 then
          return nil, "too many pending timers"
        end
        return at(...)
      end
      assert.is_true((run(function() end)))
      assert.equal(5, asked)
      function ngx.timer.at()
        asked = asked + 1
        return nil, "too many pending timers"
      end
      assert.is_nil((run(function() end, 0.1)))
      ngx.timer.at = at
      assert.is_true(asked < 20, asked) -- with pauses in between
      has_all_slots()
    end)
  end)
end)

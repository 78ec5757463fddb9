-- `make test` believes no spec file: one that fails, crashes, ends early or has no test is a failure.
-- Runs once: it is about a program, which is the same under every interpreter.
describe(".ci/specs.lua", function()
  local folder

  before_each(function()
    local pipe = assert(io.popen "mktemp -d")
    folder = pipe:read "*l"
    pipe:close()
  end)

  after_each(function()
    os.execute(("rm -rf '%s'"):format(folder))
  end)

  local function write(name, code)
    local file = assert(io.open(("%s/%s_spec.lua"):format(folder, name), "w"))
    file:write(code)
    file:close()
  end

  local function write_test(name, body, head)
    write(
      name,
      ("%sdescribe('a', function() it('b', function() %s end) end)\n"):format(head or "", body)
    )
  end

  -- Whether all passed, and what was printed.
  local function run(jobs, limit)
    local command = "SPEC_JOBS=%s SPEC_LIMIT=%s lua5.4 .ci/specs.lua lua5.4 '%s' 2>&1; echo $?"
    local pipe = assert(io.popen(command:format(jobs or "", limit or "", folder)))
    local output = pipe:read "*a"
    pipe:close()
    return output:match "(%d+)\n$" == "0", output
  end

  local GOOD = "assert.equal(1, 1)"

  it("passes files whose tests pass", function()
    write_test("one", GOOD)
    write_test("two", GOOD)
    local passed, output = run()
    assert.is_true(passed, output)
    assert.matches("ok +[^ ]+/one_spec.lua +1 passed, 0 failed, 0 skipped", output)
    assert.matches("ok +[^ ]+/two_spec.lua +1 passed, 0 failed, 0 skipped", output)
    assert.matches("\n2 passed, 0 failed\n", output)
  end)

  for what, code in pairs {
    ["fails"] = "describe('a', function() it('b', function() assert.equal(1, 2) end) end)",
    ["crashes"] = [[describe('a', function()
      it('b', function() os.execute 'kill -SEGV $PPID' end)
    end)]],
    ["ends early"] = "describe('a', function() it('b', function() os.exit(0) end) end)",
    ["has no test"] = "describe('a', function() end)",
    ["is not Lua"] = "describe('a'",
  } do
    it("fails a file that " .. what .. ", whatever runs beside it", function()
      for _, jobs in ipairs { 1, 2 } do
        write("bad", code)
        write_test("good", GOOD)
        local passed, output = run(jobs)
        assert.is_false(passed, output)
        assert.matches("FAILED +[^ ]+/bad_spec.lua +0 passed, 1 failed", output)
        assert.matches("ok +[^ ]+/good_spec.lua +1 passed", output)
        assert.matches("\n1 passed, 1 failed\n", output)
      end
    end)
  end

  it("fails files that were not run, and a folder without any", function()
    local passed, output = run()
    assert.is_false(passed)
    assert.matches("no specs found", output)
    write_test(
      "a",
      [[local stat = io.open '/proc/self/stat'
        os.execute('kill -KILL ' .. stat:read('*a'):match '%) %S (%d+)')]]
    )
    write_test("b", GOOD)
    passed, output = run(1)
    assert.is_false(passed)
    assert.matches("\n0 passed, 2 failed\n", output)
  end)

  it("runs two files at a time, and shows what one printed in one piece", function()
    for _, name in ipairs { "one", "two" } do
      local other = name == "one" and "two" or "one"
      write_test(
        name,
        ([[
          io.open("%s/%s", "w"):close()
          for i = 1, 600 do -- each waits for the other
            print("%s", i)
            local file = io.open("%s/%s")
            if file then
              file:close()
              error "met"
            end
            os.execute "sleep 0.05"
          end]]):format(folder, name, name, folder, other)
      )
    end
    local passed, output = run(2)
    assert.is_false(passed)
    assert.matches("\n0 passed, 2 failed\n", output)
    assert.equal(
      2,
      select(2, output:gsub("two_spec.lua:%d+: met", ""))
        + select(2, output:gsub("one_spec.lua:%d+: met", "")),
      output
    )
    local first, second = output:match "FAILED.-/(%a+)_spec.-FAILED.-/(%a+)_spec"
    assert.truthy(first and second and first ~= second, output)
    assert.is_nil(output:match(first .. "\t1\n.*" .. second .. "\t1\n.*" .. first .. "\t"))
  end)

  it("runs a file that is to run alone when the others have ended", function()
    write_test(
      "a",
      "os.execute 'date +%s.%N >>" .. folder .. "/times'",
      "-- Runs alone: it measures.\n"
    )
    for _, name in ipairs { "b", "c" } do
      write_test(name, "os.execute 'sleep 0.3; date +%s.%N >>" .. folder .. "/times'")
    end
    local passed, output = run(2)
    assert.is_true(passed, output)
    assert.matches("[bc]_spec.*[bc]_spec.*a_spec", output)
  end)

  it("begins with the files that are long", function()
    for _, name in ipairs { "a", "b", "c" } do
      write_test(name, GOOD, name == "c" and "-- Runs first: it is long.\n" or nil)
    end
    local passed, output = run(1)
    assert.is_true(passed, output)
    assert.matches("c_spec.*a_spec.*b_spec", output)
  end)

  -- The processes whose command line has a text.
  local function processes_with(text)
    local found = {}
    local pipe = assert(io.popen "ls /proc")
    for pid in pipe:lines() do
      local file = io.open("/proc/" .. pid .. "/cmdline")
      if file and (file:read "*a" or ""):find(text, 1, true) then
        found[#found + 1] = pid
      end
      if file then
        file:close()
      end
    end
    pipe:close()
    return #found
  end

  it("ends a file that never ends, with all that it started, and goes on", function()
    write(
      "a",
      [[describe('a', function()
        it('fails', function() error 'no' end)
        it('waits for ever', function() os.execute 'sleep 7031' end)
      end)]]
    )
    write_test("b", "io.popen('trap \"\" TERM; while :; do sleep 7032; done'):read '*a'")
    write_test("c", "os.execute 'setsid sleep 7033 & setsid -w sleep 7034'")
    write_test("d", GOOD)
    local passed, output = run(4, 2)
    assert.is_false(passed)
    assert.matches("FAILED +[^ ]+/a_spec.lua +0 passed, 1 failed", output)
    assert.matches(
      "a_spec.lua: ended after %d+ s, in the test: a waits for ever; "
        .. "before that, a fails: .-no; what ran:\n",
      output
    )
    for seconds = 7031, 7034 do
      assert.matches("\n  %d+ of %d+, S in [%w_]+: sleep " .. seconds, output)
      assert.equal(0, processes_with("sleep\0" .. seconds), output)
    end
    assert.matches("ok +[^ ]+/d_spec.lua +1 passed", output)
    assert.matches("\n1 passed, 3 failed\n", output)
  end)

  it("ends what a failed test has left running, and shows the failure", function()
    write_test("a", "local pipe = io.popen 'sleep 7051' error 'it failed' pipe:close()")
    local passed, output = run(1)
    assert.is_false(passed)
    assert.matches("a_spec.lua:1: it failed", output)
    assert.is_nil(output:find("ended after", 1, true), output)
  end)

  it("ends what a file leaves, though it has the output open", function()
    write_test("a", "os.execute 'sleep 7041 &'")
    local passed, output = run()
    assert.is_true(passed, output)
    assert.equal(0, processes_with "sleep\0007041", output)
  end)

  it("shows the seconds that passed and those of the processor", function()
    write_test("a", "os.execute 'sleep 1.1; i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done'")
    local _, output = run()
    local seconds, work = output:match "a_spec.- 0 skipped, (%d+) s, ([%d.]+) s of work\n"
    assert.is_true(tonumber(seconds) >= 1, output)
    assert.is_true(tonumber(work) > 0, output)
    assert.matches("\n%d+ s of work\n1 passed, 0 failed\n", output)
  end)

  it("leaves files that run once to lua5.4", function()
    write_test("a", GOOD, "-- About a program.\n-- Runs once: why\n")
    write_test("b", GOOD, "-- Runs once: why\n-- Runs alone: why\n")
    write_test("c", GOOD)
    local passed, output = run()
    assert.is_true(passed, output)
    assert.matches("\n3 passed, 0 failed\n", output)
    local pipe = assert(io.popen(("lua5.4 .ci/specs.lua 'env lua5.4' '%s' 2>&1"):format(folder)))
    output = pipe:read "*a"
    pipe:close()
    assert.matches(
      "2 files that run once are left to lua5.4\n%d+ s of work\n1 passed, 0 failed\n",
      output
    )
  end)
end)

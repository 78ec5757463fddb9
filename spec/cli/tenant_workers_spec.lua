-- Runs over companies that workers do, through the program.
local cli = require "spec.support.cli"
local json = require "lastpass.json"
local support = require "spec.support.store"
local tenants = require "spec.support.tenants"

describe("runs over companies", function()
  local place

  setup(function()
    place = tenants.start(3)
  end)

  teardown(function()
    place:stop()
  end)

  -- The program as a person starts it.
  local function program(words)
    local command = ("%s bin/lastpass %s --tenants-file=%s 2>&1; echo code $?"):format(
      support.interpreter(),
      words,
      place.file
    )
    return support.output(command)
  end

  local function run(words)
    local list = {}
    for word in words:gmatch "%S+" do
      list[#list + 1] = word
    end
    list[#list + 1] = "--tenants-file=" .. place.file
    return cli.run(list)
  end

  it("are queued, done by a worker, looked at and read", function()
    local code, out, err, _
    code, out, err = run "users --tenants all --queue --status active"
    assert.equal(0, code)
    local id = tonumber(out)
    assert.matches(("run %d waits for workers"):format(id), err)
    _, out = run "tenants status --json"
    local list = assert(json.decode(out))
    assert.same({ id, "running", 3, 3 }, {
      list[1].id,
      list[1].state,
      list[1].companies,
      list[1].ready,
    })
    _, out = run(("tenants status %d --csv --fields company,state,waiting"):format(id))
    assert.matches("c1,ready,a worker", out)
    code, _, err = run(("tenants results %d --csv"):format(id))
    assert.equal(3, code)
    assert.matches("0 of 3 companies; 3 not:\n  c1: not done yet: it waits for a worker", err)
    assert.matches("code 0\n$", program "worker --once --every 1s")
    code, out, err = run(("tenants results %d --csv --fields company,email,status"):format(id))
    assert.equal(0, code)
    assert.matches("^company,email,status\r\nc1,.*,active", out)
    assert.matches("^3 of 3 companies", err)
    _, out = run(("tenants status %d"):format(id))
    assert.matches("c3 +done", out)
  end)

  it("are stopped and resumed", function()
    local _, out = run "users --tenants all --queue"
    local id = tonumber(out)
    local code = run(("tenants stop %d --reason enough"):format(id))
    assert.equal(0, code)
    _, out = run "tenants status --csv --fields id,state,why"
    assert.matches(("%d,stopped,enough"):format(id), out)
    assert.matches("0 done, 0 not done", program(("worker --once --run %d"):format(id)))
    assert.equal(0, (run(("tenants resume %d"):format(id))))
    assert.matches("3 done, 0 not done", program(("worker --once --run %d"):format(id)))
    local err
    code, _, err = run(("tenants resume %d"):format(id))
    assert.equal(4, code)
    assert.matches("has finished", err)
    code, _, err = run "tenants stop 4711"
    assert.equal(1, code)
    assert.matches("no run 4711 over companies", err)
  end)

  it("are done by processes of this machine", function()
    local out = program "users --tenants all --processes 2 --in-flight 4 --json"
    local rows = assert(json.decode(out:match "^{.*}\n" or out))
    assert.same({ 3, 3, 0 }, { rows.companies, rows.done, #rows.missing })
    assert.is_true(#rows.rows >= 3 + 4 + 5)
    assert.matches("code 0\n$", out)
  end)

  it("end a worker that gets SIGTERM, with 0", function()
    local pipe = assert(
      io.popen(
        ("echo $$; exec %s bin/lastpass worker --every 1s --tenants-file=%s 2>&1"):format(
          support.interpreter(),
          place.file
        )
      )
    )
    local pid = pipe:read "*l"
    local _, out = run "users --tenants all --queue"
    assert.matches(("run %d, c%%d: done"):format(tonumber(out)), pipe:read "*l")
    os.execute("kill -TERM " .. pid)
    local rest = pipe:read "*a"
    assert.matches("SIGTERM: %d done, 0 not done, %d given back", rest)
    local _, _, code = pipe:close()
    assert.is_true(code == nil or code == 0)
  end)

  it("refuse what makes no sense", function()
    local function fails(words, pattern)
      local code, _, err = run(words)
      assert.equal(64, code)
      assert.matches(pattern, err)
    end
    fails("users --tenants all --queue --processes 2", "do not go together")
    fails("users --tenants all --processes 65", "64 at most")
    fails("worker --once --kinds user", "did you mean 'users'")
    fails("worker --once --lease 10s --timeout 9", "has to last twice that")
    fails("tenants status 3 --limit 2", "leave RUN out")
    local code, _, err = cli.run { "users", "--queue" }
    assert.equal(64, code)
    assert.matches("%-%-queue needs %-%-tenants", err)
  end)
end)

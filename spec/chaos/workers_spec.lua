-- Workers on one run over companies: killed at random moments, stopped across their leases and continued, while PostgreSQL is
-- restarted; and on a machine that is cut off from the database. Nothing is lost, and each person of each company is changed
-- by one request.
-- Runs once: what is stopped, killed and restarted are processes.
-- Runs first: it waits for leases.
local certificates = require "lastpass.sandbox.certificate"
local extent = require "spec.support.extent"
local hosts = require "spec.support.hosts"
local plans = require "spec.support.plans"
local postgresql = require "spec.peers.postgresql"
local processes = require "lastpass.store.processes"
local queue = require "lastpass.tenants.queue"
local socket = require "socket"
local store = require "lastpass.store"
local support = require "spec.support.store"
local tenants = require "spec.support.tenants"
local wait = require "spec.support.wait"

local COMPANIES, PEOPLE, WORKERS = 6, 12, 3
local FEW = 6 -- people, where one loss is looked at
local ROUNDS = extent(1, 1, 100)
local FIRST = tonumber(os.getenv "LASTPASS_SEED" or 1) -- of the rounds; each is a seed
local DISTURBANCES = extent(5, 8, 12) -- of a round
local LEASE, TIMEOUT = 4, 2 -- seconds
local LONGEST = 120 -- seconds of a round
local SOON = 5 -- seconds by the database's clock, in which a job whose lease is over has a new worker

-- Each claim, with what it found, is noted where it is made.
local notes = {
  "CREATE TABLE claims (number BIGSERIAL PRIMARY KEY, company TEXT, worker TEXT, claimed BIGINT, "
    .. "previous TEXT, lease_until BIGINT)",
  [[CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
      INSERT INTO claims (company, worker, claimed, previous, lease_until)
      VALUES (NEW.subject, NEW.worker, NEW.started,
        CASE WHEN OLD.state = 'running' THEN OLD.worker END, OLD.lease_until);
      RETURN NEW;
    END $body$]],
  "CREATE TRIGGER note_claim AFTER UPDATE ON lastpass_jobs FOR EACH ROW "
    .. "WHEN (NEW.state = 'running' AND NEW.token IS DISTINCT FROM OLD.token) "
    .. "EXECUTE FUNCTION note_claim()",
}

describe("workers that are killed and stopped", function()
  local server, place, children

  setup(function()
    server = postgresql.start()
  end)

  teardown(function()
    server:stop()
  end)

  before_each(function()
    children = {}
  end)

  local function signal(child, name)
    os.execute(("kill -%s %d 2>/dev/null"):format(name, child.pid))
  end

  local function end_all()
    for index, child in pairs(children) do
      signal(child, "CONT")
      signal(child, "KILL")
      child.pipe:close()
      children[index] = nil
    end
    if place then
      place:stop()
      place = nil
    end
  end

  after_each(end_all)

  -- At an address of this machine that others see, or at a loopback address, as which it is controlled in any case.
  local function start_companies(journal, count, delay, address)
    place = tenants.start(count, {
      users = PEOPLE + 4,
      sandbox = address and {
        address = "0.0.0.0",
        open_to_network = true,
        tls = { names = { address, "127.0.0.1" } },
      },
      profile = function(_, profile)
        profile.journal = journal
        profile.url = profile.url:gsub("0%.0%.0%.0", address or "")
      end,
    })
    place.box.origin = place.box.origin:gsub("0%.0%.0%.0", "127.0.0.1")
    assert(place.box:faults { command = "disableuser", delay = delay })
  end

  -- A plan for each company: so many people, at most, are disabled. Gives the run, and who they are, by company.
  local function add_run(journal, most, waves)
    local set, planned = assert(place:load()), {}
    local run = assert(queue.add(set, "apply", { chunk = 2, late_margin = 0, settle_after = 0.3 }, {
      journal = journal,
      payload_of = function(company)
        local client, list, people = assert(company:client()), {}, {}
        for user in client:users() do
          if user.status == "active" and not user.admin and #list < most then
            list[#list + 1] = { "disable", user.email }
            people[user.email] = 1
          end
        end
        local plan = plans.plan(client, list)
        planned[company.cid] = people
        company:release()
        return { plan = plan:text() }
      end,
      wave_of = function(company)
        return waves and company.name ~= "c1" and 2 or 1
      end,
    }))
    return run, planned
  end

  local function open_journal(dsn)
    local journal = assert(store.open { dsn = dsn })
    for _, sql in ipairs(notes) do
      support.tamper(journal, sql)
    end
    return journal
  end

  local function start_worker(id, in_flight, front)
    local command = "echo $$; exec %s%s spec/support/worker_child.lua %s %d %d %d %d >>%s/log 2>&1"
    local pipe = assert(
      io.popen(
        command:format(
          front or "",
          support.interpreter(),
          place.file,
          id,
          LEASE,
          TIMEOUT,
          in_flight,
          place.folder
        )
      )
    )
    return { pipe = pipe, pid = tonumber(pipe:read "*l") }
  end

  local function log()
    return support.read(place.folder .. "/log") or ""
  end

  local function state_of(journal, id)
    local runs = journal:tenant_runs { id = id }
    return runs and runs[1].state
  end

  -- So many people were sent as there are, and each of them was changed once: so each was sent once, and nobody else.
  local function check_effects(planned)
    for cid, people in pairs(planned) do
      local found, sent, changed = assert(place.box:effects(cid)), 0, {}
      for _, row in ipairs(found.writes) do
        assert.equal("disableuser", row.kind)
        sent = sent + row.count
      end
      for _, row in ipairs(found.effects) do
        assert.equal("deactivated", row.kind)
        changed[row.subject] = row.count
      end
      assert.same(people, changed, "changed at " .. cid)
      local count = 0
      for _ in pairs(people) do
        count = count + 1
      end
      assert.equal(count, sent, "sent for " .. cid)
    end
  end

  local function check_results(journal, id)
    local run, count = assert(queue.results(journal, id)), 0
    for _, outcome in run:each() do
      count = count + 1
      assert.equal("done", outcome and outcome.summary.state, log())
    end
    assert.same({ count, 0 }, { run:result().done, #run:result().missing })
  end

  -- Claims that took a job from another worker.
  local function takeovers(journal)
    return support.tamper(
      journal,
      "SELECT company, worker, previous, claimed - lease_until AS late FROM claims "
        .. "WHERE previous IS NOT NULL ORDER BY number"
    )
  end

  local function check_leases(journal)
    for _, row in ipairs(takeovers(journal)) do
      assert.is_true(tonumber(row.late) > 0, row.company .. " was taken before its lease was over")
    end
  end

  -- Another one for each that was killed, or has ended too early.
  local function replace(id)
    for index, child in ipairs(children) do
      if not processes.is_running(child.pid) then
        child.pipe:close()
        children[index] = start_worker(id, 2)
      end
    end
  end

  local function disturb(random, number)
    local child, what = children[1 + math.floor(random() * WORKERS)], random()
    if number == 3 then
      server:kill()
      server:restart()
    elseif what < 0.6 then
      signal(child, "KILL")
    else
      signal(child, "STOP")
      socket.sleep(random() * (LEASE + 2))
      signal(child, "CONT")
    end
    return ("%.1f"):format(what)
  end

  local function do_round(seed)
    local random, dsn = plans.random(seed), server:fresh()
    local journal = open_journal(dsn)
    start_companies(dsn, COMPANIES, 0.15)
    local id, planned = add_run(journal, PEOPLE, true)
    for index = 1, WORKERS do
      children[index] = start_worker(id, 2)
    end
    local ends_at, done = socket.gettime() + LONGEST, {}
    while socket.gettime() < ends_at do
      if journal:is_lost() then
        journal = store.open { dsn = dsn } or journal
      end
      if state_of(journal, id) == "finished" then
        break
      elseif #done < DISTURBANCES then
        done[#done + 1] = disturb(random, #done + 1)
      end
      replace(id)
      socket.sleep(0.1 + random() * 0.5)
    end
    local told = ("seed %d: %s\n%s"):format(seed, table.concat(done, " "), log())
    assert.equal("finished", state_of(journal, id), told)
    check_results(journal, id)
    check_effects(planned)
    check_leases(journal)
    journal:close()
    end_all()
  end

  it("lose nothing, and do nothing twice", function()
    for seed = FIRST, FIRST + ROUNDS - 1 do
      do_round(seed)
    end
  end)

  -- How many requests wanted to change something, from one address or all.
  local function sent_by(peer)
    local count = 0
    for _, entry in ipairs(assert(place.box:journal { command = "disableuser", limit = 10000 })) do
      if not peer or entry.peer == peer then
        count = count + 1
      end
    end
    return count
  end

  local function wait_for_end(journal, id)
    wait("the end of the run: " .. log(), function()
      return state_of(journal, id) == "finished"
    end, LONGEST)
  end

  it("are followed by another one soon after their leases", function()
    local dsn = server:fresh()
    local journal = open_journal(dsn)
    start_companies(dsn, 3, 0.5)
    local id, planned = add_run(journal, FEW)
    children[1] = start_worker(id, 3)
    wait("the first call", function()
      return sent_by() >= 3
    end)
    signal(children[1], "KILL")
    children[2] = start_worker(id, 3)
    wait_for_end(journal, id)
    local list = takeovers(journal)
    assert.equal(3, #list, log())
    for _, row in ipairs(list) do
      assert.is_true(tonumber(row.late) <= SOON, ("%s: %s s late"):format(row.company, row.late))
    end
    check_leases(journal)
    check_results(journal, id)
    check_effects(planned)
    journal:close()
  end)

  -- Another machine is let in by TLS alone.
  local function listen(address)
    local data = server.folder .. "/data/"
    local pair = assert(certificates.make { names = { address } })
    support.write(data .. "server.crt", pair.certificate)
    support.write(data .. "server.key", pair.key)
    os.execute(("chown postgres %sserver.* && chmod 600 %sserver.key"):format(data, data))
    support.write(server.folder .. "/ca.pem", pair.certificate)
    local rules = support.read(data .. "pg_hba.conf")
    support.write(data .. "pg_hba.conf", rules .. "\nhostssl all all 198.18.0.0/16 trust\n")
    server.settings = ("-c listen_addresses=127.0.0.1,%s -c ssl=on"):format(address)
    server:kill()
    server:restart()
    return ("postgresql://%s@%s:%d/postgres?sslrootcert=%s/ca.pem&tcp_user_timeout=2000"):format(
      postgresql.USER,
      address,
      server.port,
      server.folder
    )
  end

  it("send nothing more where the database is out of reach, while another one continues", function()
    if not extent(false, true) then
      return pending "takes a minute: LASTPASS_LONG=1"
    end
    local pair, command = hosts.start(server.port % 256)
    if not pair then
      return pending("this user may not make networks: " .. command)
    end
    finally(function()
      end_all()
      pair:stop()
    end)
    local dsn = server:fresh(listen(pair.database))
    local journal = open_journal(dsn)
    start_companies(dsn, 2, 1, pair.sandbox)
    local first, second = pair[2], pair[1]
    local peer = pair.net .. ".14"
    local id, planned = add_run(journal, PEOPLE)
    children[1] = start_worker(id, 2, first.front)
    wait("the first calls", function()
      return sent_by(peer) >= 2
    end)
    pair:cut(first)
    children[2] = start_worker(id, 2, second.front)
    assert.is_false(pair:reaches(first, pair.database, server.port))
    assert.is_true(pair:reaches(first, pair.sandbox, place.box.port))
    local claimed = wait("a worker that takes over", function()
      return #takeovers(journal) == 2 and sent_by(peer)
    end)
    assert.is_true(processes.is_running(children[1].pid), log())
    assert.is_true(claimed < PEOPLE, "it ended its work before it was cut off")
    pair:join(first) -- it finds that it has lost its jobs
    wait_for_end(journal, id)
    wait("the end of the worker that was cut off: " .. log(), function()
      return not processes.is_running(children[1].pid)
    end)
    assert.equal(claimed, sent_by(peer), log())
    for _, row in ipairs(takeovers(journal)) do
      assert.is_true(tonumber(row.late) <= SOON, ("%s: %s s late"):format(row.company, row.late))
    end
    check_leases(journal)
    check_results(journal, id)
    check_effects(planned)
    journal:close()
  end)
end)

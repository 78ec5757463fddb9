-- Runs once: starts the program, which is the same under every interpreter.
local cli = require "spec.support.cli"
local core = require "lastpass.core"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local store = require "lastpass.store"

-- Unlike any other text.
local NEW = "d41c8e0f29a7b6530c4f1e8d92a7b65d41c8e0f29a7b6530c4f1e8d92a7b65aa"

describe("lastpass auth rotate", function()
  local box, home, companies, folder

  before_each(function()
    box = assert(lastpass.sandbox.start { tenants = 3, users = 4, clock = "now" })
    home = cli.home()
    folder = home.path .. "/companies"
    assert(box:write_companies(folder))
    companies = assert(box:companies())
  end)

  after_each(function()
    box:stop()
    home.remove()
  end)

  local function shell(line)
    return home.shell(line)
  end

  local function read(path)
    local file = io.open(path, "rb")
    local text = file and file:read "*a"
    if file then
      file:close()
    end
    return text
  end

  local function file_of(company)
    return ("%s/%.0f.hash"):format(folder, company.cid)
  end

  -- As the Admin Console does: from now on LastPass takes the new hash only.
  local function replace_at_lastpass(company, hash)
    assert(box:faults { cid = company.cid, provhash = hash, hash_rotated = true, count = 1 })
    assert.is_nil((box:client {
      cid = company.cid,
      provhash = lastpass.secret.value(company.provhash),
      retries = 0,
    }):call("getuserdata", { pagesize = 1 }))
  end

  local function put(path, text)
    assert(core.write_file(path, text .. "\n"))
  end

  local function rotate(more, front)
    local line =
      "%s lastpass auth rotate --tenants-file %s/companies.json --journal %s/j.db %s 2>&1"
    return shell(line:format(front or "", folder, home.path, more or ""))
  end

  it("takes new hashes from files, tries them and puts them in place", function()
    for at, company in ipairs(companies) do
      replace_at_lastpass(company, at .. NEW)
      put(("%s/new-%.0f"):format(home.path, company.cid), at .. NEW)
    end
    local output, code = rotate(("--yes --new-provhash-file %s/new-{cid}"):format(home.path))
    assert.equal(0, code, output)
    for at, company in ipairs(companies) do
      assert.equal(at .. NEW .. "\n", read(file_of(company)))
      assert.is_nil(read(file_of(company) .. ".new"))
      assert(lastpass.secret.file(file_of(company))) -- nobody else may read it
    end
    assert.is_nil(output:find(NEW:sub(1, 20), 1, true), output)
    assert.is_nil(output:find(companies[1].provhash:sub(1, 20), 1, true), output)
  end)

  it("leaves the old file where LastPass refuses the new hash", function()
    put(home.path .. "/new", NEW)
    local one = companies[1]
    local select = ("--tenants %s --yes --new-provhash-file %s/new"):format(one.name, home.path)
    local output, code = rotate(select)
    assert.equal(3, code, output)
    assert.truthy(output:find("unchanged", 1, true), output)
    assert.equal(one.provhash .. "\n", read(file_of(one)))
    assert.is_nil(read(file_of(one) .. ".new"))
  end)

  it("says who uses the API, and writes nothing with --dry-run", function()
    local one = companies[1]
    local client = box:client { cid = one.cid, provhash = lastpass.secret.value(one.provhash) }
    assert(client:call("getuserdata", { pagesize = 1 }))
    local output, code = rotate(("--tenants %s --dry-run --json"):format(one.name))
    assert.equal(0, code, output)
    local row = assert(json.decode(output))[1]
    assert.equal("to rotate", row.state)
    assert.equal(file_of(one), row.file)
    assert.truthy(row.consumers:find "^API from 127%.0%.0%.1 %(%d+ calls?%)$", row.consumers)
    assert.equal(one.provhash .. "\n", read(file_of(one)))
  end)

  it("finishes what a rotation that was killed has left, without asking for the hash", function()
    local one = companies[1]
    replace_at_lastpass(one, NEW)
    put(file_of(one) .. ".new", NEW)
    local select = ("--tenants %s --yes --new-provhash-file %s/nowhere"):format(one.name, home.path)
    local output, code = rotate(select)
    assert.equal(0, code, output)
    assert.truthy(output:find("finished", 1, true), output)
    assert.equal(NEW .. "\n", read(file_of(one)))
    assert.is_nil(read(file_of(one) .. ".new"))
  end)

  it("goes past an empty file that a rotation left which was killed before it wrote", function()
    local one = companies[1]
    replace_at_lastpass(one, NEW)
    assert(core.write_file(file_of(one) .. ".new", ""))
    put(home.path .. "/new", NEW)
    local select = ("--tenants %s --yes --new-provhash-file %s/new"):format(one.name, home.path)
    local output, code = rotate(select)
    assert.equal(0, code, output)
    assert.equal(NEW .. "\n", read(file_of(one)))
  end)

  it("takes no file from another user, who could not read the new one", function()
    local one = companies[1]
    os.execute(("chown nobody %s 2>/dev/null"):format(file_of(one)))
    if not core.changeable(file_of(one)) then
      return pending "only root gives files away"
    end
    put(home.path .. "/new", one.provhash)
    local select = ("--tenants %s --yes --new-provhash-file %s/new"):format(one.name, home.path)
    local output, code = rotate(select)
    assert.equal(3, code, output)
    assert.truthy(output:find("belongs to another user", 1, true), output)
  end)

  it("leaves the old hash or the new one, whenever it is killed", function()
    local one = companies[1]
    replace_at_lastpass(one, NEW)
    put(home.path .. "/new", NEW)
    local select = ("--tenants %s --yes --new-provhash-file %s/new"):format(one.name, home.path)
    for _, after in ipairs { "0.05", "0.15", "0.25", "0.4" } do
      rotate(select, "timeout -s KILL " .. after)
      local text = read(file_of(one))
      assert.is_true(text == one.provhash .. "\n" or text == NEW .. "\n", text)
    end
    local output, code = rotate(select)
    assert.equal(0, code, output)
    assert.equal(NEW .. "\n", read(file_of(one)))
    assert.is_nil(read(file_of(one) .. ".new"))
    assert.is_nil(output:find(NEW:sub(1, 20), 1, true), output)
  end)

  it("pauses runs over companies, and resumes what an earlier one left paused", function()
    local one = companies[1]
    local journal = assert(store.open { path = home.path .. "/j.db" })
    local tenant = store.tenant(box:client { cid = one.cid })
    local function add(name)
      return assert(journal:add_tenant_run {
        kind = "users",
        companies = { { tenant = name, name = "x", wave = 1 } },
      })
    end
    local own, other, left = add(tenant), add "another 1", add "another 2"
    assert(journal:stop_tenant_run(left, "auth rotate"))
    put(home.path .. "/new", one.provhash)
    local select = ("--tenants %s --yes --new-provhash-file %s/new"):format(one.name, home.path)
    local output, code = rotate(select)
    assert.equal(0, code, output)
    for _, run in ipairs { own, left } do
      assert.truthy(output:find(("run %d over companies continues"):format(run), 1, true), output)
    end
    assert.truthy(output:find(("run %d over companies is paused"):format(own), 1, true), output)
    assert.is_nil(output:find(("run %d over"):format(other), 1, true), output)
    for _, run in ipairs(assert(journal:tenant_runs())) do
      assert.equal("running", run.state)
    end
    journal:close()
  end)

  it("waits for nobody who writes: it says who has the company's lock", function()
    local one = companies[1]
    local journal = assert(store.open { path = home.path .. "/j.db" })
    local lock = assert(journal:lock(store.tenant(box:client { cid = one.cid })))
    put(home.path .. "/new", one.provhash)
    local select = ("--tenants %s --yes --new-provhash-file %s/new"):format(one.name, home.path)
    local output, code = rotate(select)
    assert.equal(3, code, output)
    lock:release()
    journal:close()
  end)

  it("asks before it writes, and refuses what does not go together", function()
    local name = companies[1].name
    for _, case in ipairs {
      { ("--tenants %s --new-provhash-file %s/new"):format(name, home.path), "Nobody is there" },
      { ("--new-provhash-file %s/new"):format(home.path), "needs {cid} or {name}" },
      { "--new-provhash-fd 5", "is for one company" },
      { ("--tenants %s --new-provhash-fd 5 --new-provhash-file x"):format(name), "do not go" },
      { ("--tenants %s --no-input"):format(name), "--no-input" },
      { "--tenants all --profile x", "--profile does not go with --tenants" },
    } do
      local output, code = rotate(case[1])
      assert.are_not.equal(0, code)
      assert.truthy(output:find(case[2], 1, true), output)
    end
  end)
end)

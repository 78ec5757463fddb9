local check = require "spec.support.check"
local digest = require "lastpass.digest"
local json = require "lastpass.json"
local planted = require "spec.support.planted"
local report = require "lastpass.report"

local evidence = report.evidence

describe("lastpass.report.evidence", function()
  local box, client, key, keys, made

  setup(function()
    keys = {}
    key = planted.path(keys)
    assert(evidence.new_key(key))
    box = planted.start { assumptions = { audit_reads = false } }
    planted.plant(box, {
      {
        "ann@acme.example",
        { admin = true, groups = { "Staff" }, attribs = { password = "hunter2" } },
      },
      { "bob@acme.example", { attribs = { Department = "Sales", pin = "4711" } } },
      { "cat@acme.example", { last_pw_change = "2020-01-01 09:00:00" } },
    }, { "new@acme.example" })
    planted.folders(box, {
      { name = "Plans", users = { { "ann@acme.example", can_administer = true } } },
    })
    client = box:client { page_size = 2 }
    planted.at(box, "2026-06-01 09:00:00", function()
      assert(client:reinviteuser { username = "new@acme.example" })
    end)
    planted.at(box, "2026-06-02 09:00:00", function()
      assert(client:disableuser { "bob@acme.example" })
    end)
  end)

  teardown(function()
    box:stop()
    planted.remove(keys)
  end)

  before_each(function()
    made = {}
  end)

  after_each(function()
    planted.remove(made)
  end)

  local function write(options)
    local folder = planted.path(made)
    local merged = { key = key, events = "2026-05-01" }
    for name, value in pairs(options or {}) do
      merged[name] = value
    end
    local manifest = assert(evidence.write(client, folder, merged))
    return folder, manifest
  end

  local function files(manifest)
    local list = {}
    for position, entry in ipairs(manifest.files) do
      list[position] = entry.path
    end
    return list
  end

  it("has the replies, the tables, the queries and the counts", function()
    local folder, manifest = write()
    assert.same({
      "counts.json",
      "queries.json",
      "replies/expiredmasterpwlist-0001.json",
      "replies/getsfdata-0001.json",
      "replies/getuserdata-0001.json",
      "replies/getuserdata-0002.json",
      "replies/reporting-0001.json",
      "tables/events.csv",
      "tables/expired_passwords.csv",
      "tables/folder_rights.csv",
      "tables/memberships.csv",
      "tables/users.csv",
    }, files(manifest))
    assert.same({
      users = 3,
      invited = 1,
      memberships = 1,
      folders = 1,
      folder_rights = 1,
      expired_passwords = 1,
      events = 2,
      queries = 5,
    }, json.decode(planted.read(folder .. "/counts.json")))
    assert.equal(
      "time,local_time,ambiguous,username,ip_address,action,data\r\n"
        .. "2026-06-01T13:00:00Z,2026-06-01 09:00:00,no,API,127.0.0.1,"
        .. "Re-invite user,new@acme.example\r\n"
        .. "2026-06-02T13:00:00Z,2026-06-02 09:00:00,no,API,127.0.0.1,"
        .. "Deactivated user,bob@acme.example\r\n",
      planted.read(folder .. "/tables/events.csv")
    )
    local queries = json.decode(planted.read(folder .. "/queries.json"))
    assert.equal("getuserdata", queries[1].command)
    assert.same({ pagesize = 2, pageindex = 0 }, queries[1].data)
    assert.equal(3, queries[1].removed_values + queries[2].removed_values)
  end)

  it("has no secret in it, and keeps attributes that it is told to keep", function()
    local folder, manifest = write { keep_attributes = { "Department" } }
    local all = {}
    for position, path in ipairs(files(manifest)) do
      all[position] = planted.read(folder .. "/" .. path)
    end
    local text = table.concat(all)
    assert.is_nil(text:find("hunter2", 1, true))
    assert.is_nil(text:find("4711", 1, true))
    assert.is_nil(text:find(box.provhash, 1, true))
    assert.truthy(text:find('"Department":"Sales"', 1, true))
    assert.truthy(text:find('"pin":"(removed)"', 1, true))
  end)

  it("has no hash of what was removed: short secrets could be found by trying", function()
    local folder = write()
    local queries = planted.read(folder .. "/queries.json")
    assert.is_nil(queries:find(("%x"):rep(32)))
  end)

  it("gives the same bytes for the same answers", function()
    local one, two = write(), write()
    assert.equal(planted.read(one .. "/manifest.json"), planted.read(two .. "/manifest.json"))
    assert.equal(planted.read(one .. "/manifest.sig"), planted.read(two .. "/manifest.sig"))
    for _, path in ipairs(files(json.decode(planted.read(one .. "/manifest.json")))) do
      assert.equal(planted.read(one .. "/" .. path), planted.read(two .. "/" .. path))
    end
  end)

  it("holds reports", function()
    local _, manifest = write { reports = { assert(report.admins(client)) } }
    local list = table.concat(files(manifest), " ")
    assert.truthy(list:find("reports/01-admins.csv reports/01-admins.json", 1, true))
    check.blamed(function()
      evidence.write(client, "/tmp/x", { key = key, reports = { {} } })
    end)
  end)

  it("is signed so that openssl agrees", function()
    local folder = write()
    local form = "openssl pkeyutl -verify -pubin -inkey %s.pub -rawin -in %s/manifest.json"
      .. " -sigfile %s/manifest.sig"
    local command = form:format(key, folder, folder)
    local pipe = assert(io.popen(command .. " 2>&1"))
    local output = pipe:read "*a"
    pipe:close()
    assert.equal("Signature Verified Successfully\n", output)
    local body = json.decode(planted.read(folder .. "/manifest.json"))
    assert.equal(digest.hex(planted.read(key .. ".pub")), body.key_sha256)
    assert.equal(64, #planted.read(folder .. "/manifest.sig"))
  end)

  it("verifies what was not touched", function()
    local folder, manifest = write()
    assert.same(files(manifest), files(assert(evidence.verify(folder, key .. ".pub"))))
  end)

  it("names the file that was changed, whichever it is", function()
    local folder, manifest = write()
    for _, path in ipairs(files(manifest)) do
      local text = planted.read(folder .. "/" .. path)
      -- one bit of one byte
      local at = math.floor(#text / 2) + 1
      local byte = text:byte(at)
      local other = string.char(byte % 2 == 0 and byte + 1 or byte - 1)
      planted.write(folder .. "/" .. path, text:sub(1, at - 1) .. other .. text:sub(at + 1))
      local err =
        check.failure("conflict", "evidence_changed", evidence.verify(folder, key .. ".pub"))
      assert.equal(path .. " was changed", err.message)
      assert.same({ path }, err.changed)
      planted.write(folder .. "/" .. path, text)
    end
    assert(evidence.verify(folder, key .. ".pub"))
  end)

  it("names what was removed, added, and a manifest that was rewritten", function()
    local folder = write()
    os.remove(folder .. "/counts.json")
    planted.write(folder .. "/tables/extra.csv", "x")
    local err =
      check.failure("conflict", "evidence_changed", evidence.verify(folder, key .. ".pub"))
    assert.equal("counts.json was removed; tables/extra.csv was added", err.message)
    folder = write()
    local text = planted.read(folder .. "/manifest.json")
    planted.write(folder .. "/manifest.json", (text:gsub('"bytes":%d+', '"bytes":1', 1)))
    err = check.failure("conflict", "evidence_changed", evidence.verify(folder, key .. ".pub"))
    assert.equal("manifest.json was changed, or it was signed with another key", err.message)
    assert.same({ "manifest.json" }, err.changed)
  end)

  it("does not accept another key, or one that is none", function()
    local folder = write()
    local other = planted.path(made)
    assert(evidence.new_key(other))
    check.failure("conflict", "evidence_changed", evidence.verify(folder, other .. ".pub"))
    check.failure("argument", "bad_key", evidence.verify(folder, folder .. "/counts.json"))
    check.failure("argument", "bad_key", evidence.verify(folder, "/tmp/no such key"))
  end)

  it("signs with nothing but an Ed25519 key of the owner's", function()
    local other = planted.path(made)
    os.execute(("umask 077; openssl ecparam -name prime256v1 -genkey -noout -out %s"):format(other))
    local folder = planted.path(made)
    check.failure("argument", "bad_key", evidence.write(client, folder, { key = other }))
    os.execute(("chmod 644 %s"):format(other))
    check.failure("argument", "unsafe_file", evidence.write(client, folder, { key = other }))
    check.failure(
      "argument",
      "bad_key",
      evidence.write(client, folder, { key = "/tmp/no such key" })
    )
    check.failure("argument", "key_exists", evidence.new_key(key))
    local half = planted.path(made) -- the public key cannot be written
    assert(os.execute(("ln -s /nowhere/at/all '%s.pub'"):format(half)))
    check.failure("argument", "cannot_write", evidence.new_key(half))
    assert.is_nil(io.open(half))
    assert.is_true(evidence.new_key(half))
    check.blamed(function()
      evidence.write(client, folder, {})
    end)
  end)

  it("is written once, and not at all when a read fails", function()
    local folder = write()
    check.failure("argument", "not_empty", evidence.write(client, folder, { key = key }))
    assert(box:faults { command = "expiredmasterpwlist", status = 500, count = 1 })
    local other = planted.path(made)
    local failing = box:client { retries = 0 }
    check.failure("transport", "http_status", evidence.write(failing, other, { key = key }))
    assert.is_nil(io.open(other .. "/manifest.json"))
  end)
end)

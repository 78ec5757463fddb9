-- source.ldap against OpenLDAP's own server, with 5,000 people and groups within groups.
-- Runs first: a directory of thousands is filled.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local slapd = require "spec.peers.slapd"
local socket = require "socket"
local source = require "lastpass.source"

local company = slapd.company
local PEOPLE = 5000

local instrumented = os.getenv "LASTPASS_SLOW" ~= nil
local interpreter = rawget(_G, "jit") and "luajit" or _VERSION == "Lua 5.1" and "lua5.1" or "lua5.4"

local server, password

-- Options for the server, as its administrator unless they say otherwise.
local function options_for(where, more)
  local options = { url = where.url, base = company.PEOPLE, bind_dn = slapd.ADMIN }
  options.password = password
  for name, value in pairs(more or {}) do
    options[name] = value or nil
  end
  if more and more.bind_dn == false then
    options.bind_dn, options.password = nil, nil
  end
  return options
end

local function open(more, where)
  return source.ldap(options_for(where or server, more))
end

local function read(more, where)
  local people = assert(open(more, where))
  local list, _, err, before = people:read()
  return list or before, people, err
end

local function sorted(list)
  table.sort(list, function(a, b)
    return a.email < b.email
  end)
  return list
end

setup(function()
  password = assert(lastpass.secret.value(slapd.PASSWORD))
  server = slapd.start { people = PEOPLE }
end)

teardown(function()
  server:stop()
  password:close()
end)

describe("source.ldap on slapd", function()
  it("reads everyone, with all their groups", function()
    local list, people, err = read {
      attributes = { email = "mail", fullname = "cn", id = "employeeNumber" },
      groups = { base = company.GROUPS },
      page_size = 300,
    }
    assert.is_nil(err)
    assert.equal(PEOPLE, #list)
    assert.same({}, people.problems)
    for number, person in ipairs(sorted(list)) do
      assert.equal(company.email(number), person.email)
      assert.equal(company.fullname(number), person.fullname)
      assert.equal(tostring(100000 + number), person.id)
      assert.equal(
        table.concat(company.groups(number), ","),
        table.concat(person.groups, ","),
        person.email
      )
    end
    assert.equal(server.url .. "/" .. company.PEOPLE .. " uid=u00001", tostring(list[1].origin))
    assert.same({
      kind = "ldap",
      url = server.url,
      base = company.PEOPLE,
      filter = "(objectClass=person)",
      rows = PEOPLE,
      refused = 0,
      pages = math.ceil(PEOPLE / 300),
      references = 0,
      complete = true,
      groups = { count = 56, pages = 1, other_members = 0 },
    }, people.proof)
  end)

  it("counts pages of any size, and proves the same people", function()
    local digests = {}
    for size, pages in pairs { [0] = 1, [1000] = 5, [4999] = 2, [5000] = 1, [77] = 65 } do
      local list, people = read { page_size = size, sha256 = true }
      assert.equal(PEOPLE, #list)
      assert.equal(pages, people.proof.pages)
      assert.is_true(people.proof.complete)
      digests[people.proof.sha256] = true
    end
    local digest = next(digests)
    assert.matches("^" .. ("%x"):rep(64) .. "$", digest)
    assert.is_nil(next(digests, digest))
    local _, other = read { sha256 = true, filter = "(&(objectClass=person)(!(uid=u00001)))" }
    assert.equal(PEOPLE - 1, other.proof.rows)
    assert.not_equal(digest, other.proof.sha256)
  end)

  it("takes groups from people's memberOf too", function()
    local direct = sorted((read { groups = { member_of = "memberOf" } }))
    local all = sorted((read {
      groups = { member_of = "memberOf", base = company.GROUPS },
    }))
    local members = sorted((read { groups = { base = company.GROUPS, nested = false } }))
    for number = 1, PEOPLE do
      assert.same(company.direct_groups(number), direct[number].groups)
      assert.same(company.direct_groups(number), members[number].groups)
      assert.same(company.groups(number), all[number].groups)
    end
  end)

  it("reads whom the filter and the scope let through", function()
    local list = read { filter = "(departmentNumber=D07)" }
    assert.equal(PEOPLE / 50, #list)
    assert.equal(0, #read { base = company.BASE, scope = "one" })
    list = read { base = "uid=u00017," .. company.PEOPLE, scope = "base" }
    assert.equal(company.email(17), list[1].email)
    assert.equal(1, #list)
  end)

  it("refuses entries that cannot be people, and goes on", function()
    local list, people = read { base = company.ODD, attributes = { email = "mail", name = "cn" } }
    local reasons = {}
    for index, problem in ipairs(people.problems) do
      reasons[index] = problem.dn:match "^cn=([^,]+)" .. ": " .. problem.code
    end
    table.sort(reasons)
    assert.same({
      "bad mail: bad_email",
      "names: many_values",
      "no mail: missing_value",
      "second: duplicate",
      "two mails: many_values",
    }, reasons)
    assert.equal(3, #list)
    assert.is_true(people.proof.complete)
    assert.equal(5, people.proof.refused)
    list = read {
      base = company.ODD,
      attributes = {
        email = "mail",
        photo = { "jpegPhoto", binary = true, optional = true },
        names = { "cn", list = true },
      },
    }
    local by_email = {}
    for _, person in ipairs(list) do
      by_email[person.email] = person
    end
    assert.equal("ffd8ff", by_email["bytes@acme.example"].photo)
    assert.same({ "More Names", "names" }, by_email["names@acme.example"].names)
    assert.same({ 'Lee, Ann "A"' }, by_email["ann.lee@acme.example"].names)
  end)

  it("does not take a part for the whole", function()
    local list, people, err = read { base = company.BRANCH }
    assert.equal("bea@acme.example", list[1].email)
    assert.equal("referral", err.code)
    assert.truthy(err.message:find(company.ELSEWHERE, 1, true))
    assert.is_false(people.proof.complete)
    assert.equal(1, people.proof.references)
    list, people, err = read { base = company.BRANCH, referrals = "ignore" }
    assert.is_nil(err)
    assert.equal(1, #list)
    assert.is_true(people.proof.complete)
    assert.equal(1, people.proof.references)
    check.failure("refused", "referral", open { base = company.ABROAD, referrals = "ignore" })
  end)

  it("names a wrong base, filter, attribute", function()
    local err = check.failure("argument", "no_such_base", open { base = "ou=x," .. company.BASE })
    assert.truthy(err.message:find("the nearest there is '" .. company.BASE, 1, true))
    assert.equal(32, err.ldap_code)
    check.failure("argument", "bad_filter", open { filter = "(mail=" })
    check.failure("argument", "bad_name", open { base = "nowhere" })
    local list, people
    list, people, err = read { attributes = { email = "mail", name = "dispalyName" } }
    assert.equal(PEOPLE, #list)
    assert.equal("missing_column", err.code)
    assert.is_false(people.proof.complete)
  end)
end)

describe("who reads from slapd", function()
  it("is told by a password that only the secret holds", function()
    check.failure("auth", "wrong_credentials", open { password = lastpass.secret.value "wrong" })
    check.failure("auth", "wrong_credentials", open { bind_dn = "cn=nobody," .. company.BASE })
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(slapd.PASSWORD, "\n")
    file:close()
    os.execute("chmod 600 " .. path)
    assert(open { password = { file = path } }):close()
    assert(open { password = { command = "cat " .. path } }):close()
    os.execute("chmod 644 " .. path)
    check.failure("argument", "unsafe_file", open { password = { file = path } })
    os.remove(path)
    local closed = assert(lastpass.secret.value "x")
    closed:close()
    check.failure("argument", "secret_closed", open { password = closed })
    local longest = assert(lastpass.secret.value(("x"):rep(4095)))
    check.failure("auth", "wrong_credentials", open { password = longest })
  end)

  it("may be nobody, or whom the socket or a certificate shows", function()
    assert.equal(PEOPLE, #read { bind_dn = false })
    check.failure("argument", "no_such_base", open { bind_dn = false, base = company.ODD })
    local own = { base = company.ODD, attributes = {}, key = false, external = true }
    own.bind_dn, own.url = false, server.socket_url
    assert.equal(8, #read(own))
    own.url, own.ca_file = server.tls_url, server.ca_file
    local err = check.failure("auth", nil, open(own))
    assert.is_number(err.ldap_code)
    if instrumented then
      return -- libldap 2.5 with GnuTLS loses its copy of a certificate and key that it loads
    end
    own.certificate_file = server.folder .. "/client.pem"
    own.key_file = server.folder .. "/client.key"
    assert.equal(8, #read(own))
  end)

  it("comes by TLS to a server that is who it says", function()
    local ca_file, url = server.ca_file, server.tls_url
    local stranger = server.folder .. "/stranger.pem"
    assert.equal(PEOPLE, #read { url = url, ca_file = ca_file })
    assert.equal(PEOPLE, #read { starttls = true, ca_file = ca_file })
    for _, more in ipairs {
      { url = url },
      { url = url, ca_file = stranger },
      { starttls = true },
      { starttls = true, ca_file = stranger },
    } do
      local err = check.failure("transport", "tls_failed", open(more))
      assert.truthy(err.hint:find("ca_file", 1, true))
    end
    local no_tls = { url = "ldaps://127.0.0.1:" .. server.port, connect_timeout = 0.5 }
    check.failure("transport", nil, open(no_tls))
    check.failure("argument", "bad_certificates", open { url = url, ca_file = "/nowhere" })
    local elsewhere = slapd.start { people = 1, certificate = "elsewhere" }
    finally(function()
      elsewhere:stop()
    end)
    for _, more in ipairs { { url = elsewhere.tls_url }, { starttls = true } } do
      more.ca_file = elsewhere.ca_file
      check.failure("transport", "tls_failed", open(more, elsewhere))
    end
    assert.equal(1, #read({}, elsewhere))
  end)

  it("cannot switch TLS off from outside", function()
    local command = (
      "env -u LD_PRELOAD LDAPTLS_REQCERT=never LDAPTLS_CACERT=%s %s -e '"
      .. 'local s = require "lastpass.source"; local _, _, e = s.ldap { url = "%s", base = "o=x", '
      .. 'ca_file = "%s/stranger.pem" } io.write(e.code)\''
    ):format(server.ca_file, interpreter, server.tls_url, server.folder)
    if instrumented then
      return pending "the modules here need the sanitizer to be loaded first"
    end
    local pipe = assert(io.popen(command))
    local code = pipe:read "*a"
    pipe:close()
    assert.equal("tls_failed", code)
  end)
end)

describe("a reading of slapd that breaks off", function()
  local small

  before_each(function()
    small = slapd.start { people = 400 }
  end)

  after_each(function()
    small:stop()
  end)

  -- The first page is there; what happens then?
  local function read_on(more, act)
    more.page_size = 50
    local people = assert(open(more, small))
    for _ = 1, 20 do
      assert(people:next())
    end
    act()
    local list, _, err, before = people:read()
    assert.is_nil(list)
    assert.equal("transport", err.kind)
    assert.equal(err, people.failure)
    assert.is_false(people.proof.complete)
    assert.is_nil(people.proof.sha256)
    assert.is_true(#before >= 30 and #before < 380, #before)
    assert.equal(#before + 20, people.proof.rows)
    check.failure("transport", err.code, people:next())
    return err
  end

  it("is not complete when the server is killed", function()
    for _, more in ipairs {
      { sha256 = true },
      { url = small.tls_url, ca_file = small.ca_file },
      { starttls = true, ca_file = small.ca_file },
      { url = small.socket_url, bind_dn = false, external = true },
    } do
      local err = read_on(more, function()
        small:kill()
      end)
      assert.equal("no_connection", err.code)
      small:restart()
    end
  end)

  it("is not taken up again over a new connection, where it would be nobody's", function()
    local err = read_on({}, function()
      small:kill()
      small:restart()
    end)
    assert.equal("no_connection", err.code)
  end)

  it("is not complete when the server falls silent", function()
    local started = socket.gettime()
    local err = read_on({ timeout = 1.5 }, function()
      small:signal "STOP"
    end)
    small:signal "CONT"
    assert.equal("timeout", err.code)
    assert.is_true(socket.gettime() - started >= 1.5)
  end)

  it("is not complete when its time is up", function()
    local people = assert(open({ time_limit = 1, page_size = 50 }, small))
    assert(people:next())
    socket.sleep(1.1)
    local _, _, err, before = people:read()
    assert.equal("time_limit", err.code)
    assert.truthy(err.hint:find("time_limit", 1, true))
    assert.is_true(#before < 50)
    assert.is_false(people.proof.complete)
    check.failure("refused", "time_limit", open({ time_limit = 1e-6 }, small))
  end)

  it("is not complete beyond a limit of ours", function()
    local list, people, err = read({ size_limit = 399, page_size = 50 }, small)
    assert.equal(399, #list)
    assert.equal("size_limit", err.code)
    assert.is_false(people.proof.complete)
    list, people = read({ size_limit = 400, page_size = 50 }, small)
    assert.equal(400, #list)
    assert.is_true(people.proof.complete)
  end)
end)

it("a limit of slapd's is not taken for the end", function()
  local limited = slapd.start {
    people = 400,
    limits = "limits * size.soft=100 size.hard=100 size.prtotal=250",
  }
  finally(function()
    limited:stop()
  end)
  local list, people, err = read({ page_size = 0 }, limited)
  assert.equal(100, #list)
  assert.equal("size_limit", err.code)
  assert.truthy(err.hint:find("page_size", 1, true))
  assert.is_false(people.proof.complete)
  list, people, err = read({ page_size = 50 }, limited)
  assert.equal(250, #list)
  assert.equal("size_limit", err.code)
  assert.equal(4, err.ldap_code)
  assert.truthy(err.message:find("after 250 entries", 1, true))
  assert.is_false(people.proof.complete)
  assert.same({ "refused", "size_limit" }, { err.kind, people.failure.code })
end)

describe("the password of a bind", function()
  -- How often a text stands in the memory of a process that can be written.
  local function count_in_memory(process, text)
    local memory = assert(io.open(("/proc/%s/mem"):format(process), "rb"))
    local count, looked_at = 0, 0
    for line in io.lines(("/proc/%s/maps"):format(process)) do
      local from, to = line:match "^(%x+)%-(%x+) rw"
      if from and not line:find "%[v" and memory:seek("set", tonumber(from, 16)) then
        local bytes = memory:read(tonumber(to, 16) - tonumber(from, 16)) or ""
        looked_at = looked_at + #bytes
        for _ in bytes:gmatch(text) do
          count = count + 1
        end
      end
    end
    memory:close()
    return count, looked_at
  end

  it("is nowhere but in the locked memory of its secret", function()
    if instrumented then
      return pending "under a sanitizer or valgrind"
    end
    local password_file, wait_file = os.tmpname(), os.tmpname()
    local file = assert(io.open(password_file, "w"))
    file:write(slapd.PASSWORD)
    file:close()
    os.execute("chmod 600 " .. password_file)
    -- Its last part too: what stands before it may be written over.
    local last_part = slapd.PASSWORD:sub(-14):gsub("%p", "%%%0")
    for _, url in ipairs { server.url, server.tls_url } do
      file = assert(io.open(wait_file, "w"))
      file:close()
      local pipe = assert(
        io.popen(
          ("echo $$; exec %s spec/peers/slapd_canary.lua %s %s %s %s %s %s 2>&1"):format(
            interpreter,
            url,
            server.ca_file,
            company.PEOPLE,
            slapd.ADMIN,
            password_file,
            wait_file
          )
        )
      )
      local process, sign = pipe:read "*l", pipe:read "*l"
      local count, looked_at = 0, 0
      if sign == "READY" then
        count, looked_at = count_in_memory(process, last_part)
      end
      os.remove(wait_file)
      local rest = pipe:read "*a"
      pipe:close()
      assert.equal("READY", sign, rest)
      assert.equal(PEOPLE .. "\n", rest)
      assert.is_true(looked_at > 1024 * 1024)
      assert.equal(1, count, url)
    end
    os.remove(password_file)
  end)
end)

describe("a server that takes connections and says nothing", function()
  local listener, port

  before_each(function()
    listener = assert(socket.bind("127.0.0.1", 0))
    port = select(2, listener:getsockname())
  end)

  after_each(function()
    listener:close()
  end)

  it("is not waited for without end", function()
    for _, more in ipairs {
      { url = "ldaps://127.0.0.1:" .. port, ca_file = server.ca_file },
      { url = "ldap://127.0.0.1:" .. port, starttls = true, ca_file = server.ca_file },
      { url = "ldap://127.0.0.1:" .. port },
      { url = "ldap://127.0.0.1:" .. port, bind_dn = false, timeout = 1 },
    } do
      more.connect_timeout = 1
      -- whoever waits without end never comes back from here
      check.failure("transport", nil, open(more))
    end
  end)
end)

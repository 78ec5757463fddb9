local config = require "lastpass.config"

local CANARY = "5ec2e7" .. ("c0ffee"):rep(9) .. "beef"

describe("config", function()
  local home, work

  local function run(command)
    local result = os.execute(command)
    assert(result == true or result == 0, command)
  end

  local function write(path, text)
    run(("mkdir -p '%s'"):format(path:match "^(.*)/"))
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    run(("chmod go-w '%s'"):format(path)) -- whatever the umask
  end

  local function user_file()
    return home .. "/.config/lastpass/config.json"
  end

  -- Options that see nothing of the machine the spec runs on.
  local function options(environment, flags)
    environment = environment or {}
    environment.HOME = environment.HOME or home
    return {
      environment = environment,
      flags = flags,
      directory = work,
      system = home .. "/etc/config.json",
    }
  end

  local function refused(code, call, ...)
    local value, message, err = call(...)
    assert.is_nil(value)
    assert.are.equal(code, err.code)
    assert.are.equal(message, err.message)
    assert.is_nil(message:find(CANARY, 1, true), "the hash is in the message")
    return message, err
  end

  before_each(function()
    home = os.tmpname()
    os.remove(home)
    work = home .. "/work"
    run("mkdir -p " .. work)
  end)

  after_each(function()
    run("rm -r '" .. home .. "'")
  end)

  it("reads a profile", function()
    write(
      user_file(),
      [[{"default": "acme", "profiles": {
        "acme": {"cid": 8771312, "provhash": {"file": "~/acme.hash"}, "timezone": "Europe/Berlin",
                 "timeout": 2.5, "retries": 0, "max_bytes": 1e6, "ca_file": "ca.pem",
                 "journal": "runs.db"},
        "beta": {"cid": 2, "provhash": {"env": "BETA_HASH"}},
        "gamma": {"cid": 3, "provhash": {"command": "pass show lastpass"}}}}]]
    )
    local expected = {
      cid = 8771312,
      provhash = { kind = "file", value = home .. "/acme.hash" },
      timezone = "Europe/Berlin",
      timeout = 2.5,
      retries = 0,
      max_bytes = 1000000,
      ca_file = home .. "/.config/lastpass/ca.pem",
      journal = home .. "/.config/lastpass/runs.db",
    }
    assert.are.same(expected, config.profile(nil, options()))
    assert.are.same(expected, config.profile("acme", options()))
    local beta = config.profile("beta", options())
    assert.are.same({ cid = 2, provhash = { kind = "env", value = "BETA_HASH" } }, beta)
    local gamma = config.profile("gamma", options())
    assert.are.same({ kind = "command", value = "pass show lastpass" }, gamma.provhash)
    if math.type then
      assert.are.equal("integer", math.type(config.profile("acme", options()).max_bytes))
    end
  end)

  it("takes the environment alone", function()
    local environment = {
      LASTPASS_CID = "8771312",
      LASTPASS_PROVHASH_FILE = "~/h",
      LASTPASS_URL = "https://127.0.0.1/x",
      LASTPASS_TIMEZONE = "UTC",
      LASTPASS_CA_FILE = "ca.pem",
      LASTPASS_PROXY = "http://proxy:3128",
      LASTPASS_JOURNAL = "postgresql://admin@db.example/lastpass",
    }
    assert.are.same({
      cid = 8771312,
      provhash = { kind = "file", value = home .. "/h" },
      url = "https://127.0.0.1/x",
      timezone = "UTC",
      ca_file = "ca.pem",
      proxy = "http://proxy:3128",
      journal = "postgresql://admin@db.example/lastpass",
    }, config.profile(nil, options(environment)))
  end)

  it("reads the process's own environment when none is given", function()
    local path = home .. "/own.json"
    write(path, '{"profiles": {"own": {"cid": 5, "provhash": {"file": "h"}}}}')
    local script = home .. "/ask.lua"
    write(
      script,
      [[local options, message = require("lastpass.config").profile()
        print(options and options.cid .. " " .. options.provhash.value or message)]]
    )
    local interpreter = arg[0]
    for index = -1, -20, -1 do
      interpreter = arg[index] or interpreter
    end
    local function ask(cid)
      local command = ("cd '%s' && env LUA_PATH='%s' LUA_CPATH='%s' LASTPASS_CONFIG='%s' "):format(
        work,
        package.path,
        package.cpath,
        path
      ) .. ("LASTPASS_PROFILE= LASTPASS_CID=%s %s '%s'"):format(cid, interpreter, script)
      local pipe = assert(io.popen(command))
      local answer = pipe:read "*a"
      pipe:close()
      return answer
    end
    assert.are.equal("5 " .. home .. "/h\n", ask "")
    -- The only profile is not mixed with a company from the environment.
    assert.are.equal("the environment has no provhash: set LASTPASS_PROVHASH_FILE\n", ask "9")
  end)

  it("puts flags above environment above project, user and system, and knows origins", function()
    local function layer_text(timezone, extra)
      return ('{"profiles": {"acme": {"timezone": "%s"%s}}}'):format(timezone, extra)
    end
    local system = home .. "/etc/config.json"
    write(
      system,
      layer_text(
        "Etc/GMT+5",
        ', "cid": 1, "provhash": {"file": "/h"}, "retries": 5, "apiuser": "s"'
      )
    )
    local function timezone(environment, flags)
      return config.profile(nil, options(environment, flags)).timezone
    end
    assert.are.equal("Etc/GMT+5", timezone())
    write(user_file(), layer_text("Etc/GMT+4", ', "retries": 4, "timeout": 4'))
    assert.are.equal("Etc/GMT+4", timezone())
    write(work .. "/.lastpass.json", layer_text("Etc/GMT+3", ', "retries": 3'))
    assert.are.equal("Etc/GMT+3", timezone())
    assert.are.equal("Etc/GMT+2", timezone { LASTPASS_TIMEZONE = "Etc/GMT+2" })
    assert.are.equal(
      "Etc/GMT+1",
      timezone({ LASTPASS_TIMEZONE = "Etc/GMT+2" }, { timezone = "Etc/GMT+1" })
    )

    local environment = { LASTPASS_URL = "https://x/", LASTPASS_TIMEZONE = "UTC" }
    local all = config.load(options(environment, { timezone = "UTC", ca_file = "/ca" }))
    assert.are.same({
      cid = 1,
      provhash = { kind = "file", value = "/h" },
      timezone = "UTC",
      ca_file = "/ca",
      url = "https://x/",
      retries = 3,
      timeout = 4,
      apiuser = "s",
    }, all.profiles.acme)
    local origins = {
      timezone = { "flags", "--timezone" },
      ca_file = { "flags", "--ca-file" },
      url = { "environment", "LASTPASS_URL" },
      retries = { "project", work .. "/.lastpass.json" },
      timeout = { "user", user_file() },
      apiuser = { "system", system },
      provhash = { "system", system },
    }
    for key, expected in pairs(origins) do
      assert.are.same(expected, { all:origin("acme", key) })
    end
    assert.is_nil((all:origin("acme", "proxy")))
    assert.is_nil((all:origin("nobody", "retries")))
    assert.are.same({ "flags", "--timezone" }, { all:origin(nil, "timezone") })
  end)

  it("protects whom any layer protects", function()
    local function text(list)
      local profile = '{"cid": 1, "provhash": {"file": "/h"}, "protect": ' .. list .. "}"
      return '{"profiles": {"acme": ' .. profile .. "}}"
    end
    write(user_file(), text '["ann@acme.com", " bob@acme.com "]')
    assert.are.same({ "ann@acme.com", "bob@acme.com" }, config.profile("acme", options()).protect)
    -- a folder that comes from elsewhere must not be able to expose anybody
    write(
      work .. "/.lastpass.json",
      '{"profiles": {"acme": {"protect": ["cyd@acme.com", "ann@acme.com"]}}}'
    )
    assert.are.same(
      { "ann@acme.com", "bob@acme.com", "cyd@acme.com" },
      config.profile("acme", options()).protect
    )
    write(work .. "/.lastpass.json", '{"profiles": {"acme": {"protect": []}}}')
    assert.are.same({ "ann@acme.com", "bob@acme.com" }, config.profile("acme", options()).protect)
    for _, list in ipairs { '"ann@acme.com"', '["ann"]', "[5]", '{"a": "ann@acme.com"}' } do
      write(user_file(), text(list))
      local message = refused("bad_config", config.profile, "acme", options())
      assert.is_truthy(
        message:find('"protect" must be a list of e-mail addresses', 1, true),
        message
      )
    end
  end)

  it("finds the user's file", function()
    local function profile_text(cid)
      return ('{"profiles": {"p": {"cid": %d, "provhash": {"file": "h"}}}}'):format(cid)
    end
    write(user_file(), profile_text(1))
    write(home .. "/xdg/lastpass/config.json", profile_text(2))
    write(home .. "/mine.json", profile_text(3))
    local function cid(environment)
      return config.profile("p", options(environment)).cid
    end
    assert.are.equal(1, cid {})
    assert.are.equal(2, cid { XDG_CONFIG_HOME = home .. "/xdg" })
    assert.are.equal(1, cid { XDG_CONFIG_HOME = "" })
    assert.are.equal(1, cid { XDG_CONFIG_HOME = "relative" })
    assert.are.equal(3, cid { XDG_CONFIG_HOME = home .. "/xdg", LASTPASS_CONFIG = "~/mine.json" })
    local message, err = refused(
      "unreadable_config",
      config.profile,
      "p",
      options { LASTPASS_CONFIG = home .. "/absent.json" }
    )
    assert.is_truthy(message:find(home .. "/absent.json: cannot be read", 1, true))
    assert.are.equal(home .. "/absent.json", err.file)
    refused("unreadable_config", config.profile, "p", options { LASTPASS_CONFIG = home })
  end)

  describe("that others can change", function()
    local SENSITIVE = {
      provhash = '{"command": "true"}',
      url = '"https://127.0.0.1/x"',
      proxy = '"http://p:1"',
      ca_file = '"ca.pem"',
      journal = '"runs.db"',
    }

    local function text(key)
      return ('{"profiles": {"acme": {"cid": 1, "%s": %s}}}'):format(key, SENSITIVE[key])
    end

    it("is refused when it names a command, an address or a secret", function()
      local path = user_file()
      for key in pairs(SENSITIVE) do
        for _, mode in ipairs { "666", "620", "602" } do
          write(path, text(key))
          run(("chmod %s '%s'"):format(mode, path))
          local message, err = refused("unsafe_config", config.load, options())
          local reason = ("not used: %s can be changed by others (mode %s)"):format(path, mode)
          local what = ('and it says the %s of the profile "acme"'):format(key)
          assert.are.equal(("%s: %s, %s"):format(path, reason, what), message)
          assert.are.equal(("chmod go-w '%s'"):format(path), err.hint)
          assert.are.equal(path, err.file)
        end
      end
      run(("chmod 644 '%s'"):format(path))
      assert.is_table(config.load(options()))
    end)

    it("is refused in a folder or by a link that others can change, but in /tmp's kind", function()
      local path, folder = user_file(), home .. "/.config/lastpass"
      write(path, text "url")
      for _, mode in ipairs { "777", "770", "775" } do
        run(("chmod %s '%s'"):format(mode, folder))
        local message = refused("unsafe_config", config.load, options())
        assert.truthy(message:find(folder .. " can be changed by others (mode " .. mode, 1, true))
      end
      run(("chmod 1777 '%s'"):format(folder))
      assert.is_table(config.load(options()))
      run(("chmod 755 '%s'; mkdir '%s/open'; chmod 777 '%s/open'"):format(folder, home, home))
      run(
        ("mv '%s' '%s/open/c.json' && ln -s '%s/open/c.json' '%s'"):format(path, home, home, path)
      )
      refused("unsafe_config", config.load, options())
      run(("mv '%s/open/c.json' '%s/c.json'; rm '%s'"):format(home, home, path))
      run(
        ("ln -s '%s/c.json' '%s/open/link'; ln -s '%s/open/link' '%s'"):format(
          home,
          home,
          home,
          path
        )
      )
      refused("unsafe_config", config.load, options())
      run(("rm '%s'; ln -s '%s/c.json' '%s'"):format(path, home, path))
      assert.is_table(config.load(options()))
      refused("unsafe_config", config.load, options { LASTPASS_CONFIG = home .. "/open/link" })
    end)

    it("is noted when it names none of these", function()
      local path = user_file()
      write(path, '{"default": "acme", "profiles": {"acme": {"cid": 1, "timezone": "UTC"}}}')
      run(("chmod 666 '%s'"):format(path))
      local all = config.load(options())
      assert.are.same({
        {
          file = path,
          reason = path .. " can be changed by others (mode 666)",
          hint = ("chmod go-w '%s'"):format(path),
        },
      }, all:unsafe_files())
      run(("chmod 600 '%s'"):format(path))
      assert.are.same({}, config.load(options()):unsafe_files())
    end)
  end)

  it("chooses a profile", function()
    write(
      user_file(),
      [[{"default": "acme", "profiles": {
        "acme": {"cid": 1, "provhash": {"file": "h"}},
        "beta": {"cid": 2, "provhash": {"file": "h"}}}}]]
    )
    local function cid(name, environment, flags)
      return config.profile(name, options(environment, flags)).cid
    end
    assert.are.equal(1, cid())
    assert.are.equal(2, cid "beta")
    assert.are.equal(2, cid(nil, { LASTPASS_PROFILE = "beta" }))
    assert.are.equal(1, cid(nil, { LASTPASS_PROFILE = "beta" }, { profile = "acme" }))
    assert.are.equal(1, cid("acme", { LASTPASS_PROFILE = "beta" }, { profile = "beta" }))
    write(work .. "/.lastpass.json", '{"default": "beta"}')
    assert.are.equal(2, cid())

    assert.are.equal(
      'unknown profile "acne" (did you mean "acme"?)',
      (refused("unknown_profile", config.profile, "acne", options()))
    )
    assert.are.equal(
      'unknown profile "something-else" (known are: acme, beta)',
      (refused("unknown_profile", config.profile, "something-else", options()))
    )
    write(work .. "/.lastpass.json", '{"default": "bet"}')
    assert.are.equal(
      work .. '/.lastpass.json: unknown profile "bet" (did you mean "beta"?)',
      (refused("unknown_profile", config.profile, nil, options()))
    )
    refused("unknown_profile", config.profile, nil, options { LASTPASS_PROFILE = "x" })
  end)

  it("needs a default only when there are several", function()
    write(user_file(), '{"profiles": {"only": {"cid": 1, "provhash": {"file": "h"}}}}')
    assert.are.equal(1, config.profile(nil, options()).cid)
    write(user_file(), '{"profiles": {"a": {"cid": 1}, "b": {"cid": 2}}}')
    assert.are.equal(
      "no profile is named and there is no default: name one of a, b",
      (refused("no_profile", config.profile, nil, options()))
    )
  end)

  describe("named", function()
    local LEFT_OVER = {
      LASTPASS_CID = "2",
      LASTPASS_PROVHASH_FILE = "/other.hash",
      LASTPASS_URL = "https://elsewhere.example/",
      LASTPASS_CA_FILE = "/elsewhere.pem",
      LASTPASS_PROXY = "http://ann:canary7@elsewhere.example:3128",
      LASTPASS_TIMEZONE = "UTC",
      LASTPASS_JOURNAL = "/elsewhere.db",
    }

    local function environment(more)
      local copy = {}
      for name, value in pairs(LEFT_OVER) do
        copy[name] = value
      end
      for name, value in pairs(more or {}) do
        copy[name] = value
      end
      return copy
    end

    before_each(function()
      write(
        user_file(),
        [[{"default": "acme", "profiles": {
          "acme": {"cid": 1, "provhash": {"file": "/h"}},
          "whole": {"cid": 3, "provhash": {"file": "/w"}, "url": "https://127.0.0.1/w",
                    "ca_file": "/ca", "proxy": "http://p:1", "timezone": "Europe/Berlin",
                    "journal": "/w.db"}}}]]
      )
    end)

    it("is one unit, whatever the environment says", function()
      local acme =
        { cid = 1, provhash = { kind = "file", value = "/h" }, journal = "/elsewhere.db" }
      local whole = {
        cid = 3,
        provhash = { kind = "file", value = "/w" },
        url = "https://127.0.0.1/w",
        ca_file = "/ca",
        proxy = "http://p:1",
        timezone = "Europe/Berlin",
        journal = "/w.db",
      }
      for name, expected in pairs { acme = acme, whole = whole } do
        assert.are.same(expected, config.profile(name, options(environment())))
        local flagged = config.load(options(environment(), { profile = name }))
        assert.are.same(expected, flagged:profile())
        assert.are.same(expected, flagged:values())
      end
      -- a flag is as explicit as the name
      local given = { profile = "acme", url = "https://127.0.0.1/f" }
      assert.are.equal(
        "https://127.0.0.1/f",
        config.profile(nil, options(environment(), given)).url
      )
    end)

    it("gives no other company's hash a name: what is missing is not taken elsewhere", function()
      write(user_file(), '{"profiles": {"a": {"provhash": {"file": "/h"}}, "b": {"cid": 1}}}')
      assert.are.equal(
        ('profile "a" has no cid: write "cid": NUMBER into %s'):format(user_file()),
        (refused("no_cid", config.profile, "a", options(environment())))
      )
      refused("no_provhash", config.profile, "b", options(environment()))
    end)

    it("says what counts for nothing", function()
      local flagged = config.load(options(environment(), { profile = "acme" }))
      local ignored = flagged:ignored()
      local names = {}
      for index, one in ipairs(ignored) do
        names[index] = one.where
        assert.are.equal("the profile acme was named", one.reason)
      end
      assert.are.same({
        "LASTPASS_CA_FILE",
        "LASTPASS_CID",
        "LASTPASS_PROVHASH_FILE",
        "LASTPASS_PROXY",
        "LASTPASS_TIMEZONE",
        "LASTPASS_URL",
      }, names)
      local notes = flagged:notes()
      assert.are.equal(6, #notes)
      assert.are.equal("LASTPASS_URL is not used: the profile acme was named", notes[6])
      assert.is_nil(table.concat(notes):find("canary7", 1, true))
      assert.are.same({ "user", user_file() }, { flagged:origin("acme", "cid") })
      assert.is_nil((flagged:origin("acme", "url")))
      assert.are.same({ "environment", "LASTPASS_JOURNAL" }, { flagged:origin("acme", "journal") })
      -- what says the same is no news
      local same = { LASTPASS_CID = "3", LASTPASS_PROVHASH_FILE = "/w" }
      assert.are.same({}, config.load(options(same, { profile = "whole" })):notes())
      assert.are.same({}, config.load(options({}, { profile = "acme" })):notes())
    end)
  end)

  it("says when the hash and the address or the account come from two places", function()
    write(user_file(), '{"profiles": {"acme": {"cid": 1, "provhash": {"file": "/h"}}}}')
    local function notes(environment, flags)
      return config.load(options(environment, flags)):notes()
    end
    local ours = ("the hash is that of profile acme (%s), but the address is that of "):format(
      user_file()
    )
    local url = "https://127.0.0.1/x"
    assert.are.same({ ours .. "LASTPASS_URL" }, notes { LASTPASS_URL = url })
    assert.are.same({ ours .. "--url" }, notes({}, { url = url }))
    assert.are.same({ ours .. "--url" }, notes({}, { url = url, profile = "acme" }))
    assert.are.same(
      { "the hash is that of --provhash, but the address is that of LASTPASS_URL" },
      notes({ LASTPASS_URL = url, LASTPASS_CID = "4" }, { provhash = { file = "/f" }, cid = "4" })
    )
    assert.are.equal(
      ("the hash is that of profile acme (%s), but the account number is that of --cid"):format(
        user_file()
      ),
      notes({}, { cid = "4", profile = "acme" })[1]
    )
    -- a unit of its own
    local whole = { LASTPASS_URL = url, LASTPASS_CID = "4", LASTPASS_PROVHASH_FILE = "/e" }
    assert.are.same({}, notes(whole))
    assert.are.same({}, notes {})
    write(work .. "/.lastpass.json", '{"profiles": {"acme": {"cid": 1}}}')
    assert.are.same({}, notes {})
  end)

  it("reaches a sandbox on this machine without LASTPASS_PROXY, and says so", function()
    local environment = {
      LASTPASS_CID = "4",
      LASTPASS_PROVHASH_FILE = "/e",
      LASTPASS_URL = "http://127.0.0.1:9/x",
      LASTPASS_PROXY = "http://p:1",
    }
    local all = config.load(options(environment))
    assert.is_nil(all:profile().proxy)
    assert.are.same({
      "LASTPASS_PROXY is not used: what goes to this machine without TLS goes through no proxy",
    }, all:notes())
    environment.LASTPASS_URL = "https://127.0.0.1:9/x"
    assert.are.equal("http://p:1", config.profile(nil, options(environment)).proxy)
    -- who names a proxy for it hears of it from the client
    environment.LASTPASS_URL = "http://127.0.0.1:9/x"
    assert.are.equal(
      "http://q:1",
      config.profile(nil, options(environment, { proxy = "http://q:1" })).proxy
    )
  end)

  it("takes no proxy that cannot be meant, and shows no piece of it", function()
    local message = refused(
      "bad_config",
      config.profile,
      nil,
      options { LASTPASS_PROXY = "http://ann:canary@7#@proxy.example:3128" }
    )
    assert.matches("^LASTPASS_PROXY has a character before its last @", message)
    assert.is_nil(message:find("canary", 1, true))
  end)

  it("takes a company of the environment for one of its own", function()
    write(user_file(), '{"profiles": {"acme": {"cid": 1, "provhash": {"file": "h"}}}}')
    assert.are.equal(3, config.profile("acme", options({ LASTPASS_CID = "2" }, { cid = 3 })).cid)
    -- Unnamed: without the only profile's hash.
    refused("no_provhash", config.profile, nil, options { LASTPASS_CID = "2" })
  end)

  it("says what is missing and where to write it", function()
    local message, err = refused("no_profile", config.profile, nil, options())
    assert.are.equal("there is no configuration: no profile, and no LASTPASS_CID", message)
    assert.are.equal(
      "write " .. user_file() .. ", or set LASTPASS_CID and LASTPASS_PROVHASH_FILE",
      err.hint
    )
    write(user_file(), '{"profiles": {"acme": {"provhash": {"file": "h"}}, "beta": {"cid": 1}}}')
    assert.are.equal(
      ('profile "acme" has no cid: write "cid": NUMBER into %s, or set LASTPASS_CID'):format(
        user_file()
      ),
      (refused("no_cid", config.profile, nil, options { LASTPASS_PROFILE = "acme" }))
    )
    assert.is_truthy(
      refused("no_provhash", config.profile, "beta", options()):find(
        'profile "beta" has no provhash',
        1,
        true
      )
    )
  end)

  it("refuses a hash in plain text without showing it", function()
    local forms = {
      ('"%s"'):format(CANARY),
      ('{"value": "%s"}'):format(CANARY),
      ('{"file": "%s"}'):format(CANARY),
      ('{"env": "%s"}'):format(CANARY),
      ('{"command": "%s"}'):format(CANARY),
    }
    for _, form in ipairs(forms) do
      write(user_file(), ('{"profiles": {"acme": {"cid": 1, "provhash": %s}}}'):format(form))
      local message = refused("bad_config", config.profile, "acme", options())
      assert.is_truthy(message:find("must not be written here in plain text", 1, true))
      assert.is_truthy(message:find('{"file": "~/.config/lastpass/acme.hash"}', 1, true))
      assert.is_truthy(message:find(user_file() .. ': profile "acme": "provhash"', 1, true))
    end
    local others = {
      ('{"%s": 1}'):format(CANARY),
      ('{"file": "h", "%s": 1}'):format(CANARY),
      ('{"file": "h", "env": "%s"}'):format(CANARY),
      ('["%s"]'):format(CANARY),
      '{"file": 5}',
      '{"file": ""}',
      "{}",
      "null",
      "5",
    }
    for _, form in ipairs(others) do
      write(user_file(), ('{"profiles": {"acme": {"cid": 1, "provhash": %s}}}'):format(form))
      refused("bad_config", config.profile, "acme", options())
    end
    refused("bad_config", config.profile, nil, options { LASTPASS_PROVHASH_FILE = CANARY })
    -- Faulty JSON around the hash.
    write(user_file(), ('{"profiles": {"acme": {"provhash": "%s", "cid": x}}}'):format(CANARY))
    refused("bad_config", config.profile, "acme", options())
  end)

  it("gives what it says of SCIM as one option", function()
    write(
      user_file(),
      [[{"profiles": {
        "acme": {"cid": 1, "provhash": {"file": "/h"}, "scim_token": {"command": "pass scim"}},
        "beta": {"cid": 2, "provhash": {"file": "/h"}, "scim_token": {"file": "t"},
                 "scim_url": "https://lastpass.eu/scimapi/2", "scim_dialect": "rfc"},
        "half": {"cid": 3, "provhash": {"file": "/h"}, "scim_dialect": "rfc"}}}]]
    )
    local acme = config.profile("acme", options())
    assert.are.same({ token = { command = "pass scim" } }, acme.scim)
    assert.is_nil(acme.scim_token)
    local beta = config.profile("beta", options())
    assert.are.same({
      url = "https://lastpass.eu/scimapi/2",
      token = { file = user_file():match "^(.*)/" .. "/t" },
      dialect = "rfc",
    }, beta.scim)
    local message = refused("no_scim_token", config.profile, "half", options())
    assert.is_truthy(message:find('write "scim_token": {"file": PATH} into', 1, true))
  end)

  it("takes the address and the token of SCIM from the environment", function()
    local environment = {
      LASTPASS_CID = "1",
      LASTPASS_PROVHASH_FILE = "/h",
      LASTPASS_SCIM_URL = "https://lastpass.com/scimapi/1",
      LASTPASS_SCIM_TOKEN_FILE = "/t",
    }
    local own = config.profile(nil, options(environment))
    assert.are.same({ url = "https://lastpass.com/scimapi/1", token = { file = "/t" } }, own.scim)
    write(
      user_file(),
      '{"profiles": {"p": {"cid": 1, "provhash": {"file": "/h"}, "scim_token": {"file": "/p"}}}}'
    )
    local notes = config.load(options { LASTPASS_SCIM_URL = "https://127.0.0.1/s" }):notes()
    local note = "the SCIM token is that of profile p (%s), but the SCIM address is that of "
    assert.are.same({ note:format(user_file()) .. "LASTPASS_SCIM_URL" }, notes)
    environment.LASTPASS_SCIM_TOKEN_FILE = CANARY
    refused("bad_config", config.profile, nil, options(environment))
    local forms = { ('"%s"'):format(CANARY), ('{"file": "%s"}'):format(CANARY), "{}", "5" }
    for _, form in ipairs(forms) do
      write(user_file(), ('{"profiles": {"acme": {"cid": 1, "scim_token": %s}}}'):format(form))
      refused("bad_config", config.profile, "acme", options())
    end
  end)

  it("takes from a project's file neither where the hash is nor where it goes", function()
    write(user_file(), '{"profiles": {"acme": {"cid": 1, "provhash": {"file": "h"}}}}')
    for key, value in pairs {
      provhash = '{"command": "touch /tmp/owned"}',
      url = '"https://evil.example/"',
      proxy = '"http://evil.example/"',
      ca_file = '"evil.pem"',
      scim_url = '"https://evil.example/"',
      scim_token = '{"command": "touch /tmp/owned"}',
      rest_url = '"https://evil.example/"',
      rest_key = '{"command": "touch /tmp/owned"}',
      mfa_url = '"https://evil.example/"',
      mfa_key = '{"command": "touch /tmp/owned"}',
      mfa_private_key = '{"command": "touch /tmp/owned"}',
      mfa_endpoints = '{"login": "/evil"}',
      operator = '"mallory@acme.com"',
      approvers = '["mallory@acme.com"]',
      approve_from = "1000000",
    } do
      write(work .. "/.lastpass.json", ('{"profiles": {"acme": {"%s": %s}}}'):format(key, value))
      local message, err = refused("not_in_project", config.profile, "acme", options())
      assert.is_truthy(
        message:find(('%s/.lastpass.json: profile "acme": "%s"'):format(work, key), 1, true)
      )
      assert.are.equal("put it into your own configuration file", err.hint)
    end
    write(work .. "/.lastpass.json", '{"profiles": {"acme": {"timezone": "UTC"}}}')
    assert.are.equal("UTC", config.profile("acme", options()).timezone)
  end)

  it("has the REST API as one option", function()
    write(
      user_file(),
      [[{"profiles": {
        "acme": {"cid": 1, "provhash": {"file": "/h"}, "rest_key": {"file": "acme.key"}},
        "beta": {"cid": 2, "provhash": {"file": "/h"}, "rest_key": {"command": "pass rest"},
                 "rest_url": "https://api.eu.example/business"},
        "half": {"cid": 3, "provhash": {"file": "/h"}, "rest_url": "https://api.eu.example"}
      }}]]
    )
    local acme = assert(config.profile("acme", options()))
    local folder = user_file():match "^(.*)/"
    assert.same({ key = { file = folder .. "/acme.key" } }, acme.rest)
    assert.is_nil(acme.rest_key)
    local beta = assert(config.profile("beta", options()))
    assert.same(
      { url = "https://api.eu.example/business", key = { command = "pass rest" } },
      beta.rest
    )
    local message = refused("no_rest_key", config.profile, "half", options())
    assert.is_truthy(message:find('write "rest_key": {"file": PATH} into', 1, true))
  end)

  it("has LastPass MFA and the rule of four eyes as one option each", function()
    write(
      user_file(),
      [[{"profiles": {
        "acme": {"cid": 1, "provhash": {"file": "/h"}, "mfa_key": {"file": "login.key"},
                 "operator": "ann@acme.com", "approvers": ["bob@acme.com"], "approve_from": 3,
                 "mfa_ip": "192.0.2.7", "mfa_app": "LastPass admin"},
        "beta": {"cid": 2, "provhash": {"file": "/h"}, "mfa_key": {"command": "pass mfa"},
                 "mfa_private_key": {"file": "/k.pem"}, "mfa_url": "https://mfa.beta.example",
                 "mfa_endpoints": {"login": "/v2/login"}},
        "half": {"cid": 3, "provhash": {"file": "/h"}, "mfa_url": "https://mfa.beta.example"},
        "bare": {"cid": 4, "provhash": {"file": "/h"}}
      }}]]
    )
    local acme = assert(config.profile("acme", options()))
    assert.same({
      mode = "plain",
      api_key = { file = user_file():match "^(.*)/" .. "/login.key" },
      app_name = "LastPass admin",
    }, acme.mfa)
    assert.same(
      { operator = "ann@acme.com", by = { "bob@acme.com" }, from = 3, ip = "192.0.2.7" },
      acme.approval
    )
    for name in pairs(acme) do
      assert.is_nil(name:match "^mfa_" or name:match "^approve" or name:match "^operator")
    end
    local beta = assert(config.profile("beta", options()))
    assert.same({
      mode = "secured",
      base_url = "https://mfa.beta.example",
      api_key = { command = "pass mfa" },
      private_key = { file = "/k.pem" },
      endpoints = { login = "/v2/login" },
    }, beta.mfa)
    assert.is_nil(beta.approval)
    assert.is_nil(assert(config.profile("bare", options())).mfa)
    local message = refused("no_mfa_key", config.profile, "half", options())
    assert.is_truthy(message:find('write "mfa_key": {"file": PATH} into', 1, true))
    for key, value in pairs {
      mfa_key = '"0f8fad5b-d9cb-469f-a165-70867728950e"',
      mfa_mode = '"open"',
      mfa_endpoints = '["/login"]',
      approvers = '["bob"]',
      approve_from = "0",
    } do
      write(user_file(), ('{"profiles": {"acme": {"cid": 1, "%s": %s}}}'):format(key, value))
      refused("bad_config", config.profile, "acme", options())
    end
  end)

  it("names the nearest key and the file", function()
    local cases = {
      { '{"profile": {}}', ': unknown key "profile" (did you mean "profiles"?)' },
      {
        '{"profiles": {"a": {"timezon": "UTC"}}}',
        ': profile "a": unknown key "timezon" (did you mean "timezone"?)',
      },
      { '{"profiles": {"a": {"provhsh": 1}}}', 'unknown key "provhsh" (did you mean "provhash"?)' },
      {
        '{"profiles": {"a": {"wolkenkuckucksheim": 1}}}',
        "(known are: apiuser, approve_from, approvers, ca_file, cid,",
      },
    }
    for _, case in ipairs(cases) do
      write(user_file(), case[1])
      local message, err = refused("unknown_key", config.profile, "a", options())
      assert.is_truthy(message:find(case[2], 1, true), message)
      assert.are.equal(user_file(), message:sub(1, #user_file()))
      assert.are.equal(user_file(), err.file)
    end
  end)

  it("names the place of faulty JSON", function()
    write(user_file(), '{"profiles": {\n  "acme": {"cid": tru}\n}}')
    local message, err = refused("bad_config", config.load, options())
    assert.are.equal(2, err.line)
    assert.are.equal(19, err.column)
    assert.are.equal(user_file() .. ": line 2, column 19: ", message:sub(1, #user_file() + 21))
    for _, text in ipairs { "", "{", "[1", '{"a":1,"a":2}', "\239\187\191{}" } do
      write(user_file(), text)
      refused("bad_config", config.load, options())
    end
  end)

  it("refuses values of the wrong kind", function()
    local cases = {
      { "cid", '"8771312"', "must be a whole number, 1 or more" },
      { "cid", "0", "must be a whole number, 1 or more" },
      { "cid", "1.5", "must be a whole number, 1 or more" },
      { "retries", "-1", "must be a whole number, 0 or more" },
      { "timeout", "0", "must be a number of seconds above 0" },
      { "connect_timeout", '"5"', "must be a number of seconds above 0" },
      { "rate", "false", "must be a number of calls per second above 0" },
      { "max_bytes", "null", "must be a whole number, 1 or more" },
      { "timezone", "5", "must be a text" },
      { "url", '""', "must be a text" },
      { "proxy", "[]", "must be a text" },
    }
    for _, case in ipairs(cases) do
      write(user_file(), ('{"profiles": {"a": {"%s": %s}}}'):format(case[1], case[2]))
      local message = refused("bad_config", config.load, options())
      assert.are.equal(('%s: profile "a": "%s" %s'):format(user_file(), case[1], case[3]), message)
    end
    for _, text in ipairs {
      "5",
      "[1]",
      "null",
      '{"default": 5}',
      '{"profiles": [1]}',
      '{"profiles": 5}',
      '{"profiles": {"a": 5}}',
      '{"profiles": {"a": null}}',
    } do
      write(user_file(), text)
      refused("bad_config", config.load, options())
    end
    for _, value in ipairs { "12x", "0x10", "-1", "1.5", " 1" } do
      assert.are.equal(
        "LASTPASS_CID must be a whole number, 1 or more",
        (refused("bad_config", config.load, options { LASTPASS_CID = value }))
      )
    end
    assert.are.equal(
      "--timeout must be a number of seconds above 0",
      (refused("bad_config", config.load, options({}, { timeout = "soon" })))
    )
  end)

  it('says so when "~" has no home', function()
    local environment = { HOME = "", LASTPASS_CID = "1", LASTPASS_PROVHASH_FILE = "~/h" }
    local message = refused("bad_config", config.profile, nil, options(environment))
    assert.is_truthy(message:find('"~" needs the environment variable HOME', 1, true))
    environment = { HOME = "", LASTPASS_CID = "1", LASTPASS_PROVHASH_FILE = "/h" }
    assert.are.equal("/h", config.profile(nil, options(environment)).provhash.value)
  end)

  it("raises for mistakes in the program, at its line", function()
    local cases = {
      {
        function()
          return (config.load { flag = {} })
        end,
        "unknown option 'flag' (did you mean 'flags'?)",
      },
      {
        function()
          return (config.profile("a", options({}, { timezon = "x" })))
        end,
        "config, flags: unknown option 'timezon' (did you mean 'timezone'?)",
      },
      {
        function()
          return (config.profile(5, options()))
        end,
        "a profile's name must be a string, not a number",
      },
      {
        function()
          return (config.load(options()):profile {})
        end,
        "a profile's name must be a string, not a table",
      },
    }
    for _, case in ipairs(cases) do
      local ok, message = pcall(case[1])
      assert.is_false(ok)
      assert.is_truthy(message:find(case[2], 1, true), message)
      assert.is_truthy(message:find("config_spec.lua:", 1, true), message)
    end
  end)

  it("gives every caller tables of its own", function()
    write(user_file(), '{"profiles": {"a": {"cid": 1, "provhash": {"file": "/h"}}}}')
    local all = config.load(options())
    local first = all:profile "a"
    first.cid, first.provhash.value = 99, "changed"
    assert.are.same({ cid = 1, provhash = { kind = "file", value = "/h" } }, all:profile "a")
  end)
end)

local check = require "spec.support.check"
local location = require "lastpass.store.location"
local support = require "spec.support.store"

describe("store.location: file", function()
  local folder, getenv, environment

  setup(function()
    folder = support.folder()
    getenv = os.getenv
  end)

  teardown(function()
    support.remove(folder)
  end)

  before_each(function()
    environment = {}
    rawset(os, "getenv", function(name)
      return environment[name]
    end)
  end)

  after_each(function()
    rawset(os, "getenv", getenv)
  end)

  local function mode(path)
    return support.output(("stat -c %%a '%s'"):format(path:gsub("'", "'\\''")))
  end

  it("has its place in the state folder", function()
    environment.HOME = "/home/ann"
    assert.equal("/home/ann/.local/state/lastpass/journal.db", location.default_path())
    environment.XDG_STATE_HOME = "/var/state"
    assert.equal("/var/state/lastpass/journal.db", location.default_path())
    environment.XDG_STATE_HOME = "relative"
    assert.equal("/home/ann/.local/state/lastpass/journal.db", location.default_path())
    environment.XDG_STATE_HOME = ""
    assert.equal("/home/ann/.local/state/lastpass/journal.db", location.default_path())
    environment.HOME = nil
    assert.truthy(check.failure("argument", "no_home", location.default_path()).hint)
  end)

  it("knows the home folder's short name", function()
    environment.HOME = "/home/ann"
    assert.equal("/home/ann/x.db", location.expand "~/x.db")
    assert.equal("x~/y", location.expand "x~/y")
    environment.HOME = nil
    assert.equal("~/x.db", location.expand "~/x.db")
  end)

  it("makes folders and file for their user only, whatever their names", function()
    local base = folder .. '/it\'s $(touch bad) "new"'
    local path = base .. "/a/b\nc/-journal.db"
    assert.is_true(location.prepare(path))
    assert.equal("600\n", mode(path))
    assert.equal("700\n", mode(base .. "/a"))
    assert.equal("700\n", mode(base))
    assert.equal("", support.read(path))
    assert.is_nil(support.read "bad")
  end)

  it("leaves alone what is there", function()
    local path = folder .. "/there.db"
    support.write(path, "content")
    os.execute("chmod 640 " .. path)
    assert.is_true(location.prepare(path))
    assert.equal("content", support.read(path))
    assert.equal("640\n", mode(path))
  end)

  it("says why it cannot", function()
    support.write(folder .. "/plain", "")
    for _, path in ipairs { folder .. "/plain/x/journal.db", "/proc/lastpass/journal.db" } do
      local err = check.failure("argument", "store_unopened", location.prepare(path))
      assert.equal(1, err.message:find("journal " .. path .. ": it cannot be made: ", 1, true))
      assert.truthy(err.hint)
    end
  end)
end)

describe("store.location: dsn", function()
  local getenv, environment

  setup(function()
    getenv = os.getenv
  end)

  before_each(function()
    environment = { HOME = "/nonexistent" }
    rawset(os, "getenv", function(name)
      return environment[name]
    end)
  end)

  after_each(function()
    rawset(os, "getenv", getenv)
  end)

  local function parameters(text)
    local found = {}
    local query = assert(location.parse_dsn(text)).conninfo:match "%?(.*)$"
    for name, value in query:gmatch "([^&=]+)=([^&]*)" do
      assert.is_nil(found[name])
      found[name] = value
    end
    return found
  end

  it("is made complete", function()
    local address =
      assert(location.parse_dsn "postgresql://ann@localhost:5432/acme?connect_timeout=3")
    assert.equal("postgresql://ann@localhost:5432/acme", address.label)
    assert.equal(
      "postgresql://ann@localhost:5432/acme?connect_timeout=3&application_name=lastpass"
        .. "&client_encoding=UTF8&keepalives_count=3&keepalives_idle=30&keepalives_interval=10"
        .. "&tcp_user_timeout=60000",
      address.conninfo
    )
    assert.equal("10", parameters("postgres:///acme").connect_timeout)
  end)

  it("must be an address", function()
    for _, text in ipairs {
      "acme",
      "host=localhost password=secret",
      "mysql://ann@localhost/acme",
      "postgresql:acme",
      "postgresql://a b/c",
      "postgresql://a/c\n",
    } do
      local err = check.failure("argument", "bad_dsn", location.parse_dsn(text))
      assert.is_nil(err.message:find("secret", 1, true))
    end
  end)

  it("must not hold a password, which is never shown", function()
    for _, text in ipairs {
      "postgresql://ann:s3cret@localhost/acme",
      "postgresql://ann:@localhost/acme",
      "postgresql://ann:s3@cret@localhost/acme",
      "postgresql://ann@localhost/acme?password=s3cret",
      "postgresql://ann@localhost/acme?x=1&p%61ssword=s3cret",
      "postgresql://ann@localhost/acme?sslpassword=s3cret",
    } do
      local err = check.failure("argument", "password_in_dsn", location.parse_dsn(text))
      assert.is_nil((err.message .. err.hint):find "s3")
      assert.matches("passfile", err.hint, 1, true)
    end
  end)

  it("goes to another machine only with TLS that is checked", function()
    for _, text in ipairs {
      "postgresql://ann@db.acme.example/acme",
      "postgresql://ann@192.0.2.1/acme",
      "postgresql://ann@127.0.0.1.evil.example/acme",
      "postgresql://ann@localhost,db.acme.example:5433/acme",
      "postgresql:///acme?host=db.acme.example",
      "postgresql://localhost/acme?hostaddr=192.0.2.1",
      "postgresql://[2001:db8::1]:5432/acme",
      "postgresql:///acme?service=prod",
    } do
      assert.equal("verify-full", parameters(text).sslmode, text)
      local joint = text .. (text:find "?" and "&" or "?")
      for _, mode in ipairs { "disable", "allow", "prefer", "require", "" } do
        local err =
          check.failure("argument", "tls_needed", location.parse_dsn(joint .. "sslmode=" .. mode))
        assert.truthy(err.hint)
      end
      assert.equal("verify-ca", parameters(joint .. "sslmode=verify-ca").sslmode)
    end
    environment.PGHOST = "db.acme.example"
    assert.equal("verify-full", parameters("postgresql:///acme").sslmode)
    environment.PGHOST = nil
    environment.PGSERVICE = "prod"
    assert.equal("verify-full", parameters("postgresql:///acme").sslmode)
    environment.PGSERVICE = nil
    environment.PGHOSTADDR = "192.0.2.1"
    assert.equal("verify-full", parameters("postgresql://localhost/acme").sslmode)
  end)

  it("does not ask for TLS on this machine", function()
    for _, text in ipairs {
      "postgresql:///acme",
      "postgresql://ann@/acme?host=/var/run/postgresql",
      "postgresql://%2Fvar%2Frun%2Fpostgresql/acme",
      "postgresql://127.0.0.1:5432/acme",
      "postgresql://[::1]:5432/acme",
      "postgresql://ann@localhost",
    } do
      assert.is_nil(parameters(text).sslmode, text)
    end
  end)

  it("trusts whom libpq trusts, else the system's authorities", function()
    local function root(text)
      return parameters(text).sslrootcert
    end
    local remote = "postgresql://ann@db.acme.example/acme"
    local installed = io.open "/etc/ssl/certs/ca-certificates.crt"
    if installed then
      installed:close()
      assert.equal("/etc/ssl/certs/ca-certificates.crt", root(remote))
    end
    assert.equal("/own.pem", root(remote .. "?sslrootcert=/own.pem"))
    environment.PGSSLROOTCERT = "/x.pem"
    assert.is_nil(root(remote))
  end)
end)

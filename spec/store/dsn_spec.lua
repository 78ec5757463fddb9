local check = require "spec.support.check"
local dsn = require "lastpass.store.dsn"

describe("store.dsn", function()
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
    local query = assert(dsn.parse(text)).conninfo:match "%?(.*)$"
    for name, value in query:gmatch "([^&=]+)=([^&]*)" do
      assert.is_nil(found[name])
      found[name] = value
    end
    return found
  end

  it("is made complete", function()
    local address = assert(dsn.parse "postgresql://ann@localhost:5432/acme?connect_timeout=3")
    assert.equal("postgresql://ann@localhost:5432/acme", address.place)
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
      local err = check.failure("argument", "bad_dsn", dsn.parse(text))
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
      local err = check.failure("argument", "password_in_dsn", dsn.parse(text))
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
        local err = check.failure("argument", "tls_needed", dsn.parse(joint .. "sslmode=" .. mode))
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

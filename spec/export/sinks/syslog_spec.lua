-- Messages to a receiver in Python, which reads the frames of RFC 6587 and RFC 5425.
local check = require "spec.support.check"
local store = require "spec.support.store"
local sinks = require "lastpass.export.sinks"
local syslog = require "lastpass.export.sinks.syslog"

describe("lastpass.export.sinks.syslog", function()
  local folder, pipe, process

  before_each(function()
    folder = store.folder()
  end)

  local function stop_collector()
    if pipe then
      os.execute("kill " .. process)
      pipe:close()
      pipe = nil
    end
  end

  after_each(function()
    stop_collector()
    store.remove(folder)
  end)

  local function start(protocol, options)
    local command = "unset LD_PRELOAD; echo $$; "
      .. "exec timeout 600 /usr/bin/python3 spec/support/collector.py "
      .. "%s %s/out %s/pem %s 2>%s/err"
    pipe = assert(io.popen(command:format(protocol, folder, folder, options or "", folder)))
    process = pipe:read "*l"
    return tonumber((pipe:read "*l"))
  end

  local function open(options)
    options.host = options.host or "127.0.0.1"
    options.timeout = options.timeout or 20
    return syslog.open(options, { format = "syslog" }, 1)
  end

  -- What has arrived, once it is so many lines.
  local function arrived(count)
    local deadline = os.time() + 60
    local text, lines
    repeat
      text = store.read(folder .. "/out") or ""
      lines = select(2, text:gsub("\n", ""))
    until lines >= count or os.time() > deadline
    return text
  end

  local lines = { "<86>1 - - lastpass - login - é one\n", "<86>1 - - lastpass - login - two\n" }
  local text = table.concat(lines)

  it("sends datagrams, one for an event", function()
    local sink = open { protocol = "udp", port = start "udp" }
    assert.is_true(sink:begin())
    assert.is_true(sink:write(text, 2))
    assert.same({}, sink:confirm())
    assert.equal(text, arrived(2))
    assert.is_true(sink:finish())
    sink:close()
  end)

  it("counts octets over TCP", function()
    local sink = open { protocol = "tcp", port = start "tcp" }
    assert.is_true(sink:write(text, 2))
    assert.is_true(sink:write(text, 2))
    assert.same({}, sink:confirm())
    assert.equal(text .. text, arrived(4))
    sink:close()
  end)

  it("ends lines with line feeds when that is wanted", function()
    local sink =
      open { protocol = "tcp", port = start("tcp", "framing=newline"), framing = "newline" }
    assert.is_true(sink:write(text, 2))
    assert.same({}, sink:confirm())
    assert.equal(text, arrived(2))
    sink:close()
  end)

  it("says when nobody is there", function()
    local port = start "tcp"
    stop_collector()
    local sink = open { protocol = "tcp", port = port, retries = 1 }
    check.failure("transport", "unreachable", sink:write(text, 2))
    sink:close()
  end)

  local function certificate(name)
    os.execute(
      (
        "unset LD_PRELOAD; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
        .. "-nodes -days 2 -subj /CN=x -addext subjectAltName=%s "
        .. "-keyout %s/key -out %s/crt >/dev/null 2>&1 && cat %s/key %s/crt > %s/pem"
      ):format(name, folder, folder, folder, folder, folder)
    )
  end

  it("sends over TLS to who it knows", function()
    certificate "DNS:localhost"
    local port = start "tls"
    local sink = open { host = "localhost", port = port, ca_file = folder .. "/crt" }
    assert.is_true(sink:write(text, 2))
    assert.same({}, sink:confirm())
    assert.equal(text, arrived(2))
    sink:close()
  end)

  it("sends nothing to anybody else", function()
    certificate "DNS:other.example"
    local port = start "tls"
    local sink = open { host = "localhost", port = port, ca_file = folder .. "/crt", retries = 0 }
    check.failure("transport", "tls_certificate", sink:write(text, 2))
    sink:close()
    sink = open { host = "localhost", port = port, retries = 0 }
    check.failure("transport", "tls_certificate", sink:write(text, 2))
    sink:close()
    sink = open { host = "localhost", port = port, ca_file = folder .. "/none", retries = 0 }
    check.failure("transport", "ca_file", sink:write(text, 2))
    assert.equal("", store.read(folder .. "/out") or "")
  end)

  it("takes a server that wants to know who we are for what it is", function()
    certificate "DNS:localhost"
    local port = start("tls", "alert=1")
    local sink = open { host = "localhost", port = port, ca_file = folder .. "/crt", retries = 0 }
    -- TLS 1.3 lets the client send before it is refused
    local ok = sink:write(text, 2)
    assert.is_nil(ok and sink:confirm())
    sink:close()
    sink = open {
      host = "localhost",
      port = port,
      ca_file = folder .. "/crt",
      certificate = folder .. "/crt",
      key = folder .. "/key",
    }
    assert.is_true(sink:write(text, 2))
    assert.same({}, sink:confirm())
    assert.equal(text, arrived(2))
    sink:close()
  end)

  describe("when the connection is lost", function()
    local COUNT = 3000

    local function long_text()
      local list = {}
      for number = 1, COUNT do
        list[number] = ("<86>1 - - lastpass - login - number %d %s\n"):format(number, ("x"):rep(60))
      end
      return table.concat(list)
    end

    -- Each line has come, and nothing else.
    local function all_arrived()
      local set, count = {}, 0
      for line in (store.read(folder .. "/out") or ""):gmatch "[^\n]+" do
        local number = line:match "number (%d+) x+$"
        assert.is_string(number, line)
        count = count + (set[number] and 0 or 1)
        set[number] = true
      end
      return count == COUNT
    end

    local cases = {
      { protocol = "tcp", options = "cut=100000" },
      { protocol = "tcp", options = "cut=100000 close=1" },
      { protocol = "tcp", options = "cut=1" },
      { protocol = "tcp", options = "cut=random cuts=3" },
      { protocol = "tcp", options = "cut=100000 framing=newline", framing = "newline" },
      { protocol = "tls", options = "cut=100000" },
      { protocol = "tls", options = "cut=100000 close=1" },
      { protocol = "tls", options = "cut=random cuts=3" },
    }
    for _, case in ipairs(cases) do
      it(("sends all of the portion again (%s, %s)"):format(case.protocol, case.options), function()
        if case.protocol == "tls" then
          certificate "DNS:localhost"
        end
        local port = start(case.protocol, case.options)
        local function new(retries)
          return open {
            host = "localhost",
            protocol = case.protocol,
            port = port,
            ca_file = case.protocol == "tls" and folder .. "/crt" or nil,
            framing = case.framing,
            retries = retries,
          }
        end
        -- without another try it is not confirmed
        local sink = new(0)
        local ok, message, err = sink:write(long_text(), COUNT)
        if ok then
          ok, message, err = sink:confirm()
        end
        check.failure("transport", "connection_lost", ok, message, err)
        sink:close()
        sink = new(4)
        assert.is_true(sink:write(long_text(), COUNT))
        assert.same({}, sink:confirm())
        assert.is_true(all_arrived())
        sink:close()
      end)
    end
  end)

  it("is content with what the server's system has taken when it never ends", function()
    local sink = open { protocol = "tcp", port = start("tcp", "never_ends=1"), confirm_after = 0.3 }
    assert.is_true(sink:write(text, 2))
    assert.same({}, sink:confirm())
    assert.equal(text, arrived(2))
    sink:close()
  end)

  it("confirms nothing that nobody takes", function()
    local sink = open {
      protocol = "tcp",
      port = start("tcp", "deaf=1"),
      confirm_after = 0,
      timeout = 1,
      retries = 0,
    }
    local much = (("x"):rep(1000) .. "\n"):rep(30000)
    local ok, message, err = sink:write(much, 30000)
    check.failure("transport", "timeout", ok, message, err)
    sink:close()
  end)

  it("has no options that do not go together", function()
    for _, options in ipairs {
      { host = "x", framing = "octet" },
      { host = "x", protocol = "udp", framing = "newline" },
      { host = "x", protocol = "udp", confirm_after = 1 },
      { host = "x", confirm_after = -1 },
      { host = "x", protocol = "tpc" },
    } do
      check.blamed(function()
        options.kind = "syslog"
        sinks.open(options, { format = "syslog" })
      end)
    end
  end)
end)

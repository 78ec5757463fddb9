-- Messages to a receiver in Python, which reads the frames of RFC 6587 and RFC 5425.
local check = require "spec.support.check"
local store = require "spec.support.store"
local syslog = require "lastpass.export.sinks.syslog"

local has_tls = pcall(require, "ssl")

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

  local function start(protocol, drop)
    local command = "echo $$; exec timeout 600 /usr/bin/python3 spec/support/collector.py "
      .. "%s %s/out %s/pem %d 2>%s/err"
    pipe = assert(io.popen(command:format(protocol, folder, folder, drop or 0, folder)))
    process = pipe:read "*l"
    return tonumber((pipe:read "*l"))
  end

  local function open(options)
    options.host = options.host or "127.0.0.1"
    options.timeout = 5
    return syslog.open(options, { format = "syslog" }, 1)
  end

  -- What has arrived, once it is so many lines.
  local function arrived(count)
    local deadline = os.time() + 10
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

  it("connects again when the server has closed", function()
    local sink = open { protocol = "tcp", port = start("tcp", 1) }
    assert.is_true(sink:write(lines[1], 1))
    assert.equal(lines[1], arrived(1))
    local deadline = os.time() + 5
    local state, message, err
    repeat
      state, message, err = sink:confirm()
    until not state or os.time() > deadline
    check.failure("transport", "connection_lost", state, message, err)
    assert.is_true(sink:write(lines[2], 1))
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
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -addext subjectAltName=%s "
        .. "-keyout %s/key -out %s/crt >/dev/null 2>&1 && cat %s/key %s/crt > %s/pem"
      ):format(name, folder, folder, folder, folder, folder)
    )
  end

  local tls_it = has_tls and it or pending

  tls_it("sends over TLS to who it knows", function()
    certificate "DNS:localhost"
    local port = start "tls"
    local sink = open { host = "localhost", port = port, ca_file = folder .. "/crt" }
    assert.is_true(sink:write(text, 2))
    assert.same({}, sink:confirm())
    assert.equal(text, arrived(2))
    sink:close()
  end)

  tls_it("sends nothing to anybody else", function()
    certificate "DNS:other.example"
    local port = start "tls"
    local sink = open { host = "localhost", port = port, ca_file = folder .. "/crt", retries = 0 }
    check.failure("transport", "tls_certificate", sink:write(text, 2))
    sink:close()
    sink = open { host = "localhost", port = port, retries = 0 }
    check.failure("transport", "tls_certificate", sink:write(text, 2))
    sink:close()
    assert.equal("", store.read(folder .. "/out") or "")
  end)
end)

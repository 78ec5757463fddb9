-- HTTP/2 against a server that nobody here wrote: nghttpd speaks nothing else and sends back what
-- it is sent.
local curl = require "lastpass.transport.curl"
local certificates = require "lastpass.sandbox.certificate"
local socket = require "socket"

local function write_file(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

local function free_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return tonumber(port)
end

local function listens(port)
  for _ = 1, 3000 do
    local connection = socket.connect("127.0.0.1", port)
    if connection then
      connection:close()
      return true
    end
    socket.sleep(0.02)
  end
end

describe("HTTP/2", function()
  local certificate_file, key_file, port, pipe, process

  setup(function()
    local pair = assert(certificates.make())
    certificate_file, key_file = write_file(pair.certificate), write_file(pair.key)
    port = free_port()
    local command = "echo $$; exec env -u LD_PRELOAD nghttpd --echo-upload %d %s %s 2>&1"
    pipe = assert(io.popen(command:format(port, key_file, certificate_file)))
    process = assert(pipe:read "*l")
    assert(listens(port), "nghttpd did not start")
  end)

  teardown(function()
    os.execute("kill " .. process)
    pipe:close()
    os.remove(certificate_file)
    os.remove(key_file)
  end)

  local function send(options, body)
    options.ca_file = certificate_file
    return curl.new(options):send {
      method = "POST",
      url = ("https://127.0.0.1:%d/"):format(port),
      body = body,
      timeout = 10,
    }
  end

  it("is spoken when it is wanted and offered", function()
    local response = assert(send({ http_version = "2" }, "Ann"))
    assert.equals(200, response.status)
    assert.equals("Ann", response.body)
    assert.truthy(response.headers.server:find("nghttpd", 1, true))
    local large = ("0123456789abcdef"):rep(20000)
    assert.equals(large, assert(send({ http_version = "2" }, large)).body)
  end)

  it("is left alone otherwise", function()
    local response, _, err = send({}, "Ann")
    assert.is_nil(response)
    assert.equals("transport", err.kind)
  end)
end)

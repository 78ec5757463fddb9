-- The child process of spec.support.server: listens on a port of the system's choice, prints it,
-- and gives each connection to the handler. Ends by itself after a minute.
local socket = require "socket"

local handler_file, log_file = arg[1], arg[2]
local log = assert(io.open(log_file, "w"))
log:setvbuf "no"

-- What a handler can use.
local tools = { socket = socket }

function tools.log(...)
  log:write(table.concat({ ... }, " "), "\n")
end

--- Reads a request: its head, and as many bytes of its body as it declares.
function tools.read_request(client)
  local lines, length = {}, 0
  while true do
    local line = client:receive "*l"
    if not line then
      return nil
    elseif line == "" then
      break
    end
    lines[#lines + 1] = line
    length = tonumber(line:lower():match "^content%-length:%s*(%d+)") or length
  end
  return { head = table.concat(lines, "\n"), body = length > 0 and client:receive(length) or "" }
end

--- Sends a whole reply.
function tools.reply(client, body, headers)
  client:send(
    ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s"):format(#body, headers or "", body)
  )
end

--- Passes bytes both ways until one side closes.
function tools.tunnel(one, two)
  one:settimeout(0)
  two:settimeout(0)
  local other = { [one] = two, [two] = one }
  while true do
    for _, from in ipairs((socket.select({ one, two }, nil, 10))) do
      local bytes, message, part = from:receive(65536)
      bytes = bytes or part
      local sent = 0
      while bytes and sent < #bytes do
        local last, _, so_far = other[from]:send(bytes, sent + 1)
        sent = last or so_far
      end
      if message == "closed" then
        return
      end
    end
  end
end

local handle = assert(loadfile(handler_file))(tools)
local listener = assert(socket.bind("127.0.0.1", 0))
local _, port = listener:getsockname()
io.stdout:write(port, "\n")
io.stdout:flush()
listener:settimeout(0.5)
local ends_at, number = socket.gettime() + 600, 0
while socket.gettime() < ends_at do
  local client = listener:accept()
  if client then
    number = number + 1
    client:settimeout(10)
    local ok, message = pcall(handle, client, number)
    if not ok then
      tools.log("error", message)
    end
    client:close()
  end
end

-- Starts Debian's FreeRADIUS on loopback, with its own configuration in a temporary folder, and plays LastPass's Universal
-- Proxy in mode SFA with it: `password*push`, `password*call` and `password*123456`; a password alone leads to a challenge.
local socket = require "socket"
local wait = require "spec.support.wait"

local M = {}

local methods = {}
methods.__index = methods

M.SECRET = "xn6q2vxm0tuc9sj7"
M.PASSWORD = "correct horse"

-- A sanitizer that is loaded first is for the specs, not for what they start.
local OURS_ONLY = "unset LD_PRELOAD; "

local CONFIGURATION = [==[
prefix = FOLDER
name = radiusd
logdir = FOLDER
run_dir = FOLDER
libdir = /usr/lib/freeradius
max_request_time = 30
cleanup_delay = 5
max_requests = 16384
hostname_lookups = no
log {
  destination = files
  file = FOLDER/log
  auth = no
}
security {
  max_attributes = 200
  reject_delay = 0
  status_server = yes
}
thread pool {
  start_servers = 4
  max_servers = 8
  min_spare_servers = 2
  max_spare_servers = 8
}
modules {
  pap { }
  chap { }
  always ok {
    rcode = ok
  }
  always reject {
    rcode = reject
  }
  always handled {
    rcode = handled
  }
  linelog {
    filename = FOLDER/asked
    permissions = 0600
    format = "%{User-Name} %{Tmp-String-0} %{Tmp-String-1}"
  }
  exec {
    wait = yes
    shell_escape = yes
    timeout = 20
  }
}
client loopback {
  ipaddr = 127.0.0.1
  secret = SECRET
  require_message_authenticator = NECESSARY
}
server default {
  listen {
    type = auth
    ipaddr = 127.0.0.1
    port = PORT
  }
  authorize {
    Autz-Type Status-Server {
      update reply {
        SIGNED
      }
      ok
    }
    if (&CHAP-Password) {
      update request { Tmp-String-0 := "chap" }
      update control { Cleartext-Password := "PASSWORD" }
      linelog
      chap
      return
    }
    if (&State) {
      update control { Cleartext-Password := "123456" }
      update request {
        Tmp-String-0 := "answer"
        Tmp-String-1 := "%{State}"
      }
      linelog
      pap
      return
    }
    if (&User-Password =~ /^(.*)\*([^*]*)$/) {
      update request {
        Tmp-String-0 := "%{2}"
        User-Password := "%{1}"
      }
      update control { Cleartext-Password := "PASSWORD" }
      linelog
      if (&Tmp-String-0 == "push" || &Tmp-String-0 == "call") {
        if (&User-Name == "slow") {
          update request { Tmp-String-1 := "%{exec:/bin/sleep 1}" }
        }
        if (&User-Name == "denies") {
          update reply { Reply-Message := "denied on the phone" }
          reject
        }
      }
      elsif (&Tmp-String-0 != "123456") {
        reject
      }
      pap
      return
    }
    if (&User-Password != "PASSWORD") {
      reject
    }
    update request { Tmp-String-0 := "challenge" }
    linelog
    update reply {
      Reply-Message := "Enter your code"
      State := 0x00ff10
      SIGNED
    }
    update control { Response-Packet-Type := Access-Challenge }
    handled
  }
  authenticate {
    Auth-Type PAP {
      pap
    }
    Auth-Type CHAP {
      chap
    }
  }
  post-auth {
    update reply {
      Proxy-State += 0x01
      SIGNED
    }
    Post-Auth-Type REJECT {
      update reply { SIGNED }
    }
  }
}
]==]

local function read_file(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then
    file:close()
  end
  return text or ""
end

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

-- A port that nobody has at this moment: FreeRADIUS takes its own for none.
local function free_port()
  local one = assert(socket.udp())
  assert(one:setsockname("127.0.0.1", 0))
  local _, port = one:getsockname()
  one:close()
  return tonumber(port)
end

local function runs(pid)
  local state = read_file("/proc/" .. pid .. "/stat"):match "^.*%) (%a)"
  return state ~= nil and state ~= "Z"
end

local function launch(self)
  self.port = free_port()
  local values = {
    FOLDER = self.folder,
    PORT = self.port,
    SECRET = M.SECRET,
    PASSWORD = M.PASSWORD,
    NECESSARY = self.signed and "yes" or "no",
    SIGNED = self.signed and "Message-Authenticator := 0x00" or "Class := 0x00",
  }
  write_file(self.folder .. "/radiusd.conf", (CONFIGURATION:gsub("%u%u%u%u+", values)))
  write_file(self.folder .. "/log", "")
  local command = OURS_ONLY
    .. ("timeout -s KILL 600 freeradius -f -d '%s' >'%s/out' 2>&1 & echo $!"):format(
      self.folder,
      self.folder
    )
  local pipe = assert(io.popen(command))
  self.watcher = tonumber(pipe:read "*l")
  pipe:close()
  return wait("FreeRADIUS", function()
    return read_file(self.folder .. "/log"):find("Ready to process requests", 1, true)
      or not runs(self.watcher) and "ended"
  end, 120) ~= "ended"
end

--- Starts one.
---@param options? table signed: whether replies have a Message-Authenticator, and requests need one (default true;
-- FreeRADIUS of Debian 12 does neither unless it is told to)
---@return table server port
function M.start(options)
  local pipe = assert(io.popen "mktemp -d")
  local self = setmetatable({ folder = pipe:read "*l" }, methods)
  pipe:close()
  self.signed = not options or options.signed ~= false
  if not launch(self) and not launch(self) then -- another process may take the port first
    os.execute(("freeradius -C -X -d '%s' >'%s/out' 2>&1"):format(self.folder, self.folder))
    local text = read_file(self.folder .. "/log") .. read_file(self.folder .. "/out"):sub(-2000)
    self:stop()
    error("FreeRADIUS did not start: " .. text)
  end
  return self
end

--- What it was asked, a line for each request that it has not seen before: the user, how, and State.
---@return string[]
function methods:asked()
  local lines = {}
  for line in read_file(self.folder .. "/asked"):gmatch "[^\n]+" do
    lines[#lines + 1] = line
  end
  return lines
end

-- `timeout` hands the signal on.
local function end_process(self)
  if self.watcher and runs(self.watcher) then
    os.execute("kill " .. self.watcher)
    wait("the end of FreeRADIUS", function()
      return not runs(self.watcher)
    end)
  end
  self.watcher = nil
end

--- Ends it by its own process number, and removes its folder.
function methods:stop()
  end_process(self)
  if self.folder then
    os.execute("rm -r '" .. self.folder .. "'")
    self.folder = nil
  end
end

return M

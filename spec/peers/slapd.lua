-- Starts a real slapd (OpenLDAP's server) on loopback, with its own configuration, database and
-- certificates in a temporary folder. Debian: slapd, openssl, lua-socket.
local company = require "spec.peers.slapd_company"
local socket = require "socket"

local M = {}

M.company = company
M.ADMIN = "cn=admin," .. company.BASE
M.PASSWORD = "correct-horse/battery'staple;{}$%&=?"

local methods = {}
methods.__index = methods

-- A sanitizer that is loaded first is for the specs, not for what they start.
local OURS_ONLY = "unset LD_PRELOAD; "

local function run(command, ...)
  command = OURS_ONLY .. command:format(...)
  local ok = os.execute(command)
  if ok ~= true and ok ~= 0 then
    error("failed: " .. command, 2)
  end
end

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read "*a"
  file:close()
  return text
end

-- A port that nobody has at this moment. slapd cannot be told to take any.
local function free_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return tonumber(port)
end

-- An authority, and certificates by it: for 127.0.0.1 and localhost, for another name, and for a
-- client; and an authority that has signed none of them.
local function make_certificates(folder)
  local quiet = ">/dev/null 2>&1"
  local new_key = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
  for _, name in ipairs { "authority", "stranger" } do
    run(
      "cd %s && %s -x509 -days 2 -subj '/CN=%s' -keyout %s.key -out %s.pem %s",
      folder,
      new_key,
      name,
      name,
      name,
      quiet
    )
  end
  local names = {
    server = "subjectAltName=IP:127.0.0.1,DNS:localhost",
    elsewhere = "subjectAltName=DNS:ldap.elsewhere.example",
    client = "subjectAltName=DNS:client",
  }
  for name, extension in pairs(names) do
    write_file(folder .. "/" .. name .. ".ext", extension .. "\n")
    run(
      "cd %s && %s -subj '/CN=%s' -keyout %s.key -out %s.csr %s && openssl x509 -req -days 2 "
        .. "-in %s.csr -CA authority.pem -CAkey authority.key -CAcreateserial -extfile %s.ext "
        .. "-out %s.pem %s",
      folder,
      new_key,
      name,
      name,
      name,
      quiet,
      name,
      name,
      name,
      quiet
    )
  end
end

local configuration = [[
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile FOLDER/slapd.pid
TLSCACertificateFile FOLDER/authority.pem
TLSCertificateFile FOLDER/CERTIFICATE.pem
TLSCertificateKeyFile FOLDER/CERTIFICATE.key
TLSVerifyClient try
authz-regexp ".*cn=client.*" "ADMIN"
authz-regexp "gidNumber=.*,cn=peercred,cn=external,cn=auth" "ADMIN"
GLOBAL
database mdb
suffix "BASE"
rootdn "ROOT"
directory FOLDER/data
maxsize 268435456
index objectClass eq
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=odd,BASE" by users read
access to * by * read
LIMITS
]]

local function configure(folder, options)
  local values = {
    FOLDER = folder,
    BASE = company.BASE,
    -- The administrator is an entry, so that limits hold for it as they do for others.
    ADMIN = M.ADMIN,
    ROOT = "cn=root," .. company.BASE,
    CERTIFICATE = options.certificate or "server",
    GLOBAL = options.global or "",
    LIMITS = options.limits or "limits * size=unlimited",
  }
  write_file(
    folder .. "/slapd.conf",
    (configuration:gsub("%u%u%u%u+", values)) -- what is not in the table stays
  )
end

local function fill(folder, people, more)
  local administrator = table.concat({
    "dn: " .. M.ADMIN,
    "objectClass: organizationalRole",
    "objectClass: simpleSecurityObject",
    "cn: admin",
    "userPassword: " .. M.PASSWORD,
  }, "\n")
  run("mkdir %s/data", folder)
  local text = company.ldif(people) .. administrator .. "\n\n" .. (more or "")
  write_file(folder .. "/company.ldif", text)
  run("slapadd -q -f %s/slapd.conf -l %s/company.ldif", folder, folder)
end

local function is_listening(port)
  local client = socket.connect("127.0.0.1", port)
  if client then
    client:close()
  end
  return client ~= nil
end

-- One try; another process may take a port first.
local function launch(self)
  local form = "echo $$; exec timeout -s KILL 600 slapd -d 0 -f %s/slapd.conf -h "
    .. "'ldap://127.0.0.1:%d/ ldaps://127.0.0.1:%d/ ldapi://%s/' 2>%s/log"
  local command = OURS_ONLY
    .. form:format(
      self.folder,
      self.port,
      self.tls_port,
      ((self.folder .. "/socket"):gsub("/", "%%2F")),
      self.folder
    )
  self.pipe = assert(io.popen(command))
  local watcher = self.pipe:read "*l"
  local ends_at = socket.gettime() + 120
  repeat
    socket.sleep(0.02)
    if is_listening(self.port) and is_listening(self.tls_port) then
      self.process = tonumber(read_file(self.folder .. "/slapd.pid"))
      return self.process ~= nil
    end
  until socket.gettime() > ends_at
  os.execute("kill " .. watcher) -- which ends slapd too, if it runs at all
  self.pipe:close()
  self.pipe = nil
  return false
end

local function launch_somewhere(self)
  for _ = 1, 2 do
    self.port, self.tls_port = free_port(), free_port()
    if launch(self) then
      return
    end
  end
  local log = read_file(self.folder .. "/log")
  self:stop()
  error("slapd did not start: " .. tostring(log))
end

--- Starts one.
---@param options table `people`; `certificate`: "server" (default) or "elsewhere"; `limits`,
-- `global`: lines of its configuration; `ldif`: further entries
---@return table server `url`, `tls_url`, `socket_url`, `folder` with the certificates
function M.start(options)
  local pipe = assert(io.popen "mktemp -d")
  local self = setmetatable({ folder = pipe:read "*l" }, methods)
  pipe:close()
  make_certificates(self.folder)
  configure(self.folder, options)
  fill(self.folder, options.people, options.ldif)
  launch_somewhere(self)
  self.url = ("ldap://127.0.0.1:%d"):format(self.port)
  self.tls_url = ("ldaps://127.0.0.1:%d"):format(self.tls_port)
  self.socket_url = "ldapi://" .. (self.folder .. "/socket"):gsub("/", "%%2F")
  self.ca_file = self.folder .. "/authority.pem"
  return self
end

--- Sends the server a signal: "STOP", "CONT".
function methods:signal(name)
  os.execute(("kill -%s %d"):format(name, self.process))
end

local function finish(self, signal)
  if self.pipe then
    self:signal(signal)
    self:signal "CONT" -- a test that failed may have left it standing still
    self.pipe:close()
    self.pipe = nil
  end
end

--- Ends the server as a crash would.
function methods:kill()
  finish(self, "KILL")
end

--- Starts it again after a crash, at the same addresses.
function methods:restart()
  assert(launch(self), "slapd did not start again")
end

--- Ends the server and removes its folder.
function methods:stop()
  finish(self, "TERM")
  if self.folder then
    os.execute("rm -r " .. self.folder)
    self.folder = nil
  end
end

return M

--- Apache with mod_auth_mellon (lasso) as a service provider: on loopback, with a folder of its own. Debian: apache2-bin,
-- libapache2-mod-auth-mellon.
local http = require "socket.http"
local ltn12 = require "ltn12"
local socket = require "socket"
local wait = require "spec.support.wait"

local M = {}

local MODULES = "/usr/lib/apache2/modules"

local methods = {}
methods.__index = methods

local function shell(line)
  local pipe = assert(io.popen(line))
  local text = pipe:read "*a"
  pipe:close()
  return (text:gsub("%s+$", ""))
end

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function read_file(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then
    file:close()
  end
  return text
end

--- What is missing, as a reason to leave it out.
---@return string|nil
function M.missing()
  if not read_file "/usr/sbin/apache2" then
    return "apache2-bin is not installed"
  elseif not read_file(MODULES .. "/mod_auth_mellon.so") then
    return "libapache2-mod-auth-mellon is not installed"
  end
  return nil
end

-- A port that nobody has at this moment; apache2 cannot be told to take any.
local function free_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return tonumber(port)
end

local CONFIGURATION = [[
ServerRoot %s
ServerName 127.0.0.1
Listen 127.0.0.1:%d
PidFile %s/pid
ErrorLog %s/error.log
LogLevel warn
%s
LoadModule mpm_prefork_module MODULES/mod_mpm_prefork.so
LoadModule authn_core_module MODULES/mod_authn_core.so
LoadModule authz_core_module MODULES/mod_authz_core.so
LoadModule authz_user_module MODULES/mod_authz_user.so
LoadModule headers_module MODULES/mod_headers.so
LoadModule mime_module MODULES/mod_mime.so
LoadModule auth_mellon_module MODULES/mod_auth_mellon.so
TypesConfig /etc/mime.types
Mutex file:%s
StartServers 1
MinSpareServers 1
MaxSpareServers 2
MaxRequestWorkers 4
DocumentRoot %s/www
MellonLockFile %s/mellon.lock
<Location />
  MellonEnable info
  MellonEndpointPath /mellon
  MellonSecureCookie Off
  MellonSPentityId %s
  MellonSPPrivateKeyFile %s/sp.key
  MellonSPCertFile %s/sp.crt
  MellonSPMetadataFile %s/sp.xml
  MellonIdPMetadataFile %s/idp.xml
  MellonUser NAME_ID
  MellonMergeEnvVars On
  MellonRedirectDomains [self]
</Location>
<Location /secret>
  AuthType Mellon
  MellonEnable auth
  Require valid-user
  Header always set X-Name-ID "%%{MELLON_NAME_ID}e"
  Header always set X-Mail "%%{MELLON_mail}e"
  Header always set X-Groups "%%{MELLON_groups}e"
</Location>
]]

local METADATA = [[
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="%s">
 <SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true"
   protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
  %s
  <SingleLogoutService Location="%s/mellon/logout"
    Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"/>
  <NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</NameIDFormat>
  <AssertionConsumerService index="0" isDefault="true"
    Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="%s/mellon/postResponse"/>
 </SPSSODescriptor>
</EntityDescriptor>
]]

local KEY = [[
<KeyDescriptor use="%s"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">
<X509Data><X509Certificate>%s</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
]]

--- Starts one.
---@param options table `entity_id`; `pair` (of saml_keys): its key; `idp`: function(url) -> the identity provider's metadata
---@return table server `url`, `metadata`
function M.start(options)
  local folder, port = shell "mktemp -d", free_port()
  local url = ("http://127.0.0.1:%d"):format(port)
  local keys = KEY:format("signing", options.pair.base64)
    .. KEY:format("encryption", options.pair.base64)
  local self = setmetatable({ folder = folder, port = port, url = url, cookies = {} }, methods)
  self.metadata = METADATA:format(options.entity_id, keys, url, url)
  os.execute(("chmod 755 %s && mkdir -p %s/www/secret"):format(folder, folder))
  write_file(folder .. "/www/secret/page.html", "the secret page\n")
  write_file(folder .. "/www/index.html", "the open page\n")
  write_file(folder .. "/sp.key", options.pair.pem)
  write_file(folder .. "/sp.crt", options.pair.certificate)
  write_file(folder .. "/sp.xml", self.metadata)
  write_file(folder .. "/idp.xml", options.idp(self))
  local user = shell "id -u" == "0" and "User www-data\nGroup www-data" or ""
  local f = folder
  local text = CONFIGURATION:format(f, port, f, f, user, f, f, f, options.entity_id, f, f, f, f)
  write_file(folder .. "/apache.conf", (text:gsub("MODULES", MODULES)))
  local command = "env -u LD_PRELOAD apache2 -X -f %s/apache.conf >%s/out 2>&1 & echo $!"
  self.process = shell(command:format(folder, folder))
  local ok, message = pcall(wait, "apache2", function()
    local client = socket.connect("127.0.0.1", port)
    if client then
      client:close()
    end
    return client or not M.is_alive(self)
  end)
  if not ok or not M.is_alive(self) then
    local why = (read_file(folder .. "/out") or "") .. (self:log() or "")
    self:stop()
    error(("apache2 does not start: %s %s"):format(message or "", why), 2)
  end
  return self
end

--- Whether its process runs.
function M.is_alive(self)
  return shell("kill -0 " .. self.process .. " 2>/dev/null && echo yes") == "yes"
end

--- What it wrote into its log.
function methods:log()
  return read_file(self.folder .. "/error.log")
end

--- Forgets all cookies, as a new browser.
function methods:forget()
  self.cookies = {}
end

--- A request with the cookies that were set so far.
---@param path string or address
---@param form? string a body, which is posted
---@return table reply `status`, `headers`, `body`, `location`
function methods:request(path, form)
  local list, parts = {}, {}
  for name, value in pairs(self.cookies) do
    list[#list + 1] = name .. "=" .. value
  end
  local headers = { cookie = list[1] and table.concat(list, "; ") or nil }
  if form then
    headers["content-type"], headers["content-length"] = "application/x-www-form-urlencoded", #form
  end
  local _, status, received = http.request {
    url = path:find "^http" and path or self.url .. path,
    method = form and "POST" or "GET",
    headers = headers,
    source = form and ltn12.source.string(form),
    sink = ltn12.sink.table(parts),
    redirect = false,
  }
  assert(received, status)
  for name, value in ((received["set-cookie"] or "") .. ";"):gmatch "(mellon[%w%-_]*)=([^;,]*)" do
    self.cookies[name] = value
  end
  return {
    status = status,
    headers = received,
    body = table.concat(parts),
    location = received.location,
  }
end

--- Ends the process and removes its folder.
function methods:stop()
  if self.process then
    os.execute("kill " .. self.process .. " 2>/dev/null")
    pcall(wait, "the end of apache2", function()
      return not M.is_alive(self)
    end, 20)
    os.execute("rm -rf " .. self.folder)
    self.process = nil
  end
end

return M

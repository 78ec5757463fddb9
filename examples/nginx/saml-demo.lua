-- What `make saml-demo` shows: an application behind the SAML guard in nginx, and a sandbox that plays LastPass as
-- identity provider. It says which address to open, and ends with the Enter key. With --check it uses the address
-- itself: a sign-on, a program without a session, a leaver whose session ends, a logout.
-- Everything is stopped and removed at the end.
local certificate = require "lastpass.sandbox.certificate"
local files = require "lastpass.files"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local socket = require "socket"

local here = arg[0]:match "^(.*)/[^/]*$" or "."
local browsers = dofile(here .. "/browser.lua")
local running = dofile(here .. "/running.lua")
local plays_itself = arg[1] == "--check"

local port = running.free_port()
local url = "http://127.0.0.1:" .. port
local box = assert(lastpass.sandbox.start { users = 50, seed = 1, clock = "now" })
local app = assert(box:saml_app {
  name = "Reports",
  entity_id = url .. "/saml/metadata",
  acs_url = url .. "/saml/acs",
  slo_url = url .. "/saml/slo",
  attributes = { groups = "groups" },
})

local key = assert(certificate.make { common_name = "Reports", rsa_bits = 2048 })
local site = running.start(box, {
  ["site.lua"] = (
    assert(files.read(here .. "/saml-site.lua")):gsub("127%.0%.0%.1:8080", "127.0.0.1:" .. port)
  ),
  ["idp.xml"] = app.metadata_xml,
  ["sp.key"] = key.key,
  ["sp.crt"] = key.certificate,
  ["cookie.key"] = running.output_of "openssl rand -base64 32",
}, {}, { configuration = "saml.conf", port = port })

local failures = 0

local function check(ok, what)
  print(("  %s  %s"):format(ok and "ok  " or "FAIL", what))
  failures = failures + (ok and 0 or 1)
end

local browser = browsers.new()

local function get(path, accept)
  return browser:get(url .. path, accept)
end

-- From the guarded page over the sandbox's pages back to it.
local function sign_in(email)
  local page = browser:follow(get "/reports")
  page = browser:submit(page, box.origin .. "/saml/sign-on", { email = email })
  page = browser:submit(page, url .. "/saml/acs")
  return page.location or ("%d %s"):format(page.status, page.body)
end

local function play()
  local client = assert(box:client())
  local email
  for user in client:users() do
    email = email or user.status == "active" and not user.admin and user.email or nil
  end
  print(("Somebody without a session opens %s/reports:\n"):format(url))
  local page = get "/reports"
  local is_sent = (page.location or ""):find("SAMLRequest=", 1, true) ~= nil
  check(page.status == 303 and is_sent, "is sent to the identity provider")
  page = get("/reports", "application/json")
  local problem = json.decode(page.body) or {}
  local shown = page.body:gsub("%s+$", "")
  check(page.status == 401 and problem.login_url ~= nil, "a program gets 401: " .. shown)

  print(("\n%s signs in:\n"):format(email))
  local location = sign_in(email)
  check(location == url .. "/reports", "comes back to the page that was asked for: " .. location)
  page = get "/reports"
  local is_greeted = page.body:find(email:lower(), 1, true)
  check(page.status == 200 and is_greeted, (page.body:gsub("\n.*", "")))

  print "\nAn admin disables the account in LastPass:\n"
  assert(assert(client:user(email)):disable())
  local began = socket.gettime()
  repeat
    socket.sleep(0.2)
    page = get("/reports", "application/json")
  until page.status == 401 or socket.gettime() > began + 60
  check(page.status == 401, ("the session has ended after %.1f s"):format(socket.gettime() - began))

  print "\nSomebody else signs in, and out:\n"
  local other
  for user in client:users() do
    other = other or user.status == "active" and not user.admin and user.email or nil
  end
  browser = browsers.new()
  location = sign_in(other)
  check(location == url .. "/reports", other .. " is in")
  local copy = {}
  for name, value in pairs(browser.jar) do
    copy[name] = value
  end
  page = get "/saml/logout"
  check(page.body == "", "nothing is shown on the way")
  check(
    page.status == 303,
    "the way out leads to the identity provider: " .. tostring(page.location)
  )
  browser.jar = copy
  page = get("/reports", "application/json")
  check(page.status == 401, "the old cookie is worth nothing any more")
end

local function wait_for_person()
  print(([[
An application behind the SAML guard, and a sandbox that plays LastPass:

  open      %s/reports
  sign in   as anybody of the list; no password is asked
  try       curl -i %s/reports
  see       %s/healthz, %s/metrics
  LastPass  %s

Press Enter to stop and remove everything.]]):format(url, url, url, url, box.saml_url))
  io.read "*l"
end

if site:wait_until_ready() then
  local ok, message = xpcall(plays_itself and play or wait_for_person, debug.traceback)
  if not ok then
    failures = failures + 1
    print(message)
  end
else
  failures = 1
  print "nginx does not serve:"
end
if failures > 0 then
  print(site:logs())
end
site:stop()
box:stop()
print(failures == 0 and "\nEverything is stopped and removed." or "\nThe demo failed.")
os.exit(failures == 0 and 0 or 1, true)

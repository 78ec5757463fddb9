-- What `make mfa-demo` shows: an application in nginx that asks for a second factor after the sign-on, and a sandbox
-- that plays LastPass: identity provider, LastPass MFA, and the phone. It says which addresses to open, and ends with
-- the Enter key. With --check it uses the addresses itself: a sign-on, a phone that approves, one that denies.
-- Everything is stopped and removed at the end.
local core = require "lastpass.core"
local files = require "lastpass.files"
local lastpass = require "lastpass"
local socket = require "socket"

local here = arg[0]:match "^(.*)/[^/]*$" or "."
local browsers = dofile(here .. "/browser.lua")
local running = dofile(here .. "/running.lua")
local plays_itself = arg[1] == "--check"

local port = running.free_port()
local url = "http://127.0.0.1:" .. port
local box = assert(lastpass.sandbox.start {
  users = 50,
  seed = 1,
  clock = "now",
  assumptions = { mfa_enrolled = "everybody" },
})
local app = assert(box:saml_app {
  name = "Reports",
  entity_id = url .. "/saml/metadata",
  acs_url = url .. "/saml/acs",
})

local site_text = assert(files.read(here .. "/mfa-site.lua"))
local key_file = os.tmpname()
os.remove(key_file)
assert(core.save_secret(box.mfa.private_key, key_file))
local site = running.start(box, {
  ["site.lua"] = site_text:gsub("127%.0%.0%.1:8080", "127.0.0.1:" .. port),
  ["idp.xml"] = app.metadata_xml,
  ["mfa.key"] = box.mfa.key,
  ["mfa.pem"] = assert(files.read(key_file)),
  ["cookie.key"] = running.output_of "openssl rand -base64 32",
}, {}, { configuration = "mfa.conf", port = port })
os.remove(key_file)

local failures = 0

local function check(ok, what)
  print(("  %s  %s"):format(ok and "ok  " or "FAIL", what))
  failures = failures + (ok and 0 or 1)
end

local browser = browsers.new()

-- From a page of the application over the sandbox's pages back to it, and to the page of the second factor.
local function sign_in(email)
  local page = browser:follow(browser:get(url .. "/reports"))
  page = browser:submit(page, box.origin .. "/saml/sign-on", { email = email })
  page = browser:submit(page, url .. "/saml/acs")
  return browser:follow(browser:follow(page))
end

-- Asks the phone by the form of a page; gives the page that waits.
local function ask_phone(page)
  return browser:follow(browser:submit(page, url .. "/mfa/push"))
end

-- What a browser without script does: it looks again.
local function wait_for(page)
  local deadline = socket.gettime() + 60
  while page.body:find("Look at your phone", 1, true) and socket.gettime() < deadline do
    socket.sleep(0.1)
    page = browser:get(page.address)
  end
  return page
end

local function press(email, action)
  local pending = assert(box:phone_pending { email = email })[1] or {}
  check(pending.device ~= nil, "the phone shows who asks: " .. tostring(pending.device))
  assert(box:phone_answer { email = email, action = action })
end

local function play()
  local emails = {}
  for user in assert(box:client()):users() do
    emails[#emails + 1] = user.status == "active" and not user.admin and user.email or nil
  end
  local ann, bob = emails[1], emails[2]

  print(("%s signs in, and is asked for a second factor:\n"):format(ann))
  local page = sign_in(ann)
  check(page.body:find("Confirm that it is you", 1, true), "the sign-on alone opens nothing")
  check(assert(box:phone { email = ann }).rings == 0, "the phone does not ring unasked")
  page = ask_phone(page)
  check(page.body:find("Look at your phone", 1, true), "the page waits, without script as well")
  press(ann, "approve")
  page = browser:follow(wait_for(page))
  check(page.status == 200 and page.body:find(ann:lower(), 1, true), (page.body:gsub("\n.*", "")))
  check(browser:get(url .. "/reports").status == 200, "the next page does not ask again")
  check(assert(box:phone { email = ann }).rings == 1, "the phone has rung once")

  print(("\n%s signs in, and says no on the phone:\n"):format(bob))
  browser = browsers.new()
  page = ask_phone(sign_in(bob))
  press(bob, "deny")
  page = wait_for(page)
  check(page.status == 403, ("the page says so (%d)"):format(page.status))
  page = browser:get(url .. "/reports", "application/json")
  check(
    page.status == 401,
    "a program gets 401: " .. page.body:gsub("%s+$", ""):sub(1, 60) .. "…"
  )
  page = browser:follow(browser:get(url .. "/reports"))
  page = browser:submit(page, url .. "/mfa/push")
  check(page.status == 429, ("after a no the phone rests (%d)"):format(page.status))
  check(assert(box:phone { email = bob }).rings == 1, "it has rung once")
end

local function wait_for_person()
  print(([[
An application that asks for a second factor, and a sandbox that plays LastPass and the phone:

  open      %s/reports
  sign in   as anybody of the list; no password is asked
  phone     %s
            here the requests arrive: approve or deny
  try       %s/payments wants an answer that is not older than a minute
  see       %s/healthz, %s/metrics

Press Enter to stop and remove everything.]]):format(url, box.mfa.phone_url, url, url, url))
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

-- Responses of an identity provider, response and assertion signed by RSA-2048, that the SAML guard of nginx reads: what N of
-- them spend of one worker, from the form to the cookie of the session.
-- Argument: N.
local guards = require "spec.support.saml_guard"
local http_load = require "bench.work.http_load"
local keys = require "spec.support.saml_keys"
local pair = require "spec.support.saml_pair"
local saml = require "lastpass.saml"
local secret = require "lastpass.secret"
local state = require "lastpass.state"
local worker = require "bench.work.worker"

local COUNT = tonumber(arg[1])
local ANN = { email = "ann@acme.example", groups = { "Staff", "Admins" } }

local REQUEST = table.concat({
  "POST /saml/acs HTTP/1.1",
  "Host: 127.0.0.1",
  "Origin: https://idp.example",
  "Cookie: %s",
  "Content-Type: application/x-www-form-urlencoded",
  "Content-Length: %d",
  "",
  "%s",
}, "\r\n")

local entity
local idp = assert(saml.idp.new {
  entity_id = "https://idp.example",
  sso_url = "https://idp.example/sso",
  key = secret.value(keys.of("idp").pem),
  cert = keys.of("idp").certificate,
  sign = "both",
  sps = function()
    return { metadata = entity }
  end,
  store = state.memory(),
  attributes = { mail = "email", groups = "groups" },
})

local server = guards.start {
  workers = 1,
  init = "",
  dicts = { "32m", "1m", "1m" },
  files = { ["idp.xml"] = assert(idp:metadata()) },
  settings = [[idp = ngx.config.prefix() .. "idp.xml",]],
}

-- Somebody who comes back from the identity provider: a browser each.
local function answered()
  local browser = guards.browser(server)
  local begun = browser:request "/saml/login?target=/x"
  local request = assert(idp:read_request { query = pair.query(begun.location) })
  local body = pair.posted(assert(idp:respond(request, ANN)).form)
  return REQUEST:format(browser:cookie_header(true), #body, body)
end

local function post(requests)
  local port = tonumber(server.url:match ":(%d+)$")
  http_load.run {
    port = port,
    count = #requests,
    connections = 4,
    request = function(number)
      return requests[number]
    end,
    check = function(status, body)
      assert(status == 303, body)
    end,
  }
end

local ok, message = pcall(function()
  local metadata = guards.browser(server):request "/saml/metadata"
  entity = assert(saml.metadata.read(metadata.body, { role = "sp", allow_http = true }))
  local requests = {}
  for number = 1, COUNT do
    requests[number] = answered()
  end
  local warm = {}
  for number = 1, 100 do
    warm[number] = answered()
  end
  post(warm)
  local before = worker.spent(server)
  post(requests)
  print(("spent %.6f"):format(worker.spent(server) - before))
end)
local log = server:log()
server:stop()
assert(ok, tostring(message) .. log:sub(-2000))

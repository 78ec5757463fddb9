--- LastPass MFA over the same company as its other surfaces: the Authentication API (mfa §2) and the phones of its people.
-- What is not known of LastPass is a setting of the company (sandbox/mfa/assumptions.lua).
-- @module lastpass.sandbox.mfa
local M = {}

-- A sandbox whose MFA nobody asks for loads nothing of it.
local loaders = {
  control = function()
    return require "lastpass.sandbox.mfa.control"
  end,
  key_pairs = function()
    return require "lastpass.sandbox.mfa.key_pairs"
  end,
  plain = function()
    return require "lastpass.sandbox.mfa.plain"
  end,
  pages = function()
    return require "lastpass.sandbox.mfa.pages"
  end,
  secured = function()
    return require "lastpass.sandbox.mfa.secured"
  end,
  style = function()
    return require "lastpass.sandbox.pages"
  end,
  web = function()
    return require "lastpass.sandbox.mfa.web"
  end,
}

local parts = setmetatable({}, {
  __index = function(self, name)
    local part = loaders[name]()
    self[name] = part
    return part
  end,
})

-- ---- for the control API ----

local names = { "mfa_phones", "mfa_pending", "mfa_answer", "mfa_auto", "mfa_journal", "mfa_keys" }

--- Endpoints of the control API: by name, then by method.
M.endpoints = {}
for _, name in ipairs(names) do
  M.endpoints[name] = setmetatable({ of_company = true }, {
    __index = function(_, method)
      return parts.control.endpoints[name][method]
    end,
  })
end

-- ---- routes: name of the call in lower case, name for faults and the journal, and the part that answers ----

local calls = {
  ["auth/login"] = { "login", "plain" },
  ["auth/loginasync"] = { "login_async", "plain" },
  ["auth/checklogintoken"] = { "check", "plain" },
  ["auth/webauth"] = { "begin", "web", "web_begin" },
  ["auth/webauthchecktoken"] = { "check", "web", "web_check" },
  ["generic/login"] = { "login", "secured" },
  ["generic/loginasync"] = { "login_async", "secured" },
  ["generic/checklogintoken"] = { "check", "secured" },
  ["generic/pkreg"] = { "register_key", "secured" },
}

local of_directory = "isuserexist getusers adduser edituser deleteuser suspenduser "
  .. "resendactivationemail addgroup getgroups deletegroup assigngroupmember unassigngroupmember "
  .. "postrole getroles deleterole assigntorole getassignedtorole"
for name in of_directory:gmatch "%S+" do
  calls["generic/" .. name] = { "directory", "secured", name }
end

local HEADERS =
  { ["Content-Type"] = "application/json; charset=utf-8", ["Cache-Control"] = "no-store" }

-- Any other status than 200 has no body that anybody describes (mfa §2).
local function refuse(status)
  return { status = status, body = "", class = ("%d"):format(status) }
end

local function run(server, request, call, effects)
  if not call then
    return refuse(404)
  elseif request.method ~= "POST" then
    return refuse(405)
  end
  return parts[call[2]][call[1]](server, request, effects, call[3])
end

local function answer(server, request)
  -- samples write the paths in both cases: the server is presumably blind to it (mfa §2)
  local call = calls[request.path:sub(2):lower()]
  return server:answer(request, {
    headers = HEADERS,
    command = "mfa:" .. (call and (call[3] or call[1]) or "unknown"),
    rows = 1,
    run = function(effects)
      return run(server, request, call, effects)
    end,
  })
end

-- ---- pages: path, methods, the part that answers, whether the journal has it ----

local of_browser = {
  { "/mfa/phone", "GET POST", "pages", "phone", true },
  { "/mfa/phone%.js", "GET", "pages", "script" },
  { "/mfa/ringing", "GET", "pages", "ringing" },
  { "/mfa/style%.css", "GET", "style", "style" },
  { "/mfa/web", "GET POST", "web", "page", true },
}

local function serve_page(server, request, route)
  if not (" " .. route[2] .. " "):find(" " .. request.method .. " ", 1, true) then
    return refuse(405)
  end
  return parts[route[3]][route[4]](server, request)
end

local function answer_page(server, request, route)
  if not route[5] then
    return serve_page(server, request, route)
  end
  local headers = {}
  return server:answer(request, {
    headers = headers,
    command = "mfa:" .. route[1]:match "[^/]+$",
    rows = 1,
    run = function()
      local reply = serve_page(server, request, route)
      for name, value in pairs(reply.headers or {}) do
        headers[name] = value
      end
      return { status = reply.status, body = reply.body, class = reply.class or "ok" }
    end,
  })
end

local function too_large()
  return { status = 413, headers = HEADERS, body = "" }
end

--- Adds the routes to a server.
---@param server table of lastpass.sandbox.server
function M.register(server)
  server:route("/[Aa][Uu][Tt][Hh]/.*", answer, too_large)
  server:route("/[Gg][Ee][Nn][Ee][Rr][Ii][Cc]/.*", answer, too_large)
  for _, route in ipairs(of_browser) do
    server:route(route[1], function(_, request)
      return answer_page(server, request, route)
    end, too_large)
  end
end

return M

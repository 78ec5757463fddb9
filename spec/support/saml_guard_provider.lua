--- A double of `lastpass.saml` for specs of the guard: a service provider with the same functions, whose messages are JSON
-- that nobody signs. It stores and takes its requests as the real one does.
local checks = require "lastpass.saml.checks"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local json = require "lastpass.json"

local M = { sp = {}, metadata = {} }

local methods = {}

function M.sp.new(options)
  return setmetatable({ options = options }, { __index = methods })
end

function methods:login_url(asked)
  local id = digest.to_hex(digest.random(8))
  local browser = digest.to_hex(digest.random(8))
  local ok, message, err = self.options.store:add("request " .. id, browser, 600)
  if not ok then
    return nil, message, err
  end
  local url = "https://idp.example/sso?id=" .. id
  asked.path = nil
  for _, name in ipairs(errors.names_of(asked)) do
    local value = asked[name]
    url = url
      .. "&"
      .. name
      .. "="
      .. (type(value) == "table" and table.concat(value, ",") or tostring(value))
  end
  return url, { id = id, browser = browser }
end

local function read(form)
  local text = form:match "SAMLResponse=([^&]*)"
  text = text
    and text:gsub("%%(%x%x)", function(digits)
      return string.char(tonumber(digits, 16))
    end)
  return text and json.decode(text)
end

function methods:consume(form, options)
  local answer = read(form)
  if not answer then
    return checks.fail "message_missing"
  elseif answer.refused then
    return checks.fail(answer.refused)
  end
  local browser, message, err = self.options.store:take("request " .. tostring(answer.id))
  if err then
    return nil, message, err
  elseif not browser then
    return checks.fail "request_unknown"
  elseif not errors.set_of(options.browser)[browser] then
    return checks.fail "other_browser"
  end
  local added
  added, message, err = self.options.store:add("assertion " .. answer.id, "1", 300)
  if not added then
    return nil, message, err
  end
  if answer.key and self.options.watch then
    self.options.watch:saw("https://idp.example", answer.key, "signing")
  end
  return {
    name_id = answer.name,
    issuer = "https://idp.example",
    session_index = answer.index,
    authn_context = answer.context,
    auth_time = answer.auth_time,
    attributes = answer.attributes or {},
    session_not_on_or_after = answer.ends,
    relay = answer.relay,
    subject = {
      name_id = answer.name,
      session_index = answer.index,
      issuer = "https://idp.example",
    },
  }
end

function methods:logout(subject) -- luacheck: ignore self
  return "https://idp.example/slo?name=" .. subject.name_id, { kind = "saml", id = "l" }
end

function methods:consume_logout(given) -- luacheck: ignore self
  local text = given.query or given.form
  local name, index = text:match "name=([^&]*)", text:match "index=([^&]*)"
  if text:find "kind=response" then
    return { kind = "response" }
  elseif not name then
    return checks.fail "message_missing"
  end
  return {
    kind = "request",
    name_id = name,
    session_index = index and { index } or nil,
    issuer = "https://idp.example",
    reply_url = "https://idp.example/slo?done",
  }
end

function methods:metadata() -- luacheck: ignore self
  return "<EntityDescriptor/>"
end

return M

--- Our identity provider and our service provider, as the specs beside foreign ones set them up: metadata is what both
-- sides have of each other, clocks are the system's.
local keys = require "spec.support.saml_keys"
local lastpass = require "lastpass"
local percent = require "lastpass.text.percent"
local metadata = require "lastpass.saml.metadata"
local state = require "lastpass.state"
local writer = require "spec.support.saml_writer"

local M = {}

M.IDP, M.SP = writer.IDP, writer.SP
M.SSO, M.SLO, M.ACS, M.SP_SLO = writer.SSO, writer.SLO, writer.ACS, writer.SP_SLO

--- Who signs in.
M.user = { email = "ann@x.example", groups = { "Staff", "\195\132mter & Co" }, user_id = "u-17" }

local function secret(name)
  return lastpass.secret.value(keys.of(name).pem)
end

--- Our identity provider.
---@param given string[]|string metadata of its service providers
---@param options? table of saml.idp.new
---@return table idp
function M.idp(given, options)
  local sps = {}
  for index, xml in ipairs(type(given) == "table" and given or { given }) do
    sps[index] = assert(metadata.read(xml, { role = "sp", allow_http = true }))
  end
  local all = {
    entity_id = M.IDP,
    sso_url = M.SSO,
    slo_url = M.SLO,
    key = secret "idp",
    cert = keys.of("idp").certificate,
    sps = sps,
    store = state.memory(),
    attributes = { mail = "email", groups = "groups" },
  }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return assert(require("lastpass.saml.idp").new(all))
end

--- Metadata of an identity provider with our key, for a service provider whose metadata come first.
---@return string xml
function M.idp_metadata()
  return assert(M.idp({}):metadata())
end

--- Our service provider.
---@param xml string metadata of its identity provider
---@param options? table of saml.sp.new
---@return table sp
function M.sp(xml, options)
  local all = {
    entity_id = M.SP,
    acs_url = M.ACS,
    slo_url = M.SP_SLO,
    idp = assert(metadata.read(xml, { role = "idp", allow_http = true })),
    key = secret "sp",
    cert = keys.of("sp").certificate,
    store = state.memory(),
  }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return assert(require("lastpass.saml.sp").new(all))
end

local entities = { amp = "&", lt = "<", gt = ">", quot = '"' }

local function plain(text)
  return (
    text
      :gsub("&#x(%x+);", function(hex)
        return string.char(tonumber(hex, 16))
      end)
      :gsub("&#(%d+);", function(number)
        return string.char(tonumber(number))
      end)
      :gsub("&(%a+);", entities)
  )
end

--- The form of a page that sends itself, as a browser sends it.
---@param page string HTML
---@return table fields
---@return string url
function M.form(page)
  local fields = {}
  for tag in page:gmatch "<input[^>]*>" do
    local name = tag:match '%sname="([^"]*)"'
    if name then
      fields[plain(name)] = plain(tag:match '%svalue="([^"]*)"' or "")
    end
  end
  return fields, plain(page:match '<form[^>]-%saction="([^"]*)"')
end

--- The query of an address.
function M.query(url)
  return assert(url:match "%?(.*)$", url)
end

--- Fields as the body of a POST.
function M.body(fields)
  local parts = {}
  for name, value in pairs(fields) do
    parts[#parts + 1] = name .. "=" .. percent.encode(value)
  end
  return table.concat(parts, "&")
end

return M

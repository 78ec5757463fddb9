--- The forms of the guard's pages: what they bring, and that it was this page that brought it, for this person, on this
-- device, a short while ago.
-- @module lastpass.nginx.mfa.form
local base64url = require("lastpass.text.base64").url
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local requests = require "lastpass.nginx.guard.request"

local M = {}

local PURPOSE = "form"
local TTL = 600
local MOST_FIELDS = 20

--- The token of a form.
---@param keys lastpass.nginx.guard.Keys
---@param person lastpass.nginx.mfa.Person
---@param device string
---@param now number
---@param id? string the challenge that it goes on with; default a new one
---@return string
function M.token(keys, person, device, now, id)
  return keys:seal(
    PURPOSE,
    json.encode {
      i = id or base64url.encode(digest.random(12)),
      a = person.account,
      d = device,
      t = math.floor(now),
    }
  )
end

local function open_token(keys, person, device, text, now)
  local opened = text and keys:open(PURPOSE, text)
  local token = opened and json.decode(opened)
  if not token or token.a ~= person.account or token.d ~= device then
    return nil
  end
  return now - token.t < TTL and now - token.t > -TTL and token.i or nil
end

local ALWAYS = errors.set_of { "token", "target", "age", "by", "methods" }

--- Reads the form of the current request.
---@param context table request, person, device, keys, url
---@param names string[] the fields that it may have beside those of all forms
---@return table<string, string>|nil fields
---@return string reason or the id of the challenge: "method", "foreign" (another page has sent it), "no_device" (the browser
-- keeps no cookies), "bad" (fields), "old" (the page was open for too long)
function M.read(context, names)
  local request = context.request
  if request.method ~= "POST" then
    return nil, "method"
  elseif not requests.is_own(request.headers, context.url) then
    return nil, "foreign"
  elseif not context.device then
    return nil, "no_device"
  end
  ngx.req.read_body()
  local fields, problem = ngx.req.get_post_args(MOST_FIELDS)
  if not fields or problem then
    return nil, "bad"
  end
  local allowed = errors.set_of(names)
  for name, value in pairs(fields) do
    if type(value) ~= "string" or not (allowed[name] or ALWAYS[name]) then
      return nil, "bad"
    end
  end
  local id = open_token(context.keys, context.person, context.device, fields.token, request.now)
  if not id then
    return nil, "old"
  end
  return fields, id
end

return M

--- Whether LastPass answers the credentials behind a connection. The endpoint's own state can be good while its
-- provisioning hash has been replaced: so it is asked, every few seconds, and what it said is there for all workers.
-- @module lastpass.nginx.scim.upstream
local dicts = require "lastpass.nginx.dicts"
local texts = require "lastpass.unified.texts"

local M = {}

local DICT = "lastpass_scim"
local TIMEOUT = 15 -- seconds of one check
local PATIENCE = 30 -- seconds in which it may be away without being a failure
local NOBODY = "nobody@invalid" -- a look-up that finds nobody is an answer
local LENGTH = 200 -- of a message: of fixed length, so that there is always memory for it

local function key(what, connection)
  return ("upstream %s %s"):format(what, connection)
end

local function padded(text)
  text = texts.clean(text:sub(1, LENGTH)):sub(1, LENGTH)
  return text .. (" "):rep(LENGTH - #text)
end

--- Makes the entries of a connection, so that setting them never needs memory.
---@param connection string
function M.prepare(connection)
  local dict = dicts.get(DICT)
  dict:safe_add(key("checked", connection), 0)
  dict:safe_add(key("failing since", connection), 0)
  dict:safe_add(key("refused", connection), false)
  dict:safe_add(key("message", connection), padded "")
end

local is_refusal = { auth = true, refused = true }

--- Records the outcome of a call.
---@param connection string
---@param now number epoch seconds
---@param message? string of a failure
---@param err? lastpass.Error nil: it answered
function M.record(connection, now, message, err)
  local dict = dicts.get(DICT)
  local since = err and (dict:get(key("failing since", connection)) or 0) or 0
  if err and since == 0 then
    since = now
  end
  dicts.set(dict, key("message", connection), padded(err and message or ""))
  dicts.set(dict, key("failing since", connection), since)
  dicts.set(dict, key("refused", connection), err ~= nil and is_refusal[err.kind] or false)
  dicts.set(dict, key("checked", connection), now)
end

--- What is known.
---@param connection string
---@param now number epoch seconds
---@return table state {up, failing, message, checked}: `failing` when it refuses, or has been away for long
function M.state(connection, now)
  local dict = dicts.get(DICT)
  local since = dict:get(key("failing since", connection)) or 0
  local checked = dict:get(key("checked", connection)) or 0
  return {
    up = checked > 0 and since == 0,
    failing = since > 0
      and (dict:get(key("refused", connection)) == true or now - since >= PATIENCE),
    message = since > 0 and (dict:get(key("message", connection)) or ""):match "^(.-)%s*$" or nil,
    checked = checked > 0 and checked or nil,
  }
end

local ask = {
  enterprise = function(client)
    return client
      :with({ timeout = TIMEOUT, retries = 0 })
      :getuserdata { pagesize = 1, pageindex = 0 }
  end,
  scim = function(client)
    local scim, message, err = client:scim()
    if not scim then
      return nil, message, err
    end
    local found
    found, message, err = scim:find("User", "userName", NOBODY)
    return found or err.code == "not_found" or nil, message, err
  end,
}

--- Asks LastPass for one user.
---@param surface "enterprise"|"scim"
---@param client lastpass.Client
---@return any|nil answer
---@return string? message
---@return lastpass.Error? err
function M.ask(surface, client)
  return ask[surface](client)
end

return M

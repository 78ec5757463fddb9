--- What stands in the password of an Access-Request for LastPass's Universal Proxy, which knows three server modes and has
-- no other place for the factor (mfa §5).
-- @module lastpass.mfa.radius.password
local errors = require "lastpass.error"

local M = {}

--- Server modes, as LastPass calls them: the phone alone; the phone or a password; a password and the phone.
M.server_modes = { "lp", "plp", "sfa" }

--- Methods that can be asked for. Without one the proxy takes its default.
M.methods = { "push", "call", "code" }

local is_phone = { push = true, call = true }

local function refuse(code, message, hint)
  return errors.fail("argument", code, message, { hint = hint })
end

-- The phone alone, or asked for in place of the password. Where nothing is asked for, mode lp takes any word.
local function without_password(options, given)
  if is_phone[given.method] then
    return { given.method }
  elseif options.server_mode == "lp" then
    return { "default" }
  end
  return given.password ~= nil and { given.password } or nil
end

local function with_password(options, given)
  if given.password == nil then
    return nil
  elseif given.method == nil then
    return { given.password }
  end
  return { given.password, options.separator .. (given.code or given.method) }
end

--- The parts of the password, in a row.
---@param options table server_mode, separator, mode ("pap" or "chap")
---@param given table method, password, code
---@return (string|userdata)[]|nil parts
---@return string? message
---@return lastpass.Error? err
function M.parts(options, given)
  local server_mode, method = options.server_mode, given.method
  if (method == "code") ~= (given.code ~= nil) then
    return refuse(
      "code_and_method",
      "a code is given with the method 'code', and only with it",
      "where the server asks for the code, leave both out and answer its challenge"
    )
  elseif method == "code" and server_mode ~= "sfa" then
    return refuse("no_codes", ("server mode '%s' takes no codes"):format(server_mode))
  elseif server_mode == "lp" and given.password ~= nil then
    return refuse("surplus_password", "server mode 'lp' takes no password")
  elseif method and options.mode == "chap" and server_mode == "sfa" then
    -- the proxy gets a digest, and cannot cut it in two (mfa §5)
    return refuse(
      "chap_hides_method",
      "with CHAP the proxy cannot read which method is asked for",
      "use mode 'pap', or leave the method to the proxy"
    )
  end
  local parts = (server_mode == "sfa" and with_password or without_password)(options, given)
  if not parts then
    return refuse("no_password", ("server mode '%s' needs a password"):format(server_mode))
  end
  return parts
end

-- In mode plp the words themselves, typed as the password, ask for the phone.
local function asks_by_password(word)
  if type(word) == "userdata" then
    return (word:length() == 4 and (word:starts_with "push" or word:starts_with "call")) or false
  end
  return is_phone[word] or false
end

--- Whether the request may ring the phone: not one that brings its code, and not a password alone in mode plp.
---@param options table server_mode
---@param given table method, password
---@return boolean
function M.may_ring(options, given)
  if given.method == nil and options.server_mode == "plp" then
    return asks_by_password(given.password)
  end
  return given.method ~= "code"
end

return M

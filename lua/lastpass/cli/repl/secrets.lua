--- What looks like a secret: lines that are not kept, values that are not shown.
-- @module lastpass.cli.repl.secrets
local M = {}

-- Names of fields that hold one. "password_reset_required" and "last_password_change" do not.
local names = {
  password = true,
  passwd = true,
  passphrase = true,
  provhash = true,
  secret = true,
  token = true,
  apikey = true,
  api_key = true,
  masterpassword = true,
  master_password = true,
}

--- Whether a field of that name holds a secret.
---@param name any
---@return boolean
function M.is_name(name)
  return type(name) == "string" and names[name:lower()] == true
end

-- `password = "…"`, `["password"] = '…'`, `password = [[…]]`; and as JSON has it, `"password": "…"`
local assignments = { "([%w_]+)[\"']?%]?%s*=%s*[\"'%[]", "[\"']([%w_]+)[\"']%s*:%s*[\"']" }

local function has_assignment(line)
  for _, pattern in ipairs(assignments) do
    for name in line:gmatch(pattern) do
      if names[name:lower()] then
        return true
      end
    end
  end
  return false
end

-- Provisioning hashes have 64 hexadecimal digits (enterprise-api §1.2); nothing else that is typed
-- has half as many.
local function has_long_hexadecimal(line)
  for run in line:gmatch "%x+" do
    if #run >= 32 then
      return true
    end
  end
  return false
end

--- Whether a text that was typed holds something like a secret.
---@param text string
---@return boolean
function M.has_secret(text)
  return text:find "secret%s*%.%s*value" ~= nil
    or text:find "secret%s*%[%s*[\"']value" ~= nil
    or text:find "lpkey_" ~= nil
    or has_long_hexadecimal(text)
    or has_assignment(text)
end

return M

--- What specs assert again and again: failures of the contract, and where a mistake is blamed.
local M = {}

local kinds = {}
for _, kind in ipairs {
  "argument",
  "auth",
  "refused",
  "partial",
  "transport",
  "throttled",
  "protocol",
  "guard",
  "conflict",
  "cancelled",
} do
  kinds[kind] = true
end

--- Asserts that the values are a failure as design §3 wants it; gives the error.
---@param kind? string
---@param code? string
function M.failure(kind, code, value, message, err)
  if value ~= nil then
    error("a failure was expected, not a " .. type(value), 2)
  end
  local function complain(text)
    error(text .. ": " .. tostring(message), 3)
  end
  if type(message) ~= "string" or type(err) ~= "table" then
    complain "not nil, message, err"
  elseif err.message ~= message then
    complain("err.message is '" .. tostring(err.message) .. "'")
  elseif not kinds[err.kind] or type(err.code) ~= "string" then
    complain("kind " .. tostring(err.kind) .. ", code " .. tostring(err.code))
  elseif kind and err.kind ~= kind or code and err.code ~= code then
    complain(("%s/%s expected, got %s/%s"):format(kind, tostring(code), err.kind, err.code))
  end
  return err
end

--- Calls a function that must raise a programmer's mistake at its own line: the place in front of
-- the message has to lie within the function. Gives the message without the place.
---@param fn function
function M.blamed(fn)
  local ok, message = pcall(fn)
  if ok then
    error("nothing was raised", 2)
  end
  local info = debug.getinfo(fn, "S")
  local file, line, text = tostring(message):match "^(.-):(%d+): (.*)$"
  line = tonumber(line)
  if
    not line
    or file ~= info.short_src
    or line < info.linedefined
    or line > info.lastlinedefined
  then
    error(
      ("%s:%d to %d should be blamed: %s"):format(
        info.short_src,
        info.linedefined,
        info.lastlinedefined,
        tostring(message)
      ),
      2
    )
  end
  return text
end

--- Calls a function that must raise an error object of the contract; gives it.
function M.raised(kind, code, fn, ...)
  local ok, err = pcall(fn, ...)
  if ok then
    error("nothing was raised", 2)
  elseif type(err) ~= "table" then
    error("no error object was raised: " .. tostring(err), 2)
  end
  return M.failure(kind, code, nil, tostring(err), err)
end

--- The addresses of an iterator or list of users.
function M.emails(iterator)
  local list = {}
  for user in iterator do
    list[#list + 1] = user.email
  end
  return list
end

return M

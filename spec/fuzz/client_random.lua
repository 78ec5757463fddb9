-- What fuzzers of clients have in common: JSON that is made at random, and what every outcome has to be.
local draw = require "spec.fuzz.source_random"

local random, pick = draw.number, draw.pick

local M = {}

--- The input at hand, for `fail`.
M.input = ""

--- Ends the fuzzer unless something holds.
function M.expect(what, holds, detail)
  if not holds then
    io.stderr:write(
      ("seed %d: %s\ninput: %q\n%s\n"):format(draw.seed, what, M.input, tostring(detail))
    )
    os.exit(1)
  end
end

local expect = M.expect

--- A JSON text of these names and scalars.
function M.value(names, scalars, depth)
  local kind = random(depth > 3 and 2 or 5)
  if kind <= 2 then
    return pick(scalars)
  end
  local parts = {}
  for index = 1, random(4) - 1 do
    parts[index] = M.value(names, scalars, depth + 1)
    if kind > 3 then
      parts[index] = ('"%s":%s'):format(pick(names), parts[index])
    end
  end
  local text = table.concat(parts, ",")
  return kind == 3 and "[" .. text .. "]" or "{" .. text .. "}"
end

--- A text with something cut off, put in or left out.
function M.damaged(text)
  local at = random(#text + 1)
  local way = random(3)
  if way == 1 then
    return text:sub(1, at - 1)
  elseif way == 2 then
    return text:sub(1, at - 1) .. pick { '"', "{", "]", "\0", "\255", "," } .. text:sub(at)
  end
  return text:sub(1, at - 1) .. text:sub(at + random(5))
end

local function shows(secret, shown, depth)
  if type(shown) == "string" then
    return shown:find(secret, 1, true) ~= nil
  end
  for key, item in pairs(type(shown) == "table" and depth < 6 and shown or {}) do
    if shows(secret, key, depth + 1) or shows(secret, item, depth + 1) then
      return true
    end
  end
  return false
end

--- Calls a function: it gives a value or a failure of the contract, and no secret in either.
function M.check(name, secret, act, ...)
  local ok, given, message, err = pcall(act, ...)
  if not ok then
    given, err = nil, given
    expect(
      name .. ": an error that is not one of the contract",
      type(err) == "table" and err.kind,
      err
    )
    message = err.message
  end
  if given == nil then
    expect(name .. ": a failure", type(message) == "string" and type(err) == "table", message)
    expect(
      name .. ": its kind and code",
      type(err.kind) == "string" and type(err.code) == "string",
      message
    )
    expect(name .. ": its message", err.message == message, message)
  end
  expect(name .. ": the secret is shown", not shows(secret, { given, message, err }, 1), message)
end

--- Runs rounds for the time that was asked, and as many as that; says how many.
---@param name string of the fuzzer
function M.run(name, round)
  local rounds, ends_at = 0, os.clock() + draw.seconds
  while os.clock() < ends_at or rounds < draw.least do
    round()
    rounds = rounds + 1
  end
  print(("%s: %d rounds, seed %d"):format(name, rounds, draw.seed))
end

return M

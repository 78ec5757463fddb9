--- What the specs of events share: replies of reporting, rows made of them, and lists as multisets.
local core = require "lastpass.core"
local json = require "lastpass.json"

local M = {}

--- One event as the wire has it. `row`: Time, Username, IP_Address, Action, Data.
local function member(number, row)
  return ('"Event%d":{"Time":%s,"Username":%s,"IP_Address":%s,"Action":%s,"Data":%s}'):format(
    number,
    json.encode(row[1] or ""),
    json.encode(row[2] or "ann@acme.com"),
    json.encode(row[3] or "203.0.113.7"),
    json.encode(row[4] or "Log in"),
    json.encode(row[5] or "")
  )
end

--- A reply; `rows` newest first.
---@param rows table[]
---@param next_text? string JSON
function M.reply(rows, next_text)
  local parts = {}
  for number, row in ipairs(rows) do
    parts[number] = member(number, row)
  end
  local data = #parts > 0 and "{" .. table.concat(parts, ",") .. "}" or "[]"
  return ('{"status":"OK","next":%s,"data":%s}'):format(next_text or "null", data)
end

--- Rows of the core.
function M.rows(list, next_text)
  local rows = core.events()
  assert(rows:feed(M.reply(list, next_text)))
  assert(rows:finish())
  return rows
end

--- Rows with their UTC times, in New York.
function M.clocked(list, now)
  local rows = M.rows(list)
  require("lastpass.export.reader").clock(require("lastpass.time").zone(), rows, now)
  return rows
end

--- What an event says, as one text.
function M.text_of(local_time, username, address, action, data)
  return table.concat({ local_time, username, address, action, data }, "\1")
end

--- The events that the sandbox itself has, as a multiset: text -> count.
function M.of_box(box)
  local set = {}
  for _, event in ipairs(assert(box:events())) do
    local text =
      M.text_of(event.local_time, event.username, event.address, event.action, event.data)
    set[text] = (set[text] or 0) + 1
  end
  return set
end

--- The differences of two multisets: "2 too many: …".
function M.differences(expected, found)
  local list = {}
  for text, count in pairs(expected) do
    if (found[text] or 0) ~= count then
      list[#list + 1] = ("%d instead of %d: %s"):format(found[text] or 0, count, text)
    end
  end
  for text, count in pairs(found) do
    if not expected[text] then
      list[#list + 1] = ("%d instead of none: %s"):format(count, text)
    end
  end
  return list
end

--- Runs a Python program over a text; its output, and whether it ended well.
function M.python(program, text, ...)
  local input, script = os.tmpname(), os.tmpname()
  for path, content in pairs { [input] = text, [script] = program } do
    local file = assert(io.open(path, "wb"))
    file:write(content)
    file:close()
  end
  -- an interpreter of others has leaks that are not ours
  local words = { "env -u LD_PRELOAD /usr/bin/python3", script }
  for _, word in ipairs { ... } do
    words[#words + 1] = "'" .. word .. "'"
  end
  local command = table.concat(words, " ") .. " <" .. input .. " 2>&1; printf '\\nstatus %d\\n' $?"
  local pipe = assert(io.popen(command))
  local output = pipe:read "*a"
  pipe:close()
  os.remove(input)
  os.remove(script)
  local said, status = output:match "^(.*)\nstatus (%d+)\n$"
  return said, status == "0"
end

return M

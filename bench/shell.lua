--- Commands, and what they say.
-- @module bench.shell
local M = { BUILD = "build/bench" }

--- One word of a command line.
---@param text string|number
---@return string
function M.quote(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

local function line_of(words)
  local quoted = {}
  for position, word in ipairs(words) do
    quoted[position] = M.quote(word)
  end
  return table.concat(quoted, " ")
end

--- Runs a command; raises when it fails.
---@param words table list
---@return string output
function M.run(words)
  local line = line_of(words)
  local pipe = assert(io.popen(line .. "; echo; echo status $?", "r"))
  local output = pipe:read "*a"
  pipe:close()
  local text, status = output:match "^(.*)\nstatus (%d+)\n$"
  if status ~= "0" then
    error(("failed (%s): %s\n%s"):format(tostring(status), line, tostring(text)), 0)
  end
  return text
end

--- Runs a command in a fresh process and measures it; raises when it fails.
---@param words table list
---@return table sample numbers: `wall` (seconds), and what the command printed as lines of a name and
-- a number
function M.measure(words)
  local line = M.quote(M.BUILD .. "/measure") .. " " .. line_of(words)
  local pipe = assert(io.popen(line, "r"))
  local sample = {}
  for name, number in pipe:read("*a"):gmatch "(%w+) (%-?%d+%.?%d*)\n" do
    sample[name] = tonumber(number)
  end
  pipe:close()
  if sample.status ~= 0 then
    error(("failed (%s): %s"):format(tostring(sample.status), line), 0)
  end
  return sample
end

local compilers = {
  { "measure", "cc -std=c99 -D_GNU_SOURCE", ".c", "" },
  { "easy", "cc -std=c99 -D_GNU_SOURCE", ".c", "$(pkg-config --cflags --libs libcurl)" },
  {
    "xmldsig",
    "cc -std=c99 -D_GNU_SOURCE -Isrc/common -Isrc/xmldsig -Ispec/fuzz",
    ".c",
    "$(ls src/xmldsig/xml_*.c | grep -v _lua) $(pkg-config --cflags --libs xmlsec1-openssl)",
  },
  { "sax", "c++ -std=c++11 -DRAPIDJSON_SSE2", ".cpp", "" },
}

--- Compiles the programs that the benchmarks need.
function M.build()
  M.run { "mkdir", "-p", M.BUILD }
  for _, compiler in ipairs(compilers) do
    local name, command, ending, libraries = (table.unpack or unpack)(compiler)
    local line = "%s -O2 -Wall -Wextra -o %s/%s bench/%s%s %s"
    M.run { "sh", "-c", line:format(command, M.BUILD, name, name, ending, libraries) }
  end
end

return M

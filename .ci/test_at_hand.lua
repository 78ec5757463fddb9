-- A helper of busted. It keeps in a file which test is at hand: .ci/specs.lua shows it when one never
-- ends. And it ends what failed tests have left running: Lua waits for what it reads from before it
-- ends, and so would for ever.
-- Usage: busted --helper=.ci/test_at_hand.lua -Xhelper FILE
local busted = require "busted"
local processes = dofile ".ci/processes.lua"

local path = assert(arg[1], "a file is needed")

local function full_name(element)
  local names = {}
  while element and element.name and element.descriptor ~= "file" do
    table.insert(names, 1, element.name)
    element = busted.parent(element)
  end
  return table.concat(names, " ")
end

local failures = {} -- busted itself shows them at the end alone

local function keep(text)
  local file = assert(io.open(path, "w"))
  file:write(text, table.concat(failures))
  file:close()
end

busted.subscribe({ "test", "start" }, function(element)
  keep("in the test: " .. full_name(element))
  return nil, true
end)

busted.subscribe({ "test", "end" }, function(element)
  keep("after the test: " .. full_name(element))
  return nil, true
end)

for _, what in ipairs { "failure", "error" } do
  busted.subscribe({ what }, function(element, _, message)
    local text = tostring(type(message) == "table" and message.message or message):sub(1, 2000)
    failures[#failures + 1] = ("; before that, %s: %s"):format(full_name(element), text)
    return nil, true
  end)
end

busted.subscribe({ "exit" }, function()
  if failures[1] and not rawget(_G, "ngx") then -- nginx goes on
    processes.signal(processes.others_of_this_session(), "KILL")
  end
  return nil, true
end)

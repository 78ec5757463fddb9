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

local function keep(text)
  local file = assert(io.open(path, "w"))
  file:write(text)
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

local has_failed = false
for _, what in ipairs { "failure", "error" } do
  busted.subscribe({ what }, function()
    has_failed = true
    return nil, true
  end)
end

busted.subscribe({ "exit" }, function()
  if has_failed and not rawget(_G, "ngx") then -- nginx goes on
    processes.signal(processes.others_of_this_session(), "KILL")
  end
  return nil, true
end)

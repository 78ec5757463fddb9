-- A helper of busted that keeps in a file which test is at hand: .ci/specs.lua shows it when one never
-- ends. Usage: busted --helper=.ci/test_at_hand.lua -Xhelper FILE
local busted = require "busted"
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

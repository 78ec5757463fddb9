local commands = require "lastpass.cli.commands"
local topics = require "lastpass.cli.topics"

describe("topics", function()
  it("that commands point to are there", function()
    for _, name in ipairs(commands.names()) do
      for _, topic in ipairs(commands.load(name).topics or {}) do
        assert.truthy(topics.by_name[topic], name .. ": " .. topic)
      end
    end
  end)

  it("stay within a hundred columns", function()
    for _, topic in ipairs(topics.list) do
      for line in topics.text(topic.name):gmatch "[^\n]+" do
        assert.is_true(#line <= 100, line)
      end
    end
  end)
end)

--- The words of a playbook: what its environment has beside Lua's own library. Each is a row {name, make, takes, form,
-- doc}: `make(context)` gives the word, `takes` is its signature, `form` how it is written, `doc` what it means, in
-- Markdown. The table of docs/playbooks.md is made from these rows.
-- @module lastpass.plan.words
local conditions = require "lastpass.plan.words.conditions"
local people = require "lastpass.plan.words.people"
local settings = require "lastpass.plan.words.settings"
local signature = require "lastpass.signature"
local sources = require "lastpass.plan.words.sources"

local M = {}

--- The words, in the order of the documentation.
M.list = {}
for _, list in ipairs { people, sources.list, settings, conditions.list } do
  for _, word in ipairs(list) do
    M.list[#M.list + 1] = word
  end
end

--- Makes the words.
---@param context table declared, reading, playbook {name, chunks}, folder, zone, now; gets `named`: a function that
-- gives the person who was named by `user` and is not declared yet
---@return table<string, any> words
function M.new(context)
  local words = {}
  for _, word in ipairs(M.list) do
    local made = word.make(context)
    if type(made) == "function" and not word.checks_itself then
      local form = word.hint and word.form .. "; " .. word.hint or word.form
      made = signature.check(word.name, word.takes, made, form)
    end
    words[word.name] = made
  end
  return words
end

return M

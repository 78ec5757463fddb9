--- `lastpass folders`.
-- @module lastpass.cli.commands.folders
local lua_text = require "lastpass.cli.lua_text"
local views = require "lastpass.cli.views"

-- A row for each right.
local function rights(folders)
  local rows = {}
  for folder in folders do
    for _, user in ipairs(folder.users) do
      local row = { folder = folder.name }
      for name, value in pairs(user) do
        row[name] = value
      end
      rows[#rows + 1] = row
    end
  end
  return rows
end

return {
  name = "folders",
  summary = "List shared folders and who may use them",
  connects = true,
  rows = true,
  ends_with_reader = true,
  options = {
    { "--users", "a row for each person of each folder, with their rights" },
    { "--detailed", "also the sites that each person sees (many calls)" },
  },
  examples = {
    { "lastpass folders --users --where 'u.can_administer'", "who administers which folder" },
  },
  topics = { "output", "where" },
  lua = function(options)
    return lua_text.loop(
      "folder",
      "folders",
      { detailed = options.detailed },
      "folder.name, #folder.users"
    )
  end,
  run = function(session, options)
    local folders = session:client():folders { detailed = options.detailed }
    if options.users or options.detailed then
      session:show(views.folder_users, rights(folders))
    else
      session:show(views.folders, folders)
    end
    return 0
  end,
}

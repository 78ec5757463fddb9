--- `lastpass group show`.
-- @module lastpass.cli.commands.group.show
local errors = require "lastpass.error"
local lua_text = require "lastpass.cli.lua_text"
local views = require "lastpass.cli.views"

return {
  name = "group show",
  summary = "Show who is in a group",
  connects = true,
  rows = true,
  ends_with_reader = true,
  arguments = { { "group", "name of the group, exactly as it is written", names = "groups" } },
  options = { { "--users", "show the users themselves, with all their fields" } },
  examples = { { "lastpass group show Finance --csv", "the members, for a spreadsheet" } },
  topics = { "output" },
  lua = function(options)
    return ('print(table.concat(assert(client:group(%s):members()), "\\n"))'):format(
      lua_text.value(options.group)
    )
  end,
  run = function(session, options)
    local snapshot, message, err = session:client():snapshot()
    if not snapshot then
      return nil, message, err
    end
    local group = snapshot:group(options.group)
    if not group then
      local names = {}
      for one in snapshot:groups() do
        names[#names + 1] = one.name
      end
      return errors.fail(
        "refused",
        "no_such_group",
        ("nobody is in a group '%s'%s"):format(
          options.group,
          errors.did_you_mean(options.group, names)
        ),
        { hint = "the API knows groups by their members only; lastpass groups lists them" }
      )
    end
    local rows = {}
    for place, email in ipairs(assert(group:members())) do
      rows[place] = options.users and snapshot:user(email) or { group = group.name, email = email }
    end
    session:show(options.users and views.users or views.members, rows)
    return 0
  end,
}

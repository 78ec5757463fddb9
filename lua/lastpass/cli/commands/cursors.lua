--- `lastpass cursors`.
-- @module lastpass.cli.commands.cursors
local lua_text = require "lastpass.cli.lua_text"
local views = require "lastpass.cli.views"

return {
  name = "cursors",
  summary = "List how far exports with a cursor have come, or forget a cursor",
  description = "They are kept in the journal. Who forgets one begins anew with the next export of "
    .. "that name.",
  connects = true,
  rows = true,
  options = { { "--forget", "forget this one", value = "NAME" } },
  examples = {
    { "lastpass cursors --where 'u.position < ago \"1h\"'", "those that hang behind" },
    { "lastpass cursors --forget siem", "begin anew" },
  },
  topics = { "sinks" },
  lua = function(options)
    if options.forget then
      return ("assert(client:forget_cursor(%s))"):format(lua_text.value(options.forget))
    end
    return "for _, one in ipairs(assert(client:cursors())) do print(one.name, one.position) end"
  end,
  run = function(session, options)
    local client = session:client()
    if options.forget then
      local ok, message, err = client:forget_cursor(options.forget)
      if not ok then
        return nil, message, err
      end
      session:say("forgot the cursor %s", options.forget)
      return 0
    end
    local list, message, err = client:cursors()
    if not list then
      return nil, message, err
    end
    session:show(views.cursors, list)
    return 0
  end,
}

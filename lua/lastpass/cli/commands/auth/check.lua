--- `lastpass auth check`.
-- @module lastpass.cli.commands.auth.check

local view = {
  name = "accounts",
  key = "cid",
  fields = { "cid", "url", "users", "profile" },
  columns = { "cid", "url", "users", "profile" },
}

return {
  name = "auth check",
  summary = "Check that LastPass accepts account number and hash",
  description = "Asks for one user. Ends with 77 when they are not accepted.",
  connects = true,
  rows = true,
  examples = { { "lastpass auth check --profile acme && echo fine", "in a script" } },
  topics = { "profiles", "exit-codes" },
  lua = function()
    return "assert(client:getuserdata{ pagesize = 1, pageindex = 0 })"
  end,
  run = function(session)
    local client = session:client()
    local reply, message, err = client:getuserdata { pagesize = 1, pageindex = 0 }
    if not reply then
      return nil, message, err
    end
    session:show_one(view, {
      cid = client:option "cid",
      url = client:option "url",
      users = tonumber(reply.total),
      profile = session.options.profile or session:configuration().default,
    })
    return 0
  end,
}

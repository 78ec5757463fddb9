--- `lastpass evidence key`.
-- @module lastpass.cli.commands.evidence.key
local lua_text = require "lastpass.cli.lua_text"

return {
  name = "evidence key",
  summary = "Make the pair of keys that evidence is signed with",
  description = "The private key is in the file, mode 600; the public one beside it, with .pub "
    .. "at the end, is for the auditor.",
  arguments = { { "file", "where the private key goes; must not be there" } },
  examples = { { "lastpass evidence key evidence.key", "once; then give away evidence.key.pub" } },
  lua = function(options)
    return ('assert(require("lastpass").report.evidence.new_key(%s))'):format(
      lua_text.value(options.file)
    )
  end,
  run = function(session, options)
    local ok, message, err = require("lastpass").report.evidence.new_key(options.file)
    if not ok then
      return nil, message, err
    end
    session:say("%s: the private key, for you alone", options.file)
    session:say("%s.pub: the public key, for whoever checks", options.file)
    return 0
  end,
}

--- `lastpass evidence verify`.
-- @module lastpass.cli.commands.evidence.verify
local errors = require "lastpass.error"
local lua_text = require "lastpass.cli.lua_text"

return {
  name = "evidence verify",
  summary = "Check that evidence is as it was signed",
  description = "Ends with 7, and names the files, when any was changed, added or removed. Needs "
    .. "no account.",
  arguments = { { "folder", "as `evidence write` made it" } },
  options = {
    {
      "--public-key",
      "the public key, known from elsewhere than the folder",
      value = "FILE",
    },
  },
  examples = {
    { "lastpass evidence verify 2026-q2 --public-key evidence.key.pub", "what an auditor does" },
  },
  topics = { "exit-codes" },
  lua = function(options)
    return ('assert(require("lastpass").report.evidence.verify(%s, %s))'):format(
      lua_text.value(options.folder),
      lua_text.value(options.public_key or "evidence.key.pub")
    )
  end,
  run = function(session, options)
    if not options.public_key then
      return errors.fail(
        "argument",
        "usage",
        "--public-key is needed: who is said to have signed",
        {
          hint = "--public-key evidence.key.pub",
        }
      )
    end
    local room = require("lastpass").report.evidence
    local manifest, message, err = room.verify(options.folder, options.public_key)
    if not manifest then
      return nil, message, err
    end
    if options.json then
      session:print(require("lastpass.json").encode(manifest))
    else
      session:print(
        ("%s: %d files are as they were signed; %s, read at %s"):format(
          options.folder,
          #manifest.files,
          manifest.account,
          manifest.read_at
        )
      )
    end
    return 0
  end,
}

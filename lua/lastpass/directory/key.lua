--- Which addresses are the same account: the key of `lastpass.email`.
-- @module lastpass.directory.key
return require("lastpass.email").fold

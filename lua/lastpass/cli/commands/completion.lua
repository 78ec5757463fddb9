--- `lastpass completion`.
-- @module lastpass.cli.commands.completion

return {
  name = "completion",
  summary = "Print the completion of a shell",
  description = "Users and groups are completed from the directory that was kept last "
    .. "(`lastpass snapshot --keep`; runs keep it as well).",
  arguments = { { "shell", "bash, zsh or fish", choices = { "bash", "zsh", "fish" } } },
  examples = {
    { 'eval "$(lastpass completion bash)"', "in ~/.bashrc" },
    { "lastpass completion zsh > ~/.zfunc/_lastpass", "with fpath+=~/.zfunc in ~/.zshrc" },
    {
      "lastpass completion fish > ~/.config/fish/completions/lastpass.fish",
      "for fish",
    },
  },
  run = function(session, options)
    session.streams:write(require("lastpass.cli.completion").text(options.shell))
    return 0
  end,
}

local in_commands = require("lastpass.cli.advice").in_commands

describe("advice", function()
  it("names commands where the library names methods", function()
    for given, expected in pairs {
      ["client:resume(3)"] = "lastpass run resume 3",
      ["client:undo(3) makes the plan"] = "lastpass run undo 3",
      ["client:undo(12)"] = "lastpass run undo 12",
      ["journal:runs{} lists them"] = "lastpass runs lists them",
      ["journal:snapshots(tenant) lists them"] = "lastpass snapshot lists them",
      ["{ limit = { look_alikes = 1 } } as an option of the call"] = "--limit look_alikes=1",
      ["or { limit = { disable = 12 } } as an option of plan"] = "or --limit disable=12",
      ['or { limit = { leave = "7%" } } as an option of plan'] = "or --limit leave=7%",
      ["{ confirm_final = 2 }"] = "--confirm-final 2",
      ["client:export: option 'from': cannot"] = "--from: cannot",
      ["client:export: sink 'file' needs"] = "sink 'file' needs",
      ["report.inactive: option 'days' must"] = "--days must",
      ["for 30 days (option invitation_days)."] = "for 30 days (--invitation-days).",
      ["of: acme.com (option domains)."] = "of: acme.com (--domain).",
      ['name it: source.csv("hr.csv", { columns = {} })'] = "--column email=TITLE names it",
      ["chmod 600 the file"] = "chmod 600 the file",
    } do
      assert.equals(expected, in_commands(given))
    end
  end)

  it("is about a file of the command line, or about a playbook's source", function()
    for given, expected in pairs {
      ["is the option 'delimiter' right?"] = "is --delimiter right?",
      ["separated otherwise: delimiter = ';'"] = "separated otherwise: --delimiter ';'",
      ["give encoding = 'utf-16le'"] = "give --encoding utf-16le",
      ["leave out the option 'encoding'"] = "leave out --encoding",
      ["row 4 has these titles: header = 4"] = "row 4 has these titles: --header 4",
    } do
      assert.equals(expected, in_commands(given))
      assert.equals(given, in_commands(given, true))
    end
    assert.equals("name another (--journal)", in_commands "name another (option 'path')")
  end)
end)

-- Reports of 50,000 people, from the requests to the page of HTML, against a sandbox on loopback.
return {
  pairs = 3,
  ours = function(bench)
    return bench.measure { bench.lua, "bench/work/reports.lua" }
  end,
  rows = {
    { job = "report coverage, 50,000 people", of = "coverage", unit = "ms", at_most = 3000 },
    { job = "report mfa, 50,000 people", of = "mfa", unit = "ms", at_most = 3000 },
    { job = "report check, 50,000 people", of = "check", unit = "ms", at_most = 3000 },
    { job = "report folders, 200 folders", of = "folders", unit = "ms", at_most = 3000 },
  },
}

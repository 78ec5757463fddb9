// Holds the phone of the sandbox in Chromium. Prints one JSON object.
// Usage: node browser.cjs FOLDER PROFILE URL KEY EMAIL OTHER
const path = require("path");
const fs = require("fs");
const [folder, profile, base, key, email, other] = process.argv.slice(2);
const modules = path.resolve(folder);
const { chromium } = require(path.join(modules, "playwright-core"));
const axe = fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8");

const flags = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const PATIENCE = 120000;

async function post(where, body) {
  const answer = await fetch(base + where, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.json();
}

const ring = (user, more) =>
  post("/auth/loginasync", { APIKey: key, Username: user, IPAddress: "203.0.113.9", ...more });
const check = async (answer) =>
  (await post("/auth/CheckLoginToken", { AsyncLoginToken: answer.Value.AsyncLoginToken })).Value.AuthStatus;

// axe-core comes through the debugger, which no policy of the page holds back.
async function inspect(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((one) => `${one.id}: ${one.nodes[0].html}`);
}

async function main() {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const result = { errors: [] };
  page.on("console", (message) => message.type() === "error" && result.errors.push(message.text()));
  page.on("pageerror", (error) => result.errors.push(String(error)));

  // the page sees by itself what rings, and a person approves
  await page.goto(`${base}/mfa/phone`);
  result.empty = await page.locator("main").innerText();
  const first = await ring(email, { DeviceName: "Linux, Firefox", AuthenticationMethods: ["Face"] });
  await page.getByRole("button", { name: "Approve" }).waitFor();
  result.ringing = await page.locator("main").innerText();
  result.violations = await inspect(page);
  await page.getByLabel("Unlock with").selectOption("face");
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("Nothing rings").waitFor();
  result.approved = await check(first);

  // of two people one denies; the other's goes on
  const second = await ring(email);
  const third = await ring(other);
  await page.goto(`${base}/mfa/phone?email=${encodeURIComponent(other)}`);
  await page.getByRole("button", { name: /^Deny, / }).click();
  await page.getByText("Nothing rings").waitFor();
  result.denied = await check(third);
  result.open = await check(second);

  // without scripts, and by a keyboard alone
  const plain = await browser.newContext({ javaScriptEnabled: false });
  plain.setDefaultTimeout(PATIENCE);
  const still = await plain.newPage();
  await still.goto(`${base}/mfa/phone`);
  await still.getByRole("button", { name: /report/ }).focus();
  await still.keyboard.press("Enter");
  await still.getByText("Nothing rings").waitFor();
  result.reported = await check(second);
  await plain.close();

  // the page of the browser redirect: what comes of its form leads to another site
  const elsewhere = base.replace("127.0.0.1", "localhost");
  const web = await post("/auth/webauth", {
    APIKey: key, Username: email, AuthType: "Web",
    SuccessUrl: `${elsewhere}/mfa/phone?email=success`, CancelUrl: `${elsewhere}/mfa/phone?email=cancel`,
    NotRegisteredUrl: `${elsewhere}/mfa/phone?email=enrol`,
  });
  await page.goto(web.Value.RedirectUrl);
  result.waiting = await page.locator("body").innerText();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.waitForURL(`${elsewhere}/mfa/phone?email=cancel`);
  result.web = (await post("/Auth/WebAuthCheckToken", { apiKey: key, token: web.Value.Token })).Value;

  await browser.close();
  process.stdout.write(JSON.stringify(result));
}

main().catch((error) => {
  process.stdout.write(JSON.stringify({ error: String(error && error.stack) }));
  process.exit(1);
});
